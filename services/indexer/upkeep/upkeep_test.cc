#include "services/indexer/upkeep/upkeep.h"

#include <gtest/gtest.h>

namespace adbms::indexer::upkeep {
namespace {

common::v1::IndexDescriptor* Add(common::v1::TableDescriptor* table, uint32_t id,
                                 const std::vector<uint32_t>& columns,
                                 const std::vector<uint32_t>& include = {},
                                 bool descending = false) {
  common::v1::IndexDescriptor* index = table->add_indexes();
  index->set_index_id(id);
  index->set_name("i" + std::to_string(id));
  index->set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  index->set_created_by("indexer");
  for (const uint32_t column : columns) {
    index->add_columns(column);
    index->add_descending(descending);
  }
  for (const uint32_t column : include) index->add_include(column);
  return index;
}

TEST(ServedBy, ALongerOrACoveringIndexServesForAShorterOne) {
  common::v1::TableDescriptor table;
  const auto shorter = *Add(&table, 1, {2});
  EXPECT_EQ(ServedBy(shorter, table), "");
  const auto covering = *Add(&table, 2, {2}, {3});
  EXPECT_EQ(ServedBy(shorter, table), "i2");
  EXPECT_EQ(ServedBy(covering, table), "") << "the shorter one lacks a column";
  const auto longer = *Add(&table, 3, {2, 3});
  EXPECT_EQ(ServedBy(covering, table), "i3") << "a key column holds what was included";
  EXPECT_EQ(ServedBy(longer, table), "");
}

TEST(ServedBy, NeitherOtherColumnsNorOtherDirectionsServe) {
  common::v1::TableDescriptor table;
  const auto index = *Add(&table, 1, {2, 3});
  Add(&table, 2, {3, 2});
  Add(&table, 3, {2, 3, 4}, {}, /*descending=*/true);
  Add(&table, 4, {2});
  EXPECT_EQ(ServedBy(index, table), "");
}

TEST(ServedBy, AnIndexThatIsBeingBuiltServesNobody) {
  common::v1::TableDescriptor table;
  const auto index = *Add(&table, 1, {2});
  Add(&table, 2, {2, 3})->set_state(common::v1::IndexDescriptor::STATE_WRITE_ONLY);
  EXPECT_EQ(ServedBy(index, table), "");
}

TEST(ServedBy, AnInvertedIndexServesForNoOther) {
  common::v1::TableDescriptor table;
  const auto index = *Add(&table, 1, {2});
  auto* inverted = Add(&table, 2, {2, 3});
  inverted->set_method(common::v1::IndexDescriptor::METHOD_INVERTED);
  EXPECT_EQ(ServedBy(index, table), "");
  EXPECT_TRUE(IsOwn(*inverted));
}

TEST(ServedBy, OfTwoAlikeTheNewerGoes) {
  common::v1::TableDescriptor table;
  const auto older = *Add(&table, 1, {2}, {3});
  const auto newer = *Add(&table, 2, {2}, {3});
  EXPECT_EQ(ServedBy(older, table), "");
  EXPECT_EQ(ServedBy(newer, table), "i1");
}

TEST(ServedBy, ThePrimaryKeyServesForItsBeginning) {
  common::v1::TableDescriptor table;
  table.set_primary_key_name("t_pkey");
  table.add_primary_key(2);
  table.add_primary_key(5);
  EXPECT_EQ(ServedBy(*Add(&table, 1, {2}), table), "t_pkey");
  EXPECT_EQ(ServedBy(*Add(&table, 2, {5}), table), "");
}

TEST(IsOwn, WhatAPersonMadeOrAConstraintRestsOnIsNot) {
  common::v1::TableDescriptor table;
  EXPECT_TRUE(IsOwn(*Add(&table, 1, {2})));
  common::v1::IndexDescriptor persons = *Add(&table, 2, {2});
  persons.set_created_by("");
  EXPECT_FALSE(IsOwn(persons));
  common::v1::IndexDescriptor unique = *Add(&table, 3, {2});
  unique.set_unique(true);
  EXPECT_FALSE(IsOwn(unique));
  common::v1::IndexDescriptor constraint = *Add(&table, 4, {2});
  constraint.set_is_constraint(true);
  EXPECT_FALSE(IsOwn(constraint));
}

TEST(UnusedSince, AScanStartsTheTimeAnew) {
  UnusedSince unused;
  storage::v1::EngineMetrics metrics;
  storage::v1::IndexUsage* usage = metrics.add_index_usage();
  usage->set_index_id(1);
  EXPECT_EQ(unused.UnusedForUs(1, 100), 0);
  unused.Note(metrics, 100);
  EXPECT_EQ(unused.UnusedForUs(1, 150), 50);
  usage->set_scans(1);
  unused.Note(metrics, 200);
  EXPECT_EQ(unused.UnusedForUs(1, 250), 50);
}

}  // namespace
}  // namespace adbms::indexer::upkeep
