// The gateway's front door from C++, and what every gRPC port of the seven processes offers.
#include <gtest/gtest.h>

#include <grpcpp/generic/generic_stub.h>

#include "absl/time/clock.h"
#include "clients/local_cluster/local_cluster.h"
#include "common/rpc/grpc/call.h"
#include "common/rpc/grpc/server.h"
#include "common/status/sql_error.h"
#include "common/types/value.h"
#include "services/gateway/api/gateway_grpc.h"
#include "services/gateway/api/pages.h"

namespace adbms::gateway::api {
namespace {

using clients::local_cluster::LocalCluster;

constexpr char kPassword[] = "correct horse";

struct Answer {
  absl::Status status;
  std::vector<std::string> columns;
  std::vector<std::vector<types::Value>> rows;
  std::vector<std::string> tags;
};

Answer Ask(Gateway* gateway, const std::string& sql, const std::string& session = "",
           const std::vector<v1::Value>& parameters = {}) {
  v1::ExecuteRequest request;
  request.set_session_id(session);
  request.set_sql(sql);
  for (const v1::Value& value : parameters) *request.add_parameters() = value;
  Answer answer;
  answer.status =
      gateway->Execute(rpc::CallContext(), request, [&](const v1::ExecuteResponse& part) {
        for (const auto& column : part.header().columns()) answer.columns.push_back(column.name());
        const auto page = DecodePage(part.page());
        if (!page.ok()) return page.status();
        for (uint32_t row = 0; row < page->row_count; ++row) {
          auto& target = answer.rows.emplace_back();
          for (const auto& column : page->columns) target.push_back(column->Get(row));
        }
        if (part.has_completion()) answer.tags.push_back(part.completion().command_tag());
        return absl::OkStatus();
      });
  return answer;
}

class GatewayFront : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    clients::local_cluster::Options options;
    options.separate = true;
    options.environment = {std::string("ADBMS_PASSWORD=") + kPassword};
    auto started = LocalCluster::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    cluster_ = started->release();
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  void SetUp() override {
    gateway_ = NewGatewayClient(cluster_->addresses().grpc, {"adbms", kPassword});
  }

  static LocalCluster* cluster_;
  std::unique_ptr<Gateway> gateway_;
};

LocalCluster* GatewayFront::cluster_ = nullptr;

TEST_F(GatewayFront, RowsColumnsAndTagsComeInOrder) {
  const Answer answer = Ask(gateway_.get(), "SELECT 42 AS n, 'x' AS t; SELECT 1 WHERE false");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.columns, (std::vector<std::string>{"n", "t", "?column?"}));
  ASSERT_EQ(answer.rows.size(), 1u);
  EXPECT_EQ(answer.rows[0][0].int_value(), 42);
  EXPECT_EQ(answer.tags, (std::vector<std::string>{"SELECT 1", "SELECT 0"}));
}

TEST_F(GatewayFront, ParametersAreTyped) {
  v1::Value number;
  number.set_int_value(41);
  number.set_type_oid(types::OidOf(types::TypeId::kInt8));
  v1::Value text;
  text.set_text_value("a");
  const Answer answer = Ask(gateway_.get(), "SELECT $1 + 1, $2 || '!'", "", {number, text});
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.rows[0][0].int_value(), 42);
  EXPECT_EQ(answer.rows[0][1].bytes(), "a!");
}

TEST_F(GatewayFront, ASessionKeepsItsTransaction) {
  ASSERT_TRUE(Ask(gateway_.get(), "CREATE TABLE kept (n int)").status.ok());
  const auto session = gateway_->OpenSession(rpc::CallContext(), {});
  ASSERT_TRUE(session.ok()) << session.status();
  const std::string& id = session->session_id();
  ASSERT_TRUE(Ask(gateway_.get(), "BEGIN", id).status.ok());
  ASSERT_TRUE(Ask(gateway_.get(), "INSERT INTO kept VALUES (1)", id).status.ok());
  EXPECT_EQ(Ask(gateway_.get(), "SELECT * FROM kept", id).rows.size(), 1u);
  EXPECT_EQ(Ask(gateway_.get(), "SELECT * FROM kept").rows.size(), 0u);
  v1::CloseSessionRequest close;
  close.set_session_id(id);
  ASSERT_TRUE(gateway_->CloseSession(rpc::CallContext(), close).ok());
  EXPECT_EQ(Ask(gateway_.get(), "SELECT * FROM kept").rows.size(), 0u);
  EXPECT_TRUE(absl::IsNotFound(Ask(gateway_.get(), "SELECT 1", id).status));
  EXPECT_TRUE(absl::IsNotFound(gateway_->CloseSession(rpc::CallContext(), close).status()));
}

