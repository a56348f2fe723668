// What the extension pg_trgm has for comparing two texts: trigrams are runs of three characters of
// a word in lower case, with two blanks before it and one behind.
#include <algorithm>
#include <iterator>

#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/trigrams.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/types/array.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

// The share of the trigrams of either that both have.
float SimilarityOf(View a, View b) {
  const std::vector<std::string> left = TrigramsOf(a);
  const std::vector<std::string> right = TrigramsOf(b);
  std::vector<std::string> both;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(both));
  const auto common = static_cast<float>(both.size());
  const auto all = static_cast<float>(left.size() + right.size()) - common;
  return all == 0 ? 0 : common / all;
}

absl::StatusOr<float> Similarity(const EvaluationContext& context, const View& a, const View& b) {
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(scratch.Take(100 * (a.size() + b.size())));
  RETURN_IF_ERROR(context.Handled(32 * (a.size() + b.size())));
  return SimilarityOf(a, b);
}
absl::StatusOr<float> Distance(const EvaluationContext& context, const View& a, const View& b) {
  ASSIGN_OR_RETURN(const float similarity, Similarity(context, a, b));
  return 1 - similarity;
}
absl::StatusOr<bool> IsSimilar(const EvaluationContext& context, const View& a, const View& b) {
  ASSIGN_OR_RETURN(const float similarity, Similarity(context, a, b));
  return similarity >= kSimilarityThreshold;
}

absl::Status Show(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                  uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const View text = arguments[0]->data<View>()[row];
    ScratchMemory scratch(context);
    RETURN_IF_ERROR(scratch.Take(100 * text.size()));
    types::ArrayBuilder builder(TypeId::kTextArray);
    for (const std::string& trigram : TrigramsOf(text)) builder.AddBytes(trigram);
    RETURN_IF_ERROR(StoreArray(builder.Finish(), row, result));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsTrigramCharacter(View character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

void AppendTrigrams(std::vector<std::string> word, bool begins, bool ends,
                    std::vector<std::string>* trigrams) {
  if (word.empty()) return;
  if (begins) word.insert(word.begin(), 2, " ");
  if (ends) word.emplace_back(" ");
  for (size_t i = 0; i + 2 < word.size(); ++i)
    trigrams->push_back(word[i] + word[i + 1] + word[i + 2]);
}

std::vector<std::string> TrigramsOf(View text) {
  const std::string lower = ToLower(text);
  std::vector<std::string> trigrams;
  std::vector<std::string> word;
  const auto end_word = [&] {
    AppendTrigrams(std::move(word), true, true, &trigrams);
    word.clear();
  };
  for (size_t at = 0; at < lower.size();) {
    const size_t length = std::min(CharacterLength(lower[at]), lower.size() - at);
    const View character = View(lower).substr(at, length);
    if (IsTrigramCharacter(character)) {
      word.emplace_back(character);
    } else {
      end_word();
    }
    at += length;
  }
  end_word();
  std::sort(trigrams.begin(), trigrams.end());
  trigrams.erase(std::unique(trigrams.begin(), trigrams.end()), trigrams.end());
  return trigrams;
}

void AddTrigrams(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  builder.AddFunction("similarity", {text, text}, TypeId::kFloat4, Map<Similarity>);
  builder.AddFunction("show_trgm", {text}, TypeId::kTextArray, Show);
  builder.AddOperator("%", {text, text}, TypeId::kBool, Map<IsSimilar>, "%");
  builder.AddOperator("<->", {text, text}, TypeId::kFloat4, Map<Distance>, "<->");
}

}  // namespace adbms::sql::functions
