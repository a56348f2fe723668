#include "common/sql/functions/jsonpath_object_ids.h"

#include "common/status/macros.h"
#include "common/types/jsonb_number.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;

const char* EndOf(const Jsonb& value) { return value.bytes().data() + value.bytes().size(); }

int64_t Aligned(int64_t at) { return (at + 3) / 4 * 4; }

int64_t FloorOfQuarter(int64_t value) { return value >= 0 ? value / 4 : -((-value + 3) / 4); }

// Of PostgreSQL's numeric: a length, a header, and groups of four digits.
int64_t NumericSize(const types::JsonbNumber& number) {
  constexpr int64_t kLength = 4;
  if (number.IsZero()) return kLength + (number.scale > 63 ? 4 : 2);
  const int64_t first = FloorOfQuarter(int64_t{number.exponent} - 1);
  const int64_t last =
      FloorOfQuarter(int64_t{number.exponent} - static_cast<int64_t>(number.digits.size()));
  const bool is_short = number.scale <= 63 && first >= -64 && first <= 63;
  return kLength + (is_short ? 2 : 4) + 2 * (first - last + 1);
}

}  // namespace

absl::StatusOr<int64_t> JsonbObjectIds::Offset(const EvaluationContext& context, const Jsonb& base,
                                               const Jsonb& container) {
  if (base_ != EndOf(base)) {
    offsets_.clear();
    base_ = nullptr;
    scratch_.emplace(context);
    RETURN_IF_ERROR(Walk(context, base, 0).status());
    base_ = EndOf(base);
  }
  const auto found = offsets_.find(EndOf(container));
  return found == offsets_.end() ? 0 : found->second;
}

// Where the container ends that begins at `at`.
absl::StatusOr<int64_t> JsonbObjectIds::Walk(const EvaluationContext& context,
                                             const Jsonb& container, int64_t at) {
  RETURN_IF_ERROR(context.Handled(container.size() * sizeof(uint32_t)));
  // A table of the growing kind is there twice while it grows.
  RETURN_IF_ERROR(scratch_->Take(4 * sizeof(std::pair<const char*, int64_t>)));
  offsets_.emplace(EndOf(container), at);
  const bool object = container.kind() == JsonbKind::kObject;
  at += 4 + int64_t{4} * (object ? 2 : 1) * container.size();
  for (uint32_t i = 0; object && i < container.size(); ++i) {
    at += static_cast<int64_t>(container.Key(i).size());
  }
  for (uint32_t i = 0; i < container.size(); ++i) {
    const Jsonb part = container.At(i);
    if (part.kind() == JsonbKind::kString) {
      at += static_cast<int64_t>(part.text().size());
    } else if (part.kind() == JsonbKind::kNumber) {
      at = Aligned(at) + NumericSize(part.number());
    } else if (part.IsContainer()) {
      ASSIGN_OR_RETURN(at, Walk(context, part, Aligned(at)));
    }
  }
  return at;
}

}  // namespace adbms::sql::functions
