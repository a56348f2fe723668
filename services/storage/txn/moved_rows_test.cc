#include "services/storage/txn/moved_rows.h"

#include <string>

#include "gtest/gtest.h"

namespace adbms::storage::txn {
namespace {

TEST(MovedRows, AreKnownToEarlierViews) {
  MovedRows moved;
  EXPECT_FALSE(moved.MovedSince("a", 0));
  moved.Add({MovedRows::HashOf("a")}, 10);
  EXPECT_TRUE(moved.MovedSince("a", 9));
  EXPECT_FALSE(moved.MovedSince("a", 10));
  EXPECT_FALSE(moved.MovedSince("b", 9));
  moved.Add({MovedRows::HashOf("a")}, 20);
  EXPECT_TRUE(moved.MovedSince("a", 10));
}

TEST(MovedRows, WhoCommitsLaterMayBeTheFirstToSaySo) {
  MovedRows moved;
  moved.Add({MovedRows::HashOf("later")}, 12);
  moved.Add({MovedRows::HashOf("earlier")}, 10);
  EXPECT_TRUE(moved.MovedSince("later", 11));
  EXPECT_FALSE(moved.MovedSince("earlier", 11));
}

TEST(MovedRows, TheEarliestAreForgotten) {
  MovedRows moved;
  moved.Add({MovedRows::HashOf("first"), MovedRows::HashOf("again")}, 1);
  for (size_t i = 0; i + 2 < MovedRows::kMost; ++i)
    moved.Add({MovedRows::HashOf(std::to_string(i))}, i + 2);
  EXPECT_TRUE(moved.MovedSince("first", 0));
  moved.Add({MovedRows::HashOf("again")}, MovedRows::kMost);
  EXPECT_FALSE(moved.MovedSince("first", 0));
  moved.Add({MovedRows::HashOf("last")}, MovedRows::kMost + 1);
  EXPECT_TRUE(moved.MovedSince("again", 1));
  EXPECT_TRUE(moved.MovedSince("last", 1));
}

}  // namespace
}  // namespace adbms::storage::txn
