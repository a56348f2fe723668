// Compares functions, operators and casts with the answers of PostgreSQL 15.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/sql/functions/function_catalog.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using types::Type;
using types::TypeId;
using types::Vector;

// Constants: thousands of strings that are constructed at the start take a sanitizing compiler
// minutes.
struct Case {
  std::string_view signature;  // "+(int4,int4)", or "::int4(text)" for a cast.
  std::string_view arguments[6];
  std::string_view expected;
};

constexpr Case kCases[] = {
#include "common/sql/functions/testdata/numeric_answers.inc"
#include "common/sql/functions/testdata/postgres_answers.inc"
};

std::vector<TypeId> ArgumentTypes(std::string_view signature) {
  std::vector<TypeId> ids;
  const size_t open = signature.rfind('(');
  std::string rest(signature.substr(open + 1, signature.size() - open - 2));
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    ids.push_back(
        types::FromName(rest.substr(0, comma) == "bpchar" ? "bpchar" : rest.substr(0, comma))
            .value_or(TypeId::kUnspecified));
    rest.erase(0, comma + 1);
  }
  return ids;
}

absl::StatusOr<std::string> Answer(const Case& test) {
  EvaluationContext context;
  const types::TextOptions options;
  const std::vector<TypeId> ids = ArgumentTypes(test.signature);
  std::vector<std::unique_ptr<Vector>> owners;
  std::vector<const Vector*> arguments;
  for (size_t i = 0; i < ids.size(); ++i) {
    owners.push_back(std::make_unique<Vector>(Type{ids[i], 0}));
    owners.back()->Resize(1);
    absl::Status status = types::ParseTextInto(test.arguments[i], options, owners.back().get(), 0);
    if (!status.ok()) return status;
    arguments.push_back(owners.back().get());
  }
  const auto& catalog = FunctionCatalog::Builtin();
  const bool is_cast = test.signature.rfind("::", 0) == 0;
  std::unique_ptr<Vector> result;
  if (is_cast) {
    const auto to = types::FromName(test.signature.substr(2, test.signature.rfind('(') - 2));
    result = std::make_unique<Vector>(Type{*to, 0});
    absl::Status status = catalog.Cast(context, *arguments[0], true, result.get());
    if (!status.ok()) return status;
  } else {
    const Function* function = catalog.BySignature(test.signature);
    if (function == nullptr)
      return absl::InternalError("no function " + std::string(test.signature));
    result = std::make_unique<Vector>(Type{function->result, 0});
    result->Resize(1);
    absl::Status status = function->kernel(context, arguments, 1, result.get());
    if (!status.ok()) return status;
  }
  if (result->is_null(0)) return std::string("<null>");
  std::string text;
  types::FormatText(*result, 0, options, &text);
  if (result->type().id == TypeId::kBool) return std::string(text == "t" ? "true" : "false");
  return text;
}

TEST(PostgresAnswersTest, FunctionsGiveThem) {
  for (const Case& test : kCases) {
    std::string call(test.signature);
    for (size_t i = 0; i < ArgumentTypes(test.signature).size(); ++i) {
      call += " '" + std::string(test.arguments[i]) + "'";
    }
    const auto result = Answer(test);
    std::string text;
    if (result.ok()) {
      text = *result;
    } else {
      const auto error = status::FromStatus(result.status());
      text = "ERROR " + error.sqlstate + " " + error.message;
    }
    EXPECT_EQ(text, test.expected) << call;
  }
}

}  // namespace
}  // namespace adbms::sql::functions
