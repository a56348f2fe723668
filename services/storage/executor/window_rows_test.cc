// Rows by number, with ample memory and with little.
#include "services/storage/executor/window_rows.h"

#include <random>

#include "gtest/gtest.h"

#include "services/storage/testing/plans.h"

namespace adbms::storage::executor {
namespace {

using types::TypeId;

class WindowRowsTest : public ::testing::Test {
 protected:
  WindowRowsTest() : context_(&shared_) {
    shared_.temp_dir = dir_.path();
    context_.call = &call_;
  }

  static std::string TextOf(uint64_t row) {
    return std::string(row % 300, static_cast<char>('a' + row % 26));
  }

  absl::Status Add(WindowRows* rows, uint32_t count) {
    types::Batch batch;
    batch.row_count = count;
    batch.columns = {std::make_shared<types::Vector>(types::Type{TypeId::kInt8, 0}),
                     std::make_shared<types::Vector>(types::Type{TypeId::kText, 0})};
    batch.columns[1]->CountStrings(context_.memory.account());
    for (uint64_t row = rows->end(); row < rows->end() + count; ++row) {
      batch.columns[0]->Append(types::Value::Int(TypeId::kInt8, static_cast<int64_t>(row)));
      if (row % 7 == 0)
        batch.columns[1]->AppendNull();
      else
        batch.columns[1]->Append(types::Value::String({TypeId::kText, 0}, TextOf(row)));
    }
    return rows->Add(std::move(batch));
  }

  static void ExpectRow(WindowRows::Cursor* cursor, uint64_t row) {
    const absl::Status status = cursor->Seek(row);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(cursor->column(0).data<int64_t>()[cursor->at()], static_cast<int64_t>(row));
    ASSERT_EQ(cursor->column(1).is_null(cursor->at()), row % 7 == 0);
    if (row % 7 == 0) return;
    ASSERT_EQ(cursor->column(1).data<std::string_view>()[cursor->at()], TextOf(row));
  }

  void CheckAll(int64_t memory, bool spills) {
    shared_.query_memory.SetLimit(memory);
    std::mt19937 random(3);
    WindowRows rows(&context_);
    for (int round = 0; round < 2; ++round) {
      context_.spilled_bytes = 0;
      while (rows.end() < 40'000) ASSERT_TRUE(Add(&rows, 1 + random() % 2000).ok());
      EXPECT_EQ(context_.spilled_bytes > 0, spills);
      {
        WindowRows::Cursor near(&rows);
        WindowRows::Cursor far(&rows);
        uint64_t kept = 0;
        for (uint64_t row = 0; row < rows.end(); row += 1 + random() % 50) {
          ASSERT_NO_FATAL_FAILURE(ExpectRow(&near, row));
          if (random() % 100 == 0) {
            ASSERT_NO_FATAL_FAILURE(ExpectRow(&far, kept + random() % (rows.end() - kept)));
          }
          if (random() % 500 == 0) {
            kept = row;
            ASSERT_TRUE(rows.DropBefore(kept).ok());
          }
        }
        EXPECT_FALSE(near.Seek(rows.end()).ok());
      }
      rows.Clear();
      EXPECT_EQ(context_.memory.account()->used(), 0);
    }
  }

  testing::TempDir dir_;
  txn::Shared shared_;
  rpc::CallContext call_;
  ExecutionContext context_;
};

TEST_F(WindowRowsTest, AreThereInMemory) { CheckAll(int64_t{1} << 30, false); }

TEST_F(WindowRowsTest, AreThereOnDisk) { CheckAll(2 << 20, true); }

TEST_F(WindowRowsTest, WithLittleLeftTheFileStartsAnew) {
  shared_.query_memory.SetLimit(1 << 20);
  WindowRows rows(&context_);
  while (context_.spilled_bytes == 0) ASSERT_TRUE(Add(&rows, 500).ok());
  ASSERT_TRUE(rows.DropBefore(rows.end() - 1).ok());
  const uint64_t spilled = context_.spilled_bytes;
  ASSERT_TRUE(Add(&rows, 10).ok());
  EXPECT_EQ(context_.spilled_bytes, spilled);
  WindowRows::Cursor cursor(&rows);
  ASSERT_NO_FATAL_FAILURE(ExpectRow(&cursor, rows.end() - 11));
  ASSERT_NO_FATAL_FAILURE(ExpectRow(&cursor, rows.end() - 1));
}

}  // namespace
}  // namespace adbms::storage::executor
