#include "services/gateway/grpc/values.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/text_io.h"

namespace adbms::gateway::grpc_front {
namespace {

// Whether a whole number is a value of the type as it is.
bool Holds(const types::Type& type, int64_t value) {
  if (type.declared != nullptr) return false;
  switch (type.id) {
    case types::TypeId::kInt2:
      return value >= std::numeric_limits<int16_t>::min() &&
             value <= std::numeric_limits<int16_t>::max();
    case types::TypeId::kInt4:
      return value >= std::numeric_limits<int32_t>::min() &&
             value <= std::numeric_limits<int32_t>::max();
    case types::TypeId::kInt8:
      return true;
    default:
      return false;
  }
}

absl::Status NoBytea(size_t number, const types::Type& type) {
  return status::Error(status::sqlstate::kDatatypeMismatch,
                       absl::StrCat("parameter $", number, " is of type ", types::Format(type),
                                    " but bytes were given"),
                       "", "Give its text form.");
}

absl::Status CheckCount(size_t given, const session::PreparedStatement& prepared) {
  if (given == prepared.parameter_types.size()) return absl::OkStatus();
  return status::Error(status::sqlstate::kProtocolViolation,
                       absl::StrCat(given, " parameters are given, but the statement requires ",
                                    prepared.parameter_types.size()));
}

// A value that has been read, for a parameter of the type.
absl::StatusOr<types::Value> Fit(types::Value value, size_t number, const types::Type& type,
                                 session::Session* session) {
  if (value.is_null()) return types::Value::Null(type);
  const types::TypeId id = value.type().id;
  if (types::IsInteger(id) && Holds(type, value.int_value()))
    return types::Value::Int(type.id, value.int_value());
  if (id == types::TypeId::kText) return session->ReadParameter(value.bytes(), type);
  if (id == type.id && type.declared == nullptr && type.modifier == 0) return value;
  if (id == types::TypeId::kBytea) return NoBytea(number, type);
  if (id == types::TypeId::kBool)
    return session->ReadParameter(value.bool_value() ? "true" : "false", type);
  std::string text;
  types::FormatText(value, types::TextOptions(), &text);
  return session->ReadParameter(text, type);
}

absl::StatusOr<types::Value> ValueOf(const v1::Value& given) {
  switch (given.kind_case()) {
    case v1::Value::kBoolValue:
      return types::Value::Bool(given.bool_value());
    case v1::Value::kIntValue:
      return types::Value::Int(types::TypeId::kInt8, given.int_value());
    case v1::Value::kFloatValue:
      return types::Value::Float(types::TypeId::kFloat8, given.float_value());
    case v1::Value::kBytesValue:
      return types::Value::String({types::TypeId::kBytea, 0}, given.bytes_value());
    case v1::Value::kTextValue:
      RETURN_IF_ERROR(types::ValidateUtf8(given.text_value()));
      return types::Value::Text(given.text_value());
    case v1::Value::KIND_NOT_SET:
      return types::Value();
  }
  return types::Value();
}

}  // namespace

absl::StatusOr<std::vector<types::Type>> DeclaredTypes(
    const google::protobuf::RepeatedField<uint32_t>& oids, session::Session* session) {
  std::vector<types::Type> declared;
  for (const uint32_t oid : oids) {
    types::Type type;
    if (oid != 0) {
      ASSIGN_OR_RETURN(type, session->TypeWithOid(oid));
    }
    if (type.id == types::TypeId::kUnknown) type = types::Type();
    declared.push_back(type);
  }
  return declared;
}

absl::StatusOr<std::vector<types::Value>> ParametersOf(
    const google::protobuf::RepeatedPtrField<v1::Value>& given,
    const session::PreparedStatement& prepared, session::Session* session) {
  RETURN_IF_ERROR(CheckCount(static_cast<size_t>(given.size()), prepared));
  std::vector<types::Value> parameters;
  for (int i = 0; i < given.size(); ++i) {
    // Its labels may be others by now.
    ASSIGN_OR_RETURN(const types::Type type, session->Renewed(prepared.parameter_types[i]));
    ASSIGN_OR_RETURN(types::Value value, ValueOf(given[i]));
    ASSIGN_OR_RETURN(value, Fit(std::move(value), i + 1, type, session));
    parameters.push_back(std::move(value));
  }
  return parameters;
}

absl::StatusOr<std::vector<types::Value>> ParametersOf(const types::Batch& page, uint32_t row,
                                                       const session::PreparedStatement& prepared,
                                                       session::Session* session) {
  RETURN_IF_ERROR(CheckCount(page.columns.size(), prepared));
  std::vector<types::Value> parameters;
  for (size_t i = 0; i < page.columns.size(); ++i) {
    ASSIGN_OR_RETURN(const types::Type type, session->Renewed(prepared.parameter_types[i]));
    ASSIGN_OR_RETURN(types::Value value, Fit(page.columns[i]->Get(row), i + 1, type, session));
    parameters.push_back(std::move(value));
  }
  return parameters;
}

}  // namespace adbms::gateway::grpc_front
