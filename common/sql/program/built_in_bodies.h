// Functions that PostgreSQL has under a name and this server as operators or not at all: what they
// compute, as SQL, so that aggregates and operators that users make can consist of them. Constant;
// thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "common/types/type.h"

namespace adbms::sql::program {

// As a function in SQL, with its oid in pg_proc; null: there is none of this name that takes these
// types. kAny takes every type.
const common::v1::FunctionDescriptor* BuiltInBody(std::string_view name,
                                                  const std::vector<types::Type>& arguments);
std::vector<const common::v1::FunctionDescriptor*> BuiltInBodies();
// By its oid.
const common::v1::FunctionDescriptor* BuiltInBody(uint32_t oid);

}  // namespace adbms::sql::program
