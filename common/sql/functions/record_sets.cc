// json_to_recordset and json_populate_recordset: the objects whose members become columns. Which
// columns there are, and how they come out of an object, says the statement's column definition
// list.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/table_cursors.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {
namespace {

using types::JsonbKind;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;

enum class Shape { kObject, kArray, kScalar };

Shape ShapeOfJson(TypeId type, View bytes) {
  if (type == TypeId::kJsonb) {
    const JsonbKind kind = types::Jsonb(bytes).kind();
    return kind == JsonbKind::kObject  ? Shape::kObject
           : kind == JsonbKind::kArray ? Shape::kArray
                                       : Shape::kScalar;
  }
  const size_t first = bytes.find_first_not_of(" \t\n\r");
  if (first == View::npos) return Shape::kScalar;
  return bytes[first] == '{'   ? Shape::kObject
         : bytes[first] == '[' ? Shape::kArray
                               : Shape::kScalar;
}

absl::Status Refuse(const std::string& message) {
  return status::Error(status::sqlstate::kInvalidParameterValue, message);
}

// One object.
class OneCursor : public TableFunction::Cursor {
 public:
  OneCursor(Value value, const EvaluationContext& context)
      : value_(std::move(value)), context_(context) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (done_) return false;
    done_ = true;
    auto column = std::make_shared<Vector>(value_.type());
    column->CountStrings(context_.memory);
    column->Append(value_);
    if (column->strings_refused()) return column->StringsRefusal();
    *batch = types::Batch();
    batch->row_count = 1;
    batch->columns.push_back(std::move(column));
    return true;
  }

 private:
  const Value value_;
  const EvaluationContext& context_;  // Of the execution.
  bool done_ = false;
};

// The elements of an array, all of them objects.
class ObjectsCursor : public TableFunction::Cursor {
 public:
  ObjectsCursor(CursorPtr elements, std::string name)
      : elements_(std::move(elements)), name_(std::move(name)) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    ASSIGN_OR_RETURN(const bool more, elements_->Next(batch));
    if (!more) return false;
    const Vector& column = *batch->columns[0];
    for (uint32_t row = 0; row < batch->row_count; ++row) {
      if (ShapeOfJson(column.type().id, column.data<View>()[row]) != Shape::kObject)
        return Refuse("argument of " + name_ + " must be an array of objects");
    }
    return true;
  }

 private:
  const CursorPtr elements_;
  const std::string name_;
};

template <TypeId kType>
absl::StatusOr<CursorPtr> OpenRecord(const EvaluationContext& context,
                                     const std::vector<Value>& arguments) {
  // NULL makes a record of NULLs.
  if (arguments[0].is_null()) return std::make_unique<OneCursor>(arguments[0], context);
  const Shape shape = ShapeOfJson(kType, arguments[0].bytes());
  if (shape != Shape::kObject)
    return Refuse(std::string("cannot call populate_composite on ") +
                  (shape == Shape::kArray ? "an array" : "a scalar"));
  return std::make_unique<OneCursor>(arguments[0], context);
}

template <TypeId kType, bool kPopulates = false>
absl::StatusOr<CursorPtr> OpenRecordset(const EvaluationContext& context,
                                        const std::vector<Value>& arguments) {
  if (arguments[0].is_null()) return std::make_unique<EmptyCursor>();
  const std::string prefix = kType == TypeId::kJsonb ? "jsonb" : "json";
  const std::string name = prefix + (kPopulates ? "_populate_recordset" : "_to_recordset");
  const Shape shape = ShapeOfJson(kType, arguments[0].bytes());
  if (shape != Shape::kArray)
    return Refuse("cannot call " + name +
                  (kType == TypeId::kJsonb   ? " on a non-array"
                   : shape == Shape::kObject ? " on an object"
                                             : " on a scalar"));
  const TableFunction* elements =
      FunctionCatalog::Builtin().FindTableFunctions(prefix + "_array_elements")[0];
  ASSIGN_OR_RETURN(CursorPtr cursor, elements->open(context, arguments));
  return std::make_unique<ObjectsCursor>(std::move(cursor), name);
}

}  // namespace

void AddRecordSets(CatalogBuilder& builder) {
  using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const std::vector<Value>&);
  const auto add = [&](const char* name, TypeId type, Opener open) {
    TableFunction function;
    function.name = name;
    function.arguments = {type};
    function.result = {type};
    function.column_names = {name};
    function.open = open;
    builder.AddTableFunction(std::move(function));
  };
  add("json_to_record", TypeId::kJson, OpenRecord<TypeId::kJson>);
  add("jsonb_to_record", TypeId::kJsonb, OpenRecord<TypeId::kJsonb>);
  add("json_to_recordset", TypeId::kJson, OpenRecordset<TypeId::kJson>);
  add("jsonb_to_recordset", TypeId::kJsonb, OpenRecordset<TypeId::kJsonb>);
  // The binder takes away the first argument, and fills its row.
  add("json_populate_recordset", TypeId::kJson, OpenRecordset<TypeId::kJson, true>);
  add("jsonb_populate_recordset", TypeId::kJsonb, OpenRecordset<TypeId::kJsonb, true>);
}

}  // namespace adbms::sql::functions
