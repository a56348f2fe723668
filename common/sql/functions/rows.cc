// Rows: made of fields, taken apart, compared, and as json.
#include "common/sql/functions/rows.h"

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_values.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"

namespace adbms::sql::functions {
namespace {

using types::CompositeBuilder;
using types::CompositeView;
using types::TypeId;
using types::Vector;
using Arguments = std::vector<const Vector*>;
using View = std::string_view;

absl::Status MakeRow(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                     Vector* result) {
  const types::DeclaredType* const definition = types::CompositeOf(result->type());
  CompositeBuilder builder;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool known = definition != nullptr && i < definition->fields.size();
    builder.Add(*arguments[i], row,
                known ? definition->fields[i].type.id : arguments[i]->type().id);
  }
  StoreBytes(builder.Finish(), row, result);
  return absl::OkStatus();
}

// Of what a function has made: a caller's column definition list says something else.
absl::Status WrongRow(const CompositeView& view, uint32_t position, const types::Type& wanted) {
  const std::string detail =
      position >= view.size()
          ? "Returned row contains " + std::to_string(view.size()) + " attributes, but query " +
                "expects more."
          : "Returned type " + types::Format(types::Type{view.type(position), 0}) +
                " at ordinal position " + std::to_string(position + 1) + ", but query expects " +
                types::Format(types::Type{wanted.id, 0, wanted.declared}) + ".";
  return status::Error(status::sqlstate::kDatatypeMismatch,
                       "function return row and query-specified return row do not match", detail);
}

absl::Status FieldOf(const EvaluationContext& context, const Arguments& arguments, uint32_t rows,
                     Vector* result) {
  // Strings stay where the rows are.
  if (types::MayHaveStrings(result->physical())) result->ShareStrings(*arguments[0]);
  const auto* values = arguments[0]->data<View>();
  const auto* positions = arguments[1]->data<int32_t>();
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const CompositeView view(values[row]);
    const auto position = static_cast<uint32_t>(positions[row]);
    if (position >= view.size() || view.type(position) != result->type().id)
      return WrongRow(view, position, result->type());
    view.Load(position, result, row);
  }
  return absl::OkStatus();
}

// row, position, value.
absl::Status WithField(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  const types::DeclaredType* const definition = types::CompositeOf(result->type());
  if (definition == nullptr || arguments[1]->is_null(row))
    return absl::InternalError("a field of an unknown row is assigned to");
  const bool null = arguments[0]->is_null(row);
  const CompositeView old(null ? View() : arguments[0]->data<View>()[row]);
  CompositeBuilder builder;
  for (uint32_t i = 0; i < definition->fields.size(); ++i) {
    if (i == static_cast<uint32_t>(arguments[1]->data<int32_t>()[row])) {
      builder.Add(*arguments[2], row, definition->fields[i].type.id);
      continue;
    }
    Vector field(definition->fields[i].type);
    field.Resize(1);
    old.Load(i, &field, 0);
    builder.Add(field, 0);
  }
  StoreBytes(builder.Finish(), row, result);
  return absl::OkStatus();
}

// NULL is a row of NULLs.
template <bool kNull>
absl::Status AllFields(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  bool all = true;
  if (arguments[0]->is_null(row)) {
    all = kNull;
  } else {
    const CompositeView view(arguments[0]->data<View>()[row]);
    for (uint32_t i = 0; i < view.size(); ++i) all = all && view.is_null(i) == kNull;
  }
  result->data<uint8_t>()[row] = all ? 1 : 0;
  return absl::OkStatus();
}

// With line feeds between the fields, where the second argument says so.
absl::Status RowToJson(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  const bool pretty = arguments.size() > 1 && arguments[1]->data<uint8_t>()[row] != 0;
  std::string out;
  RETURN_IF_ERROR(AppendRowAsJson(*arguments[0], row, OptionsOf(context), pretty, &out));
  StoreBytes(out, row, result);
  return absl::OkStatus();
}

template <auto F>
void AddComparison(CatalogBuilder& builder, const char* symbol, const char* commutator,
                   const char* negator) {
  builder.AddOperator(symbol, {TypeId::kRecord, TypeId::kRecord}, TypeId::kBool, Map<F>, commutator,
                      negator);
}

}  // namespace

void AddRows(CatalogBuilder& builder) {
  const TypeId record = TypeId::kRecord;
  const TypeId any = TypeId::kUnspecified;
  constexpr FunctionOptions kAnyNumber = {false, true, Volatility::kImmutable};
  builder.AddFunction(kRowConstructor, {}, record, MapAny<MakeRow>, kNotStrict);
  builder.AddFunction(kRowConstructor, {any}, record, MapAny<MakeRow>, kAnyNumber);
  builder.AddFunction(kRowField, {record, TypeId::kInt4}, any, FieldOf);
  builder.AddFunction(kRowAssignment, {record, TypeId::kInt4, any}, record, MapAny<WithField>,
                      kNotStrict);
  builder.AddFunction(kRowIsNull, {record}, TypeId::kBool, MapAny<AllFields<true>>, kNotStrict);
  builder.AddFunction(kRowIsNotNull, {record}, TypeId::kBool, MapAny<AllFields<false>>, kNotStrict);
  builder.AddFunction("row_to_json", {record}, TypeId::kJson, MapAny<RowToJson>, kStable);
  builder.AddFunction("row_to_json", {record, TypeId::kBool}, TypeId::kJson, MapAny<RowToJson>,
                      kStable);
  AddComparison<[](const View& a, const View& b) { return types::CompareComposites(a, b) == 0; }>(
      builder, "=", "=", "<>");
  AddComparison<[](const View& a, const View& b) { return types::CompareComposites(a, b) != 0; }>(
      builder, "<>", "<>", "=");
  AddComparison<[](const View& a, const View& b) { return types::CompareComposites(a, b) < 0; }>(
      builder, "<", ">", ">=");
  AddComparison<[](const View& a, const View& b) { return types::CompareComposites(a, b) <= 0; }>(
      builder, "<=", ">=", ">");
  AddComparison<[](const View& a, const View& b) { return 0 < types::CompareComposites(a, b); }>(
      builder, ">", "<", "<=");
  AddComparison<[](const View& a, const View& b) { return 0 <= types::CompareComposites(a, b); }>(
      builder, ">=", "<=", "<");
}

}  // namespace adbms::sql::functions
