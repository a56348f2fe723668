// jsonb @> jsonb and <@.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/types/jsonb_order.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using View = std::string_view;

// Arrays in arrays are compared each with each, which may take long.
class Containment {
 public:
  explicit Containment(const EvaluationContext& context) : context_(context) {}

  absl::StatusOr<bool> Contains(const Jsonb& whole, const Jsonb& part) {
    if (whole.kind() != part.kind()) return false;
    if (whole.kind() == JsonbKind::kObject) return ObjectContains(whole, part);
    if (whole.kind() == JsonbKind::kArray) return ArrayContains(whole, part);
    return types::CompareJsonb(whole, part) == 0;
  }

  // An array contains what one of its elements is.
  absl::StatusOr<bool> HasElement(const Jsonb& array, const Jsonb& wanted) {
    for (uint32_t i = 0; i < array.size(); ++i) {
      RETURN_IF_ERROR(context_.Handled(64));
      ASSIGN_OR_RETURN(const bool found, Contains(array.At(i), wanted));
      if (found) return true;
    }
    return false;
  }

 private:
  absl::StatusOr<bool> ObjectContains(const Jsonb& whole, const Jsonb& part) {
    if (whole.size() < part.size()) return false;
    for (uint32_t i = 0; i < part.size(); ++i) {
      RETURN_IF_ERROR(context_.Handled(64));
      const std::optional<Jsonb> value = whole.Find(part.Key(i));
      if (!value.has_value()) return false;
      ASSIGN_OR_RETURN(const bool contained, Contains(*value, part.At(i)));
      if (!contained) return false;
    }
    return true;
  }

  absl::StatusOr<bool> ArrayContains(const Jsonb& whole, const Jsonb& part) {
    for (uint32_t i = 0; i < part.size(); ++i) {
      ASSIGN_OR_RETURN(const bool found, HasElement(whole, part.At(i)));
      if (!found) return false;
    }
    return true;
  }

  const EvaluationContext& context_;
};

absl::StatusOr<bool> Contains(const EvaluationContext& context, const View& whole,
                              const View& part) {
  const Jsonb left(whole);
  const Jsonb right(part);
  Containment containment(context);
  // At the top, and only there, an array contains a scalar.
  if (left.kind() == JsonbKind::kArray && !right.IsContainer()) {
    return containment.HasElement(left, right);
  }
  return containment.Contains(left, right);
}

absl::StatusOr<bool> IsContained(const EvaluationContext& context, const View& part,
                                 const View& whole) {
  return Contains(context, whole, part);
}

}  // namespace

void AddJsonbContains(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  builder.AddOperator("@>", {jsonb, jsonb}, TypeId::kBool, Map<Contains>, "<@");
  builder.AddOperator("<@", {jsonb, jsonb}, TypeId::kBool, Map<IsContained>, "@>");
}

}  // namespace adbms::sql::functions
