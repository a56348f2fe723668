#include "services/optimizer/whatif/hypothetical_catalog.h"

#include <gtest/gtest.h>

namespace adbms::optimizer::whatif {
namespace {

common::v1::CatalogSnapshot TwoTables() {
  common::v1::CatalogSnapshot snapshot;
  for (const uint32_t id : {7u, 8u}) {
    common::v1::TableDescriptor* table = snapshot.add_tables();
    table->set_table_id(id);
    table->set_schema("public");
    table->set_name(id == 7 ? "seven" : "eight");
    table->add_indexes()->set_index_id(id * 10);
  }
  return snapshot;
}

HypotheticalCatalog::Indexes Index(uint32_t table_id, uint32_t index_id) {
  HypotheticalCatalog::Indexes indexes;
  optimizer::v1::HypotheticalIndex* index = indexes.Add();
  index->set_table_id(table_id);
  index->mutable_index()->set_index_id(index_id);
  return indexes;
}

TEST(HypotheticalCatalog, WhatIsAssumedIsSeenUntilItIsForgotten) {
  HypotheticalCatalog hypothetical(TwoTables());
  const auto* table = hypothetical.catalog()->FindTable(7);
  ASSERT_EQ(table->indexes_size(), 1);
  hypothetical.Assume(Index(7, 71));
  const auto second = hypothetical.Assume(Index(7, 72));
  EXPECT_EQ(table->indexes_size(), 3);
  hypothetical.Forget(second);
  ASSERT_EQ(table->indexes_size(), 2);
  EXPECT_EQ(table->indexes(1).index_id(), 71u);
  EXPECT_EQ(hypothetical.catalog()->FindTable("public", "seven"), table);
}

TEST(HypotheticalCatalog, HidesAndLeavesTheSourceAlone) {
  const common::v1::CatalogSnapshot source = TwoTables();
  HypotheticalCatalog hypothetical(source);
  hypothetical.Hide({80});
  EXPECT_EQ(hypothetical.catalog()->FindTable(8)->indexes_size(), 0);
  EXPECT_EQ(hypothetical.catalog()->FindTable(7)->indexes_size(), 1);
  EXPECT_EQ(source.tables(1).indexes_size(), 1);
}

TEST(HypotheticalCatalog, IndexesOfUnknownTablesAreLeftOut) {
  HypotheticalCatalog hypothetical(TwoTables());
  const auto nothing = hypothetical.Assume(Index(99, 1));
  EXPECT_TRUE(nothing.empty());
  hypothetical.Forget(nothing);
  EXPECT_EQ(hypothetical.catalog()->FindTable(7)->indexes_size(), 1);
}

}  // namespace
}  // namespace adbms::optimizer::whatif
