#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/text_search/default_parser.h"
#include "common/text_search/documents.h"
#include "common/text_search/headline.h"
#include "common/text_search/rank.h"
#include "common/text_search/vector_edits.h"

namespace adbms::text_search {
namespace {

using types::TsVectorView;

const auto kNoProgress = [](size_t) { return absl::OkStatus(); };

const types::TextSearchConfiguration& English() {
  return *types::FindTextSearchConfiguration(types::kEnglishConfiguration);
}

std::string Tokens(std::string_view text) {
  DefaultParser parser(text);
  Token token;
  std::string out;
  while (parser.Next(&token)) {
    if (token.type == TokenType::kBlank) continue;
    if (!out.empty()) out += ' ';
    out += TokenTypeNames()[static_cast<size_t>(token.type) - 1].alias;
    out += '=';
    out += token.text;
  }
  return out;
}

// As PostgreSQL 15's ts_parse.
TEST(DefaultParserTest, FindsTokensOfAllTypes) {
  const std::pair<std::string, std::string> cases[] = {
      {"Word wört w2", "asciiword=Word word=wört numword=w2"},
      {"me@example.com http://a.example.com:80/x?y a.example.org",
       "email=me@example.com protocol=http:// url=a.example.com:80/x?y host=a.example.com:80 "
       "url_path=/x?y host=a.example.org"},
      {"1 -2 3.4 -5.6e-7 8.9.10", "uint=1 int=-2 float=3.4 sfloat=-5.6e-7 version=8.9.10"},
      {"/usr/local/x.txt", "file=/usr/local/x.txt"},
      {"../a", "file=../a"},
      {"~/b", "file=~/b"},
      {"a ~/b", "asciiword=a file=/b"},
      {"up-to-date beta-1x ä-b",
       "asciihword=up-to-date hword_asciipart=up hword_asciipart=to hword_asciipart=date "
       "numhword=beta-1x hword_asciipart=beta hword_numpart=1x hword=ä-b hword_part=ä "
       "hword_asciipart=b"},
      {"<b class='x'>a</b> <!-- c --> &amp; &#12;",
       "tag=<b class='x'> asciiword=a tag=</b> tag=<!-- c --> entity=&amp; entity=&#12;"},
      {"<script>a b</script>c", "tag=<script> tag=</script> asciiword=c"},
      {"bar-5.12bb", "asciiword=bar float=-5.12 asciiword=bb"},
  };
  for (const auto& [text, tokens] : cases) EXPECT_EQ(Tokens(text), tokens) << text;
}

// Each of these made a parser that tries everything from everywhere square.
TEST(DefaultParserTest, TakesLinearTime) {
  for (const char* piece : {"a_", "<!--", "./", "a@b_", "<a '\"", "a.bb-c_", "b1@", "1.a."}) {
    std::string text;
    for (int i = 0; i < 200000; ++i) text += piece;
    const auto begin = std::chrono::steady_clock::now();
    DefaultParser parser(text);
    Token token;
    while (parser.Next(&token)) {
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30)) << piece;
  }
}

std::string VectorOf(std::string_view text) {
  Normalizer normalizer(English());
  DocumentBuilder builder(normalizer, kNoProgress);
  EXPECT_TRUE(builder.Add(text).ok());
  return *builder.Finish();
}

std::string Shown(std::string_view form) {
  std::string out;
  types::FormatTsVector(form, &out);
  return out;
}

std::string QueryOf(std::string_view text, types::TsQuerySyntax syntax,
                    types::TsOperator joins = types::TsOperator::kPhrase) {
  Normalizer normalizer(English());
  return *QueryOf(text, syntax, joins, normalizer, kNoProgress);
}

std::string ShownQuery(std::string_view form) {
  std::string out;
  types::FormatTsQuery(form, &out);
  return out;
}

TEST(DocumentsTest, StemsAndCountsStopWords) {
  EXPECT_EQ(Shown(VectorOf("The quick foxes were jumping over it")), "'fox':3 'jump':5 'quick':2");
  EXPECT_EQ(Shown(VectorOf("well-known")), "'known':3 'well':2 'well-known':1");
}

TEST(DocumentsTest, MakesQueries) {
  using types::TsQuerySyntax;
  EXPECT_EQ(ShownQuery(QueryOf("the & (fat | !rats:AB)", TsQuerySyntax::kOperators)),
            "'fat' | !'rat':AB");
  EXPECT_EQ(ShownQuery(QueryOf("well-known", TsQuerySyntax::kOperators)),
            "'well-known' <-> 'well' <-> 'known'");
  EXPECT_EQ(ShownQuery(QueryOf("the foo of the bar", TsQuerySyntax::kPlain)), "'foo' <3> 'bar'");
  EXPECT_EQ(ShownQuery(QueryOf("fat rats", TsQuerySyntax::kPlain, types::TsOperator::kAnd)),
            "'fat' & 'rat'");
  EXPECT_EQ(ShownQuery(QueryOf("\"fat rat\" or cat -dog", TsQuerySyntax::kWebSearch)),
            "'fat' <-> 'rat' | 'cat' & !'dog'");
}

bool IsMatch(std::string_view vector, std::string_view query) {
  const std::string form = *types::ParseTsVector(vector);
  return *Matches(TsVectorView(form), types::ReadTsQuery(*types::ParseTsQuery(query)), kNoProgress);
}

TEST(MatchTest, KnowsPhrasesWeightsAndNegations) {
  EXPECT_TRUE(IsMatch("a:1 b:2 c:3", "a <-> b <-> c"));
  EXPECT_FALSE(IsMatch("a:1 b:2 c:4", "a <-> b <-> c"));
  EXPECT_TRUE(IsMatch("a:1 b:2 c:4", "a <-> b <2> c"));
  EXPECT_TRUE(IsMatch("a:1 b:2 c:3", "a <-> !c"));
  EXPECT_FALSE(IsMatch("a:1 b:2 c:3", "a <-> !b"));
  EXPECT_TRUE(IsMatch("a:1 b:2 c:3", "a <-> (b | c)"));
  EXPECT_FALSE(IsMatch("a b", "a <-> b"));
  EXPECT_TRUE(IsMatch("a b", "!(a <-> b)"));
  EXPECT_TRUE(IsMatch("a:1A", "a:AB"));
  EXPECT_FALSE(IsMatch("a:1A", "a:B"));
  EXPECT_TRUE(IsMatch("a", "a:B"));
  EXPECT_TRUE(IsMatch("supernova:1", "super:*"));
  EXPECT_TRUE(IsMatch("", "!a"));
  EXPECT_FALSE(IsMatch("a", ""));
}

TEST(RankTest, AnswersAsPostgres) {
  const std::string form = *types::ParseTsVector("a:1 b:2 c:5A");
  const auto query = [](const char* text) {
    static std::string kept;
    kept = *types::ParseTsQuery(text);
    return types::ReadTsQuery(kept);
  };
  EXPECT_NEAR(*Rank(kRankWeights, TsVectorView(form), query("a & b"), 0, kNoProgress), 0.0991032,
              1e-6);
  EXPECT_NEAR(*Rank(kRankWeights, TsVectorView(form), query("a | c"), 0, kNoProgress), 0.33435,
              1e-4);
  EXPECT_NEAR(*CoverRank(kRankWeights, TsVectorView(form), query("a & b"), 0, kNoProgress), 0.1,
              1e-6);
}

TEST(HeadlineTest, MarksWordsAndChoosesFragments) {
  const auto headline = [](const char* document, const char* query, const char* options) {
    Normalizer normalizer(English());
    const std::string form = *types::ParseTsQuery(query);
    const types::TsQueryItems items = types::ReadTsQuery(form);
    const HeadlineOptions read = *HeadlineOptions::Parse(options);
    return *Headline(items, read, normalizer, kNoProgress).Of(document);
  };
  EXPECT_EQ(headline("The fat rats sat", "rat", ""), "The fat <b>rats</b> sat");
  EXPECT_EQ(headline("one two three four five six", "four",
                     "MaxWords=3, MinWords=2, ShortWord=1, StartSel=[, StopSel=']'"),
            "[four] five");
}

}  // namespace
}  // namespace adbms::text_search
