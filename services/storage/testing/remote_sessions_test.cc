// Many sessions over one stream: the real engine behind a real socket.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <latch>
#include <thread>

#include "common/rpc/grpc/server.h"
#include "common/status/sql_error.h"
#include "services/storage/api/session_hub.h"
#include "services/storage/api/storage_grpc.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;

constexpr TypeId kInt4 = TypeId::kInt4;
constexpr char kSecret[] = "between services";

class RemoteSessions : public ::testing::Test {
 protected:
  void SetUp() override {
    server::Options options;
    options.data_dir = dir_.path();
    auto opened = server::StorageServer::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    engine_ = *std::move(opened);
    served_ = api::NewStorageAdapter(engine_.get(), {kSecret, nullptr});
    auto started = rpc::Server::Start("127.0.0.1:0", {}, {served_.get()});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    storage_ = api::NewStorageClient(server_->address(), std::string(kSecret), &loop_);
    Client client(storage_.get());
    ASSERT_TRUE(client.Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok());
    table_ = client.Table("t");
    std::vector<std::vector<int64_t>> rows;
    for (int64_t i = 0; i < 100; ++i) rows.push_back({i, i * 10});
    ASSERT_TRUE(client.InsertInts("t", rows).ok());
  }

  // Answered by the thread that reads the stream.
  Plan PointRead() const {
    return Finish(IndexScan(table_, 0, {0, 1}, {Parameter(0, kInt4)}), {&table_}, {kInt4});
  }
  Plan Increment(int64_t key) const {
    const Expression matches =
        Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), IntLiteral(key)});
    return Finish(Update(table_, Filter(TargetScan(table_), matches), {1},
                         {Call("+(int4,int4)", kInt4, {Column(1, kInt4), IntLiteral(1)})}),
                  {&table_});
  }
  static types::Value Key(int64_t key) { return types::Value::Int(kInt4, key); }

  TempDir dir_;
  std::unique_ptr<server::StorageServer> engine_;
  rpc::CompletionLoop loop_;  // The client's.
  std::unique_ptr<api::ServedStorage> served_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<api::Storage> storage_;
  common::v1::TableDescriptor table_;
};

