// Calls of every method that the contracts define, for tests of who may make them.
#pragma once

#include <google/protobuf/compiler/importer.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/grpc/call.h"

namespace adbms {

// The contracts as they stand in the source tree.
class Contracts {
 public:
  Contracts() : importer_(&tree_, nullptr) {
    tree_.MapPath("", ADBMS_PROTO_DIR);
    tree_.MapPath("", "/usr/include");
    for (const auto& file : std::filesystem::recursive_directory_iterator(
             std::filesystem::path(ADBMS_PROTO_DIR) / "adbms")) {
      if (file.path().extension() != ".proto") continue;
      const auto* found =
          importer_.Import(std::filesystem::relative(file.path(), ADBMS_PROTO_DIR).string());
      EXPECT_NE(found, nullptr) << file.path();
      for (int i = 0; found != nullptr && i < found->service_count(); ++i) {
        for (int j = 0; j < found->service(i)->method_count(); ++j)
          methods_.push_back(found->service(i)->method(j));
      }
    }
  }
  const std::vector<const google::protobuf::MethodDescriptor*>& methods() const { return methods_; }

 private:
  google::protobuf::compiler::DiskSourceTree tree_;
  google::protobuf::compiler::Importer importer_;
  std::vector<const google::protobuf::MethodDescriptor*> methods_;
};

enum class Outcome { kIn, kDenied, kUnknownCaller, kNotThere };

inline std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  return out << (outcome == Outcome::kIn         ? "in"
                 : outcome == Outcome::kDenied   ? "denied"
                 : outcome == Outcome::kNotThere ? "not there"
                                                 : "unknown caller");
}

// One call with a request of these bytes, whatever the method's kind.
inline grpc::Status Call(const std::string& address, const std::string& method,
                         const rpc::Credentials& credentials, const std::string& request = "") {
  grpc::GenericStub stub(rpc::OpenChannel(address, credentials));
  grpc::ClientContext context;
  rpc::CallContext call;
  call.user = "adbms";  // What a caller says of itself counts for nothing.
  call.deadline = absl::Now() + absl::Seconds(20);
  rpc::Prepare(call, credentials, &context);
  grpc::CompletionQueue queue;
  auto stream = stub.PrepareCall(&context, method, &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  grpc::Status status;
  stream->StartCall(nullptr);
  if (wait()) {
    grpc::Slice slice(request);
    stream->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    if (wait()) {
      grpc::ByteBuffer response;
      do {
        stream->Read(&response, nullptr);
      } while (wait());
    }
  }
  stream->Finish(&status, nullptr);
  wait();
  return status;
}

inline Outcome OutcomeOf(const grpc::Status& status) {
  const std::string& message = status.error_message();
  if (absl::StrContains(message, "permission denied for method")) return Outcome::kDenied;
  for (const char* words : {"does not carry the cluster's secret", "no credentials given",
                            "password authentication failed for user \"intruder\""}) {
    if (absl::StrContains(message, words)) return Outcome::kUnknownCaller;
  }
  // gRPC's own answer has no words.
  const bool no_method = status.error_code() == grpc::StatusCode::UNIMPLEMENTED && message.empty();
  const bool no_port =
      status.error_code() == grpc::StatusCode::UNAVAILABLE && absl::StrContains(message, "connect");
  return no_method || no_port ? Outcome::kNotThere : Outcome::kIn;
}

inline std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

// Where the methods of a package are served, by package.
inline std::map<std::string, std::vector<std::string>> PortsOf(
    const std::map<std::string, std::string>& addresses) {
  std::map<std::string, std::vector<std::string>> ports;
  for (const auto& [name, address] : addresses) {
    if (name == "gateway") continue;  // It serves clients alone.
    ports[absl::StrCat("adbms.", name, ".v1")].push_back(address);
    if (name != "storage" && name != "orchestrator") ports["adbms.module.v1"].push_back(address);
  }
  return ports;
}

}  // namespace adbms
