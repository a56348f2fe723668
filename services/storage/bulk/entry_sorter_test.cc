#include "services/storage/bulk/entry_sorter.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <thread>

#include "gmock/gmock.h"
#include "services/storage/bulk/entry_merge.h"
#include "services/storage/bulk/side_by_side.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::bulk {
namespace {

using ::testing::IsEmpty;
using Pairs = std::vector<std::pair<std::string, std::string>>;

class EntrySorterTest : public ::testing::Test {
 protected:
  // Sorts with `sorters` sorters of `bytes` each, reads the result in `parts` pieces, and expects
  // what std::sort makes of it.
  void ExpectSorted(Pairs pairs, size_t bytes, size_t sorters = 1, size_t parts = 1) {
    std::vector<std::unique_ptr<EntrySorter>> made;
    std::vector<const EntrySorter*> all;
    for (size_t i = 0; i < sorters; ++i) {
      made.push_back(std::make_unique<EntrySorter>(dir_.path(), bytes));
      all.push_back(made.back().get());
    }
    for (size_t i = 0; i < pairs.size(); ++i)
      ASSERT_TRUE(made[i % sorters]->Add(pairs[i].first, pairs[i].second).ok());
    for (const auto& sorter : made) ASSERT_TRUE(sorter->Finish().ok());
    spilled_ = largest_ = 0;
    for (const auto& sorter : made) spilled_ += sorter->runs().size();
    std::vector<std::string> bounds = SplitKeys(all, parts);
    EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
    pieces_ = bounds.size() + 1;
    bounds.insert(bounds.begin(), "");
    bounds.push_back("");
    std::vector<Pairs> pieces(pieces_);
    ASSERT_TRUE(RunSideBySide(pieces_, [&](size_t piece, const std::atomic<bool>&) {
                  EntryMerge merge(all, bounds[piece], bounds[piece + 1], bytes);
                  absl::Status status = merge.Start();
                  for (; status.ok() && merge.valid(); status = merge.Next())
                    pieces[piece].emplace_back(merge.entry().key, merge.entry().value);
                  return status;
                }).ok());
    Pairs sorted;
    for (const Pairs& piece : pieces) {
      largest_ = std::max(largest_, piece.size());
      for (size_t i = 1; i < piece.size(); ++i) ASSERT_LE(piece[i - 1].first, piece[i].first);
      if (!sorted.empty() && !piece.empty()) {
        ASSERT_LT(sorted.back().first, piece.front().first);
      }
      sorted.insert(sorted.end(), piece.begin(), piece.end());
    }
    std::sort(sorted.begin(), sorted.end());  // Equal keys come in any order.
    std::sort(pairs.begin(), pairs.end());
    EXPECT_TRUE(sorted == pairs);
    EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
  }

  testing::TempDir dir_;
  size_t spilled_ = 0;  // Runs.
  size_t pieces_ = 0;
  size_t largest_ = 0;
};

Pairs Random(size_t count, size_t longest_key, size_t longest_value, int letters) {
  std::mt19937 random(17);
  const auto text = [&](size_t longest) {
    std::string result(random() % (longest + 1), ' ');
    for (char& c : result) c = static_cast<char>(random() % static_cast<unsigned>(letters));
    return result;
  };
  Pairs pairs;
  for (size_t i = 0; i < count; ++i) pairs.emplace_back(text(longest_key), text(longest_value));
  return pairs;
}

TEST_F(EntrySorterTest, NothingAndLittle) {
  ExpectSorted({}, 4096);
  ExpectSorted({}, 4096, 3, 4);
  ExpectSorted({{"a", "1"}}, 4096);
  ExpectSorted({{"", ""}}, 4096, 2, 2);
  ExpectSorted({{"b", "1"}, {"a", "2"}}, 4096, 2, 2);
  EXPECT_EQ(spilled_, 0u);
}

TEST_F(EntrySorterTest, InMemory) {
  ExpectSorted(Random(20000, 20, 10, 256), 64 << 20);
  EXPECT_EQ(spilled_, 0u);
  ExpectSorted(Random(20000, 20, 10, 256), 64 << 20, 3, 4);
  EXPECT_EQ(pieces_, 4u);
  EXPECT_LT(largest_, 8000u);
}

TEST_F(EntrySorterTest, ManyRuns) {
  ExpectSorted(Random(50000, 30, 30, 256), 16 << 10);
  EXPECT_GT(spilled_, 100u);
  ExpectSorted(Random(50000, 30, 30, 256), 16 << 10, 2, 2);
  EXPECT_GT(spilled_, 100u);
  EXPECT_EQ(pieces_, 2u);
  EXPECT_LT(largest_, 30000u);
}

TEST_F(EntrySorterTest, SortedAndReversed) {
  Pairs pairs;
  for (int i = 0; i < 20000; ++i) pairs.emplace_back(std::to_string(1000000 + i), "v");
  ExpectSorted(pairs, 64 << 10, 2, 3);
  std::reverse(pairs.begin(), pairs.end());
  ExpectSorted(pairs, 64 << 10, 2, 3);
}

TEST_F(EntrySorterTest, KeysThatBeginAlikeOrAreEqual) {
  Pairs pairs;
  for (const auto& [key, value] : Random(5000, 12, 4, 2))
    pairs.emplace_back("the same beginning" + key, value);
  // Shorter ones that differ in the zeros that they end in only.
  for (size_t zeros = 0; zeros < 12; ++zeros) pairs.emplace_back(std::string(zeros, '\0'), "z");
  ExpectSorted(pairs, 8 << 10, 2, 3);
  ExpectSorted(pairs, 64 << 20, 2, 3);
  ExpectSorted(Pairs(3000, {"one key", "value"}), 8 << 10, 2, 4);
  EXPECT_EQ(pieces_, 1u);
}

TEST_F(EntrySorterTest, LongKeysAndValuesInLittleMemory) {
  Pairs pairs = Random(100, 8000, 100, 256);
  pairs.emplace_back("long", std::string(3 << 20, 'x'));
  pairs.emplace_back("longer", std::string(5 << 20, 'y'));
  pairs.emplace_back("short", "");
  ExpectSorted(pairs, 100);
  EXPECT_GT(spilled_, 50u);
  ExpectSorted(pairs, 20 << 10, 2, 2);
}

TEST_F(EntrySorterTest, ADirectoryThatTakesNothingIsAnError) {
  EntrySorter sorter(dir_.path() + "/none", 1024);
  absl::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = sorter.Add(std::to_string(i), "");
  EXPECT_FALSE(status.ok());
}

TEST(SideBySide, TheFirstErrorStopsTheOthers) {
  const absl::Status status =
      RunSideBySide(3, [](size_t part, const std::atomic<bool>& stop) -> absl::Status {
        if (part == 1) return absl::DataLossError("broken");
        while (!stop) std::this_thread::yield();
        return absl::CancelledError("stopped");
      });
  EXPECT_EQ(status, absl::DataLossError("broken"));
  EXPECT_TRUE(
      RunSideBySide(0, [](size_t, const std::atomic<bool>&) { return absl::OkStatus(); }).ok());
}

}  // namespace
}  // namespace adbms::storage::bulk
