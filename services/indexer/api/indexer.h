// The indexer's own front; its work for the orchestrator goes through module.v1. Implementations:
// services/indexer and IndexerClient (gRPC). Thread-safe. Errors are those that the proto states.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/indexer/v1/indexer.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::indexer::api {

class Indexer {
 public:
  virtual ~Indexer() = default;
  virtual absl::StatusOr<indexer::v1::RecommendResponse> Recommend(
      const rpc::CallContext& context, const indexer::v1::RecommendRequest& request) = 0;
};

}  // namespace adbms::indexer::api