TEST_F(GatewayFront, ErrorsCarryTheirSqlState) {
  const Answer answer = Ask(gateway_.get(), "SELECT 1/0");
  EXPECT_TRUE(status::HasSqlState(answer.status, status::sqlstate::kDivisionByZero))
      << answer.status;
  EXPECT_TRUE(
      status::HasSqlState(Ask(gateway_.get(), "SELEC 1").status, status::sqlstate::kSyntaxError));
  EXPECT_TRUE(Ask(gateway_.get(), "SELECT 1").status.ok());
}

TEST_F(GatewayFront, CredentialsAreAskedForWithEveryCall) {
  for (const Credentials& wrong :
       {Credentials{"adbms", "wrong"}, Credentials{"nobody", kPassword}, Credentials{"", ""}}) {
    const auto stranger = NewGatewayClient(cluster_->addresses().grpc, wrong);
    EXPECT_TRUE(absl::IsUnauthenticated(Ask(stranger.get(), "SELECT 1").status)) << wrong.user;
    EXPECT_TRUE(absl::IsUnauthenticated(stranger->OpenSession(rpc::CallContext(), {}).status()));
    EXPECT_TRUE(absl::IsUnauthenticated(stranger->GetStatus(rpc::CallContext(), {}).status()));
  }
  // A session belongs to who opened it.
  ASSERT_TRUE(Ask(gateway_.get(), "CREATE ROLE other LOGIN PASSWORD 'x'").status.ok());
  const auto session = gateway_->OpenSession(rpc::CallContext(), {});
  ASSERT_TRUE(session.ok());
  const auto other = NewGatewayClient(cluster_->addresses().grpc, {"other", "x"});
  EXPECT_TRUE(absl::IsNotFound(Ask(other.get(), "SELECT 1", session->session_id()).status));
}

TEST_F(GatewayFront, AStoppedReaderStopsTheStatement) {
  v1::ExecuteRequest request;
  request.set_sql("SELECT g FROM generate_series(1, 1000000000) g");
  size_t parts = 0;
  const absl::Status status =
      gateway_->Execute(rpc::CallContext(), request, [&](const v1::ExecuteResponse&) {
        return ++parts < 5 ? absl::OkStatus() : absl::CancelledError("seen enough");
      });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_EQ(parts, 5u);
}

TEST_F(GatewayFront, ManyRowsArriveOnce) {
  const Answer answer = Ask(gateway_.get(), "SELECT g FROM generate_series(1, 20000) g");
  ASSERT_TRUE(answer.status.ok());
  ASSERT_EQ(answer.rows.size(), 20000u);
  EXPECT_EQ(answer.rows.back()[0].int_value(), 20000);
}

// The names of the services that a port's reflection lists, as the bytes of its answer.
std::string Reflection(const std::string& address) {
  const auto channel = rpc::OpenChannel(address);
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  std::string bytes;
  call->StartCall(nullptr);
  if (!wait()) return bytes;
  grpc::Slice list("\x3a\x01*");  // list_services: "*"
  call->Write(grpc::ByteBuffer(&list, 1), nullptr);
  if (!wait()) return bytes;
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  if (wait()) {
    std::vector<grpc::Slice> slices;
    (void)response.Dump(&slices);
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return bytes;
}

TEST_F(GatewayFront, EveryPortHasHealthAndReflection) {
  std::map<std::string, std::string> ports = cluster_->cluster_addresses();
  ports["gateway"] = cluster_->addresses().grpc;
  EXPECT_EQ(ports.size(), 7u);
  const std::map<std::string, std::string> offered = {
      {"gateway", "adbms.gateway.v1.GatewayService"},
      {"security", "adbms.security.v1.SecurityService"},
      {"optimizer", "adbms.optimizer.v1.OptimizerService"},
      {"storage", "adbms.storage.v1.StorageService"},
      {"tuner", "adbms.tuner.v1.TunerService"},
      {"indexer", "adbms.indexer.v1.IndexerService"},
      {"orchestrator", "adbms.orchestrator.v1.OrchestratorService"}};
  for (const auto& [name, address] : ports) {
    EXPECT_TRUE(rpc::IsServing(address, absl::Seconds(5))) << name;
    const std::string listed = Reflection(address);
    EXPECT_NE(listed.find(offered.at(name)), std::string::npos) << name << ": " << listed;
    EXPECT_NE(listed.find("grpc.health.v1.Health"), std::string::npos) << name;
  }
  for (const char* module : {"optimizer", "security", "tuner", "indexer"}) {
    EXPECT_NE(Reflection(ports[module]).find("adbms.module.v1.ModuleService"), std::string::npos)
        << module;
  }
}

}  // namespace
}  // namespace adbms::gateway::api
