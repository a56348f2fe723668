// Who calls, and whether the contract lets them: the one place that decides it for every method of
// every service. common/v1/access.proto names the kinds of caller; what identifies them is
//   a service   metadata `adbms-cluster-secret`: the secret that the cluster's processes share;
//   and,
//               over TLS, the URI in its certificate, by which it may call what service_access.h
//               says and nothing else;
//   a module    metadata `adbms-module-token`: name:HMAC-SHA256(secret, name), given out at its
//               registration; from a token nobody gets to the secret, and a new secret ends them
//               all. Over TLS its certificate has the same name;
//   a user      metadata `authorization: Basic …`, a role of the database with its password, or
//               `authorization: Bearer …`, a token of it.
// On the port that clients reach only users are let in, on the cluster's port only services and
// modules. Thread-safe.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/access.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::rpc {

// What a client shows with its calls, and how it reaches the server.
class Credentials {
 public:
  // The cluster's secret; empty: nothing. Implicit, as every service holds it as text.
  Credentials(std::string secret) : secret_(std::move(secret)) {}  // NOLINT(runtime/explicit)
  static Credentials User(const std::string& user, const std::string& password);
  static Credentials Token(const std::string& token);
  static Credentials Module(std::string token);

  // The same over channels of these credentials; null: plain text.
  Credentials Over(std::shared_ptr<grpc::ChannelCredentials> channel) const;
  const std::shared_ptr<grpc::ChannelCredentials>& channel() const { return channel_; }

  void Attach(grpc::ClientContext* client) const;

 private:
  std::string secret_;
  std::string token_;
  std::string authorization_;
  std::shared_ptr<grpc::ChannelCredentials> channel_;
};

// The token of the module `name` in the cluster with this secret.
std::string ModuleToken(std::string_view secret, std::string_view name);

// A user of the database who has proved who they are.
struct User {
  std::string name;
  bool superuser = false;
  bool monitor = false;
};
// Errors: UNAUTHENTICATED and those of whoever is asked.
using UserOf = std::function<absl::StatusOr<User>(const grpc::ServerContextBase& server)>;

// The user and password of `authorization: Basic`. False where there is none.
bool BasicCredentials(const grpc::ServerContextBase& server, std::string* user,
                      std::string* password);

// The token of `authorization: Bearer`; empty where there is none.
std::string BearerToken(const grpc::ServerContextBase& server);

// The method `name` of the service that `file` defines. Null where there is none.
const google::protobuf::MethodDescriptor* MethodIn(const google::protobuf::FileDescriptor* file,
                                                   const std::string& name);

// Whether a caller of this kind may call the method: UNSPECIFIED, and a method that says nothing,
// never.
bool Opens(const google::protobuf::MethodDescriptor& method, common::v1::Caller caller);

// Lets the call in or not; `context->user` of a user's or module's call is that one afterwards.
// `secret` empty: everybody is let in (never across processes). `user_of` null: the cluster's own
// port. Errors: UNAUTHENTICATED without credentials that hold here, PERMISSION_DENIED (42501) with
// others than the method wants.
absl::Status Admit(const grpc::ServerContextBase& server, const std::string& secret,
                   const UserOf& user_of, const google::protobuf::MethodDescriptor* method,
                   CallContext* context);

}  // namespace adbms::rpc
