#include "common/rpc/grpc/completion_loop.h"

namespace adbms::rpc {

CompletionLoop::CompletionLoop()
    : builder_(std::make_unique<grpc::ServerBuilder>()), queue_(builder_->AddCompletionQueue()) {
  thread_ = std::thread([this] {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<Completion*>(tag)->Run(ok);
  });
}

CompletionLoop::~CompletionLoop() {
  queue_->Shutdown();
  thread_.join();
}

}  // namespace adbms::rpc
