#include "common/rpc/grpc/access.h"

#include <openssl/hmac.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/grpc/service_access.h"
#include "common/rpc/grpc/tls.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/tls/certificate.h"

namespace adbms::rpc {
namespace {

using common::v1::Caller;

constexpr char kSecretKey[] = "adbms-cluster-secret";
constexpr char kTokenKey[] = "adbms-module-token";
constexpr char kAuthorizationKey[] = "authorization";
constexpr char kBasic[] = "Basic ";
constexpr char kBearer[] = "Bearer ";

std::string Metadata(const grpc::ServerContextBase& server, const char* key) {
  const auto found = server.client_metadata().find(key);
  if (found == server.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

// In constant time.
bool Same(std::string_view given, std::string_view wanted) {
  if (given.size() != wanted.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < wanted.size(); ++i) difference |= given[i] ^ wanted[i];
  return difference == 0;
}

bool IsModuleToken(const std::string& token, const std::string& secret) {
  const size_t split = token.rfind(':');
  if (split == std::string::npos || split == 0) return false;
  return Same(token, ModuleToken(secret, std::string_view(token).substr(0, split)));
}

absl::Status Denied(const google::protobuf::MethodDescriptor& method) {
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for method ", method.name()));
}

absl::Status AdmitUser(const grpc::ServerContextBase& server, const UserOf& user_of,
                       const google::protobuf::MethodDescriptor& method, CallContext* context) {
  // Methods of services are not even worth the work of a password.
  const Caller kinds[] = {common::v1::CALLER_USER, common::v1::CALLER_MONITOR,
                          common::v1::CALLER_SUPERUSER};
  if (std::none_of(std::begin(kinds), std::end(kinds),
                   [&](Caller kind) { return Opens(method, kind); })) {
    return Denied(method);
  }
  ASSIGN_OR_RETURN(const User user, user_of(server));
  context->user = user.name;
  const bool open = Opens(method, common::v1::CALLER_USER) ||
                    (user.monitor && Opens(method, common::v1::CALLER_MONITOR)) ||
                    (user.superuser && (Opens(method, common::v1::CALLER_SUPERUSER) ||
                                        Opens(method, common::v1::CALLER_MONITOR)));
  return open ? absl::OkStatus() : Denied(method);
}

}  // namespace

Credentials Credentials::User(const std::string& user, const std::string& password) {
  Credentials credentials("");
  credentials.authorization_ =
      absl::StrCat(kBasic, absl::Base64Escape(absl::StrCat(user, ":", password)));
  return credentials;
}

Credentials Credentials::Token(const std::string& token) {
  Credentials credentials("");
  credentials.authorization_ = kBearer + token;
  return credentials;
}

Credentials Credentials::Over(std::shared_ptr<grpc::ChannelCredentials> channel) const {
  Credentials credentials = *this;
  credentials.channel_ = std::move(channel);
  return credentials;
}

Credentials Credentials::Module(std::string token) {
  Credentials credentials("");
  credentials.token_ = std::move(token);
  return credentials;
}

void Credentials::Attach(grpc::ClientContext* client) const {
  if (!secret_.empty()) client->AddMetadata(kSecretKey, secret_);
  if (!token_.empty()) client->AddMetadata(kTokenKey, token_);
  if (!authorization_.empty()) client->AddMetadata(kAuthorizationKey, authorization_);
}

std::string ModuleToken(std::string_view secret, std::string_view name) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(name.data()), name.size(), mac, &size);
  const absl::string_view bytes(reinterpret_cast<const char*>(mac), size);
  return absl::StrCat(absl::string_view(name.data(), name.size()), ":",
                      absl::BytesToHexString(bytes));
}

bool BasicCredentials(const grpc::ServerContextBase& server, std::string* user,
                      std::string* password) {
  const std::string value = Metadata(server, kAuthorizationKey);
  std::string decoded;
  if (!absl::StartsWith(value, kBasic) ||
      !absl::Base64Unescape(absl::string_view(value).substr(sizeof(kBasic) - 1), &decoded)) {
    return false;
  }
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return false;
  *user = decoded.substr(0, colon);
  *password = decoded.substr(colon + 1);
  return true;
}

std::string BearerToken(const grpc::ServerContextBase& server) {
  const std::string value = Metadata(server, kAuthorizationKey);
  return absl::StartsWith(value, kBearer) ? value.substr(sizeof(kBearer) - 1) : "";
}

const google::protobuf::MethodDescriptor* MethodIn(const google::protobuf::FileDescriptor* file,
                                                   const std::string& name) {
  for (int i = 0; i < file->service_count(); ++i) {
    const auto* method = file->service(i)->FindMethodByName(name);
    if (method != nullptr) return method;
  }
  return nullptr;
}

bool Opens(const google::protobuf::MethodDescriptor& method, Caller caller) {
  if (caller == common::v1::CALLER_UNSPECIFIED) return false;
  for (int i = 0; i < method.options().ExtensionSize(common::v1::access); ++i) {
    if (method.options().GetExtension(common::v1::access, i) == caller) return true;
  }
  return false;
}

absl::Status Admit(const grpc::ServerContextBase& server, const std::string& secret,
                   const UserOf& user_of, const google::protobuf::MethodDescriptor* method,
                   CallContext* context) {
  if (method == nullptr) return absl::InternalError("a method that no contract knows");
  if (user_of != nullptr) return AdmitUser(server, user_of, *method, context);
  if (secret.empty()) return absl::OkStatus();
  if (Same(Metadata(server, kSecretKey), secret)) {
    // What is open to users alone has nothing to do on this port.
    const Caller kinds[] = {common::v1::CALLER_SERVICE, common::v1::CALLER_MODULE,
                            common::v1::CALLER_MONITOR, common::v1::CALLER_SUPERUSER};
    const bool open = std::any_of(std::begin(kinds), std::end(kinds),
                                  [&](Caller kind) { return Opens(*method, kind); });
    if (!open) return Denied(*method);
    return !IsEncrypted(server) || OpensToService(*method, PeerUris(server)) ? absl::OkStatus()
                                                                             : Denied(*method);
  }
  const std::string token = Metadata(server, kTokenKey);
  if (IsModuleToken(token, secret)) {
    context->user = token.substr(0, token.rfind(':'));
    if (IsEncrypted(server)) {
      const std::vector<std::string> uris = PeerUris(server);
      if (std::find(uris.begin(), uris.end(), tls::ModuleUri(context->user)) == uris.end())
        return absl::UnauthenticatedError(
            absl::StrCat("the certificate does not name the module ", context->user));
    }
    return Opens(*method, common::v1::CALLER_MODULE) ? absl::OkStatus() : Denied(*method);
  }
  return absl::UnauthenticatedError("the call does not carry the cluster's secret");
}

}  // namespace adbms::rpc
