// Who may call what: every method of every service that the contracts define, as every kind of
// caller, on the ports of real processes.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adbms/module/v1/module.grpc.pb.h"
#include "clients/local_cluster/local_cluster.h"
#include "common/lifecycle/secret_file.h"
#include "common/rpc/grpc/call.h"
#include "common/rpc/grpc/server.h"
#include "common/rpc/grpc/service_access.h"
#include "common/status/sql_error.h"
#include "services/gateway/api/gateway_grpc.h"
#include "services/orchestrator/api/orchestrator_grpc.h"
#include "tests/integration/rpc_access_fixture.h"

namespace adbms {
namespace {

using clients::local_cluster::LocalCluster;
using common::v1::Caller;
using google::protobuf::MethodDescriptor;

constexpr char kPassword[] = "correct horse";

class Access : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    clients::local_cluster::Options options;
    options.separate = true;
    options.environment = {std::string("ADBMS_PASSWORD=") + kPassword};
    auto started = LocalCluster::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    cluster_ = started->release();
    contracts_ = new Contracts;
    secret_ = *lifecycle::ReadSecret(cluster_->data_dir() + "/cluster_secret");
    const auto admin =
        gateway::api::NewGatewayClient(cluster_->addresses().grpc, {"adbms", kPassword});
    for (const char* sql :
         {"CREATE ROLE plain LOGIN PASSWORD 'p'", "CREATE ROLE watcher LOGIN PASSWORD 'p'",
          "GRANT adbms_monitor TO watcher"}) {
      gateway::v1::ExecuteRequest request;
      request.set_sql(sql);
      const absl::Status done =
          admin->Execute(rpc::CallContext(), request, [](const auto&) { return absl::OkStatus(); });
      ASSERT_TRUE(done.ok()) << done;
    }
  }
  static void TearDownTestSuite() {
    delete contracts_;
    delete cluster_;
  }

  static std::string Front() { return cluster_->addresses().grpc; }

  static LocalCluster* cluster_;
  static Contracts* contracts_;
  static std::string secret_;
};
LocalCluster* Access::cluster_ = nullptr;
Contracts* Access::contracts_ = nullptr;
std::string Access::secret_;

struct Identity {
  const char* name;
  rpc::Credentials credentials;
  std::set<Caller> kinds;  // What it is on the front.
};

std::vector<Identity> Users() {
  const auto user = [](const char* name, const char* password) {
    return rpc::Credentials::User(name, password);
  };
  return {
      {"nobody", rpc::Credentials(""), {}},
      {"a wrong password", user("intruder", "x"), {}},
      {"a user", user("plain", "p"), {common::v1::CALLER_USER}},
      {"a monitor", user("watcher", "p"), {common::v1::CALLER_USER, common::v1::CALLER_MONITOR}},
      {"a superuser",
       user("adbms", kPassword),
       {common::v1::CALLER_USER, common::v1::CALLER_MONITOR, common::v1::CALLER_SUPERUSER}}};
}

bool OpenToUsers(const MethodDescriptor& method) {
  return rpc::Opens(method, common::v1::CALLER_USER) ||
         rpc::Opens(method, common::v1::CALLER_MONITOR) ||
         rpc::Opens(method, common::v1::CALLER_SUPERUSER);
}

TEST_F(Access, EveryMethodSaysWhoMayCallIt) {
  EXPECT_GE(contracts_->methods().size(), 35u);
  for (const MethodDescriptor* method : contracts_->methods()) {
    bool said = false;
    for (int kind = common::v1::CALLER_USER; kind <= common::v1::Caller_MAX; ++kind)
      said |= rpc::Opens(*method, static_cast<Caller>(kind));
    EXPECT_TRUE(said) << PathOf(*method);
    // What a service may call, says which.
    const bool by_services = rpc::Opens(*method, common::v1::CALLER_SERVICE) ||
                             rpc::Opens(*method, common::v1::CALLER_MODULE);
    if (by_services) {
      EXPECT_FALSE(rpc::CallersOf(*method).empty()) << PathOf(*method);
    }
  }
}

TEST_F(Access, ClientsPortLetsInUsersByTheirRights) {
  std::vector<Identity> callers = Users();
  // What opens the cluster's own ports opens nothing here.
  callers.push_back({"the cluster's secret", rpc::Credentials(secret_), {}});
  callers.push_back(
      {"a module", rpc::Credentials::Module(rpc::ModuleToken(secret_, "outside")), {}});
  size_t calls = 0;
  for (const MethodDescriptor* method : contracts_->methods()) {
    const std::string& package = method->file()->package();
    if (package != "adbms.gateway.v1" && package != "adbms.orchestrator.v1") {
      EXPECT_EQ(Call(Front(), PathOf(*method), rpc::Credentials(secret_)).error_code(),
                grpc::StatusCode::UNIMPLEMENTED)
          << PathOf(*method);
      continue;
    }
    for (const Identity& caller : callers) {
      bool open = false;
      for (const Caller kind : caller.kinds) open |= rpc::Opens(*method, kind);
      const Outcome wanted = open ? Outcome::kIn
                             : caller.kinds.empty() && OpenToUsers(*method)
                                 ? Outcome::kUnknownCaller
                                 : Outcome::kDenied;
      const grpc::Status status = Call(Front(), PathOf(*method), caller.credentials);
      EXPECT_EQ(OutcomeOf(status), wanted)
          << caller.name << " calls " << PathOf(*method) << ": " << status.error_message();
      ++calls;
    }
  }
  EXPECT_GE(calls, 80u);
}

