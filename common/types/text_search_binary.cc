// PostgreSQL's wire format of tsvector and tsquery.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/text_search.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

constexpr char kWireValue = 1;
constexpr char kWireOperator = 2;

absl::Status Invalid(std::string_view what) { return Error(sqlstate::kInternalError, what); }

template <typename U>
void Put(U value, std::string* out) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8)
    out->push_back(static_cast<char>(value >> shift));
}

class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  template <typename U>
  absl::StatusOr<U> Get() {
    if (rest_.size() < sizeof(U)) return End();
    U value = 0;
    for (size_t i = 0; i < sizeof(U); ++i)
      value = static_cast<U>(value << 8 | static_cast<unsigned char>(rest_[i]));
    rest_.remove_prefix(sizeof(U));
    return value;
  }
  absl::StatusOr<std::string_view> GetText() {
    const size_t end = rest_.find('\0');
    if (end == std::string_view::npos)
      return Error(sqlstate::kProtocolViolation, "invalid string in message");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    RETURN_IF_ERROR(ValidateUtf8(text));
    return text;
  }
  absl::Status AtEnd() const {
    return rest_.empty()
               ? absl::OkStatus()
               : Error(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
  }

 private:
  static absl::Status End() {
    return Error(sqlstate::kProtocolViolation, "insufficient data left in message");
  }
  std::string_view rest_;
};

absl::Status ReadLexeme(Message& message, TsVectorBuilder* builder) {
  ASSIGN_OR_RETURN(const std::string_view lexeme, message.GetText());
  ASSIGN_OR_RETURN(const uint16_t count, message.Get<uint16_t>());
  if (lexeme.size() > kLongestLexeme) return Invalid("invalid tsvector: lexeme too long");
  // PostgreSQL takes it, and makes nothing useful of it.
  if (lexeme.empty()) return Invalid("invalid tsvector: empty lexeme");
  if (count > kMostPositions) return Invalid("unexpected number of tsvector positions");
  if (count == 0) builder->Add(lexeme);
  int last = 0;
  for (uint16_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const uint16_t bits, message.Get<uint16_t>());
    const TsPosition position{bits};
    if (position.position() <= last) return Invalid("position information is misordered");
    last = position.position();
    builder->Add(lexeme, position);
  }
  return absl::OkStatus();
}

absl::StatusOr<TsQueryItem> ReadItem(Message& message, bool last) {
  TsQueryItem item;
  ASSIGN_OR_RETURN(const uint8_t kind, message.Get<uint8_t>());
  if (kind == kWireValue) {
    ASSIGN_OR_RETURN(item.weights, message.Get<uint8_t>());
    ASSIGN_OR_RETURN(const uint8_t prefix, message.Get<uint8_t>());
    ASSIGN_OR_RETURN(item.lexeme, message.GetText());
    item.prefix = prefix != 0;
    if (item.weights > 0xf) return Invalid("invalid tsquery: invalid weight bitmap");
    if (item.lexeme.size() > kLongestLexeme) return Invalid("invalid tsquery: operand too long");
    return item;
  }
  if (kind != kWireOperator) return Invalid(absl::StrCat("unrecognized tsquery node type: ", kind));
  item.is_operator = true;
  ASSIGN_OR_RETURN(const uint8_t op, message.Get<uint8_t>());
  if (op < 1 || op > 4)
    return Invalid(absl::StrCat("invalid tsquery: unrecognized operator type ", op));
  if (last) return Invalid("invalid pointer to right operand");
  item.op = static_cast<TsOperator>(op);
  if (item.op == TsOperator::kPhrase) {
    ASSIGN_OR_RETURN(item.distance, message.Get<uint16_t>());
    if (item.distance > kLastPosition + 1) return Invalid("invalid tsquery: distance out of range");
  }
  return item;
}

}  // namespace

absl::StatusOr<std::string> ParseTsVectorBinary(std::string_view bytes) {
  Message message(bytes);
  ASSIGN_OR_RETURN(const uint32_t count, message.Get<uint32_t>());
  if (count > bytes.size()) {
    // Each takes three bytes at least.
    return static_cast<int32_t>(count) < 0
               ? Invalid("invalid size of tsvector")
               : Error(sqlstate::kProtocolViolation, "insufficient data left in message");
  }
  TsVectorBuilder builder;
  for (uint32_t i = 0; i < count; ++i) RETURN_IF_ERROR(ReadLexeme(message, &builder));
  RETURN_IF_ERROR(message.AtEnd());
  return builder.Finish();
}

void FormatTsVectorBinary(std::string_view form, std::string* out) {
  const TsVectorView vector(form);
  Put<uint32_t>(vector.size(), out);
  for (uint32_t i = 0; i < vector.size(); ++i) {
    const TsLexeme lexeme = vector.At(i);
    out->append(lexeme.text);
    out->push_back('\0');
    Put<uint16_t>(static_cast<uint16_t>(lexeme.positions()), out);
    for (size_t p = 0; p < lexeme.positions(); ++p) Put<uint16_t>(lexeme.At(p).bits, out);
  }
}

absl::StatusOr<std::string> ParseTsQueryBinary(std::string_view bytes) {
  Message message(bytes);
  ASSIGN_OR_RETURN(const uint32_t count, message.Get<uint32_t>());
  if (count > bytes.size()) return Invalid("invalid size of tsquery");
  TsQueryItems items;
  for (uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(items.emplace_back(), ReadItem(message, i + 1 == count));
  }
  RETURN_IF_ERROR(message.AtEnd());
  // From the back operands come before their operators, the left one first.
  TsQueryBuilder builder;
  for (size_t i = items.size(); i-- > 0;) {
    const TsQueryItem& item = items[i];
    if (!item.is_operator) {
      RETURN_IF_ERROR(builder.PushValue(item.lexeme, item.weights, item.prefix));
      continue;
    }
    if (builder.operands() < (item.IsBinary() ? 2u : 1u))
      return Invalid("malformed tsquery: operand not found");
    RETURN_IF_ERROR(builder.PushOperator(item.op, item.distance));
  }
  if (builder.operands() > 1) return Invalid("malformed tsquery: extra nodes");
  return builder.Finish();
}

void FormatTsQueryBinary(std::string_view form, std::string* out) {
  const TsQueryItems items = ReadTsQuery(form);
  Put<uint32_t>(static_cast<uint32_t>(items.size()), out);
  for (const TsQueryItem& item : items) {
    if (item.is_operator) {
      out->push_back(kWireOperator);
      out->push_back(static_cast<char>(item.op));
      if (item.op == TsOperator::kPhrase) Put<uint16_t>(item.distance, out);
      continue;
    }
    out->push_back(kWireValue);
    out->push_back(static_cast<char>(item.weights));
    out->push_back(item.prefix ? '\1' : '\0');
    out->append(item.lexeme);
    out->push_back('\0');
  }
}

}  // namespace adbms::types
