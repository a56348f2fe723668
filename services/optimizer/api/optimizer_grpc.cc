#include "services/optimizer/api/optimizer_grpc.h"

#include <utility>

#include "common/rpc/nested_message.h"
#include "common/status/macros.h"

namespace adbms::optimizer::api {
namespace {

using Service = optimizer::v1::OptimizerService;

class Client : public Optimizer {
 public:
  Client(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(Service::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<optimizer::v1::PlanResponse> Plan(
      const rpc::CallContext& context, const optimizer::v1::PlanRequest& request) override {
    ASSIGN_OR_RETURN(
        optimizer::v1::PlanResponse response,
        rpc::Call(stub_.get(), &Service::Stub::Plan, context, credentials_, request, true));
    RETURN_IF_ERROR(rpc::ParseNested(response.encoded_plan(), response.mutable_plan()));
    response.clear_encoded_plan();
    for (auto& alternative : *response.mutable_alternatives()) {
      RETURN_IF_ERROR(rpc::ParseNested(alternative.encoded_plan(), alternative.mutable_plan()));
      alternative.clear_encoded_plan();
    }
    return response;
  }
  absl::StatusOr<optimizer::v1::WhatIfResponse> WhatIf(
      const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::WhatIf, context, credentials_, request, true);
  }
  absl::StatusOr<optimizer::v1::GetGenerationResponse> GetGeneration(
      const rpc::CallContext& context,
      const optimizer::v1::GetGenerationRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::GetGeneration, context, credentials_, request,
                     true);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Service::Stub> stub_;
};

class Adapter : public Service::Service {
 public:
  Adapter(Optimizer* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status Plan(grpc::ServerContext* server, const optimizer::v1::PlanRequest* request,
                    optimizer::v1::PlanResponse* response) override {
    using Answer = absl::StatusOr<optimizer::v1::PlanResponse>;
    return rpc::Serve(side_, "Plan", server, response,
                      [&](const rpc::CallContext& context) -> Answer {
                        ASSIGN_OR_RETURN(optimizer::v1::PlanResponse answer,
                                         implementation_->Plan(context, *request));
                        answer.set_encoded_plan(answer.plan().SerializeAsString());
                        answer.clear_plan();
                        for (auto& alternative : *answer.mutable_alternatives()) {
                          alternative.set_encoded_plan(alternative.plan().SerializeAsString());
                          alternative.clear_plan();
                        }
                        return answer;
                      });
  }
  grpc::Status WhatIf(grpc::ServerContext* server, const optimizer::v1::WhatIfRequest* request,
                      optimizer::v1::WhatIfResponse* response) override {
    return rpc::Serve(side_, "WhatIf", server, response, [&](const rpc::CallContext& context) {
      return implementation_->WhatIf(context, *request);
    });
  }
  grpc::Status GetGeneration(grpc::ServerContext* server,
                             const optimizer::v1::GetGenerationRequest* request,
                             optimizer::v1::GetGenerationResponse* response) override {
    return rpc::Serve(side_, "GetGeneration", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->GetGeneration(context, *request);
                      });
  }

 private:
  Optimizer* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Optimizer> NewOptimizerClient(const std::string& address,
                                              const rpc::Credentials& credentials) {
  return std::make_unique<Client>(address, credentials);
}

std::unique_ptr<grpc::Service> NewOptimizerAdapter(Optimizer* implementation,
                                                   rpc::ServerSide side) {
  return std::make_unique<Adapter>(implementation, std::move(side));
}

}  // namespace adbms::optimizer::api
