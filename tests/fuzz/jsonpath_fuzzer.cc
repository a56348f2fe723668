// jsonpath: any text is refused, or has a canonical text that reads as itself. What is read is
// evaluated over a few documents, which ends without harm.
#include "common/types/jsonpath.h"

#include <cstdlib>

#include "common/sql/functions/jsonpath_evaluation.h"
#include "common/types/bytes_text.h"
#include "common/types/jsonb_builder.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  return {
      "strict $.a[*] ? (@.b >= 1.5 && !(exists (@.c))).**{1 to last}.\"key\"",
      "lax $x.keyvalue().value.datetime(\"YYYY-MM-DD HH24:MI:SS TZH:TZM\")",
      "$[0, last, $.size() to -1 + 2 * 3 % 4 / 5] ? (@ like_regex \"^a.*\" flag \"ismq\")",
      "($ == 1 || \"\\u0041\\x42\\u{1F604}\" starts with \"A\") is unknown",
      "$.double().abs().floor().ceiling().type()",
      "$.** ? (@.datetime() < \"2020-01-01T00:00:00+01:00\".datetime())",
      "/* comment */ -+$.*.a ? (@ <> null && true != false)",
  };
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

namespace {

void Evaluate(const std::string& path) {
  static const auto* const kDocuments = new std::vector<std::string>{
      *types::ParseJsonb("{\"a\": [{\"b\": 2, \"c\": \"2020-01-01\"}, 1.50, null, [[], {}]]}"),
      *types::ParseJsonb("[\"abc\", \"12:34:56+01\", true, -1e20]"),
      *types::ParseJsonb("7"),
  };
  static const auto* const kVariables = new std::string(*types::ParseJsonb("{\"x\": {\"y\": 1}}"));
  using sql::functions::JsonpathEvaluation;
  for (const std::string& document : *kDocuments) {
    const sql::functions::EvaluationContext context;
    auto compiled = sql::functions::JsonpathCache::Of(context).Find(path);
    if (!compiled.ok()) std::abort();
    for (const bool silent : {false, true}) {
      sql::functions::PathItems items(context);
      JsonpathEvaluation evaluation(context, *compiled, types::Jsonb(document),
                                    types::Jsonb(*kVariables), {silent, true});
      if (!evaluation.Run(&items).ok()) continue;
      for (const sql::functions::PathItem& item : items) {
        if (!types::ValidateJsonb(item.value.bytes()).ok()) std::abort();
      }
    }
  }
}

}  // namespace
}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!types::ValidateUtf8(text).ok()) return 0;
  const auto canonical = types::CanonicalJsonpath(text);
  if (!canonical.ok()) return 0;
  const auto again = types::CanonicalJsonpath(*canonical);
  if (!again.ok() || *again != *canonical) std::abort();
  fuzz::Evaluate(*canonical);
  return 0;
}
