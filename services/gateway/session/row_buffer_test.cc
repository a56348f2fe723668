#include "services/gateway/session/row_buffer.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

// Collects what it is handed.
class Collector : public ResultSink {
 public:
  absl::Status BeginRows(const OutputColumns&) override { return absl::OkStatus(); }
  absl::Status Rows(const types::Batch& batch) override {
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      rows.push_back(batch.columns[0]->Get(row).int_value());
      texts.emplace_back(batch.columns[1]->Get(row).bytes());
    }
    return absl::OkStatus();
  }
  absl::Status Complete(std::string_view) override { return absl::OkStatus(); }
  absl::Status Empty() override { return absl::OkStatus(); }
  void Notice(std::string_view, const status::SqlError&) override {}
  void ParameterStatus(std::string_view, std::string_view) override {}
  absl::Status BeginCopyIn(int, bool) override { return absl::OkStatus(); }
  absl::StatusOr<bool> ReadCopyData(std::string*) override { return false; }
  absl::Status BeginCopyOut(int, bool) override { return absl::OkStatus(); }
  absl::Status CopyData(std::string_view) override { return absl::OkStatus(); }
  absl::Status EndCopyOut() override { return absl::OkStatus(); }

  std::vector<int64_t> rows;
  std::vector<std::string> texts;
};

types::Batch Numbers(int64_t from, uint32_t count, size_t text_bytes = 1) {
  types::Batch batch;
  batch.columns = {std::make_shared<types::Vector>(types::Type{types::TypeId::kInt8, 0}),
                   std::make_shared<types::Vector>(types::Type{types::TypeId::kText, 0})};
  batch.row_count = count;
  for (uint32_t i = 0; i < count; ++i) {
    batch.columns[0]->Append(types::Value::Int(types::TypeId::kInt8, from + i));
    batch.columns[1]->Append(types::Value::Text(std::string(text_bytes, 'x')));
  }
  return batch;
}

std::vector<int64_t> Sent(const RowBuffer& buffer, uint64_t begin, uint64_t end, bool backward) {
  Collector sink;
  EXPECT_TRUE(buffer.Send(begin, end, backward, &sink).ok());
  return sink.rows;
}

TEST(RowBuffer, SendsAnyRangeInBothDirections) {
  RowBuffer buffer;
  ASSERT_TRUE(buffer.Append(Numbers(0, 3)).ok());
  ASSERT_TRUE(buffer.Append(Numbers(1, 0)).ok());
  ASSERT_TRUE(buffer.Append(Numbers(1, 4), 2).ok());
  EXPECT_EQ(buffer.size(), 5u);
  EXPECT_EQ(Sent(buffer, 0, 5, false), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(Sent(buffer, 0, 5, true), (std::vector<int64_t>{4, 3, 2, 1, 0}));
  EXPECT_EQ(Sent(buffer, 2, 4, false), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(Sent(buffer, 1, 4, true), (std::vector<int64_t>{3, 2, 1}));
  EXPECT_TRUE(Sent(buffer, 3, 3, false).empty());
}

TEST(RowBuffer, KeepsRowsWhoseBatchIsGone) {
  RowBuffer buffer;
  {
    const types::Batch batch = Numbers(7, 1, 1000);
    ASSERT_TRUE(buffer.Append(batch).ok());
  }
  Collector sink;
  ASSERT_TRUE(buffer.Send(0, 1, false, &sink).ok());
  EXPECT_EQ(sink.texts, std::vector<std::string>{std::string(1000, 'x')});
}

TEST(RowBuffer, IsBounded) {
  RowBuffer buffer;
  const types::Batch batch = Numbers(0, 64, size_t{1} << 20);
  absl::Status status;
  for (uint64_t bytes = 0; status.ok() && bytes <= RowBuffer::kMaxBytes; bytes += 64 << 20)
    status = buffer.Append(batch);
  EXPECT_TRUE(status::HasSqlState(status, status::sqlstate::kOutOfMemory)) << status;
}

}  // namespace
}  // namespace adbms::gateway::session
