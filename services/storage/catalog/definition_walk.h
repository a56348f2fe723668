// Definitions of declared types inside descriptors: they stand wherever a type does, and within
// bound expressions, which are kept as bytes. Pure functions.
#pragma once

#include "google/protobuf/message.h"

#include "adbms/common/v1/type.pb.h"

namespace adbms::storage::catalog {

// Whether the message has values of the type with the oid, or of one over it.
bool HoldsDefinition(const google::protobuf::Message& message, uint32_t type_oid);
// Puts the definition in place of those with its oid.
void ReplaceDefinition(const common::v1::DeclaredType& definition,
                       google::protobuf::Message* message);
// What its own transaction may not use may be used once that has committed.
void ReleaseLabels(google::protobuf::Message* message);

}  // namespace adbms::storage::catalog
