// The contract of an autonomous module (proto module.v1), in process. Thread-safe. Errors are those
// that the proto states. Implementations: tuner, indexer, optimizer, security; any other process
// through gRPC.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/module/v1/module.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::orchestrator::api {

class Module {
 public:
  virtual ~Module() = default;
  virtual absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) = 0;
  virtual absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) = 0;
  virtual absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) = 0;
  virtual absl::StatusOr<module::v1::ApplyResponse> Apply(
      const rpc::CallContext& context, const module::v1::ApplyRequest& request) = 0;
  virtual absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) = 0;
  virtual absl::StatusOr<module::v1::ReconcileResponse> Reconcile(
      const rpc::CallContext&, const module::v1::ReconcileRequest&) {
    return absl::UnimplementedError("all actions of this module stand until they are reverted");
  }
  virtual absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) = 0;
};

}  // namespace adbms::orchestrator::api
