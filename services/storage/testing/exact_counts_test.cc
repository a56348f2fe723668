// Counters of rows, against the rows themselves.
#include "services/storage/txn/exact_counts.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "services/storage/codec/table_layout.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::txn {
namespace {

constexpr uint32_t kSpace = 20000;

struct At {
  engine::Engine* engine;
  engine::SnapshotPtr snapshot;
  absl::Status Get(std::string_view key, engine::PinnableSlice* value, bool* found) const {
    return engine->Get(snapshot.get(), key, value, found);
  }
};

std::string RowKey(int thread, int row) {
  return codec::SpaceBegin(kSpace) + std::to_string(thread) + "." + std::to_string(row);
}

class ExactCountsTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    counts_.reset();
    log_.reset();
    engine_.reset();
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    auto engine = engine::Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    log_ = std::make_unique<CommitLog>(engine_.get(), true);
    counts_ = std::make_unique<ExactCounts>(engine_.get(), log_.get());
  }

  void Create() {
    engine::WriteBatch batch;
    batch.Put(catalog::CounterKey(kSpace, 0), engine::EncodeCounter({0, true}));
    ASSERT_TRUE(engine_->Write(&batch).ok());
  }

  int64_t Count(engine::SnapshotPtr snapshot) {
    const auto count = ExactCounts::Read(At{engine_.get(), std::move(snapshot)}, kSpace);
    EXPECT_TRUE(count.ok()) << count.status();
    EXPECT_TRUE(count->has_value());
    return count->value_or(-1);
  }

  int64_t Scan(engine::SnapshotPtr snapshot) {
    auto it = engine_->NewIterator(std::move(snapshot),
                                   {codec::SpaceBegin(kSpace), codec::SpaceEnd(kSpace)}, {});
    int64_t rows = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++rows;
    return rows;
  }

  // Stores rows, or removes them.
  void Write(int thread, int first, int rows, bool remove) {
    const auto writes = engine_->Begin(nullptr);
    for (int row = first; row < first + rows; ++row) {
      if (remove) {
        writes->Delete(RowKey(thread, row));
      } else {
        writes->Put(RowKey(thread, row), "");
      }
    }
    const auto counted = counts_->Add(writes.get(), kSpace, remove ? -rows : rows);
    ASSERT_TRUE(log_->Write(writes.get()).ok());
  }

  storage::testing::TempDir dir_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<CommitLog> log_;
  std::unique_ptr<ExactCounts> counts_;
};

TEST_F(ExactCountsTest, EverySnapshotHasTheCountOfItsRows) {
  Create();
  constexpr int kThreads = 4;
  constexpr int kWrites = 5 * ExactCounts::kTallied;
  std::atomic<int> running{kThreads};
  std::vector<std::thread> writers;
  for (int thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([&, thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      int next = 0;
      std::vector<std::pair<int, int>> stored;
      for (int i = 0; i < kWrites; ++i) {
        if (!stored.empty() && random() % 3 == 0) {
          Write(thread, stored.back().first, stored.back().second, true);
          stored.pop_back();
        } else {
          const int rows = 1 + static_cast<int>(random() % 4);
          Write(thread, next, rows, false);
          stored.emplace_back(next, rows);
          next += rows;
        }
      }
      --running;
    });
  }
  int64_t compared = 0;
  engine::SnapshotPtr old = engine_->TakeSnapshot();
  const int64_t then = Scan(old);
  while (running > 0) {
    const engine::SnapshotPtr snapshot = engine_->TakeSnapshot();
    ASSERT_EQ(Count(snapshot), Scan(snapshot));
    ++compared;
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(compared, 0);
  EXPECT_EQ(Count(old), then);
  const int64_t rows = Scan(nullptr);
  EXPECT_EQ(Count(nullptr), rows);
  old.reset();
  Open();
  EXPECT_EQ(Count(nullptr), rows);
  Write(9, 0, 3, false);
  EXPECT_EQ(Count(nullptr), rows + 3);
  ASSERT_TRUE(engine_->Flush().ok());
  EXPECT_EQ(Count(nullptr), rows + 3);
}

TEST_F(ExactCountsTest, TalliesAreFolded) {
  Create();
  for (uint32_t i = 0; i < 10 * ExactCounts::kTallied; ++i) Write(0, static_cast<int>(i), 1, false);
  engine::PinnableSlice value;
  bool found = false;
  ASSERT_TRUE(engine_->Get(nullptr, catalog::CounterKey(kSpace, 0), &value, &found).ok());
  ASSERT_TRUE(found);
  const auto sum = engine::DecodeCounter(engine::ToView(value));
  ASSERT_TRUE(sum.has_value());
  // At most two tallies are still to come.
  EXPECT_GE(sum->value, 8 * ExactCounts::kTallied);
  EXPECT_EQ(Count(nullptr), 10 * ExactCounts::kTallied);
}

TEST_F(ExactCountsTest, AFailedWriteCountsNothing) {
  Create();
  Write(0, 0, 5, false);
  {
    const auto writes = engine_->Begin(nullptr);
    writes->Put(RowKey(1, 1), "");
    const auto counted = counts_->Add(writes.get(), kSpace, 1);
    writes->Rollback();
  }
  EXPECT_EQ(Count(nullptr), 5);
}

TEST_F(ExactCountsTest, WithoutABeginningThereIsNoCount) {
  Write(0, 0, 5, false);
  const auto count = ExactCounts::Read(At{engine_.get(), nullptr}, kSpace);
  ASSERT_TRUE(count.ok());
  EXPECT_FALSE(count->has_value());
}

TEST_F(ExactCountsTest, WhatIsErasedStartsAnew) {
  Create();
  Write(0, 0, 5, false);
  engine::WriteBatch batch;
  batch.DeleteRange(codec::SpaceBegin(kSpace), codec::SpaceEnd(kSpace));
  counts_->Erase(kSpace, &batch);
  ASSERT_TRUE(engine_->Write(&batch).ok());
  Create();
  Write(0, 0, 2, false);
  EXPECT_EQ(Count(nullptr), 2);
}

TEST(CounterTest, GarbageIsNoCounter) {
  EXPECT_FALSE(engine::DecodeCounter("").has_value());
  EXPECT_FALSE(engine::DecodeCounter("12345678").has_value());
  EXPECT_FALSE(engine::DecodeCounter(std::string(9, '\2')).has_value());
  EXPECT_EQ(engine::DecodeCounter(engine::EncodeCounter({-7, true})), (engine::Counter{-7, true}));
}

}  // namespace
}  // namespace adbms::storage::txn
