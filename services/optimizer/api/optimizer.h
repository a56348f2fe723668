// Turns SQL text into plans. Implementations: services/optimizer (direct calls) and OptimizerClient
// (gRPC). Thread-safe. Errors are those that the proto states.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/optimizer/v1/optimizer.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::optimizer::api {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual absl::StatusOr<optimizer::v1::PlanResponse> Plan(
      const rpc::CallContext& context, const optimizer::v1::PlanRequest& request) = 0;
  virtual absl::StatusOr<optimizer::v1::WhatIfResponse> WhatIf(
      const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) = 0;
  virtual absl::StatusOr<optimizer::v1::GetGenerationResponse> GetGeneration(
      const rpc::CallContext& context, const optimizer::v1::GetGenerationRequest& request) = 0;
};

}  // namespace adbms::optimizer::api
