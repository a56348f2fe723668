#include "common/types/tsquery_parser.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/character_class.h"
#include "common/types/ts_word_reader.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

// An operator-precedence parser: operators wait until one that binds less, or an end, comes.
class Parser {
 public:
  Parser(std::string_view text, TsQuerySyntax syntax, TsQueryWord word, TsQueryBuilder* builder)
      : text_(text),
        reader_(text, syntax == TsQuerySyntax::kWebSearch ? TsWordReader::Kind::kWebSearch
                                                          : TsWordReader::Kind::kQuery),
        push_(word),
        builder_(*builder) {}

  absl::Status ParseOperators();
  absl::Status ParseWebSearch();

 private:
  struct Waiting {
    TsOperator op = TsOperator::kNot;
    int distance = 0;
    bool parenthesis = false;
  };

  bool AtEnd() const { return at_ >= text_.size(); }
  void SkipSpaces() {
    while (!AtEnd() && IsSpaceCharacter(CharacterAt(text_, at_))) at_ += CharacterBytes(text_, at_);
  }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  absl::Status Operator(TsOperator op, int distance = 0);
  // Pops what has waited, up to a parenthesis.
  absl::Status PopWaiting();
  absl::Status Operand();
  absl::Status AfterOperand();
  absl::StatusOr<std::optional<int>> PhraseDistance();
  void ReadModifiers(uint8_t* weights, bool* prefix);
  absl::Status WebOperand();
  bool TakeOr();

  const std::string_view text_;
  TsWordReader reader_;
  const TsQueryWord push_;
  TsQueryBuilder& builder_;
  size_t at_ = 0;
  size_t open_ = 0;
  bool wants_operand_ = true;
  bool first_ = true;  // Nothing has come yet.
  bool ended_ = false;
  std::vector<Waiting> waiting_;
};

absl::Status Parser::Operator(TsOperator op, int distance) {
  const int priority = TsPriorityOf(op);
  while (!waiting_.empty() && !waiting_.back().parenthesis) {
    const int last = TsPriorityOf(waiting_.back().op);
    if (op == TsOperator::kNot ? priority >= last : priority > last) break;
    RETURN_IF_ERROR(builder_.PushOperator(waiting_.back().op, waiting_.back().distance));
    waiting_.pop_back();
  }
  waiting_.push_back({op, distance, false});
  wants_operand_ = true;
  first_ = false;
  return absl::OkStatus();
}

absl::Status Parser::PopWaiting() {
  for (; !waiting_.empty() && !waiting_.back().parenthesis; waiting_.pop_back())
    RETURN_IF_ERROR(builder_.PushOperator(waiting_.back().op, waiting_.back().distance));
  return absl::OkStatus();
}

void Parser::ReadModifiers(uint8_t* weights, bool* prefix) {
  if (!Take(':')) return;
  for (; !AtEnd(); ++at_) {
    const char upper = static_cast<char>(text_[at_] & ~0x20);
    if (text_[at_] == '*') {
      *prefix = true;
    } else if (upper >= 'A' && upper <= 'D') {
      *weights = static_cast<uint8_t>(*weights | 1 << ('D' - upper));
    } else {
      return;
    }
  }
}

absl::Status Parser::Operand() {
  if (Take('!')) return Operator(TsOperator::kNot);
  if (Take('(')) {
    waiting_.push_back({.parenthesis = true});
    ++open_;
    first_ = false;
    return absl::OkStatus();
  }
  if (!AtEnd() && text_[at_] == ':') return reader_.SyntaxError();
  std::string word;
  std::vector<TsPosition> positions;
  ASSIGN_OR_RETURN(const bool found, reader_.Next(&at_, &word, &positions));
  if (!found) {
    if (!first_)
      return Error(sqlstate::kSyntaxError,
                   absl::StrCat("no operand in tsquery: \"", std::string(text_), "\""));
    ended_ = true;
    return absl::OkStatus();
  }
  uint8_t weights = 0;
  bool prefix = false;
  ReadModifiers(&weights, &prefix);
  wants_operand_ = false;
  first_ = false;
  return push_(word, weights, prefix, &builder_);
}

