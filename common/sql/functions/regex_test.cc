#include "common/sql/functions/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

struct Case {
  const char* text;
  const char* pattern;
  const char* flags;
  const char* answer;  // All of the match, then the groups.
};

// PostgreSQL 15's answers.
constexpr Case kCases[] = {
    {"foobarbequebaz", "ba.", "", "bar"},
    {"foobarbequebaz", "(bar)(beque)", "", "barbeque|bar|beque"},
    {"XY1234Z", "Y*([0-9]{1,3})", "", "Y123|123"},
    {"XY1234Z", "Y*?([0-9]{1,3})", "", "Y1|1"},
    {"abc01234xyz", "(.*)(\\d+)(.*)", "", "abc01234xyz|abc0123|4|xyz"},
    {"abc01234xyz", "(.*?)(\\d+)(.*)", "", "abc0|abc|0|"},
    {"abc01234xyz", "(?:(.*?)(\\d+)(.*)){1,1}", "", "abc01234xyz|abc|01234|xyz"},
    {"xaay", "(a)\\1", "", "aa|a"},
    {"xaby", "(a)\\1", "", "none"},
    {"foobar", "foo(?=bar)", "", "foo"},
    {"foobaz", "foo(?!bar)", "", "foo"},
    {"xfoo", "(?<=x)foo", "", "foo"},
    {"xfoo", "(?<!x)foo", "", "none"},
    {"the cat sat", "\\mcat\\M", "", "cat"},
    {"concat", "\\mcat", "", "none"},
    {"concat", "cat\\M", "", "cat"},
    {"é a", "\\y[[:alpha:]]\\y", "", "é"},
    {"één", "\\w+", "", "één"},
    {"x١y", "\\d", "", "none"},
    {"x١y", "\\w+", "", "x١y"},
    {"a b", "\\s", "", " "},
    {"É", "é", "i", "É"},
    {"a\nb", "a.b", "", "a\nb"},
    {"a\nb", "a.b", "n", "none"},
    {"a\nb", "^b", "n", "b"},
    {"a\nb", "^b", "w", "b"},
    {"a\nb", "^b", "p", "none"},
    {"a\nb", "a[^x]b", "n", "none"},
    {"a\nb", "a$", "m", "a"},
    {"a\nb", "a$", "", "none"},
    {"abab", "(ab|a)(bab|b)", "", "abab|a|bab"},
    {"foobar", "foo|foobar", "", "foobar"},
    {"ab", "a?(ab)?", "", "ab|ab"},
    {"aXb", "(?i)x", "", "X"},
    {"a b", "(?x) a \\  b # c", "", "a b"},
    {"a.b", "***=.", "", "."},
    {"AB", "***:(?i)b", "", "B"},
    {"a", "[[:<:]]a[[:>:]]", "", "a"},
    {"]", "[]]", "", "]"},
    {"b", "[^]]", "", "b"},
    {"-", "[a\\-z]", "", "-"},
    {"a", "\\x61\\u0062?", "", "a"},
    {"a{", "a{", "", "a{"},
    {"a{,2}", "a{,2}", "", "a{,2}"},
    {"xyz", "()", "", "|"},
    {"aaa", "a{2}", "", "aa"},
    {"aaa", "a{1,2}?", "", "a"},
    {"abc", "x*?(abc|a)", "", "a|a"},
    {"A1", "[[:lower:]]", "i", "A"},
    {"a(?#b)c", "a(?#comment)\\(", "", "a("},
    {"\t", "\\t", "", "\t"},
    {"b.", "b\\.", "q", "none"},
    {"a", "*a", "", "error: quantifier operand invalid"},
    {"a", "a**", "", "error: quantifier operand invalid"},
    {"a", "^*", "", "error: quantifier operand invalid"},
    {"a", "a{1", "", "error: braces {} not balanced"},
    {"a", "a{1,500}", "", "error: invalid repetition count(s)"},
    {"a", "a{3,2}", "", "error: invalid repetition count(s)"},
    {"a", "(a", "", "error: parentheses () not balanced"},
    {"a", "a)", "", "error: parentheses () not balanced"},
    {"a", "[a", "", "error: brackets [] not balanced"},
    {"a", "[b-a]", "", "error: invalid character range"},
    {"a", "[[:foo:]]", "", "error: invalid character class"},
    {"a", "\\q", "", "error: invalid escape \\ sequence"},
    {"a", "(a)\\2", "", "error: invalid backreference number"},
    {"a", "(a\\1)", "", "error: invalid backreference number"},
    {"a", "(?z)a", "", "error: invalid embedded option"},
    {"a", "a(?i)b", "", "error: quantifier operand invalid"},
    {"a", "***a", "", "error: quantifier operand invalid"},
    {"a", "\\", "", "error: invalid escape \\ sequence"},
    {"a", "(?=a)*", "", "error: quantifier operand invalid"},
};

std::string AnswerTo(const Case& one) {
  const auto flags = ReadRegexFlags(one.flags);
  if (!flags.ok()) return flags.status().ToString();
  Regex regex;
  constexpr std::string_view kInvalid = "invalid regular expression: ";
  if (const absl::Status prepared = regex.Prepare(one.pattern, *flags); !prepared.ok()) {
    EXPECT_TRUE(status::HasSqlState(prepared, "2201B")) << prepared;
    const std::string message(prepared.message());
    const size_t at = message.find(kInvalid);
    return at == std::string::npos ? message : "error: " + message.substr(at + kInvalid.size());
  }
  std::vector<std::string_view> groups;
  regex.SetText(one.text, nullptr);
  const auto found = regex.Find(0, &groups);
  if (!found.ok()) return found.status().ToString();
  EXPECT_EQ(*regex.Matches(one.text, nullptr), *found) << one.pattern;
  if (!*found) return "none";
  std::string answer;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (i > 0) answer += "|";
    answer += groups[i].data() == nullptr ? "NULL" : std::string(groups[i]);
  }
  return answer;
}

TEST(RegexTest, MatchesAsPostgres) {
  for (const Case& one : kCases) {
    EXPECT_EQ(AnswerTo(one), one.answer)
        << "'" << one.text << "' ~ '" << one.pattern << "', " << one.flags;
  }
}

TEST(RegexTest, BacktrackingIsBounded) {
  Regex regex;
  ASSERT_TRUE(regex.Prepare("(a*)*(a*)*(b)\\3", {}).ok());
  const std::string text = std::string(5000, 'a') + "b";
  regex.SetText(text, nullptr);
  std::vector<std::string_view> groups;
  const auto found = regex.Find(0, &groups);
  ASSERT_FALSE(found.ok());
  EXPECT_TRUE(status::HasSqlState(found.status(), "2201B")) << found.status();
}

TEST(RegexTest, LongSearchesHeedInterrupts) {
  Regex regex;
  ASSERT_TRUE(regex.Prepare("(?<!x)y|(x+)z", {}).ok());
  EvaluationContext context;
  context.check_interrupts = [] { return absl::CancelledError("stop"); };
  const std::string text(100000, 'x');
  EXPECT_TRUE(absl::IsCancelled(regex.Matches(text, &context).status()));
}

TEST(RegexTest, DeepNestingIsRefused) {
  Regex regex;
  const std::string deep = std::string(100000, '(') + std::string(100000, ')');
  EXPECT_TRUE(status::HasSqlState(regex.Prepare(deep, {}), "2201B"));
}

}  // namespace
}  // namespace adbms::sql::functions
