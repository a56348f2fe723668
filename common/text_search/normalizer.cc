#include "common/text_search/normalizer.h"

#include <libstemmer.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/stop_words.h"
#include "common/types/character_class.h"
#include "common/types/text_search.h"

namespace adbms::text_search {
namespace {

namespace sqlstate = status::sqlstate;

// Longer words are not stemmed, and are no stop words.
constexpr size_t kLongestStemmed = 1000;

}  // namespace

bool IsTooLong(const Token& token) { return token.text.size() > types::kLongestLexeme; }

Dictionary::Dictionary(const types::TextSearchDictionary& definition)
    : stems_(*definition.language != '\0'),
      stop_words_(StopWordsOf(definition.language)),
      stemmer_(stems_ ? sb_stemmer_new(definition.language, "UTF_8") : nullptr) {}

Dictionary::~Dictionary() {
  if (stemmer_ != nullptr) sb_stemmer_delete(stemmer_);
}

absl::StatusOr<std::string> Dictionary::LexemeOf(std::string_view word) const {
  std::string lower = types::LowerCase(word);
  if (stems_ && lower.size() <= kLongestStemmed && !lower.empty()) {
    if (std::binary_search(stop_words_.begin(), stop_words_.end(), lower)) return std::string();
    const auto* stem =
        stemmer_ == nullptr
            ? nullptr
            : sb_stemmer_stem(stemmer_, reinterpret_cast<const sb_symbol*>(lower.data()),
                              static_cast<int>(lower.size()));
    if (stem == nullptr) return status::Error(sqlstate::kOutOfMemory, "out of memory");
    const auto length = static_cast<size_t>(sb_stemmer_length(stemmer_));
    // Nothing that is left of a word counts as the word.
    if (length > 0) lower.assign(reinterpret_cast<const char*>(stem), length);
  }
  if (lower.size() > types::kLongestLexeme)
    return status::Error(sqlstate::kProgramLimitExceeded,
                         absl::StrCat("word is too long (", lower.size(), " bytes, max ",
                                      types::kLongestLexeme, " bytes)"));
  return lower;
}

uint32_t Normalizer::DictionaryOf(TokenType type) const {
  switch (type) {
    case TokenType::kAsciiWord:
    case TokenType::kHyphenatedAsciiPart:
    case TokenType::kHyphenatedAsciiWord:
      return configuration_.ascii_dictionary;
    case TokenType::kWord:
    case TokenType::kHyphenatedPart:
    case TokenType::kHyphenatedWord:
      return configuration_.word_dictionary;
    case TokenType::kBlank:
    case TokenType::kTag:
    case TokenType::kProtocol:
    case TokenType::kEntity:
      return 0;
    default:
      return types::kSimpleDictionary;
  }
}

const Dictionary& Normalizer::OpenDictionary(uint32_t oid) {
  std::unique_ptr<Dictionary>& dictionary = oid == types::kSimpleDictionary          ? simple_
                                            : oid == configuration_.ascii_dictionary ? ascii_
                                                                                     : other_;
  if (dictionary == nullptr)
    dictionary = std::make_unique<Dictionary>(*types::FindTextSearchDictionary(oid));
  return *dictionary;
}

absl::StatusOr<std::string> Normalizer::LexemeOf(const Token& token) {
  return OpenDictionary(DictionaryOf(token.type)).LexemeOf(token.text);
}

absl::Status Normalizer::ForEachWord(std::string_view document,
                                     absl::FunctionRef<absl::Status(std::string_view)> tell) {
  DefaultParser parser(document);
  Token token;
  while (parser.Next(&token)) {
    if (DictionaryOf(token.type) == 0 || IsTooLong(token)) continue;
    ASSIGN_OR_RETURN(const std::string lexeme, LexemeOf(token));
    RETURN_IF_ERROR(tell(lexeme));
  }
  return absl::OkStatus();
}

}  // namespace adbms::text_search