TEST_F(Access, ClusterPortsLetInServicesAndModules) {
  std::map<std::string, std::vector<std::string>> ports = PortsOf(cluster_->cluster_addresses());
  const std::string token = rpc::ModuleToken(secret_, "outside");
  const std::vector<Identity> strangers = {
      {"nobody", rpc::Credentials(""), {}},
      {"a wrong secret", rpc::Credentials(std::string(secret_.size(), '0')), {}},
      {"a part of the secret", rpc::Credentials(secret_.substr(1)), {}},
      {"a module's token as secret", rpc::Credentials(token), {}},
      {"the secret as token", rpc::Credentials::Module(secret_), {}},
      {"another module's name", rpc::Credentials::Module("inside" + token.substr(7)), {}},
      {"a token cut short", rpc::Credentials::Module(token.substr(0, token.size() - 2)), {}},
      {"a superuser", rpc::Credentials::User("adbms", kPassword), {}}};
  size_t calls = 0;
  for (const MethodDescriptor* method : contracts_->methods()) {
    for (const std::string& port : ports[method->file()->package()]) {
      for (const Identity& stranger : strangers) {
        EXPECT_EQ(OutcomeOf(Call(port, PathOf(*method), stranger.credentials)),
                  Outcome::kUnknownCaller)
            << stranger.name << " calls " << PathOf(*method);
      }
      EXPECT_EQ(OutcomeOf(Call(port, PathOf(*method), rpc::Credentials(secret_))), Outcome::kIn)
          << PathOf(*method);
      EXPECT_EQ(OutcomeOf(Call(port, PathOf(*method), rpc::Credentials::Module(token))),
                rpc::Opens(*method, common::v1::CALLER_MODULE) ? Outcome::kIn : Outcome::kDenied)
          << "a module calls " << PathOf(*method);
      calls += strangers.size() + 2;
    }
  }
  EXPECT_GE(calls, 400u);
}

// Once a request with `trusted_peer` (number 3) was a login as anybody.
TEST_F(Access, TheClustersSecretIsNoLogin) {
  const grpc::Status status =
      Call(cluster_->cluster_addresses().at("security"),
           "/adbms.security.v1.SecurityService/Authenticate", rpc::Credentials(secret_),
           "\x0a\x05"
           "adbms\x18\x01");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
}

// A module of somebody else, which keeps what its callers show.
class Outsider : public module::v1::ModuleService::Service {
 public:
  grpc::Status Describe(grpc::ServerContext* server, const module::v1::DescribeRequest*,
                        module::v1::DescribeResponse* response) override {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, value] : server->client_metadata())
      absl::StrAppend(&seen_, std::string(key.data(), key.size()), "=",
                      std::string(value.data(), value.size()), "\n");
    response->set_name("outsider");
    return grpc::Status::OK;
  }
  std::string seen() {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  absl::Mutex mutex_;
  std::string seen_;
};

TEST_F(Access, ARegisteredModuleGetsATokenAndNeverTheSecret) {
  Outsider outsider;
  const auto server = rpc::Server::Start("127.0.0.1:0", {&outsider});
  ASSERT_TRUE(server.ok()) << server.status();
  orchestrator::v1::RegisterModuleRequest request;
  request.set_address((*server)->address());
  request.set_name("outsider");
  const auto as = [](const char* user, const char* password) {
    return orchestrator::api::NewOrchestratorClient(Front(),
                                                    rpc::Credentials::User(user, password));
  };
  for (const char* user : {"plain", "watcher"}) {
    EXPECT_TRUE(absl::IsPermissionDenied(
        as(user, "p")->RegisterModule(rpc::CallContext(), request).status()))
        << user;
  }
  EXPECT_EQ(outsider.seen(), "");
  const auto admin = as("adbms", kPassword);
  const auto registered = admin->RegisterModule(rpc::CallContext(), request);
  ASSERT_TRUE(registered.ok()) << registered.status();
  EXPECT_EQ(registered->token(), rpc::ModuleToken(secret_, "outsider"));
  EXPECT_TRUE(absl::StrContains(outsider.seen(), registered->token())) << outsider.seen();
  EXPECT_FALSE(absl::StrContains(outsider.seen(), secret_)) << outsider.seen();
  const rpc::Credentials token = rpc::Credentials::Module(registered->token());
  const std::string storage = cluster_->cluster_addresses().at("storage");
  EXPECT_TRUE(Call(storage, "/adbms.storage.v1.StorageService/ListKnobs", token).ok());
  EXPECT_EQ(OutcomeOf(Call(storage, "/adbms.storage.v1.StorageService/Sessions", token)),
            Outcome::kDenied);

  request.set_name("indexer");
  EXPECT_TRUE(absl::IsAlreadyExists(admin->RegisterModule(rpc::CallContext(), request).status()));
  request.set_name("another");
  EXPECT_TRUE(absl::IsInvalidArgument(admin->RegisterModule(rpc::CallContext(), request).status()));
}

}  // namespace
}  // namespace adbms
