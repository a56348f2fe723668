#include "services/indexer/workload/statement_history.h"

#include <gtest/gtest.h>

namespace adbms::indexer::workload {
namespace {

constexpr uint32_t kTable = 5;
constexpr int64_t kSecond = 1000000;

common::v1::WorkloadWindow Window(int64_t start_s, uint64_t fingerprint, bool read_only,
                                  uint64_t rows, int64_t total_ms = 1000) {
  common::v1::WorkloadWindow window;
  window.set_start_us(start_s * kSecond);
  window.set_end_us((start_s + 1) * kSecond);
  common::v1::StatementWindow* one = window.add_statements();
  one->set_fingerprint(fingerprint);
  one->set_sample_sql("statement");
  one->set_calls(10);
  one->set_total_us(total_ms * 1000);
  one->set_rows(rows);
  one->set_read_only(read_only);
  one->add_table_ids(kTable);
  return window;
}

std::vector<std::shared_ptr<const common::v1::CatalogSnapshot>> CatalogWith(
    std::vector<uint32_t> indexes) {
  auto catalog = std::make_shared<common::v1::CatalogSnapshot>();
  common::v1::TableDescriptor* table = catalog->add_tables();
  table->set_table_id(kTable);
  for (const uint32_t id : indexes) {
    common::v1::IndexDescriptor* index = table->add_indexes();
    index->set_index_id(id);
    index->set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  }
  return {std::move(catalog)};
}

double SecondsOf(const StatementHistory& history, uint64_t fingerprint) {
  for (const Statement& one : history.Statements()) {
    if (one.fingerprint == fingerprint) return one.seconds;
  }
  return -1;
}

TEST(StatementHistory, ABulkLoadBeforeTheReadsIsNoWriteLoadOfThem) {
  StatementHistory history;
  for (int64_t second = 0; second < 20; ++second) {
    history.Add(Window(second, /*fingerprint=*/1, /*read_only=*/false, /*rows=*/100000));
  }
  EXPECT_TRUE(history.RowsWritten().empty()) << "nothing reads the table";
  for (int64_t second = 60; second < 80; ++second) history.Add(Window(second, 2, true, 1));
  EXPECT_EQ(history.RowsWritten()[kTable], 0);
  for (int64_t second = 80; second < 90; ++second) history.Add(Window(second, 3, false, 7));
  EXPECT_NEAR(history.RowsWritten()[kTable], 70, 2);
}

TEST(StatementHistory, AnotherSetOfIndexesMakesOldTimesVoid) {
  StatementHistory history;
  history.NoteIndexes(CatalogWith({}));
  for (int64_t second = 0; second < 20; ++second) history.Add(Window(second, 1, true, 1));
  EXPECT_NEAR(SecondsOf(history, 1), 20, 1);
  history.NoteIndexes(CatalogWith({}));
  EXPECT_NEAR(SecondsOf(history, 1), 20, 1) << "the same indexes change nothing";
  history.NoteIndexes(CatalogWith({9}));
  EXPECT_EQ(SecondsOf(history, 1), 0);
  for (int64_t second = 20; second < 30; ++second) history.Add(Window(second, 1, true, 1, 10));
  EXPECT_NEAR(SecondsOf(history, 1), 0.1, 0.01);
  history.NoteIndexes(CatalogWith({}));
  EXPECT_EQ(SecondsOf(history, 1), 0) << "a dropped index is a change as well";
}

TEST(StatementHistory, OldTimeFadesAndIsForgotten) {
  StatementHistory history;
  history.Add(Window(0, 1, true, 1));
  history.Add(Window(600, 2, true, 1));
  EXPECT_NEAR(SecondsOf(history, 1), 0.5, 0.01);
  history.Add(Window(4000, 2, true, 1));
  EXPECT_EQ(SecondsOf(history, 1), -1);
}

TEST(StatementHistory, FlaggedSessionsAreNotLearnedFrom) {
  StatementHistory history;
  common::v1::WorkloadWindow window = Window(0, 1, true, 1);
  window.mutable_statements(0)->set_tainted(true);
  history.Add(window);
  EXPECT_TRUE(history.Statements().empty());
  EXPECT_EQ(history.TakeFreshWindows(), 1u);
  EXPECT_EQ(history.TakeFreshWindows(), 0u);
}

}  // namespace
}  // namespace adbms::indexer::workload
