#include "adbms/client.h"

#include "src/rpc.h"

namespace adbms {

Client::Client(ClientOptions options)
    : core_(std::make_shared<internal::ClientCore>(std::move(options))) {}
Client::~Client() = default;

Session Client::Connect(SessionOptions options) {
  auto session = std::make_shared<internal::SessionCore>(core_, std::move(options));
  core_->Keep(session);
  return Session(std::move(session));
}

}  // namespace adbms
