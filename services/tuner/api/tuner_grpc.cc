#include "services/tuner/api/tuner_grpc.h"

#include <utility>

namespace adbms::tuner::api {
namespace {

using Service = tuner::v1::TunerService;

class Client : public Tuner {
 public:
  Client(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(Service::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<tuner::v1::GetStateResponse> GetState(
      const rpc::CallContext& context, const tuner::v1::GetStateRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::GetState, context, credentials_, request, true);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Service::Stub> stub_;
};

class Adapter : public Service::Service {
 public:
  Adapter(Tuner* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status GetState(grpc::ServerContext* server, const tuner::v1::GetStateRequest* request,
                        tuner::v1::GetStateResponse* response) override {
    return rpc::Serve(side_, "GetState", server, response, [&](const rpc::CallContext& context) {
      return implementation_->GetState(context, *request);
    });
  }

 private:
  Tuner* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Tuner> NewTunerClient(const std::string& address,
                                      const rpc::Credentials& credentials) {
  return std::make_unique<Client>(address, credentials);
}

std::unique_ptr<grpc::Service> NewTunerAdapter(Tuner* implementation, rpc::ServerSide side) {
  return std::make_unique<Adapter>(implementation, std::move(side));
}

}  // namespace adbms::tuner::api