TEST_F(RemoteSessions, EachGetsItsOwnAnswers) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      Client client(storage_.get());
      const Plan plan = PointRead();
      for (int64_t i = 0; i < 300; ++i) {
        const int64_t key = (i * 7 + thread) % 100;
        const auto rows = client.Run(plan, {Key(key)});
        const std::string expected = std::to_string(key) + "|" + std::to_string(key * 10);
        if (!rows.ok() || *rows != std::vector<std::string>{expected}) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(RemoteSessions, OneThatWaitsForALockHoldsUpNobody) {
  Client holder(storage_.get());
  ASSERT_TRUE(holder.session().Begin(holder.context(), {}).ok());
  ASSERT_TRUE(holder.Affect(Increment(1)).ok());
  absl::Status waited;
  std::thread waiter([&] {
    Client client(storage_.get());
    waited = client.Affect(Increment(1)).status();
  });
  Client reader(storage_.get());
  const Plan plan = PointRead();
  for (int64_t i = 0; i < 200; ++i) {
    const auto rows = reader.Run(plan, {Key(1)});
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_THAT(*rows, ElementsAre("1|10"));
  }
  ASSERT_TRUE(holder.session().Commit(holder.context()).ok());
  waiter.join();
  EXPECT_TRUE(waited.ok()) << waited;
  EXPECT_THAT(*reader.Run(plan, {Key(1)}), ElementsAre("1|12"));
}

TEST_F(RemoteSessions, ASessionThatEndsIsRolledBack) {
  {
    Client client(storage_.get());
    ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
    ASSERT_TRUE(client.Affect(Increment(2)).ok());
  }
  Client client(storage_.get());
  EXPECT_TRUE(client.Affect(Increment(2)).ok());  // Waits for the lock until it is free.
  EXPECT_THAT(*client.Run(PointRead(), {Key(2)}), ElementsAre("2|21"));
}

TEST_F(RemoteSessions, DrainingWaitsForOpenTransactions) {
  Client client(storage_.get());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_TRUE(client.Affect(Increment(3)).ok());
  served_->Drain();
  EXPECT_TRUE(client.Affect(Increment(3)).ok());
  EXPECT_TRUE(client.session().Commit(client.context()).ok());
  // Nobody is engaged any more: the stream ends. What is still answered has been done.
  int done = 2;
  absl::Status after;
  for (int i = 0; i < 10000; ++i) {
    after = client.Affect(Increment(3)).status();
    if (!after.ok()) break;
    ++done;
  }
  EXPECT_TRUE(status::HasSqlState(after, status::sqlstate::kConnectionFailure)) << after;
  server_->Shutdown(absl::Seconds(10));
  Client direct(engine_.get());
  EXPECT_THAT(*direct.Run(PointRead(), {Key(3)}), ElementsAre("3|" + std::to_string(30 + done)));
}

TEST_F(RemoteSessions, AServerThatEndsLetsOpenTransactionsCommit) {
  Client client(storage_.get());
  ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
  ASSERT_TRUE(client.Affect(Increment(3)).ok());
  server_->SetServing(false);
  served_->Drain();
  std::thread end([&] { server_->Shutdown(absl::Seconds(30)); });
  absl::Status later;
  do {  // Until the server takes no new calls.
    later = storage_->ListKnobs(rpc::CallContext()).status();
  } while (later.ok());
  EXPECT_TRUE(client.Affect(Increment(3)).ok());
  const absl::Status committed = client.session().Commit(client.context());
  EXPECT_TRUE(committed.ok()) << committed;
  end.join();
  Client direct(engine_.get());
  EXPECT_THAT(*direct.Run(PointRead(), {Key(3)}), ElementsAre("3|32"));
}

// Lets go of the streams that it is asked for, as a server does that ends before it takes them.
class Ending : public rpc::AsyncService {
 public:
  grpc::Service* service() override { return &service_; }
  void Accept(grpc::ServerCompletionQueue* queue) override {
    service_.RequestSessions(&context_, &stream_, queue, queue, &opened_);
  }
  void AwaitEnd() override { over_.wait(); }
  void AwaitStream() { opened_once_.wait(); }

 private:
  void OnOpened(bool ok) {
    if (ok) {
      context_.TryCancel();
      opened_once_.count_down();
      return stream_.Finish(grpc::Status::OK, &finished_);
    }
    over_.count_down();
  }
  void OnFinished(bool) { over_.count_down(); }

  api::StorageService service_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::SessionResponses, v1::SessionRequests> stream_{&context_};
  rpc::Completion opened_ = rpc::Completion::To<&Ending::OnOpened>(this);
  rpc::Completion finished_ = rpc::Completion::To<&Ending::OnFinished>(this);
  std::latch opened_once_{1};
  std::latch over_{1};
};

TEST_F(RemoteSessions, WhatAnEndingServerHasNotTakenIsBegunByTheNext) {
  const std::string address = server_->address();
  server_->SetServing(false);
  served_->Drain();
  server_->Shutdown(absl::Seconds(10));
  server_ = nullptr;
  Ending ending;
  auto started = rpc::Server::Start(address, {}, {&ending});
  ASSERT_TRUE(started.ok()) << started.status();
  absl::Status result;
  std::thread writer([&] {
    Client client(storage_.get());
    result = client.Affect(Increment(4)).status();
  });
  ending.AwaitStream();
  (*started)->Shutdown(absl::Seconds(10));
  *started = nullptr;
  const auto successor = api::NewStorageAdapter(engine_.get(), {kSecret, nullptr});
  auto next = rpc::Server::Start(address, {}, {successor.get()});
  ASSERT_TRUE(next.ok()) << next.status();
  writer.join();
  EXPECT_TRUE(result.ok()) << result;
  Client direct(engine_.get());
  EXPECT_THAT(*direct.Run(PointRead(), {Key(4)}), ElementsAre("4|41"));
  storage_ = nullptr;
  (*next)->Shutdown(absl::Seconds(10));
}

TEST_F(RemoteSessions, AClientEndsCleanlyWhenItsProcessCannotServe) {
  rpc::CompletionLoop loop;
  auto storage = api::NewStorageClient(server_->address(), std::string(kSecret), &loop);
  {
    Client client(storage.get());
    ASSERT_TRUE(client.Run(PointRead(), {Key(1)}).ok());
    EXPECT_FALSE(rpc::Server::Start(server_->address(), {}, {}, &loop).ok());
  }
  storage = nullptr;
}

TEST_F(RemoteSessions, WithoutTheSecretNothingIsAnswered) {
  const auto stranger = api::NewStorageClient(server_->address(), std::string("guessed"), &loop_);
  Client client(stranger.get());
  EXPECT_FALSE(client.Run(PointRead(), {Key(1)}).ok());
}

}  // namespace
}  // namespace adbms::storage::testing
