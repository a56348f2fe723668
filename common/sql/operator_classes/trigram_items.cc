// gin_trgm_ops and gist_trgm_ops: a text's trigrams.
#include "common/sql/functions/trigrams.h"
#include "common/sql/functions/unicode.h"
#include "common/sql/operator_classes/class_list.h"

namespace adbms::sql {
namespace {

using functions::CharacterLength;
using Kind = ItemDemand::Kind;
using View = std::string_view;

constexpr char kTrigram = 't';

// What every text has that matches a pattern, of which the characters come one by one.
class PatternTrigrams {
 public:
  // `open`: anything may stand before the pattern and behind it.
  explicit PatternTrigrams(bool open) : begins_(!open), open_(open) {}

  void Literal(View character) {
    if (functions::IsTrigramCharacter(character)) {
      word_.emplace_back(character);
    } else {
      EndWord(true);
      begins_ = true;
    }
  }
  void Wildcard() {
    EndWord(false);
    begins_ = false;
  }
  const std::vector<std::string>& Finish() {
    EndWord(!open_);
    return trigrams_;
  }

 private:
  void EndWord(bool ends) {
    functions::AppendTrigrams(std::move(word_), begins_, ends, &trigrams_);
    word_.clear();
  }

  bool begins_;  // The word at hand is not the rest of a longer one.
  const bool open_;
  std::vector<std::string> word_;
  std::vector<std::string> trigrams_;
};

// False: it is no pattern that can be told by its characters.
bool ReadLike(View pattern, PatternTrigrams* trigrams) {
  for (size_t at = 0; at < pattern.size();) {
    const bool escaped = pattern[at] == '\\';
    if (escaped && ++at == pattern.size()) return false;
    const View character = pattern.substr(at, CharacterLength(pattern[at]));
    at += character.size();
    if (!escaped && (character == "%" || character == "_")) {
      trigrams->Wildcard();
    } else {
      trigrams->Literal(character);
    }
  }
  return true;
}

// A regular expression that is nothing but the characters that it matches.
bool ReadLiteralRegex(View pattern, PatternTrigrams* trigrams) {
  if (pattern.find_first_of("\\^$.[]|()?*+{}") != View::npos) return false;
  for (size_t at = 0; at < pattern.size();) {
    const View character = pattern.substr(at, CharacterLength(pattern[at]));
    at += character.size();
    trigrams->Literal(character);
  }
  return true;
}

}  // namespace

bool IsText(const types::Type& type) {
  return type.id == types::TypeId::kText || type.id == types::TypeId::kVarchar;
}

bool TrigramTakes(View, const types::Type&, const types::Type& operand) { return IsText(operand); }

void TrigramItems(const types::Vector& values, uint32_t row, ItemSink* sink) {
  for (const std::string& trigram : functions::TrigramsOf(values.data<View>()[row]))
    sink->Add(kTrigram, trigram);
}

ItemDemand TrigramDemand(View name, const types::Value& operand, ItemSink* sink) {
  if (name == "=" || name == "%") {
    const std::vector<std::string> trigrams = functions::TrigramsOf(operand.bytes());
    for (const std::string& trigram : trigrams) sink->Add(kTrigram, trigram);
    if (name == "=") return {Kind::kEvery};
    // Of n in one text and all in the other, at most n are common to both.
    return trigrams.empty() ? ItemDemand{Kind::kNothing}
                            : ItemDemand{Kind::kShare, functions::kSimilarityThreshold};
  }
  const bool like = name == "~~" || name == "~~*";
  const std::string lower = functions::ToLower(operand.bytes());
  PatternTrigrams trigrams(/*open=*/!like);
  if (like ? !ReadLike(lower, &trigrams) : !ReadLiteralRegex(lower, &trigrams))
    return {Kind::kEverything};
  for (const std::string& trigram : trigrams.Finish()) sink->Add(kTrigram, trigram);
  return {Kind::kEvery};
}

}  // namespace adbms::sql
