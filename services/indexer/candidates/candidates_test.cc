#include "services/indexer/candidates/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "common/sql/testing/test_catalog.h"
#include "services/indexer/candidates/usage.h"

namespace adbms::indexer::candidates {
namespace {

using types::TypeId;

class CandidatesTest : public ::testing::Test {
 protected:
  CandidatesTest() {
    auto snapshot = std::make_shared<common::v1::CatalogSnapshot>();
    orders_ = sql::testing::AddTable(snapshot.get(), "orders",
                                     {{"id", {TypeId::kInt4, 0}, true, ""},
                                      {"customer", {TypeId::kInt4, 0}, false, ""},
                                      {"status", {TypeId::kText, 0}, false, ""},
                                      {"placed", {TypeId::kTimestamp, 0}, false, ""},
                                      {"email", {TypeId::kText, 0}, false, ""},
                                      {"paid", {TypeId::kBool, 0}, false, ""},
                                      {"doc", {TypeId::kJsonb, 0}, false, ""},
                                      {"total", {TypeId::kInt4, 0}, false, ""}},
                                     {0});
    items_ = sql::testing::AddTable(
        snapshot.get(), "items",
        {{"id", {TypeId::kInt4, 0}, true, ""}, {"order_id", {TypeId::kInt4, 0}, false, ""}}, {0});
    catalog_ = std::make_shared<const sql::Catalog>(std::move(snapshot));
  }

  // What is wanted of `orders`, each bundle as text; few values of status are known of.
  std::set<std::string> Candidates(const std::string& sql) {
    sql::PlanningInput input;
    input.sql = sql;
    input.catalog = catalog_;
    input.current_user = input.session_user = "adbms";
    input.exempt = true;
    const auto plan = sql::PlanDefault(input);
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::set<std::string> texts;
    if (!plan.ok()) return texts;
    for (const TableUsage& usage : UsageOf(*plan, *catalog_)) {
      const auto* table = catalog_->FindTable(usage.table_id);
      for (const Bundle& bundle : CandidatesFor(usage, *table, {{1, 5000}, {2, 3}, {4, 9000}})) {
        std::string text;
        for (const Candidate& one : bundle)
          text += (text.empty() ? "" : " and ") + Describe(one, *table);
        texts.insert(text);
      }
    }
    return texts;
  }

  void ExpectAmong(const std::string& sql, const std::string& wanted) {
    const auto found = Candidates(sql);
    std::string all;
    for (const std::string& one : found) all += "\n  " + one;
    EXPECT_TRUE(found.contains(wanted)) << sql << "\nwants " << wanted << ", has:" << all;
  }

