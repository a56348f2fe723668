#include "common/sql/operator_classes/operator_class.h"

#include <algorithm>
#include <set>

#include "common/types/text_io.h"
#include "gtest/gtest.h"

namespace adbms::sql {
namespace {

using types::Type;
using types::TypeId;
using types::Value;
using Kind = ItemDemand::Kind;

// Items as text: letter and bytes; values by their text.
class Items : public ItemSink {
 public:
  void Add(char kind, std::string_view bytes) override {
    found.insert(std::string(1, kind) + ":" + std::string(bytes));
  }
  void AddValue(const types::Vector& values, uint32_t row) override {
    std::string text;
    types::FormatText(values, row, {}, &text);
    found.insert("v:" + text);
  }
  void AddPrefix(char kind, std::string_view bytes) override {
    found.insert(std::string(1, kind) + ":" + std::string(bytes) + "*");
  }
  void AddEmpty() override { found.insert("empty"); }

  std::set<std::string> found;
};

Value Of(TypeId type, const std::string& text) {
  auto value = types::ParseText(text, {type, 0}, {});
  EXPECT_TRUE(value.ok()) << text << ": " << value.status();
  return *value;
}

std::set<std::string> ItemsOf(const char* operator_class, TypeId type, const std::string& text) {
  types::Vector values({type, 0});
  values.Append(Of(type, text));
  Items items;
  FindOperatorClass(operator_class)->items_of(values, 0, &items);
  return items.found;
}

struct Demanded {
  Kind kind;
  std::set<std::string> items;
};

Demanded DemandOf(const char* operator_class, const char* name, TypeId type,
                  const std::string& text) {
  Items items;
  const OperatorClass* found = FindOperatorClass(operator_class);
  EXPECT_TRUE(found->Has(name)) << name;
  const ItemDemand demand = found->demand_of(name, Of(type, text), &items);
  return {demand.kind, items.found};
}

using Set = std::set<std::string>;

TEST(OperatorClassTest, JsonbItemsAreKeysAndScalars) {
  EXPECT_EQ(
      ItemsOf("jsonb_ops", TypeId::kJsonb,
              R"({"a": {"b": [1, "x", null]}, "c": "x", "d": true, "e": -1.50})"),
      (Set{"k:a", "k:b", "n:1e1", "k:x", "0:", "k:c", "s:x", "k:d", "b:t", "k:e", "n:-15e1"}));
  EXPECT_EQ(ItemsOf("jsonb_ops", TypeId::kJsonb, "\"x\""), (Set{"k:x"}));
  EXPECT_EQ(ItemsOf("jsonb_ops", TypeId::kJsonb, "{}"), Set{});
  EXPECT_EQ(ItemsOf("jsonb_ops", TypeId::kJsonb, "1.00"),
            ItemsOf("jsonb_ops", TypeId::kJsonb, "1"));
}

TEST(OperatorClassTest, JsonbOperatorsAskForItems) {
  const auto contains = DemandOf("jsonb_ops", "@>", TypeId::kJsonb, R"({"a": 5})");
  EXPECT_EQ(contains.kind, Kind::kEvery);
  EXPECT_EQ(contains.items, (Set{"k:a", "n:5e1"}));
  EXPECT_EQ(DemandOf("jsonb_ops", "?", TypeId::kText, "a").items, Set{"k:a"});
  const auto any = DemandOf("jsonb_ops", "?|", TypeId::kTextArray, "{a,NULL,b}");
  EXPECT_EQ(any.kind, Kind::kAny);
  EXPECT_EQ(any.items, (Set{"k:a", "k:b"}));
  EXPECT_EQ(DemandOf("jsonb_ops", "?&", TypeId::kTextArray, "{a}").kind, Kind::kEvery);
}

// What is nowhere else in the path's place has another item.
TEST(OperatorClassTest, JsonbPathItemsKnowWhereScalarsStand) {
  const auto of = [](const char* text) { return ItemsOf("jsonb_path_ops", TypeId::kJsonb, text); };
  EXPECT_EQ(of(R"({"a": [1, 2]})"), of(R"({"a": [2, [1]]})"));
  EXPECT_NE(of(R"({"a": 1})"), of(R"({"b": 1})"));
  EXPECT_NE(of(R"({"a": 1})"), of(R"({"a": "1"})"));
  EXPECT_NE(of(R"({"a": {"b": 1}})"), of(R"({"b": {"a": 1}})"));
  EXPECT_EQ(of(R"({"a": {}})"), Set{});
}

TEST(OperatorClassTest, JsonpathAsksForWhatMustBeThere) {
  const auto items = [](const char* name, const char* path) {
    return DemandOf("jsonb_ops", name, TypeId::kJsonpath, path).items;
  };
  EXPECT_EQ(items("@@", "$.a.b == 5"), (Set{"k:a", "k:b", "n:5e1"}));
  EXPECT_EQ(items("@@", "$.a == 1 && exists($.b[*] ? (@.c > 2))"),
            (Set{"k:a", "n:1e1", "k:b", "k:c"}));
  EXPECT_EQ(items("@@", "$.a == 1 || $.b == 2"), Set{});
  EXPECT_EQ(items("@@", "!($.a == 1)"), Set{});
  EXPECT_EQ(items("@?", "$.a == 1"), Set{});
  EXPECT_EQ(items("@?", "$.a ? (@ == \"x\")"), Set{"k:a"});
  EXPECT_EQ(items("@?", "$.a.size() ? (@ == 3)"), Set{"k:a"});
  EXPECT_EQ(items("@?", "$.* ? (@ == 3)"), Set{"n:3e1"});
  const auto paths = [](const char* path) {
    return DemandOf("jsonb_path_ops", "@?", TypeId::kJsonpath, path).items;
  };
  EXPECT_EQ(paths("$.a[*].b ? (@ == \"x\")"),
            ItemsOf("jsonb_path_ops", TypeId::kJsonb, R"({"a": {"b": "x"}})"));
  EXPECT_EQ(paths("$.** ? (@ == 1)"), Set{});
}

TEST(OperatorClassTest, ArraysHaveTheirElements) {
  EXPECT_EQ(ItemsOf("array_ops", TypeId::kInt4Array, "{{1,2},{2,NULL}}"),
            (Set{"v:1", "v:2", "0:"}));
  EXPECT_EQ(DemandOf("array_ops", "@>", TypeId::kInt4Array, "{1,NULL}").kind, Kind::kNothing);
  EXPECT_EQ(DemandOf("array_ops", "@>", TypeId::kInt4Array, "{}").items, Set{});
  EXPECT_EQ(DemandOf("array_ops", "&&", TypeId::kInt4Array, "{1,NULL}").items, Set{"v:1"});
  const auto within = DemandOf("array_ops", "<@", TypeId::kInt4Array, "{1}");
  EXPECT_EQ(within.kind, Kind::kAny);
  EXPECT_EQ(within.items, (Set{"v:1", "empty"}));
  EXPECT_EQ(DemandOf("array_ops", "=", TypeId::kInt4Array, "{}").items, Set{"empty"});
  EXPECT_EQ(DemandOf("array_ops", "=", TypeId::kInt4Array, "{NULL}").items, Set{"0:"});
}

TEST(OperatorClassTest, TextsHaveTrigrams) {
  const auto like = [](const char* name, const char* pattern) {
    return DemandOf("gin_trgm_ops", name, TypeId::kText, pattern).items;
  };
  EXPECT_EQ(ItemsOf("gin_trgm_ops", TypeId::kText, "Cat"),
            (Set{"t:  c", "t: ca", "t:cat", "t:at "}));
  EXPECT_EQ(like("~~", "%Cat%"), Set{"t:cat"});
  EXPECT_EQ(like("~~", "Cat%"), (Set{"t:  c", "t: ca", "t:cat"}));
  EXPECT_EQ(like("~~*", "%a cat"), (Set{"t:  c", "t: ca", "t:cat", "t:at "}));
  EXPECT_EQ(like("~~", "%c_t%"), Set{});
  EXPECT_EQ(like("~~", "%a\\%cat%"), (Set{"t:  c", "t: ca", "t:cat"}));
  EXPECT_EQ(like("~", "cat"), Set{"t:cat"});
  EXPECT_EQ(DemandOf("gin_trgm_ops", "~", TypeId::kText, "c.t|dog").kind, Kind::kEverything);
  EXPECT_EQ(DemandOf("gin_trgm_ops", "~~", TypeId::kText, "cat\\").kind, Kind::kEverything);
  EXPECT_EQ(DemandOf("gin_trgm_ops", "%", TypeId::kText, "cat").kind, Kind::kShare);
}

TEST(OperatorClassTest, DocumentsHaveLexemes) {
  EXPECT_EQ(ItemsOf("tsvector_ops", TypeId::kTsVector, "fox:1A dog:3"), (Set{"l:fox", "l:dog"}));
  const auto query = [](const char* text) {
    return DemandOf("tsvector_ops", "@@", TypeId::kTsQuery, text);
  };
  EXPECT_EQ(query("a & b:A").items, (Set{"l:a", "l:b"}));
  EXPECT_EQ(query("a & b").kind, Kind::kEvery);
  EXPECT_EQ(query("a | b & long").kind, Kind::kAny);
  EXPECT_EQ(query("a | b & long").items, (Set{"l:a", "l:long"}));
  EXPECT_EQ(query("(a | b) & c").items, Set{"l:c"});
  EXPECT_EQ(query("a <2> b").items, (Set{"l:a", "l:b"}));
  EXPECT_EQ(query("a & !b").items, Set{"l:a"});
  EXPECT_EQ(query("!a").kind, Kind::kEverything);
  EXPECT_EQ(query("a | !b").kind, Kind::kEverything);
  EXPECT_EQ(query("ab:*").items, Set{"l:ab*"});
  EXPECT_EQ(query("").kind, Kind::kNothing);
}

TEST(OperatorClassTest, KeysHaveADefaultOrNone) {
  EXPECT_EQ(DefaultOperatorClass("gin", {TypeId::kJsonb, 0})->name, "jsonb_ops");
  EXPECT_EQ(DefaultOperatorClass("gin", {TypeId::kTextArray, 0})->name, "array_ops");
  EXPECT_EQ(DefaultOperatorClass("gin", {TypeId::kText, 0}), nullptr);
  EXPECT_EQ(DefaultOperatorClass("gin", {types::ArrayOf(TypeId::kJson), 0}), nullptr);
  EXPECT_EQ(FindOperatorClass("gin", "gist_trgm_ops"), nullptr);
  EXPECT_EQ(DefaultOperatorClass("gist", {TypeId::kTsVector, 0})->name, "gist_tsvector_ops");
  EXPECT_EQ(FindOperatorClass("gist", "tsvector_ops")->name, "gist_tsvector_ops");
}

}  // namespace
}  // namespace adbms::sql
