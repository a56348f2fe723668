// Seven processes over mutual TLS: every method that the contracts define, called with the
// certificate of every service, and what a service's sessions in storage may do.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "clients/local_cluster/cluster_certificates.h"
#include "clients/local_cluster/local_cluster.h"
#include "common/lifecycle/secret_file.h"
#include "common/rpc/grpc/completion_loop.h"
#include "common/rpc/grpc/service_access.h"
#include "common/rpc/grpc/tls.h"
#include "common/status/sql_error.h"
#include "common/tls/authority.h"
#include "services/gateway/api/gateway_grpc.h"
#include "services/storage/api/sql_client.h"
#include "services/storage/api/storage_grpc.h"
#include "tests/integration/rpc_access_fixture.h"

namespace adbms {
namespace {

using clients::local_cluster::LocalCluster;
using google::protobuf::MethodDescriptor;

constexpr char kPassword[] = "correct horse";
const char* const kServices[] = {"gateway", "security", "optimizer",   "storage",
                                 "tuner",   "indexer",  "orchestrator"};

std::string Text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file) << path;
  return text.str();
}

// A certificate and its channels.
class Holder {
 public:
  Holder(const std::string& directory, const std::string& name, const std::string& authority) {
    auto keeper = tls::CertificateKeeper::Open(
        {directory + "/" + name + ".crt", directory + "/" + name + ".key", authority});
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    keeper_ = *std::move(keeper);
    material_ = *rpc::TlsMaterial::Make(keeper_.get());
  }
  rpc::Credentials To(const std::string& service, const std::string& secret) const {
    return rpc::Credentials(secret).Over(material_->ChannelTo(tls::ServiceUri(service)));
  }

 private:
  std::unique_ptr<tls::CertificateKeeper> keeper_;
  std::unique_ptr<rpc::TlsMaterial> material_;
};

class ServiceAccess : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    clients::local_cluster::Options options;
    options.separate = options.tls = true;
    options.environment = {std::string("ADBMS_PASSWORD=") + kPassword};
    auto started = LocalCluster::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    cluster_ = started->release();
    contracts_ = new Contracts;
    directory_ = cluster_->data_dir() + "/tls";
    secret_ = *lifecycle::ReadSecret(cluster_->data_dir() + "/cluster_secret");
    for (const char* sql : {"CREATE TABLE kept (id int PRIMARY KEY, words text)",
                            "INSERT INTO kept VALUES (1, 'private')"}) {
      ASSERT_TRUE(Run(sql).ok()) << sql;
    }
    // Others than services, of the same authority, and one of another.
    auto authority = tls::Authority::Open(directory_);
    ASSERT_TRUE(authority.ok()) << authority.status();
    ASSERT_TRUE(authority
                    ->Issue(directory_ + "/somebody",
                            clients::local_cluster::SubjectOf("somebody", {}), absl::Hours(1))
                    .ok());
    auto other = tls::Authority::Make(directory_ + "/other", "other", absl::Hours(1));
    ASSERT_TRUE(other.ok()) << other.status();
    ASSERT_TRUE(other
                    ->Issue(directory_ + "/other/gateway",
                            clients::local_cluster::SubjectOf("gateway", {}), absl::Hours(1))
                    .ok());
  }
  static void TearDownTestSuite() {
    delete contracts_;
    delete cluster_;
  }
  static absl::Status Run(const std::string& sql) {
    const auto front = gateway::api::NewGatewayClient(
        cluster_->addresses().grpc,
        rpc::Credentials::User("adbms", kPassword)
            .Over(rpc::TlsChannel(Text(cluster_->authority_file()), "", "")));
    gateway::v1::ExecuteRequest request;
    request.set_sql(sql);
    return front->Execute(rpc::CallContext(), request,
                          [](const auto&) { return absl::OkStatus(); });
  }
  static Holder Of(const std::string& name) {
    return Holder(directory_, name, cluster_->authority_file());
  }
  // What a session of the service in storage answers.
  static absl::Status InStorage(const std::string& service, const std::string& sql) {
    const Holder holder = Of(service);
    rpc::CompletionLoop loop;
    const auto storage = storage::api::NewStorageClient(cluster_->cluster_addresses().at("storage"),
                                                        holder.To("storage", secret_), &loop);
    storage::api::SqlClient client(storage.get(), "adbms");
    return client.Run(rpc::CallContext(), sql).status();
  }

  static LocalCluster* cluster_;
  static Contracts* contracts_;
  static std::string directory_;
  static std::string secret_;
};
LocalCluster* ServiceAccess::cluster_ = nullptr;
Contracts* ServiceAccess::contracts_ = nullptr;
std::string ServiceAccess::directory_;
std::string ServiceAccess::secret_;

// Which service answers at which port, by package and address.
std::string ServiceAt(const LocalCluster& cluster, const std::string& address) {
  for (const auto& [name, its] : cluster.cluster_addresses()) {
    if (its == address) return name;
  }
  return "";
}