  common::v1::TableDescriptor* orders_ = nullptr;
  common::v1::TableDescriptor* items_ = nullptr;
  sql::CatalogPtr catalog_;
};

TEST_F(CandidatesTest, ColumnsThatAreCompared) {
  ExpectAmong("SELECT total FROM orders WHERE customer = 5", "orders(customer) include (total)");
  ExpectAmong("SELECT * FROM orders WHERE customer = 5 AND placed > timestamp '2026-01-01'",
              "orders(customer, placed)");
  ExpectAmong("SELECT * FROM orders WHERE customer IN (1, 2)", "orders(customer)");
  ExpectAmong("SELECT * FROM orders ORDER BY total DESC LIMIT 3", "orders(total)");
  ExpectAmong("SELECT 1 FROM orders o JOIN items i ON i.order_id = o.customer", "items(order_id)");
}

TEST_F(CandidatesTest, ExpressionsThatAreCompared) {
  ExpectAmong("SELECT * FROM orders WHERE lower(email) = 'x'", "orders(lower(email))");
  ExpectAmong("SELECT * FROM orders WHERE date_trunc('day', placed) = timestamp '2026-01-01'",
              "orders(date_trunc('day'::text, placed))");
  ExpectAmong("SELECT * FROM orders WHERE customer + total > 7", "orders((customer + total))");
  ExpectAmong("SELECT * FROM orders WHERE doc ->> 'k' = 'v'", "orders((doc ->> 'k'::text))");
  ExpectAmong("SELECT * FROM orders ORDER BY lower(email) LIMIT 1", "orders(lower(email))");
}

TEST_F(CandidatesTest, WhatNoIndexCanKeepIsNone) {
  for (const char* sql : {"SELECT * FROM orders WHERE to_char(placed, 'YYYY') = '2026'",
                          "SELECT * FROM orders WHERE customer + random() > 7",
                          "SELECT * FROM orders WHERE placed::text = 'x'"}) {
    for (const std::string& one : Candidates(sql))
      EXPECT_EQ(one.find("orders(("), std::string::npos) << sql << ": " << one;
  }
  EXPECT_TRUE(Candidates("SELECT * FROM orders WHERE id = 5").empty());
}

TEST_F(CandidatesTest, EndsOfAnIndex) {
  ExpectAmong("SELECT max(total) FROM orders", "orders(total)");
  ExpectAmong("SELECT min(total), max(total) FROM orders WHERE customer = 5",
              "orders(customer, total)");
}

TEST_F(CandidatesTest, RowsOfOneKind) {
  ExpectAmong("SELECT * FROM orders WHERE status = 'open' ORDER BY placed LIMIT 5",
              "orders(placed) where status = 'open'::text");
  ExpectAmong("SELECT * FROM orders WHERE placed IS NULL", "orders(id) where placed IS NULL");
  ExpectAmong("SELECT * FROM orders WHERE paid AND customer = 4", "orders(customer) where paid");
  // Of many values each chooses another few rows.
  for (const std::string& one : Candidates("SELECT * FROM orders WHERE email = 'a' AND total > 4"))
    EXPECT_EQ(one.find("where"), std::string::npos) << one;
}

TEST_F(CandidatesTest, BeginningsAndItemsOfValues) {
  ExpectAmong("SELECT * FROM orders WHERE email LIKE 'ab%'", "orders(email)");
  ExpectAmong("SELECT * FROM orders WHERE email LIKE '%abc%'", "orders(email gin_trgm_ops)");
  ExpectAmong("SELECT * FROM orders WHERE doc @> '{\"a\": 1}'", "orders(doc jsonb_path_ops)");
  // Two characters are no trigram.
  EXPECT_TRUE(Candidates("SELECT * FROM orders WHERE email LIKE '%ab%'").empty());
}

TEST_F(CandidatesTest, EachSideOfAnOrAtOnce) {
  ExpectAmong("SELECT * FROM orders WHERE customer = 5 OR email = 'x'",
              "orders(customer) and orders(email)");
  ExpectAmong(
      "SELECT total FROM orders WHERE customer = 5 OR email = 'x'",
      "orders(customer) include (email, total) and orders(email) include (customer, total)");
  ExpectAmong("SELECT * FROM orders WHERE customer = 5 OR total > 7 AND status = 'open'",
              "orders(customer) and orders(status, total)");
  // One side without an index means all rows.
  EXPECT_TRUE(Candidates("SELECT * FROM orders WHERE customer = 5 OR total % 2 <> 0").empty());
}

TEST_F(CandidatesTest, WhatIsThereIsNotWanted) {
  sql::testing::AddIndex(orders_, "there", {1, 7});
  for (const std::string& one : Candidates("SELECT * FROM orders WHERE customer = 5"))
    EXPECT_NE(one, "orders(customer)");
  ExpectAmong("SELECT * FROM orders WHERE customer = 5 OR email = 'x'", "orders(email)");
}

TEST_F(CandidatesTest, StatementsNameThemAsPostgresDoes) {
  const auto statement = [&](const std::string& sql, const std::string& wanted) {
    sql::PlanningInput input;
    input.sql = sql;
    input.catalog = catalog_;
    input.exempt = true;
    const auto plan = sql::PlanDefault(input);
    ASSERT_TRUE(plan.ok()) << plan.status();
    const auto usages = UsageOf(*plan, *catalog_);
    std::set<std::string> all;
    for (const Bundle& bundle : CandidatesFor(usages.at(0), *orders_, {{2, 3}}))
      all.insert(CreateStatement(bundle.front(), *orders_, "Name"));
    EXPECT_TRUE(all.contains(wanted)) << wanted << " not among " << *all.begin();
  };
  statement("SELECT total FROM orders WHERE lower(email) = 'x'",
            "CREATE INDEX \"Name\" ON public.orders (lower(email))");
  statement("SELECT id FROM orders WHERE status = 'open' ORDER BY placed",
            "CREATE INDEX \"Name\" ON public.orders (placed) WHERE (status = 'open'::text)");
  statement("SELECT id FROM orders WHERE email LIKE '%abc%'",
            "CREATE INDEX \"Name\" ON public.orders USING gin (email gin_trgm_ops)");
}

}  // namespace
}  // namespace adbms::indexer::candidates
