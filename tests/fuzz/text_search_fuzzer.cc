// Text search: literals of tsvector and tsquery are refused, or written as what reads as the same;
// bytes of the wire likewise. Any document is cut into tokens that follow each other, and matched,
// ranked and shown without harm.
#include <algorithm>
#include <cstdlib>

#include "common/text_search/documents.h"
#include "common/text_search/headline.h"
#include "common/text_search/rank.h"
#include "common/text_search/vector_edits.h"
#include "common/types/bytes_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  return {
      "'it''s':1A,3 b:2 \\'c:16383D",
      "a & (b | !c:*AB) <-> d <12> 'e f'",
      "Up-to-date news-4 of http://www.example.com:80/a?b me@x.org ../c/d.txt -1.5e-3 1.2.3",
      "<a href='x\\'y'>b</a> <!-- c --> &amp; <script>d</script> wörter e1-f",
      "\"fat rat\" or cat -dog",
      std::string("\0\0\0\2a\0\0\2\xc0\1\0\2b\0\0\0", 16),
      std::string("\0\0\0\3\2\2\1\0\0b\0\1\1\1a\0", 16),
  };
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

namespace {

void Expect(bool holds) {
  if (!holds) std::abort();
}

void TryLiterals(std::string_view text) {
  if (const auto vector = types::ParseTsVector(text); vector.ok()) {
    Expect(types::IsTsVectorForm(*vector));
    std::string written;
    types::FormatTsVector(*vector, &written);
    Expect(*types::ParseTsVector(written) == *vector);
  }
  if (const auto query = types::ParseTsQuery(text); query.ok()) {
    Expect(types::IsTsQueryForm(*query));
    std::string written;
    types::FormatTsQuery(*query, &written);
    // Of & in & the text does not say where the parentheses were.
    std::string again;
    types::FormatTsQuery(*types::ParseTsQuery(written), &again);
    Expect(again == written);
  }
}

void TryBytes(std::string_view bytes) {
  if (const auto vector = types::ParseTsVectorBinary(bytes); vector.ok()) {
    std::string written;
    types::FormatTsVectorBinary(*vector, &written);
    Expect(*types::ParseTsVectorBinary(written) == *vector);
  }
  if (const auto query = types::ParseTsQueryBinary(bytes); query.ok()) {
    std::string written;
    types::FormatTsQueryBinary(*query, &written);
    Expect(*types::ParseTsQueryBinary(written) == *query);
  }
  // What is no form reads as something, and harms nobody.
  const types::TsVectorView view(bytes);
  std::string written;
  for (uint32_t i = 0; i < view.size() && i < 1000; ++i) written += view.At(i).text;
  if (types::IsTsQueryForm(bytes)) types::FormatTsQuery(bytes, &written);
}

void TryDocument(std::string_view text) {
  const auto progress = [](size_t) { return absl::OkStatus(); };
  text_search::DefaultParser parser(text);
  text_search::Token token;
  size_t reached = 0;
  while (parser.Next(&token)) {
    const auto begin = static_cast<size_t>(token.text.data() - text.data());
    Expect(!token.text.empty() && begin <= reached);
    reached = std::max(reached, begin + token.text.size());
  }
  text_search::Normalizer normalizer(
      *types::FindTextSearchConfiguration(types::kEnglishConfiguration));
  text_search::DocumentBuilder builder(normalizer, progress);
  if (!builder.Add(text).ok()) return;
  const auto vector = builder.Finish();
  if (!vector.ok()) return;
  Expect(types::IsTsVectorForm(*vector));
  const types::TsVectorView view(*vector);
  for (const auto syntax : {types::TsQuerySyntax::kOperators, types::TsQuerySyntax::kPlain,
                            types::TsQuerySyntax::kWebSearch}) {
    const auto query =
        text_search::QueryOf(text, syntax, types::TsOperator::kPhrase, normalizer, progress);
    if (!query.ok()) continue;
    Expect(types::IsTsQueryForm(*query));
    const types::TsQueryItems items = types::ReadTsQuery(*query);
    Expect(text_search::Matches(view, items, progress).ok());
    (void)text_search::Rank(text_search::kRankWeights, view, items, 63, progress);
    (void)text_search::CoverRank(text_search::kRankWeights, view, items, 63, progress);
    (void)text_search::QueryTree(*query);
    text_search::HeadlineOptions options;
    (void)text_search::Headline(items, options, normalizer, progress).Of(text);
    options.max_fragments = 2;
    (void)text_search::Headline(items, options, normalizer, progress).Of(text);
  }
  (void)text_search::HeadlineOptions::Parse(text);
}

}  // namespace
}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::TryBytes(bytes);
  if (!types::ValidateUtf8(bytes).ok()) return 0;
  fuzz::TryLiterals(bytes);
  if (size < 4096) fuzz::TryDocument(bytes);
  return 0;
}
