// Text and binary forms of ranges and multiranges.
#include <utility>

#include "absl/strings/match.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"
#include "common/types/range.h"
#include "common/types/vector.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

absl::Status Malformed(std::string_view kind, std::string_view text, std::string_view detail) {
  return status::Error(sqlstate::kInvalidTextRepresentation,
                       "malformed " + std::string(kind) + " literal: \"" + std::string(text) + "\"",
                       detail);
}

// Errors: 0A000 for a declared range of which nothing is known.
absl::StatusOr<Type> KnownBoundOf(const Type& range) {
  const Type bound = BoundOf(range);
  if (bound.id != TypeId::kUnspecified) return bound;
  return status::Error(sqlstate::kFeatureNotSupported,
                       IsRange(range.id) ? "cannot accept a value of type anyrange"
                                         : "cannot accept a value of type anymultirange");
}

// Reads one range from the start of a text.
class RangeReader {
 public:
  // `alone`: nothing but blanks may follow it.
  RangeReader(std::string_view text, size_t at, bool alone, const Type& type,
              const TextOptions& options)
      : text_(text), at_(at), alone_(alone), type_(type), options_(options) {}

  absl::StatusOr<Range> Read() {
    SkipSpaces();
    if (absl::StartsWithIgnoreCase(absl::string_view(text_.data() + at_, text_.size() - at_),
                                   "empty")) {
      at_ += 5;
      if (alone_) {
        SkipSpaces();
        if (at_ < text_.size()) return Malformed("range", text_, "Junk after \"empty\" key word.");
      }
      return Range::Empty();
    }
    Range range;
    if (!Take('[') && !Take('('))
      return Malformed("range", text_, "Missing left parenthesis or bracket.");
    range.lower_inclusive = text_[at_ - 1] == '[';
    // The whole shape is looked at before what the bounds say.
    std::string lower;
    std::string upper;
    RETURN_IF_ERROR(ReadBound(&range.lower_infinite, &lower));
    if (!Take(',')) return Malformed("range", text_, "Missing comma after lower bound.");
    RETURN_IF_ERROR(ReadBound(&range.upper_infinite, &upper));
    if (!Take(']') && !Take(')')) return Malformed("range", text_, "Too many commas.");
    range.upper_inclusive = text_[at_ - 1] == ']';
    if (alone_) {
      SkipSpaces();
      if (at_ < text_.size())
        return Malformed("range", text_, "Junk after right parenthesis or bracket.");
    }
    ASSIGN_OR_RETURN(const Type bound, KnownBoundOf(type_));
    if (!range.lower_infinite) {
      ASSIGN_OR_RETURN(range.lower, ParseText(lower, bound, options_));
    }
    if (!range.upper_infinite) {
      ASSIGN_OR_RETURN(range.upper, ParseText(upper, bound, options_));
    }
    return Canonical(std::move(range), type_.id);
  }
  size_t position() const { return at_; }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

 private:
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  absl::Status ReadBound(bool* infinite, std::string* value) {
    std::string& bound = *value;
    bool quoted = false;
    bool any = false;
    for (;; any = true) {
      if (at_ >= text_.size()) return Malformed("range", text_, "Unexpected end of input.");
      const char c = text_[at_];
      if (!quoted && (c == ',' || c == ')' || c == ']' || c == '(' || c == '[')) break;
      ++at_;
      if (c == '\\') {
        if (at_ >= text_.size()) return Malformed("range", text_, "Unexpected end of input.");
        bound.push_back(text_[at_++]);
      } else if (c != '"') {
        bound.push_back(c);
      } else if (quoted && at_ < text_.size() && text_[at_] == '"') {
        bound.push_back('"');
        ++at_;
      } else {
        quoted = !quoted;
      }
    }
    *infinite = !any;
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_;
  const bool alone_;
  const Type type_;
  const TextOptions& options_;
};

// A bound as the definition has it: the form knows the type's number alone.
Value Typed(Value bound, const Type& type) {
  if (bound.type().id == type.id) bound.set_type(type);
  return bound;
}

void FormatBound(const Value& value, const Type& type, const TextOptions& options,
                 std::string* out) {
  std::string text;
  FormatText(Typed(value, type), options, &text);
  bool quotes = text.empty();
  for (const char c : text)
    quotes |= IsSpace(c) || std::string_view("\"\\()[],").find(c) != std::string_view::npos;
  if (!quotes) {
    out->append(text);
    return;
  }
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out->push_back(c);
    out->push_back(c);
  }
  out->push_back('"');
}

