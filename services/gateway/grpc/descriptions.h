// What the front tells of columns and parameters. Pure functions.
#pragma once

#include "adbms/gateway/v1/gateway.pb.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

void DescribeColumns(const session::OutputColumns& columns,
                     google::protobuf::RepeatedPtrField<v1::Column>* described);
v1::Description DescribeStatement(const session::PreparedStatement& prepared);

}  // namespace adbms::gateway::grpc_front
