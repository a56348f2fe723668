#include "common/types/text_search.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "common/status/sql_error.h"
#include "common/types/text_search_objects.h"

namespace adbms::types {
namespace {

std::string ErrorOf(const absl::Status& status) {
  const auto error = status::FromStatus(status);
  return error.sqlstate + " " + error.message;
}

std::string Vector(std::string_view text) {
  const auto form = ParseTsVector(text);
  if (!form.ok()) return ErrorOf(form.status());
  EXPECT_TRUE(IsTsVectorForm(*form));
  std::string out;
  FormatTsVector(*form, &out);
  return out;
}

std::string Query(std::string_view text) {
  const auto form = ParseTsQuery(text);
  if (!form.ok()) return ErrorOf(form.status());
  EXPECT_TRUE(IsTsQueryForm(*form));
  std::string out;
  FormatTsQuery(*form, &out);
  return out;
}

// As PostgreSQL 15 writes them.
TEST(TextSearchTest, ReadsAndWritesVectors) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"b a b", "'a' 'b'"},
      {"a:3,1,2A,2B b:1*", "'a':1,2A,3 'b':1A"},
      {"'it''s' \\'x 'y\\\\z'", "'''x' 'it''s' 'y\\\\z'"},
      {"a:99999", "'a':16383"},
      {"a:16383A,16384B", "'a':16383A"},
      {":a", "':a'"},
      {"a:0", "42601 wrong position info in tsvector: \"a:0\""},
      {"a:x", "42601 syntax error in tsvector: \"a:x\""},
      {"a:1AB", "42601 syntax error in tsvector: \"a:1AB\""},
      {"'a", "42601 syntax error in tsvector: \"'a\""},
      {"''", "42601 syntax error in tsvector: \"''\""},
      {"a\\", "42601 there is no escaped character: \"a\\\""},
      {std::string(2047, 'a'), "54000 word is too long (2047 bytes, max 2046 bytes)"},
  };
  for (const auto& [text, written] : cases) EXPECT_EQ(Vector(text), written) << text;
}

TEST(TextSearchTest, ReadsAndWritesQueries) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"a & b | !c <-> d", "'a' & 'b' | !'c' <-> 'd'"},
      {"(a|b) & !(c&d)", "( 'a' | 'b' ) & !( 'c' & 'd' )"},
      {"a<->(b<2>c)", "'a' <-> ( 'b' <2> 'c' )"},
      {"(a<->b)<0>c", "'a' <-> 'b' <0> 'c'"},
      {"a:*BA & 'x y':d", "'a':*AB & 'x y':D"},
      {"!!a", "!!'a'"},
      {"a b", "42601 syntax error in tsquery: \"a b\""},
      {"!", "42601 no operand in tsquery: \"!\""},
      {"(a", "42601 syntax error in tsquery: \"(a\""},
      {"a)", "42601 syntax error in tsquery: \"a)\""},
      {"a <16385> b",
       "22023 distance in phrase operator must be an integer value between zero and 16384 "
       "inclusive"},
  };
  for (const auto& [text, written] : cases) EXPECT_EQ(Query(text), written) << text;
}

TEST(TextSearchTest, WhatIsNestedDeeplyEnds) {
  EXPECT_TRUE(Query(std::string(5000, '!') + "a").starts_with("54001"));
  EXPECT_TRUE(Query(std::string(5000, '(') + "a").starts_with("42601"));
  std::string right = "a";
  std::string left = "a";
  for (int i = 0; i < 5000; ++i) right += " & (a";
  right += std::string(5000, ')');
  EXPECT_TRUE(Query(right).starts_with("54001"));
  for (int i = 0; i < 5000; ++i) left += " <-> a";
  EXPECT_EQ(Query(left).size(), 3 + 5000 * 8u);
}

TEST(TextSearchTest, TravelsInPostgresWireFormat) {
  const std::string vector = *ParseTsVector("a:1A,2 b");
  std::string wire;
  FormatTsVectorBinary(vector, &wire);
  EXPECT_EQ(wire, std::string("\0\0\0\2a\0\0\2\xc0\1\0\2b\0\0\0", 16));
  EXPECT_EQ(*ParseTsVectorBinary(wire), vector);
  const std::string query = *ParseTsQuery("!a:*A & b <3> c");
  wire.clear();
  FormatTsQueryBinary(query, &wire);
  EXPECT_EQ(*ParseTsQueryBinary(wire), query);
  for (size_t i = 0; i < wire.size(); ++i)
    EXPECT_FALSE(ParseTsQueryBinary(wire.substr(0, i)).ok()) << i;
}

TEST(TextSearchTest, OrdersAsPostgres) {
  const auto compare = [](const char* a, const char* b) {
    return CompareTsVectors(*ParseTsVector(a), *ParseTsVector(b));
  };
  EXPECT_EQ(compare("a:1", "a:1"), 0);
  EXPECT_LT(compare("zz", "a b"), 0);
  EXPECT_LT(compare("a:2", "a:1"), 0);
  EXPECT_LT(compare("a:1A", "a:1"), 0);
  const auto order = [](const char* a, const char* b) {
    return CompareTsQueries(*ParseTsQuery(a), *ParseTsQuery(b));
  };
  // Neither weights nor prefixes count.
  EXPECT_EQ(order("a:A", "a:*"), 0);
  EXPECT_LT(order("a", "a & b"), 0);
  EXPECT_LT(order("a | b", "a & b"), 0);
}

TEST(TextSearchTest, FindsLexemesAndPrefixes) {
  const std::string form = *ParseTsVector("a ab abc b");
  const TsVectorView vector(form);
  EXPECT_EQ(vector.Find("ab", false), std::make_pair(1u, 2u));
  EXPECT_EQ(vector.Find("ab", true), std::make_pair(1u, 3u));
  EXPECT_EQ(vector.Find("", true), std::make_pair(0u, 4u));
  EXPECT_EQ(vector.Find("c", false), std::make_pair(4u, 4u));
}

TEST(TextSearchTest, NamesConfigurations) {
  EXPECT_EQ(*ParseTextSearchObject("English", TypeId::kRegconfig), kEnglishConfiguration);
  EXPECT_EQ(*ParseTextSearchObject("pg_catalog.simple", TypeId::kRegdictionary), kSimpleDictionary);
  EXPECT_EQ(ErrorOf(ParseTextSearchObject("klingon", TypeId::kRegconfig).status()),
            "42704 text search configuration \"klingon\" does not exist");
  EXPECT_TRUE(
      ErrorOf(ParseTextSearchObject("nepali", TypeId::kRegconfig).status()).starts_with("0A000"));
  EXPECT_EQ(FormatTextSearchObject(kEnglishConfiguration, TypeId::kRegconfig), "english");
}

}  // namespace
}  // namespace adbms::types