void FormatOne(const Range& range, const Type& bound, const TextOptions& options,
               std::string* out) {
  if (range.empty) {
    out->append("empty");
    return;
  }
  out->push_back(range.lower_inclusive ? '[' : '(');
  if (!range.lower_infinite) FormatBound(range.lower, bound, options, out);
  out->push_back(',');
  if (!range.upper_infinite) FormatBound(range.upper, bound, options, out);
  out->push_back(range.upper_inclusive ? ']' : ')');
}

absl::StatusOr<std::string> ParseMultirange(std::string_view text, const Type& type,
                                            const TextOptions& options) {
  const auto malformed = [text](const char* detail) {
    return Malformed("multirange", text, detail);
  };
  size_t at = 0;
  const auto skip = [&] {
    while (at < text.size() && IsSpace(text[at])) ++at;
    return at < text.size() ? text[at] : '\0';
  };
  if (skip() != '{') return malformed("Missing left brace.");
  ++at;
  Ranges ranges;
  if (skip() == '}') {
    ++at;
  } else {
    for (;;) {
      const char c = skip();
      if (c == '\0') return malformed("Unexpected end of input.");
      const absl::string_view rest(text.data() + at, text.size() - at);
      if (c != '[' && c != '(' && !absl::StartsWithIgnoreCase(rest, "empty"))
        return malformed("Expected range start.");
      RangeReader reader(text, at, /*alone=*/false, RangeOf(type), options);
      absl::StatusOr<Range> range = reader.Read();
      if (!range.ok()) {
        // What is wrong with its shape is said of the whole.
        const status::SqlError error = status::FromStatus(range.status());
        if (!absl::StartsWith(error.message, "malformed range literal")) return range.status();
        return Malformed("multirange", text, error.detail);
      }
      ranges.push_back(*std::move(range));
      at = reader.position();
      const char next = skip();
      if (next == '\0') return malformed("Unexpected end of input.");
      ++at;
      if (next == '}') break;
      if (next != ',') return malformed("Expected comma or end of multirange.");
    }
  }
  if (skip() != '\0') return malformed("Junk after closing right brace.");
  return EncodeMultirange(std::move(ranges), type.id);
}

absl::Status BadBinary(const char* what) {
  return status::Error(sqlstate::kProtocolViolation, what);
}

// A number in network order from the front of the bytes.
bool TakeNumber(std::string_view* bytes, uint32_t* number) {
  if (bytes->size() < 4) return false;
  *number = 0;
  for (int i = 0; i < 4; ++i) *number = *number << 8 | static_cast<uint8_t>((*bytes)[i]);
  bytes->remove_prefix(4);
  return true;
}

void PutNumber(uint32_t number, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(number >> shift));
}

