// The thread that does the gRPC input and output of a process.
//
// gRPC lets one thread at a time wait for sockets and passes that role on after every event; with
// several threads polling, each message costs hand-overs between them, more than it costs itself.
// A process therefore has one loop: its server, and its clients' asynchronous calls, share it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <thread>
#include <utility>

namespace adbms::rpc {

// What happens when an asynchronous operation has ended: the tag to give to gRPC. At most one
// operation may be under way with it, and it must live until that one has ended.
class Completion {
 public:
  // Calls `object`'s Method(bool ok), `ok` as gRPC defines it for the operation. It runs on the
  // loop's thread: it must not wait for anything that the loop does. It may destroy the completion.
  template <auto Method, typename T>
  static Completion To(T* object) {
    return Completion(object, [](void* given, bool ok) { (static_cast<T*>(given)->*Method)(ok); });
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  void Run(bool ok) { run_(object_, ok); }

 private:
  using Function = void (*)(void* object, bool ok);
  Completion(void* object, Function run) : object_(object), run_(run) {}

  void* const object_;
  const Function run_;
};

// Runs from construction to destruction. Thread-safe.
class CompletionLoop {
 public:
  CompletionLoop();
  // REQUIRES: no operation is under way; the server that uses it has ended.
  ~CompletionLoop();

  // For operations whose tag is a Completion*.
  grpc::ServerCompletionQueue* queue() const { return queue_.get(); }
  // The builder that the queue belongs to, for one server.
  std::unique_ptr<grpc::ServerBuilder> TakeBuilder() { return std::move(builder_); }

 private:
  std::unique_ptr<grpc::ServerBuilder> builder_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
};

}  // namespace adbms::rpc
