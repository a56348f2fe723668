#include "common/sql/plan/cascades.h"

#include <vector>

#include "gtest/gtest.h"

namespace adbms::sql::plan {
namespace {

using common::v1::ForeignKeyDescriptor;
using common::v1::ReferentialAction;

ForeignKeyDescriptor Key(uint32_t column, ReferentialAction on_delete,
                         ReferentialAction on_update) {
  ForeignKeyDescriptor key;
  key.add_columns(column);
  key.add_referenced_columns(0);
  key.set_on_delete(on_delete);
  key.set_on_update(on_update);
  return key;
}

constexpr auto kNone = common::v1::REFERENTIAL_ACTION_UNSPECIFIED;
constexpr auto kCascade = common::v1::REFERENTIAL_ACTION_CASCADE;
constexpr auto kSetNull = common::v1::REFERENTIAL_ACTION_SET_NULL;
constexpr auto kSetDefault = common::v1::REFERENTIAL_ACTION_SET_DEFAULT;

struct Link {
  uint32_t parent;
  uint32_t child;
  ForeignKeyDescriptor key;
};

std::map<uint32_t, RowChanges> Reach(const std::vector<Link>& links, const RowChanges& change) {
  return CascadesOf(1, change, [&](uint32_t parent, const VisitReference& visit) {
    for (const Link& link : links) {
      if (link.parent == parent) visit(link.child, link.key);
    }
  });
}

TEST(CascadesTest, ARemovedRowReachesOverTables) {
  const auto reached = Reach({{1, 2, Key(1, kCascade, kNone)},
                              {2, 3, Key(1, kSetNull, kNone)},
                              {3, 4, Key(1, kCascade, kCascade)},
                              {1, 5, Key(1, kNone, kCascade)}},
                             {true, {}, {}});
  ASSERT_EQ(reached.size(), 2u);
  EXPECT_TRUE(reached.at(2).removed);
  EXPECT_FALSE(reached.at(3).removed);
  EXPECT_EQ(reached.at(3).changed, std::set<uint32_t>{1});
}

TEST(CascadesTest, OnlyAChangeOfTheKeyReaches) {
  const std::vector<Link> links = {{1, 2, Key(3, kNone, kSetDefault)}};
  EXPECT_TRUE(Reach(links, {false, {1, 2}, {}}).empty());
  const auto reached = Reach(links, {false, {0}, {}});
  ASSERT_EQ(reached.size(), 1u);
  EXPECT_EQ(reached.at(2).defaulted, std::set<uint32_t>{3});
}

TEST(CascadesTest, CirclesEnd) {
  const auto reached = Reach({{1, 1, Key(1, kCascade, kNone)},
                              {1, 2, Key(0, kCascade, kCascade)},
                              {2, 1, Key(0, kCascade, kCascade)}},
                             {true, {}, {}});
  ASSERT_EQ(reached.size(), 2u);
  EXPECT_TRUE(reached.at(1).removed);
  EXPECT_TRUE(reached.at(2).removed);
}

TEST(CascadesTest, AColumnListNarrowsWhatADeleteSets) {
  ForeignKeyDescriptor key = Key(1, kSetNull, kSetNull);
  key.add_columns(2);
  key.add_referenced_columns(1);
  key.add_delete_set_columns(2);
  const auto reached = Reach({{1, 2, key}}, {true, {}, {}});
  ASSERT_EQ(reached.size(), 1u);
  EXPECT_EQ(reached.at(2).changed, std::set<uint32_t>{2});
}

}  // namespace
}  // namespace adbms::sql::plan
