// bytea: trimming, replacing a part, LIKE.
#include <algorithm>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/like.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

template <bool kLeft, bool kRight>
View TrimBytes(const View& input, const View& set) {
  View bytes = input;
  while (kLeft && !bytes.empty() && set.find(bytes.front()) != View::npos) bytes.remove_prefix(1);
  while (kRight && !bytes.empty() && set.find(bytes.back()) != View::npos) bytes.remove_suffix(1);
  return bytes;
}

absl::StatusOr<std::string> OverlayBytes4(const View& bytes, const View& part, int32_t start,
                                          int32_t length) {
  int32_t end;
  if (start <= 0) {
    return status::Error(status::sqlstate::kSubstringError,
                         "negative substring length not allowed");
  }
  if (__builtin_add_overflow(start, length, &end)) {
    return status::Error(status::sqlstate::kNumericOutOfRange, "integer out of range");
  }
  const size_t before = std::min<size_t>(static_cast<size_t>(start) - 1, bytes.size());
  const size_t after = std::min<size_t>(static_cast<size_t>(std::max(end, 1)) - 1, bytes.size());
  return std::string(bytes.substr(0, before)).append(part).append(bytes.substr(after));
}
absl::StatusOr<std::string> OverlayBytes3(const View& bytes, const View& part, int32_t start) {
  return OverlayBytes4(bytes, part, start, static_cast<int32_t>(part.size()));
}

template <bool kNegated>
absl::Status LikeBytes(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t rows, Vector* result) {
  LikePattern pattern(LikePattern::Unit::kByte);
  bool failed = false;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    pattern.Prepare(arguments[1]->data<View>()[row]);
    ASSIGN_OR_RETURN(const bool matches,
                     pattern.Matches(arguments[0]->data<View>()[row], context, &failed));
    result->data<uint8_t>()[row] = matches != kNegated;
  }
  return failed ? LikePattern::EndsWithEscape() : absl::OkStatus();
}

}  // namespace

void AddBytes(CatalogBuilder& builder) {
  const TypeId bytea = TypeId::kBytea;
  const TypeId int4 = TypeId::kInt4;
  builder.AddFunction("btrim", {bytea, bytea}, bytea, Map<TrimBytes<true, true>>);
  builder.AddFunction("ltrim", {bytea, bytea}, bytea, Map<TrimBytes<true, false>>);
  builder.AddFunction("rtrim", {bytea, bytea}, bytea, Map<TrimBytes<false, true>>);
  builder.AddFunction("overlay", {bytea, bytea, int4}, bytea, Map<OverlayBytes3>);
  builder.AddFunction("overlay", {bytea, bytea, int4, int4}, bytea, Map<OverlayBytes4>);
  builder.AddOperator("~~", {bytea, bytea}, TypeId::kBool, LikeBytes<false>, {}, "!~~");
  builder.AddOperator("!~~", {bytea, bytea}, TypeId::kBool, LikeBytes<true>, {}, "~~");
}

}  // namespace adbms::sql::functions
