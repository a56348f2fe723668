#include "services/indexer/api/indexer_grpc.h"

#include <utility>

namespace adbms::indexer::api {
namespace {

using Service = indexer::v1::IndexerService;

class Client : public Indexer {
 public:
  Client(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(Service::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<indexer::v1::RecommendResponse> Recommend(
      const rpc::CallContext& context, const indexer::v1::RecommendRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::Recommend, context, credentials_, request, true);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Service::Stub> stub_;
};

class Adapter : public Service::Service {
 public:
  Adapter(Indexer* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status Recommend(grpc::ServerContext* server, const indexer::v1::RecommendRequest* request,
                         indexer::v1::RecommendResponse* response) override {
    return rpc::Serve(side_, "Recommend", server, response, [&](const rpc::CallContext& context) {
      return implementation_->Recommend(context, *request);
    });
  }

 private:
  Indexer* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Indexer> NewIndexerClient(const std::string& address,
                                          const rpc::Credentials& credentials) {
  return std::make_unique<Client>(address, credentials);
}

std::unique_ptr<grpc::Service> NewIndexerAdapter(Indexer* implementation, rpc::ServerSide side) {
  return std::make_unique<Adapter>(implementation, std::move(side));
}

}  // namespace adbms::indexer::api
