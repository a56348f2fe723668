#include "services/storage/engine/space_changes.h"

#include <gtest/gtest.h>

#include <string>

namespace adbms::storage::engine {
namespace {

std::string Key(uint32_t space) {
  std::string key;
  for (const int shift : {24, 16, 8, 0}) key.push_back(static_cast<char>(space >> shift));
  return key + "row";
}

TEST(SpaceChanges, TellsWhatWasWrittenLaterThanASnapshot) {
  SpaceChanges changes;
  WrittenSpaces written;
  written.Add(Key(7));
  written.Add(Key(1 << 20 | 9));
  changes.Note(written, 100);
  EXPECT_TRUE(changes.ChangedSince(Key(7), 99));
  EXPECT_FALSE(changes.ChangedSince(Key(7), 100));
  EXPECT_TRUE(changes.ChangedSince(Key(1 << 20 | 9), 99));
  EXPECT_FALSE(changes.ChangedSince(Key(8), 0));
  // An older write that is noted later takes nothing back.
  changes.Note(written, 50);
  EXPECT_TRUE(changes.ChangedSince(Key(7), 99));
  written.Clear();
  changes.Note(written, 200);
  EXPECT_FALSE(changes.ChangedSince(Key(7), 100));
}

TEST(SpaceChanges, MissesNoneOfVeryManySpaces) {
  SpaceChanges changes;
  WrittenSpaces written;
  for (uint32_t space = 1; space <= 10000; ++space) written.Add(Key(space));
  changes.Note(written, 5);
  for (uint32_t space = 1; space <= 10000; ++space)
    ASSERT_TRUE(changes.ChangedSince(Key(space), 4)) << space;
}

TEST(SpaceChanges, ARangeMayReachIntoAnySpace) {
  SpaceChanges changes;
  WrittenSpaces written;
  written.AddAny();
  changes.Note(written, 5);
  EXPECT_TRUE(changes.ChangedSince(Key(123), 4));
  EXPECT_FALSE(changes.ChangedSince(Key(123), 5));
}

}  // namespace
}  // namespace adbms::storage::engine
