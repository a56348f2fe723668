// Reads the words of tsvector and tsquery literals: plain ones, with \ before what is to be taken
// as it is, and those in quotes. Not thread-safe; borrows the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/text_search.h"

namespace adbms::types {

class TsWordReader {
 public:
  enum class Kind {
    kVector,     // with positions, nothing else ends a word but blanks
    kQuery,      // operators and : end words
    kWebSearch,  // the same; " ends words, neither ' nor \ mean anything
  };
  // `text` is what errors name.
  TsWordReader(std::string_view text, Kind kind) : text_(text), kind_(kind) {}

  // From byte `*at` on, which becomes that behind the word. False: there is no more. Errors: 42601.
  absl::StatusOr<bool> Next(size_t* at, std::string* word, std::vector<TsPosition>* positions);
  absl::Status SyntaxError() const;

 private:
  // The first character of a word decides how it goes on.
  absl::Status ReadPlain(size_t* at, std::string* word, bool* has_positions);
  absl::Status ReadQuoted(size_t* at, std::string* word, bool* has_positions);
  absl::Status ReadPositions(size_t* at, std::vector<TsPosition>* positions);
  absl::Status ReadEscaped(size_t* at, std::string* word);
  void Take(size_t* at, std::string* word) const;
  bool IsSpaceAt(size_t at) const;
  bool EndsPlainWord(size_t at) const;

  const std::string_view text_;
  const Kind kind_;
};

// Whether the byte is an operator of queries, or begins one.
inline bool IsTsQueryOperator(char c) {
  return c == '!' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<';
}

}  // namespace adbms::types
