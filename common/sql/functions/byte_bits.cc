// Single bits and bytes of bytea, and texts as bytes of an encoding.
#include <bit>

#include "absl/strings/ascii.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

absl::Status CheckIndex(int64_t index, size_t size) {
  if (index >= 0 && static_cast<uint64_t>(index) < size) return absl::OkStatus();
  return status::Error("2202E", "index " + std::to_string(index) + " out of valid range, 0.." +
                                    std::to_string(static_cast<int64_t>(size) - 1));
}

absl::StatusOr<int32_t> GetByte(const View& bytes, int32_t index) {
  RETURN_IF_ERROR(CheckIndex(index, bytes.size()));
  return static_cast<uint8_t>(bytes[static_cast<size_t>(index)]);
}
absl::StatusOr<std::string> SetByte(const View& bytes, int32_t index, int32_t value) {
  RETURN_IF_ERROR(CheckIndex(index, bytes.size()));
  std::string changed(bytes);
  changed[static_cast<size_t>(index)] = static_cast<char>(value);
  return changed;
}
absl::StatusOr<int32_t> GetBit(const View& bytes, int64_t index) {
  RETURN_IF_ERROR(CheckIndex(index, bytes.size() * 8));
  return (static_cast<uint8_t>(bytes[static_cast<size_t>(index / 8)]) >> (index % 8)) & 1;
}
absl::StatusOr<std::string> SetBit(const View& bytes, int64_t index, int32_t value) {
  RETURN_IF_ERROR(CheckIndex(index, bytes.size() * 8));
  if (value != 0 && value != 1)
    return status::Error(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
  std::string changed(bytes);
  char& byte = changed[static_cast<size_t>(index / 8)];
  const auto bit = static_cast<char>(1 << (index % 8));
  byte = static_cast<char>(value == 1 ? byte | bit : byte & ~bit);
  return changed;
}
int64_t BitCount(const View& bytes) {
  int64_t count = 0;
  for (const char byte : bytes) count += std::popcount(static_cast<uint8_t>(byte));
  return count;
}

// The encodings that texts are already in.
absl::Status CheckEncoding(View name, const char* which) {
  std::string plain;
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)))
      plain.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  if (plain == "utf8" || plain == "unicode") return absl::OkStatus();
  for (const char* known : {"sqlascii", "latin1", "latin9", "win1252", "win1251", "iso88591",
                            "iso885915", "eucjp", "sjis", "big5", "gbk", "koi8r", "euckr"}) {
    if (plain == known) return status::NotSupported("encoding \"" + std::string(name) + "\"");
  }
  return status::Error(
      sqlstate::kInvalidParameterValue,
      std::string("invalid ") + which + " encoding name \"" + std::string(name) + "\"");
}
absl::StatusOr<std::string> ConvertFrom(const View& bytes, const View& encoding) {
  RETURN_IF_ERROR(CheckEncoding(encoding, "source"));
  RETURN_IF_ERROR(types::ValidateUtf8(bytes));
  return std::string(bytes);
}
absl::StatusOr<std::string> ConvertTo(const View& text, const View& encoding) {
  RETURN_IF_ERROR(CheckEncoding(encoding, "destination"));
  return std::string(text);
}

}  // namespace

void AddByteBits(CatalogBuilder& builder) {
  const TypeId bytea = TypeId::kBytea;
  const TypeId int4 = TypeId::kInt4;
  const TypeId int8 = TypeId::kInt8;
  builder.AddFunction("get_byte", {bytea, int4}, int4, Map<GetByte>);
  builder.AddFunction("set_byte", {bytea, int4, int4}, bytea, Map<SetByte>);
  builder.AddFunction("get_bit", {bytea, int8}, int4, Map<GetBit>);
  builder.AddFunction("set_bit", {bytea, int8, int4}, bytea, Map<SetBit>);
  builder.AddFunction("bit_count", {bytea}, int8, Map<BitCount>);
  builder.AddFunction("convert_from", {bytea, TypeId::kName}, TypeId::kText, Map<ConvertFrom>,
                      kStable);
  builder.AddFunction("convert_to", {TypeId::kText, TypeId::kName}, bytea, Map<ConvertTo>, kStable);
}

}  // namespace adbms::sql::functions
