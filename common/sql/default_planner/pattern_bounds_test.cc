#include "common/sql/default_planner/pattern_bounds.h"

#include <gtest/gtest.h>

namespace adbms::sql::default_planner {
namespace {

TEST(PatternBounds, PrefixIsARange) {
  const auto bounds = BoundsOfLike("abc%");
  ASSERT_TRUE(bounds.has_value());
  EXPECT_EQ(bounds->lower, "abc");
  EXPECT_EQ(bounds->upper, "abd");
  EXPECT_TRUE(bounds->exact);
  EXPECT_FALSE(bounds->single);
}

TEST(PatternBounds, WhatFollowsAWildcardIsNotInTheBounds) {
  for (const char* pattern : {"ab_", "ab%c", "ab_%", "ab%_"}) {
    const auto bounds = BoundsOfLike(pattern);
    ASSERT_TRUE(bounds.has_value()) << pattern;
    EXPECT_EQ(bounds->lower, "ab") << pattern;
    EXPECT_EQ(bounds->upper, "ac") << pattern;
    EXPECT_FALSE(bounds->exact) << pattern;
  }
}

TEST(PatternBounds, WithoutWildcardsOneStringMatches) {
  const auto bounds = BoundsOfLike("a\\%b\\\\");
  ASSERT_TRUE(bounds.has_value());
  EXPECT_EQ(bounds->lower, "a%b\\");
  EXPECT_TRUE(bounds->single);
  EXPECT_TRUE(bounds->exact);
}

TEST(PatternBounds, EscapedWildcardsAreCharacters) {
  const auto bounds = BoundsOfLike("50\\%%");
  ASSERT_TRUE(bounds.has_value());
  EXPECT_EQ(bounds->lower, "50%");
  EXPECT_EQ(bounds->upper, "50&");
}

TEST(PatternBounds, NothingIsKnownWithoutAFirstCharacter) {
  for (const char* pattern : {"", "%", "_a", "%abc", "\\", "abc\\"})
    EXPECT_FALSE(BoundsOfLike(pattern).has_value()) << pattern;
}

TEST(PatternBounds, TheBoundBehindConsistsOfCharacters) {
  EXPECT_EQ(BoundsOfLike("a\x7f%")->upper, "a\u0080");
  EXPECT_EQ(BoundsOfLike("ä%")->upper, "å");
  EXPECT_EQ(BoundsOfLike("\u07ff%")->upper, "\u0800");
  EXPECT_EQ(BoundsOfLike("\ud7ff%")->upper, "\ue000");
  EXPECT_EQ(BoundsOfLike("\uffff%")->upper, "\U00010000");
  EXPECT_EQ(BoundsOfLike("b\U0010ffff\U0010ffff%")->upper, "c");
  EXPECT_EQ(BoundsOfLike("\U0010ffff%")->upper, std::nullopt);
}

}  // namespace
}  // namespace adbms::sql::default_planner
