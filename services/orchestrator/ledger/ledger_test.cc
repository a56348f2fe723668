#include "services/orchestrator/ledger/ledger.h"

#include <gtest/gtest.h>

#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::orchestrator::ledger {
namespace {

// A ledger with three entries on a real storage.
class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    storage::server::Options options;
    options.data_dir = directory_.path();
    options.block_cache_bytes = options.memtable_bytes = 16 << 20;
    auto storage = storage::server::StorageServer::Open(options);
    ASSERT_TRUE(storage.ok()) << storage.status();
    storage_ = *std::move(storage);
    sql_ = std::make_unique<storage::api::SqlClient>(storage_.get(), "adbms");
    ledger_ = std::make_unique<Ledger>(sql_.get());
    ASSERT_TRUE(ledger_->Open(context_).ok());
    for (const char* subject : {"first", "second", "third"}) {
      module::v1::Proposal proposal;
      proposal.set_kind("create_index");
      proposal.set_subject(subject);
      proposal.set_reason("because");
      proposal.set_predicted_gain(0.5);
      const auto added =
          ledger_->Add(context_, "indexer", proposal, v1::ACTION_STATE_APPROVED, "auto", "waits");
      ASSERT_TRUE(added.ok()) << added.status();
    }
  }
  // What the hash chain says after `statement` has been run past the ledger.
  int64_t BrokenAfter(const char* statement) {
    const auto run = sql_->Run(context_, statement);
    EXPECT_TRUE(run.ok()) << run.status();
    const auto broken = ledger_->FirstBrokenEntry(context_);
    EXPECT_TRUE(broken.ok()) << broken.status();
    return broken.value_or(-1);
  }

  storage::testing::TempDir directory_;
  rpc::CallContext context_;
  std::unique_ptr<storage::server::StorageServer> storage_;
  std::unique_ptr<storage::api::SqlClient> sql_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, ChangesOfStateKeepTheChain) {
  auto action = ledger_->Get(2);
  ASSERT_TRUE(action.ok());
  action->set_state(v1::ACTION_STATE_KEPT);
  action->set_measured_gain(0.4);
  ASSERT_TRUE(ledger_->Update(context_, *action).ok());
  EXPECT_EQ(BrokenAfter("SELECT 1"), 0);
  Ledger reopened(sql_.get());
  ASSERT_TRUE(reopened.Open(context_).ok());
  EXPECT_EQ(reopened.Get(2)->state(), v1::ACTION_STATE_KEPT);
  EXPECT_EQ(reopened.FirstBrokenEntry(context_).value_or(-1), 0);
}

TEST_F(LedgerTest, WhatIsUnderWayOutlivesTheProcess) {
  v1::Action action = *ledger_->Get(3);
  action.set_state(v1::ACTION_STATE_VERIFYING);
  action.mutable_progress()->set_deadline_us(42);
  v1::StatementBaseline* const before = action.mutable_progress()->add_before();
  before->set_fingerprint(UINT64_MAX);
  before->set_calls(3);
  before->set_total_us(1.5);
  ASSERT_TRUE(ledger_->Update(context_, action).ok());
  Ledger reopened(sql_.get());
  ASSERT_TRUE(reopened.Open(context_).ok());
  EXPECT_EQ(reopened.Get(3)->progress().SerializeAsString(), action.progress().SerializeAsString());
  EXPECT_FALSE(reopened.Get(2)->has_progress());
}

TEST_F(LedgerTest, ATableWithoutProgressIsGivenIt) {
  ASSERT_TRUE(sql_->Run(context_, "ALTER TABLE adbms.actions DROP COLUMN progress").ok());
  Ledger reopened(sql_.get());
  ASSERT_TRUE(reopened.Open(context_).ok());
  EXPECT_EQ(reopened.List(10).size(), 3u);
  v1::Action action = *reopened.Get(1);
  action.mutable_progress()->set_attempts(1);
  EXPECT_TRUE(reopened.Update(context_, action).ok());
  EXPECT_EQ(reopened.FirstBrokenEntry(context_).value_or(-1), 0);
}

TEST_F(LedgerTest, AChangedReasonIsFound) {
  EXPECT_EQ(BrokenAfter("UPDATE adbms.actions SET reason = 'becausf' WHERE id = 2"), 2);
}

TEST_F(LedgerTest, AChangedPredictionIsFound) {
  EXPECT_EQ(BrokenAfter("UPDATE adbms.actions SET predicted_gain = 0.9 WHERE id = 3"), 3);
}

TEST_F(LedgerTest, AnEntryTakenOutIsFound) {
  EXPECT_EQ(BrokenAfter("DELETE FROM adbms.actions WHERE id = 2"), 3);
}

TEST_F(LedgerTest, EntriesCutOffAtTheEndAreFound) {
  EXPECT_EQ(BrokenAfter("DELETE FROM adbms.actions WHERE id >= 2"), 2);
}

}  // namespace
}  // namespace adbms::orchestrator::ledger
