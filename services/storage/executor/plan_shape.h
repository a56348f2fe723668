// Whether a plan fits together: operators that hand rows on declare the columns of what they read.
// A planner in another process wrote the plan; what is compiled and run relies on it.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "adbms/common/v1/plan.pb.h"

namespace adbms::storage::executor {

// Visits the message and every message in it.
void ForEachMessage(const google::protobuf::Message& message,
                    const std::function<void(const google::protobuf::Message&)>& visit);

// Whether the message, a plan or a part of one, calls what may not be called again.
bool HasVolatileCalls(const google::protobuf::Message& plan);

// Of one operator against its inputs' declarations. Errors: INVALID_ARGUMENT.
absl::Status CheckShape(const common::v1::Operator& op);

// Of sub-plans and common table expressions: none runs itself, through whatever others. Errors:
// INVALID_ARGUMENT.
absl::Status CheckReferences(const common::v1::Plan& plan);

// Whether the operator is an INSERT, UPDATE or DELETE; whether the plan has one, itself or in WITH.
bool Writes(const common::v1::Operator& op);
bool Writes(const common::v1::Plan& plan);

// Of Plan.eager_ctes: all that write are among them. Errors: INVALID_ARGUMENT.
absl::Status CheckEagerCtes(const common::v1::Plan& plan);

}  // namespace adbms::storage::executor
