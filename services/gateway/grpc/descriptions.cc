#include "services/gateway/grpc/descriptions.h"

#include "common/types/declared_type.h"
#include "services/gateway/api/pages.h"

namespace adbms::gateway::grpc_front {
namespace {

// The oid of an array's elements; 0 for what is no array.
uint32_t ElementOid(const types::Type& type) {
  return types::IsArray(type.id) ? types::OidOf(types::ElementOf(type)) : 0;
}

}  // namespace

void DescribeColumns(const session::OutputColumns& columns,
                     google::protobuf::RepeatedPtrField<v1::Column>* described) {
  for (const common::v1::OutputColumn& column : columns) {
    types::Type type = types::FromProto(column.type());
    if (type.id == types::TypeId::kUnknown) type = {types::TypeId::kText, 0};
    // A domain is described as what it is over.
    type = types::BaseOf(type);
    v1::Column* const target = described->Add();
    target->set_name(column.name());
    target->set_type_oid(types::OidOf(type));
    target->set_type_name(types::Format(type));
    target->set_type_modifier(types::PgTypmod(type));
    target->set_element_oid(ElementOid(type));
    target->set_table_oid(column.table_id());
    target->set_column_number(static_cast<int32_t>(column.column_number()));
    target->set_encoding(api::EncodingOf(type.id));
  }
}

v1::Description DescribeStatement(const session::PreparedStatement& prepared) {
  v1::Description description;
  for (const types::Type& type : prepared.parameter_types) {
    v1::Parameter* const parameter = description.add_parameters();
    parameter->set_type_oid(types::OidOf(type));
    parameter->set_type_name(types::Format(type));
    parameter->set_element_oid(ElementOid(type));
  }
  DescribeColumns(prepared.columns, description.mutable_columns());
  description.set_returns_rows(prepared.returns_rows);
  return description;
}

}  // namespace adbms::gateway::grpc_front