TEST_F(ServiceAccess, EveryMethodWithTheCertificateOfEveryService) {
  auto ports = PortsOf(cluster_->cluster_addresses());
  size_t calls = 0;
  for (const char* caller : kServices) {
    const Holder holder = Of(caller);
    for (const MethodDescriptor* method : contracts_->methods()) {
      const std::vector<std::string> callers = rpc::CallersOf(*method);
      const bool named = std::find(callers.begin(), callers.end(), caller) != callers.end();
      for (const std::string& port : ports[method->file()->package()]) {
        const std::string callee = ServiceAt(*cluster_, port);
        const grpc::Status status = Call(port, PathOf(*method), holder.To(callee, secret_));
        EXPECT_EQ(OutcomeOf(status), named ? Outcome::kIn : Outcome::kDenied)
            << caller << " calls " << PathOf(*method) << " of " << callee << ": "
            << status.error_message();
        ++calls;
      }
    }
  }
  EXPECT_GE(calls, 350u);
}

TEST_F(ServiceAccess, ACertificateAloneAndASecretAloneOpenNothing) {
  auto ports = PortsOf(cluster_->cluster_addresses());
  const Holder gateway = Of("gateway");
  const Holder somebody = Of("somebody");
  const Holder other(directory_ + "/other", "gateway", cluster_->authority_file());
  const rpc::Credentials no_certificate =
      rpc::Credentials(secret_).Over(rpc::TlsChannel(Text(cluster_->authority_file()), "", ""));
  for (const MethodDescriptor* method : contracts_->methods()) {
    for (const std::string& port : ports[method->file()->package()]) {
      const std::string callee = ServiceAt(*cluster_, port);
      const std::string path = PathOf(*method);
      EXPECT_EQ(OutcomeOf(Call(port, path, gateway.To(callee, ""))), Outcome::kUnknownCaller)
          << path;
      EXPECT_EQ(OutcomeOf(Call(port, path, somebody.To(callee, secret_))), Outcome::kDenied)
          << path;
    }
  }
  const std::string storage = cluster_->cluster_addresses().at("storage");
  const std::string path = "/adbms.storage.v1.StorageService/GetCatalog";
  for (const rpc::Credentials& stranger :
       {other.To("storage", secret_), no_certificate, rpc::Credentials(secret_)}) {
    EXPECT_EQ(Call(storage, path, stranger).error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  EXPECT_TRUE(Call(storage, path, gateway.To("storage", secret_)).ok());
}

TEST_F(ServiceAccess, AProcessIsBelievedToBeNothingButWhatItsCertificateNames) {
  const Holder gateway = Of("gateway");
  const std::string tuner = cluster_->cluster_addresses().at("tuner");
  const grpc::Status status =
      Call(tuner, "/adbms.storage.v1.StorageService/GetCatalog", gateway.To("storage", secret_));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

TEST_F(ServiceAccess, ASessionDoesWhatItsServiceDoes) {
  const auto denied = [](const std::string& service, const std::string& sql) {
    const absl::Status status = InStorage(service, sql);
    EXPECT_TRUE(status::HasSqlState(status, status::sqlstate::kInsufficientPrivilege))
        << service << ": " << sql << ": " << status;
  };
  for (const char* service : {"security", "optimizer", "tuner", "indexer", "orchestrator"}) {
    for (const char* sql :
         {"SELECT * FROM public.kept", "INSERT INTO public.kept VALUES (2, 'forged')",
          "UPDATE public.kept SET words = ''", "DELETE FROM public.kept",
          "SELECT 1 WHERE EXISTS (SELECT FROM public.kept)", "DROP TABLE public.kept",
          "CREATE TABLE public.mine (id int)", "CREATE SCHEMA mine",
          "ALTER TABLE public.kept ADD COLUMN more int"}) {
      denied(service, sql);
    }
    EXPECT_TRUE(InStorage(service, "SELECT 1").ok()) << service;
  }
  EXPECT_TRUE(InStorage("security", "SELECT name FROM adbms.roles").ok());
  for (const char* service : {"optimizer", "tuner", "indexer", "orchestrator"}) {
    denied(service, "SELECT verifier FROM adbms.roles");
    denied(service, "INSERT INTO adbms.grants VALUES ('', 1, 1)");
    denied(service, "SELECT digest FROM adbms.tokens");
  }
  EXPECT_TRUE(InStorage("orchestrator", "SELECT id FROM adbms.actions").ok());
  denied("security", "SELECT id FROM adbms.actions");
  denied("security", "DELETE FROM adbms.leases");
  denied("tuner", "CREATE INDEX ON public.kept (words)");
  EXPECT_TRUE(InStorage("indexer", "CREATE INDEX ON public.kept (words)").ok());
  EXPECT_TRUE(InStorage("gateway", "SELECT * FROM public.kept").ok());
  EXPECT_TRUE(Run("SELECT * FROM kept").ok());
}

}  // namespace
}  // namespace adbms
