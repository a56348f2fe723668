// The tuner's own front; its work for the orchestrator goes through module.v1. Implementations:
// services/tuner and TunerClient (gRPC). Thread-safe. Errors are those that the proto states.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/tuner/v1/tuner.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::tuner::api {

class Tuner {
 public:
  virtual ~Tuner() = default;
  virtual absl::StatusOr<tuner::v1::GetStateResponse> GetState(
      const rpc::CallContext& context, const tuner::v1::GetStateRequest& request) = 0;
};

}  // namespace adbms::tuner::api