// After <: nothing when this is no phrase operator, which nothing follows, either.
absl::StatusOr<std::optional<int>> Parser::PhraseDistance() {
  const auto ends = [this] { return Take('>') && !AtEnd(); };
  if (Take('-')) return ends() ? std::optional<int>(1) : std::nullopt;
  int64_t distance = 0;
  const size_t begin = at_;
  for (; !AtEnd() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
    distance = std::min<int64_t>(distance * 10 + (text_[at_] - '0'), kLastPosition + 2);
  if (at_ == begin) return std::nullopt;
  if (distance > kLastPosition + 1)
    return Error(sqlstate::kInvalidParameterValue,
                 absl::StrCat("distance in phrase operator must be an integer value between zero "
                              "and ",
                              kLastPosition + 1, " inclusive"));
  return ends() ? std::optional<int>(static_cast<int>(distance)) : std::nullopt;
}

absl::Status Parser::AfterOperand() {
  if (AtEnd()) {
    if (open_ > 0) return reader_.SyntaxError();
    ended_ = true;
    return absl::OkStatus();
  }
  if (Take('&')) return Operator(TsOperator::kAnd);
  if (Take('|')) return Operator(TsOperator::kOr);
  if (Take('<')) {
    ASSIGN_OR_RETURN(const std::optional<int> distance, PhraseDistance());
    if (!distance.has_value()) return reader_.SyntaxError();
    return Operator(TsOperator::kPhrase, *distance);
  }
  if (!Take(')') || open_ == 0) return reader_.SyntaxError();
  --open_;
  RETURN_IF_ERROR(PopWaiting());
  waiting_.pop_back();
  return absl::OkStatus();
}

absl::Status Parser::ParseOperators() {
  while (!ended_) {
    SkipSpaces();
    RETURN_IF_ERROR(wants_operand_ ? Operand() : AfterOperand());
  }
  return PopWaiting();
}

absl::Status Parser::WebOperand() {
  if (Take('-')) return Operator(TsOperator::kNot);
  if (Take('"')) {
    const size_t end = std::min(text_.find('"', at_), text_.size());
    const std::string_view phrase = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    wants_operand_ = false;
    first_ = false;
    return push_(phrase, 0, false, &builder_);
  }
  if (!AtEnd() && IsTsQueryOperator(text_[at_])) {
    ++at_;
    first_ = false;
    return absl::OkStatus();
  }
  std::string word;
  std::vector<TsPosition> positions;
  ASSIGN_OR_RETURN(const bool found, reader_.Next(&at_, &word, &positions));
  if (!found) {
    ended_ = true;
    // What is waiting needs an operand.
    if (!first_) builder_.PushStop();
    return absl::OkStatus();
  }
  wants_operand_ = false;
  first_ = false;
  return push_(word, 0, false, &builder_);
}

// "or" between words, when something follows that may be an operand.
bool Parser::TakeOr() {
  const std::string_view rest = text_.substr(at_);
  if (rest.size() < 3 || !absl::EqualsIgnoreCase(absl::string_view(rest.data(), 2), "or"))
    return false;
  const char32_t next = CharacterAt(rest, 2);
  if (next == '-' || next == '_' || IsLetter(next) || IsDigitCharacter(next)) return false;
  size_t at = 2;
  do {
    at += CharacterBytes(rest, at);
    if (at >= rest.size()) return false;
  } while (IsSpaceCharacter(CharacterAt(rest, at)));
  at_ += 2;
  return true;
}

absl::Status Parser::ParseWebSearch() {
  while (!ended_) {
    SkipSpaces();
    if (wants_operand_) {
      RETURN_IF_ERROR(WebOperand());
    } else if (AtEnd()) {
      ended_ = true;
    } else if (IsTsQueryOperator(text_[at_])) {
      ++at_;
    } else {
      RETURN_IF_ERROR(Operator(TakeOr() ? TsOperator::kOr : TsOperator::kAnd));
    }
  }
  return PopWaiting();
}

}  // namespace

absl::Status ParseTsQueryText(std::string_view text, TsQuerySyntax syntax, TsQueryWord word,
                              TsQueryBuilder* builder) {
  if (syntax == TsQuerySyntax::kPlain)
    return text.empty() ? absl::OkStatus() : word(text, 0, false, builder);
  Parser parser(text, syntax, word, builder);
  return syntax == TsQuerySyntax::kWebSearch ? parser.ParseWebSearch() : parser.ParseOperators();
}

absl::StatusOr<std::string> ParseTsQuery(std::string_view text) {
  TsQueryBuilder builder;
  RETURN_IF_ERROR(ParseTsQueryText(
      text, TsQuerySyntax::kOperators,
      [text](std::string_view word, uint8_t weights, bool prefix, TsQueryBuilder* query) {
        return query->PushValue(word, weights, prefix, text);
      },
      &builder));
  return builder.Finish();
}

}  // namespace adbms::types
