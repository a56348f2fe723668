// jsonb made of jsonb: || and -, and changes at a path.
#include <algorithm>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_values.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/jsonb_path_change.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::ArrayElement;
using types::Jsonb;
using types::JsonbBuilder;
using types::JsonbKind;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

absl::Status Invalid(View message) { return Error(sqlstate::kInvalidParameterValue, message); }

absl::Status AddParts(const Jsonb& value, JsonbBuilder* out) {
  if (value.kind() != JsonbKind::kArray) return out->Add(value);
  for (uint32_t i = 0; i < value.size(); ++i) RETURN_IF_ERROR(out->Add(value.At(i)));
  return absl::OkStatus();
}

absl::Status AddMembers(const Jsonb& object, JsonbBuilder* out) {
  for (uint32_t i = 0; i < object.size(); ++i) {
    RETURN_IF_ERROR(out->Key(object.Key(i)));
    RETURN_IF_ERROR(out->Add(object.At(i)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Concatenate(const View& left, const View& right) {
  const Jsonb a(left);
  const Jsonb b(right);
  JsonbBuilder out;
  if (a.kind() == JsonbKind::kObject && b.kind() == JsonbKind::kObject) {
    RETURN_IF_ERROR(out.BeginObject());
    RETURN_IF_ERROR(AddMembers(a, &out));
    RETURN_IF_ERROR(AddMembers(b, &out));
    RETURN_IF_ERROR(out.EndObject());
    return out.Take();
  }
  // What is no array counts as an array of one.
  RETURN_IF_ERROR(out.BeginArray());
  RETURN_IF_ERROR(AddParts(a, &out));
  RETURN_IF_ERROR(AddParts(b, &out));
  RETURN_IF_ERROR(out.EndArray());
  return out.Take();
}

// Without the members of these keys, or the strings that equal one of them.
absl::StatusOr<std::string> Without(View jsonb, const std::vector<ArrayElement>& keys) {
  const Jsonb value(jsonb);
  if (!value.IsContainer()) return Invalid("cannot delete from scalar");
  const bool object = value.kind() == JsonbKind::kObject;
  JsonbBuilder out;
  RETURN_IF_ERROR(object ? out.BeginObject() : out.BeginArray());
  for (uint32_t i = 0; i < value.size(); ++i) {
    const Jsonb part = value.At(i);
    const bool named = object || part.kind() == JsonbKind::kString;
    const View name = object ? value.Key(i) : named ? part.text() : View();
    const auto is_it = [&](const ArrayElement& key) { return !key.null && key.text == name; };
    if (named && std::any_of(keys.begin(), keys.end(), is_it)) continue;
    if (object) RETURN_IF_ERROR(out.Key(name));
    RETURN_IF_ERROR(out.Add(part));
  }
  RETURN_IF_ERROR(object ? out.EndObject() : out.EndArray());
  return out.Take();
}

absl::StatusOr<std::string> DeleteKey(const View& jsonb, const View& key) {
  return Without(jsonb, {{std::string(key), false}});
}

absl::StatusOr<std::string> DeleteKeys(const View& jsonb, const View& array) {
  ASSIGN_OR_RETURN(const auto keys, PathOf(array));
  return Without(jsonb, keys);
}

absl::StatusOr<std::string> DeleteElement(const View& jsonb, int32_t index) {
  const Jsonb value(jsonb);
  if (!value.IsContainer()) return Invalid("cannot delete from scalar");
  if (value.kind() == JsonbKind::kObject)
    return Invalid("cannot delete from object using integer index");
  const int64_t at = index < 0 ? int64_t{index} + value.size() : index;
  JsonbBuilder out;
  RETURN_IF_ERROR(out.BeginArray());
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (i != at) RETURN_IF_ERROR(out.Add(value.At(i)));
  }
  RETURN_IF_ERROR(out.EndArray());
  return out.Take();
}

absl::StatusOr<std::string> ChangeAt(PathChange change, const View& jsonb, const View& path,
                                     std::optional<Jsonb> value) {
  ASSIGN_OR_RETURN(std::vector<ArrayElement> steps, PathOf(path));
  const Jsonb target(jsonb);
  if (!target.IsContainer()) {
    return Invalid(change == PathChange::kDelete ? "cannot delete path in scalar"
                                                 : "cannot set path in scalar");
  }
  return ChangeAtPath(change, steps, value, target);
}

absl::StatusOr<std::string> DeletePath(const View& jsonb, const View& path) {
  return ChangeAt(PathChange::kDelete, jsonb, path, std::nullopt);
}

absl::StatusOr<std::string> SetPath(const View& jsonb, const View& path, const View& value,
                                    uint8_t create) {
  return ChangeAt(create != 0 ? PathChange::kCreate : PathChange::kReplace, jsonb, path,
                  Jsonb(value));
}
absl::StatusOr<std::string> SetOrCreate(const View& jsonb, const View& path, const View& value) {
  return SetPath(jsonb, path, value, 1);
}

absl::StatusOr<std::string> Insert(const View& jsonb, const View& path, const View& value,
                                   uint8_t after) {
  return ChangeAt(after != 0 ? PathChange::kInsertAfter : PathChange::kInsertBefore, jsonb, path,
                  Jsonb(value));
}
absl::StatusOr<std::string> InsertBefore(const View& jsonb, const View& path, const View& value) {
  return Insert(jsonb, path, value, 0);
}

// column[…] = value: a NULL column becomes a container, a NULL value null.
absl::Status Assign(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  std::vector<ArrayElement> path;
  for (size_t i = 2; i < arguments.size(); ++i) {
    if (arguments[i]->is_null(row))
      return Error(sqlstate::kNullNotAllowed, "jsonb subscript in assignment must not be null");
    path.push_back({std::string(arguments[i]->data<View>()[row]), false});
  }
  if (path.empty()) return Invalid("a path is needed");
  JsonbBuilder empty;
  const bool array = PathIndex(path[0].text).has_value();
  RETURN_IF_ERROR(array ? empty.BeginArray() : empty.BeginObject());
  RETURN_IF_ERROR(array ? empty.EndArray() : empty.EndObject());
  const std::string fresh = empty.Take();
  const Jsonb target(arguments[0]->is_null(row) ? View(fresh) : arguments[0]->data<View>()[row]);
  const Jsonb value(arguments[1]->is_null(row) ? Jsonb().bytes() : arguments[1]->data<View>()[row]);
  ASSIGN_OR_RETURN(const std::string made, ChangeAtPath(PathChange::kAssign, path, value, target));
  StoreBytes(made, row, result);
  return absl::OkStatus();
}

// jsonb_set that says what NULL means.
absl::Status SetLax(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  const auto is_null = [&](size_t i) { return i < arguments.size() && arguments[i]->is_null(row); };
  const auto bytes = [&](size_t i) { return arguments[i]->data<View>()[row]; };
  if (is_null(0) || is_null(1) || is_null(3)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const View treatment = arguments.size() < 5 ? "use_json_null" : is_null(4) ? "" : bytes(4);
  const uint8_t create = arguments.size() < 4 ? 1 : arguments[3]->data<uint8_t>()[row];
  absl::StatusOr<std::string> made;
  if (is_null(4)) {
    made = std::string();
  }
  if (!is_null(2) && !is_null(4)) {
    made = SetPath(bytes(0), bytes(1), bytes(2), create);
  } else if (treatment == "use_json_null") {
    made = SetPath(bytes(0), bytes(1), Jsonb().bytes(), create);
  } else if (treatment == "delete_key") {
    made = DeletePath(bytes(0), bytes(1));
  } else if (treatment == "return_target") {
    made = std::string(bytes(0));
  } else if (treatment == "raise_exception") {
    made = Error(sqlstate::kNullNotAllowed, "JSON value must not be null",
                 "Exception was raised because null_value_treatment is \"raise_exception\".",
                 "To avoid, either change the null_value_treatment argument or ensure that an SQL "
                 "NULL is not passed.");
  } else {
    made = Invalid(
        "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or "
        "\"raise_exception\"");
  }
  RETURN_IF_ERROR(made.status());
  StoreBytes(*made, row, result);
  return absl::OkStatus();
}

}  // namespace

void AddJsonbEdit(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  const TypeId texts = TypeId::kTextArray;
  const TypeId boolean = TypeId::kBool;
  builder.AddOperator("||", {jsonb, jsonb}, jsonb, Map<Concatenate>);
  builder.AddOperator("-", {jsonb, TypeId::kText}, jsonb, Map<DeleteKey>);
  builder.AddOperator("-", {jsonb, TypeId::kInt4}, jsonb, Map<DeleteElement>);
  builder.AddOperator("-", {jsonb, texts}, jsonb, Map<DeleteKeys>);
  builder.AddOperator("#-", {jsonb, texts}, jsonb, Map<DeletePath>);
  builder.AddFunction("jsonb_delete_path", {jsonb, texts}, jsonb, Map<DeletePath>);
  builder.AddFunction("jsonb_set", {jsonb, texts, jsonb}, jsonb, Map<SetOrCreate>);
  builder.AddFunction("jsonb_set", {jsonb, texts, jsonb, boolean}, jsonb, Map<SetPath>);
  builder.AddFunction("jsonb_insert", {jsonb, texts, jsonb}, jsonb, Map<InsertBefore>);
  builder.AddFunction("jsonb_insert", {jsonb, texts, jsonb, boolean}, jsonb, Map<Insert>);
  builder.AddFunction(std::string(kJsonbAssignFunction), {jsonb, jsonb, TypeId::kText}, jsonb,
                      MapAny<Assign>, {false, true, Volatility::kImmutable});
  std::vector<TypeId> arguments = {jsonb, texts, jsonb};
  builder.AddFunction("jsonb_set_lax", arguments, jsonb, MapAny<SetLax>, kNotStrict);
  for (const TypeId more : {boolean, TypeId::kText}) {
    arguments.push_back(more);
    builder.AddFunction("jsonb_set_lax", arguments, jsonb, MapAny<SetLax>, kNotStrict);
  }
}

}  // namespace adbms::sql::functions
