// Reads the texts that become a tsquery. What a word of them becomes, the caller decides. Pure.
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/types/text_search.h"

namespace adbms::types {

enum class TsQuerySyntax {
  kOperators,  // words with !, &, |, <->, <N>, parentheses, weights and :*
  kPlain,      // one word: the whole text
  kWebSearch,  // words, "phrases", -words, or; never an error
};

// Pushes one operand for a word, which may be a stop.
using TsQueryWord = absl::FunctionRef<absl::Status(std::string_view word, uint8_t weights,
                                                   bool prefix, TsQueryBuilder* builder)>;

// Leaves one operand in the builder, or none for a text without words. Errors: 42601, 22023, 54001,
// and the word's.
absl::Status ParseTsQueryText(std::string_view text, TsQuerySyntax syntax, TsQueryWord word,
                              TsQueryBuilder* builder);

// How strongly an operator binds.
int TsPriorityOf(TsOperator op);

}  // namespace adbms::types
