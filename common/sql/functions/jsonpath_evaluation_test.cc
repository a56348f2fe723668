#include "common/sql/functions/jsonpath_evaluation.h"

#include <gtest/gtest.h>

#include <string>

#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using Options = JsonpathEvaluation::Options;

std::string Query(const EvaluationContext& context, std::string_view document,
                  std::string_view path, Options options = {}) {
  const std::string bytes = *types::ParseJsonb(document);
  const std::string variables = *types::ParseJsonb("{\"x\": 1, \"o\": {\"p\": [{\"q\": 2}]}}");
  auto compiled = JsonpathCache::Of(context).Find(path);
  if (!compiled.ok()) return status::FromStatus(compiled.status()).sqlstate;
  PathItems items(context);
  JsonpathEvaluation evaluation(context, *compiled, types::Jsonb(bytes), types::Jsonb(variables),
                                options);
  const auto found = evaluation.Run(&items);
  if (!found.ok()) return status::FromStatus(found.status()).sqlstate;
  std::string text;
  for (const PathItem& item : items) {
    if (!text.empty()) text += " ";
    types::FormatJsonb(item.value, false, &text);
  }
  return text;
}

std::string Query(std::string_view document, std::string_view path, Options options = {}) {
  const EvaluationContext context;
  return Query(context, document, path, options);
}

constexpr Options kSilent = {.silent = true};
constexpr Options kWithZone = {.use_zone = true};

TEST(JsonpathEvaluationTest, LaxPathsUnwrapAndForgive) {
  EXPECT_EQ(Query("[{\"a\": 1}, {\"b\": 2}, [{\"a\": 3}]]", "$.a"), "1");
  EXPECT_EQ(Query("{\"a\": 1}", "$[0].a[last]"), "1");
  EXPECT_EQ(Query("[1, 2]", "$[1 to 5]"), "2");
  EXPECT_EQ(Query("{\"a\": 1}", "strict $[0]"), "22039");
  EXPECT_EQ(Query("{\"a\": 1}", "strict $.b"), "2203A");
  EXPECT_EQ(Query("[1, 2]", "strict $[1 to 5]"), "22033");
  EXPECT_EQ(Query("[1, 2]", "strict $[1 to 5]", kSilent), "");
}

TEST(JsonpathEvaluationTest, ErrorsInConditionsAreUnknown) {
  EXPECT_EQ(Query("[0, 2, \"a\"]", "$[*] ? (1 / @ < 1)"), "2");
  EXPECT_EQ(Query("[0, 2, \"a\"]", "$[*] ? ((1 / @ < 1) is unknown)"), "0 \"a\"");
  EXPECT_EQ(Query("0", "1 / $"), "22012");
  // Not even there: who asks has made the mistake, not the document.
  EXPECT_EQ(Query("0", "$ ? (@ == $undefined)", kSilent), "42704");
  EXPECT_EQ(Query("\"1\"", "$ ? (@.datetime(\"x\") == 1)", kSilent), "22007");
}

TEST(JsonpathEvaluationTest, NumbersAreOfAnySize) {
  EXPECT_EQ(Query("1e40", "$ + 0.1"), "1" + std::string(40, '0') + ".1");
  EXPECT_EQ(Query("[1.10, 2]", "$[0] * $[1]"), "2.20");
  EXPECT_EQ(Query("-7", "$ % 2"), "-1");
  EXPECT_EQ(Query("[-1.5]", "$.abs().ceiling() + $.floor()"), "0");
}

TEST(JsonpathEvaluationTest, TimesCompareAcrossTypes) {
  const std::string_view days = "[\"2020-01-01\", \"2020-01-02T00:00:00\"]";
  EXPECT_EQ(Query(days, "$[*].datetime() ? (@ < \"2020-01-01 12:00:00\".datetime())"),
            "\"2020-01-01\"");
  const std::string_view zoned = "$[*].datetime() ? (@ < \"2020-01-02 00:00:00+01\".datetime())";
  EXPECT_EQ(Query(days, zoned), "0A000");
  EXPECT_EQ(Query(days, zoned, kWithZone), "\"2020-01-01\"");
  EvaluationContext context;
  context.time_zone = "Asia/Tokyo";
  EXPECT_EQ(Query(context, days, zoned, kWithZone), "\"2020-01-01\" \"2020-01-02T00:00:00\"");
}

// The ids are offsets in PostgreSQL's layout, behind a number for what they lie in.
TEST(JsonpathEvaluationTest, KeyvalueHasPostgresIds) {
  EXPECT_EQ(Query("[{\"a\": 1}, {\"a\": \"x\"}]", "$[*].keyvalue().id"), "12 36");
  EXPECT_EQ(Query("{}", "$o.p[*].keyvalue()"),
            "{\"id\": 10000000048, \"key\": \"q\", \"value\": 2}");
  EXPECT_EQ(Query("{\"a\": {\"b\": 1}}", "$.keyvalue().value.keyvalue().id"), "20000000048");
}

TEST(JsonpathEvaluationTest, ConstantPathsAreReadOnce) {
  const EvaluationContext context;
  const auto first = JsonpathCache::Of(context).Find("$.a");
  EXPECT_EQ(JsonpathCache::Of(context).Find("$.a")->get(), first->get());
  const EvaluationContext copy = context;
  EXPECT_NE(JsonpathCache::Of(copy).Find("$.a")->get(), first->get());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(JsonpathCache::Of(context).Find("$[" + std::to_string(i) + "]").ok());
  }
}

TEST(JsonpathEvaluationTest, ItemsAreRows) {
  const auto functions = FunctionCatalog::Builtin().FindTableFunctions("jsonb_path_query");
  ASSERT_EQ(functions.size(), 3u);
  const EvaluationContext context;
  const auto rows = [&](std::string_view document, std::string_view path) {
    const types::Type jsonb{types::TypeId::kJsonb, 0};
    const std::vector<types::Value> arguments = {
        types::Value::String(jsonb, *types::ParseJsonb(document)),
        types::Value::String({types::TypeId::kJsonpath, 0}, std::string(path))};
    auto cursor = functions[0]->open(context, arguments);
    if (!cursor.ok()) return status::FromStatus(cursor.status()).sqlstate;
    std::string text;
    types::Batch batch;
    while (*(*cursor)->Next(&batch)) {
      for (uint32_t row = 0; row < batch.row_count; ++row) {
        if (!text.empty()) text += " ";
        types::FormatText(*batch.columns[0], row, {}, &text);
      }
    }
    return text;
  };
  EXPECT_EQ(rows("[1, [2], {\"a\": 3}]", "$[*] ? (@.a == 3 || @ == 2)"), "2 {\"a\": 3}");
  EXPECT_EQ(rows("[1, 2]", "$[*] + 1"), "22038");
  EXPECT_EQ(rows("[]", "$[*]"), "");
}

TEST(JsonpathEvaluationTest, LongEvaluationsAreInterrupted) {
  EvaluationContext context;
  int looks = 0;
  context.check_interrupts = [&]() -> absl::Status {
    if (++looks < 3) return absl::OkStatus();
    return status::Error(status::sqlstate::kQueryCanceled, "canceled");
  };
  std::string document = "[0";
  for (int i = 1; i < 2000; ++i) document += "," + std::to_string(i);
  document += "]";
  EXPECT_EQ(Query(context, document, "$[*] ? (@ == $[*] && @ < $[*])"), "57014");
  looks = 0;
  const std::string number(100000, '9');
  EXPECT_EQ(Query(context, number, "($ + 1) * $ % ($ - 1)"), "57014");
}

}  // namespace
}  // namespace adbms::sql::functions
