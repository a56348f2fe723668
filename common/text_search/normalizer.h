// What the dictionaries of a configuration make of the words of documents and queries. One
// thread's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/text_search/default_parser.h"
#include "common/types/text_search_objects.h"

struct sb_stemmer;

namespace adbms::text_search {

// A dictionary: `simple`, which puts words in lower case, or a Snowball stemmer.
class Dictionary {
 public:
  explicit Dictionary(const types::TextSearchDictionary& definition);
  ~Dictionary();
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  // The lexeme; empty for a stop word. Errors: 54000 when it is too long, 53200.
  absl::StatusOr<std::string> LexemeOf(std::string_view word) const;

 private:
  const bool stems_;
  const std::span<const std::string_view> stop_words_;
  sb_stemmer* const stemmer_;  // Null: none, or no memory for one.
};

class Normalizer {
 public:
  explicit Normalizer(const types::TextSearchConfiguration& configuration)
      : configuration_(configuration) {}

  // The dictionary's number for such tokens; 0: they are not looked at.
  uint32_t DictionaryOf(TokenType type) const;
  // Tells of all words of a document, in order: their lexeme, empty for stop words. What is too
  // long for a lexeme is passed over. Errors: the callback's and the dictionaries'.
  absl::Status ForEachWord(std::string_view document,
                           absl::FunctionRef<absl::Status(std::string_view lexeme)> tell);
  // Of one token whose type has a dictionary.
  absl::StatusOr<std::string> LexemeOf(const Token& token);

 private:
  const Dictionary& OpenDictionary(uint32_t oid);

  const types::TextSearchConfiguration& configuration_;
  std::unique_ptr<Dictionary> simple_, ascii_, other_;
};

// Whether the token is too long to be a lexeme.
bool IsTooLong(const Token& token);

}  // namespace adbms::text_search
