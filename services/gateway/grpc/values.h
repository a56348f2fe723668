// Parameters as clients send them, to values of the types that a statement takes. Pure functions
// but for what the session knows of types.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "common/types/vector.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

// The types that a client declares, by oid; 0: none. Errors: 42704.
absl::StatusOr<std::vector<types::Type>> DeclaredTypes(
    const google::protobuf::RepeatedField<uint32_t>& oids, session::Session* session);

// Errors: those of the types' input functions; 42804 for bytes where no bytea is wanted; 08P01 for
// another number of parameters than the statement has.
absl::StatusOr<std::vector<types::Value>> ParametersOf(
    const google::protobuf::RepeatedPtrField<v1::Value>& given,
    const session::PreparedStatement& prepared, session::Session* session);

// The same, of a row of a page.
absl::StatusOr<std::vector<types::Value>> ParametersOf(const types::Batch& page, uint32_t row,
                                                       const session::PreparedStatement& prepared,
                                                       session::Session* session);

}  // namespace adbms::gateway::grpc_front
