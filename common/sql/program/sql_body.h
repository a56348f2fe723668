// The body of a function in SQL. Pure.
#pragma once

#include <string>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql::program {

// Its statements as one text: RETURN e is SELECT e, what stands in BEGIN ATOMIC … END is taken out.
std::string SqlBodyOf(const common::v1::FunctionDescriptor& function);

}  // namespace adbms::sql::program