absl::StatusOr<Range> ParseOneBinary(std::string_view bytes, const Type& type) {
  if (bytes.empty()) return BadBinary("insufficient data left in message");
  // As PostgreSQL's; bits that it does not know are nothing.
  constexpr uint8_t kEmpty = 1, kLowerInclusive = 2, kUpperInclusive = 4, kLowerInfinite = 8,
                    kUpperInfinite = 16;
  const auto flags = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  Range range;
  range.empty = (flags & kEmpty) != 0;
  range.lower_inclusive = (flags & kLowerInclusive) != 0;
  range.upper_inclusive = (flags & kUpperInclusive) != 0;
  range.lower_infinite = (flags & kLowerInfinite) != 0;
  range.upper_infinite = (flags & kUpperInfinite) != 0;
  ASSIGN_OR_RETURN(const Type bound, KnownBoundOf(type));
  const auto take = [&](bool infinite, Value* value) -> absl::Status {
    if (range.empty || infinite) return absl::OkStatus();
    uint32_t size;
    if (!TakeNumber(&bytes, &size) || bytes.size() < size)
      return BadBinary("insufficient data left in message");
    ASSIGN_OR_RETURN(*value, ParseBinary(bytes.substr(0, size), bound));
    bytes.remove_prefix(size);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(take(range.lower_infinite, &range.lower));
  RETURN_IF_ERROR(take(range.upper_infinite, &range.upper));
  if (!bytes.empty()) return BadBinary("invalid message format");
  return Canonical(std::move(range), type.id);
}

void FormatOneBinary(std::string_view form, const Type& type, std::string* out) {
  const Range range = DecodeRange(form, type.id);
  const Type bound_type = BoundOf(type);
  out->push_back(range.empty ? EncodeRange(range, type.id)[0] : form[0]);
  for (const auto& [infinite, value] : {std::pair(range.lower_infinite, &range.lower),
                                        std::pair(range.upper_infinite, &range.upper)}) {
    if (range.empty || infinite) continue;
    const Value typed = Typed(*value, bound_type);
    Vector one(typed.type());
    one.Append(typed);
    std::string bound;
    FormatBinary(one, 0, &bound);
    PutNumber(static_cast<uint32_t>(bound.size()), out);
    out->append(bound);
  }
}

}  // namespace

absl::StatusOr<std::string> ParseRange(std::string_view text, const Type& type,
                                       const TextOptions& options) {
  if (IsMultirange(type.id)) return ParseMultirange(text, type, options);
  RangeReader reader(text, 0, /*alone=*/true, type, options);
  ASSIGN_OR_RETURN(const Range range, reader.Read());
  return EncodeRange(range, type.id);
}

void FormatRange(std::string_view form, const Type& type, const TextOptions& options,
                 std::string* out) {
  if (IsRange(type.id)) return FormatOne(DecodeRange(form, type.id), BoundOf(type), options, out);
  out->push_back('{');
  bool first = true;
  for (const Range& range : DecodeMultirange(form, type.id)) {
    if (!first) out->push_back(',');
    first = false;
    FormatOne(range, BoundOf(type), options, out);
  }
  out->push_back('}');
}

absl::StatusOr<std::string> ParseRangeBinary(std::string_view bytes, const Type& type) {
  if (IsRange(type.id)) {
    ASSIGN_OR_RETURN(const Range range, ParseOneBinary(bytes, type));
    return EncodeRange(range, type.id);
  }
  uint32_t count;
  if (!TakeNumber(&bytes, &count)) return BadBinary("insufficient data left in message");
  Ranges ranges;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t size;
    if (!TakeNumber(&bytes, &size) || bytes.size() < size)
      return BadBinary("insufficient data left in message");
    ASSIGN_OR_RETURN(ranges.emplace_back(), ParseOneBinary(bytes.substr(0, size), RangeOf(type)));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty()) return BadBinary("invalid message format");
  return EncodeMultirange(std::move(ranges), type.id);
}

void FormatRangeBinary(std::string_view form, const Type& type, std::string* out) {
  if (IsRange(type.id)) return FormatOneBinary(form, type, out);
  const size_t at = out->size();
  PutNumber(0, out);
  uint32_t count = 0;
  for (const Range& range : DecodeMultirange(form, type.id)) {
    std::string one;
    FormatOneBinary(EncodeRange(range, RangeOf(type.id)), RangeOf(type), &one);
    PutNumber(static_cast<uint32_t>(one.size()), out);
    out->append(one);
    ++count;
  }
  std::string number;
  PutNumber(count, &number);
  out->replace(at, 4, number);
}

}  // namespace adbms::types
