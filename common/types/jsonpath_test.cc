#include "common/types/jsonpath.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

std::string Canonical(std::string_view text) {
  const auto canonical = CanonicalJsonpath(text);
  if (canonical.ok()) return *canonical;
  const auto error = status::FromStatus(canonical.status());
  return error.sqlstate + " " + error.message;
}

// As PostgreSQL 15 writes them.
TEST(JsonpathTest, WritesWhatItReads) {
  const std::pair<std::string, std::string> cases[] = {
      {"$", "$"},
      {"lax $", "$"},
      {"STRICT $.a", "strict $.\"a\""},
      {"$.a.*[*].**", "$.\"a\".*[*].**"},
      {"$.**{2}.**{1 to 3}.**{last}.**{0 to last}", "$.**{2}.**{1 to 3}.**{last}.**"},
      {"$.a[1,2, 3 to last - 1]", "$.\"a\"[1,2,3 to last - 1]"},
      {"$a.\"b c\"", "$\"a\".\"b c\""},
      {"1 + 2 * 3 - 4", "((1 + 2 * 3) - 4)"},
      {"(1 + 2) * 3", "((1 + 2) * 3)"},
      {"-$.a", "(-$.\"a\")"},
      {"- -1", "1"},
      {"-(1).type()", "(-(1).type())"},
      {"1.5e-3", "0.0015"},
      {".5", "0.5"},
      {"1.", "1"},
      {"$ ? (@.a <> 1 && !(@.b > 2 || exists(@.c)))",
       "$?(@.\"a\" != 1 && !(@.\"b\" > 2 || exists (@.\"c\")))"},
      {"($ > 1) is unknown", "($ > 1) is unknown"},
      {"$ starts with $x", "($ starts with $\"x\")"},
      {"$ like_regex \"a\" flag \"ii\"", "($ like_regex \"a\" flag \"i\")"},
      {"$.datetime(\"HH24\").type().size()", "$.datetime(\"HH24\").type().size()"},
      {"$.type", "$.\"type\""},
      {"\"\\x41\\u{42}\\v\\'\"", "\"AB\\u000b'\""},
      {"\"\\ud83d\\ude04\"", "\"\xf0\x9f\x98\x84\""},
      {"/* all */ $ /* of */ .a", "$.\"a\""},
  };
  for (const auto& [text, canonical] : cases) {
    EXPECT_EQ(Canonical(text), canonical) << text;
    EXPECT_EQ(Canonical(canonical), canonical);
  }
}

// PostgreSQL leaves parentheses out here, and what it writes means something else.
TEST(JsonpathTest, KeepsParenthesesThatMatter) {
  EXPECT_EQ(Canonical("1 + ($.a * 2).c"), "(1 + ($.\"a\" * 2).\"c\")");
  EXPECT_EQ(Canonical("(!(1 == 1)).a"), "(!(1 == 1)).\"a\"");
  EXPECT_EQ(Canonical("((1 == 1) is unknown).a"), "((1 == 1) is unknown).\"a\"");
}

TEST(JsonpathTest, ErrorsSayWhereAsPostgresDoes) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "22P02 invalid input syntax for type jsonpath: \"\""},
      {"$.a b", "42601 syntax error at end of jsonpath input"},
      {"$..a", "42601 syntax error at or near \".\" of jsonpath input"},
      {"$ ? (@)", "42601 syntax error at or near \")\" of jsonpath input"},
      {"1 == 2 == 3", "42601 syntax error at or near \"==\" of jsonpath input"},
      {"$ > 1 is unknown", "42601 syntax error at or near \" \" of jsonpath input"},
      {"1a", "42601 trailing junk after numeric literal at or near \"1a\" of jsonpath input"},
      {"1e+", "42601 invalid numeric literal at or near \"1e+\" of jsonpath input"},
      {"\"abc", "42601 unexpected end of quoted string at end of jsonpath input"},
      {"/* c", "42601 unexpected end of comment at end of jsonpath input"},
      {"\"\\u12\"", "42601 invalid unicode sequence at or near \"\\u12\" of jsonpath input"},
      {"\"\\u0000\"", "22P05 unsupported Unicode escape sequence"},
      {"\"\\ud83d\"", "22P02 invalid input syntax for type jsonpath"},
      {"@.a", "42601 @ is not allowed in root expressions"},
      {"last", "42601 LAST is allowed only in array subscripts"},
      {"$ ? (last > 1)", "42601 LAST is allowed only in array subscripts"},
      {"1e999999", "22003 value overflows numeric format"},
      {"$.**{9999999999}", "22003 value \"9999999999\" is out of range for type integer"},
      {"$ like_regex \"a\" flag \"x\"",
       "0A000 XQuery \"x\" flag (expanded regular expressions) is not implemented"},
      {"$ like_regex \"a\" flag \"z\"", "42601 invalid input syntax for type jsonpath"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(Canonical(text), error) << text;
}

TEST(JsonpathTest, DepthIsBounded) {
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  const std::string too_deep = "54001 stack depth limit exceeded";
  EXPECT_EQ(Canonical(repeated("(", 100000) + "1"), too_deep);
  EXPECT_EQ(Canonical(repeated("$[", 100000)), too_deep);
  EXPECT_EQ(Canonical(repeated("!(", 100000)), too_deep);
  EXPECT_EQ(Canonical(repeated("-", 100000) + "$"), too_deep);
  EXPECT_EQ(Canonical("1" + repeated("+1", 100000)), too_deep);
  EXPECT_EQ(Canonical("$" + repeated("?(@", 80000)), too_deep);
  // What is just not too deep reads again, with its parentheses.
  const std::string chain = Canonical("1" + repeated("+1", 590));
  EXPECT_EQ(chain.substr(0, 3), "(((");
  EXPECT_EQ(Canonical(chain), chain);
  // A long path is not a deep one.
  EXPECT_EQ(Canonical("$" + repeated(".\"a\"", 60000)), "$" + repeated(".\"a\"", 60000));
}

}  // namespace
}  // namespace adbms::types
