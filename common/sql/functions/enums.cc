// enum_first, enum_last, enum_range.
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/declared_type.h"

namespace adbms::sql::functions {
namespace {

using types::DeclaredType;
using types::TypeId;
using types::Vector;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

// Errors: 0A000 where nothing says which enum it is, 55000 for one without labels.
absl::StatusOr<const DeclaredType*> DefinitionOf(const Arguments& arguments, bool needs_labels) {
  const DeclaredType* const declared = types::EnumOf(arguments[0]->type());
  if (declared == nullptr)
    return status::Error(sqlstate::kFeatureNotSupported, "could not determine actual enum type");
  if (needs_labels && declared->definition.labels_size() == 0)
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         "enum " + types::Format(types::TypeOf(declared)) + " contains no values");
  return declared;
}

// What is stored for the label at `position`. Errors: 55P04 for one that may not be used yet.
absl::StatusOr<double> ValueAt(const DeclaredType& declared, int position) {
  return types::ParseEnum(declared.definition.labels(position).name(), types::TypeOf(&declared));
}

template <bool kLast>
absl::Status End(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                 Vector* result) {
  ASSIGN_OR_RETURN(const DeclaredType* declared, DefinitionOf(arguments, true));
  ASSIGN_OR_RETURN(result->data<double>()[row],
                   ValueAt(*declared, kLast ? declared->definition.labels_size() - 1 : 0));
  return absl::OkStatus();
}

absl::Status Range(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                   Vector* result) {
  ASSIGN_OR_RETURN(const DeclaredType* declared, DefinitionOf(arguments, false));
  // NULL: no bound.
  const auto bound = [&](size_t i) -> const double* {
    const bool given = arguments.size() == 2 && !arguments[i]->is_null(row);
    return given ? &arguments[i]->data<double>()[row] : nullptr;
  };
  const double* const from = bound(0);
  const double* const to = bound(1);
  types::ArrayBuilder builder(types::ArrayOf(TypeId::kEnum));
  for (int i = 0; i < declared->definition.labels_size(); ++i) {
    const double order = declared->definition.labels(i).sort_order();
    if ((from != nullptr && order < *from) || (to != nullptr && order > *to)) continue;
    ASSIGN_OR_RETURN(const double value, ValueAt(*declared, i));
    builder.Add(types::Value::Float(TypeId::kEnum, value));
  }
  return StoreArray(builder.Finish(), row, result);
}

}  // namespace

void AddEnums(CatalogBuilder& builder) {
  constexpr FunctionOptions kOptions = {false, false, Volatility::kStable};
  const TypeId id = TypeId::kEnum;
  builder.AddFunction("enum_first", {id}, id, MapAny<End<false>>, kOptions);
  builder.AddFunction("enum_last", {id}, id, MapAny<End<true>>, kOptions);
  builder.AddFunction("enum_range", {id}, types::ArrayOf(id), MapAny<Range>, kOptions);
  builder.AddFunction("enum_range", {id, id}, types::ArrayOf(id), MapAny<Range>, kOptions);
}

}  // namespace adbms::sql::functions
