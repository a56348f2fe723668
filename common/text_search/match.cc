#include "common/text_search/match.h"

#include <algorithm>
#include <climits>
#include <utility>

namespace adbms::text_search {
namespace {

using types::TsLexeme;
using types::TsOperator;
using types::TsQueryItem;

// Which positions of two lists are wanted: those of both, of one alone.
struct Wanted {
  bool both = false, left = false, right = false;
};

struct Shifted {
  const Places& places;
  int offset;

  size_t size() const { return places.positions.size(); }
  int At(size_t i) const { return i < size() ? places.positions[i] + offset : INT_MAX; }
};

Match Merge(const Shifted& left, const Shifted& right, const Wanted& wanted,
            std::vector<int>* merged) {
  size_t l = 0;
  size_t r = 0;
  while (l < left.size() || r < right.size()) {
    const int at_left = left.At(l);
    const int at_right = right.At(r);
    const bool is_wanted = at_left < at_right    ? wanted.left
                           : at_left == at_right ? wanted.both
                                                 : wanted.right;
    const int position = std::min(at_left, at_right);
    if (is_wanted && position > 0) merged->push_back(position);
    if (at_left <= at_right) ++l;
    if (at_right <= at_left) ++r;
  }
  return merged->empty() ? Match::kNo : Match::kYes;
}

// What a lexeme contributes to a value with these weights.
Match FindLexeme(const TsLexeme& lexeme, uint8_t weights, Places* places) {
  // Lexemes without positions match whatever the weights.
  if (lexeme.positions() == 0) return places == nullptr ? Match::kYes : Match::kMaybe;
  if (weights == 0 && places == nullptr) return Match::kYes;
  bool found = false;
  for (size_t i = 0; i < lexeme.positions(); ++i) {
    const types::TsPosition position = lexeme.At(i);
    if (weights != 0 && (weights >> position.weight() & 1) == 0) continue;
    found = true;
    if (places == nullptr) break;
    places->positions.push_back(position.position());
  }
  return found ? Match::kYes : Match::kNo;
}

Match FindInVector(const types::TsVectorView& vector, const TsQueryItem& item, Places* places) {
  const auto [begin, end] = vector.Find(item.lexeme, item.prefix);
  Match result = Match::kNo;
  for (uint32_t i = begin; i < end; ++i) {
    const Match found = FindLexeme(vector.At(i), item.weights, places);
    if (found == Match::kMaybe) {
      if (places != nullptr) places->positions.clear();
      return Match::kMaybe;
    }
    if (found == Match::kYes) result = Match::kYes;
    if (result == Match::kYes && places == nullptr) break;
  }
  if (places != nullptr && end - begin > 1) {
    std::vector<int>& positions = places->positions;
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  }
  return result;
}

}  // namespace

Match Matcher::Find(uint32_t item, Places* places) {
  if (!status_.ok()) return Match::kNo;
  const Match found = find_(item, places);
  status_ = progress_(64 + (places == nullptr ? 0 : 4 * places->positions.size()));
  return status_.ok() ? found : Match::kNo;
}

bool Matcher::Matches(uint32_t root) {
  // Down the left operands, and up again.
  std::vector<uint32_t> spine;
  uint32_t at = root;
  while (items_[at].Is(TsOperator::kAnd) || items_[at].Is(TsOperator::kOr)) {
    spine.push_back(at);
    at = items_[at].left;
  }
  bool result = false;
  if (!items_[at].is_operator) {
    result = Find(at, nullptr) == Match::kYes;
  } else if (items_[at].op == TsOperator::kNot) {
    result = !Matches(at + 1);
  } else {
    Places places;
    result = MatchPhrase(at, &places) == Match::kYes;
  }
  for (; !spine.empty(); spine.pop_back()) {
    const bool is_and = items_[spine.back()].op == TsOperator::kAnd;
    if (result == is_and) result = Matches(spine.back() + 1);
  }
  return result;
}

Match Matcher::MatchNegation(uint32_t operand, Places* places) {
  const Match match = MatchPhrase(operand, places);
  if (match == Match::kMaybe) return match;
  if (match == Match::kNo) {
    // Nowhere becomes everywhere.
    places->positions.clear();
    places->negated = true;
    return Match::kYes;
  }
  places->negated = !places->negated;
  return places->positions.empty() && !places->negated ? Match::kNo : Match::kYes;
}

Match Matcher::MatchPhrase(uint32_t root, Places* places) {
  std::vector<uint32_t> spine;
  uint32_t at = root;
  for (; items_[at].IsBinary(); at = items_[at].left) spine.push_back(at);
  Match result = items_[at].is_operator ? MatchNegation(at + 1, places) : Find(at, places);
  for (; !spine.empty(); spine.pop_back()) {
    Places joined;
    result = Join(items_[spine.back()], result, std::move(*places), spine.back() + 1, &joined);
    *places = std::move(joined);
  }
  return result;
}

Match Matcher::Join(const TsQueryItem& op, Match left, Places l, uint32_t right, Places* places) {
  const bool is_or = op.op == TsOperator::kOr;
  if (left == Match::kNo && !is_or) return Match::kNo;
  Places r;
  const Match match = MatchPhrase(right, &r);
  if (match == Match::kNo && (!is_or || left == Match::kNo)) return Match::kNo;
  if (left == Match::kMaybe || match == Match::kMaybe) return Match::kMaybe;
  if (left == Match::kNo) l = Places();
  if (match == Match::kNo) r = Places();
  int left_offset = 0;
  int right_offset = 0;
  if (op.op == TsOperator::kPhrase) {
    left_offset = op.distance + r.width;
    places->width = op.distance + l.width + r.width;
  } else {
    places->width = std::max(l.width, r.width);
    left_offset = places->width - l.width;
    right_offset = places->width - r.width;
  }
  // A negated list is of where there is no match: by De Morgan's laws.
  Wanted wanted;
  if (is_or) {
    if (l.negated && r.negated) {
      wanted.both = true;
    } else if (l.negated) {
      wanted.left = true;
    } else if (r.negated) {
      wanted.right = true;
    } else {
      wanted = {true, true, true};
    }
    places->negated = l.negated || r.negated;
  } else {
    if (l.negated && r.negated) {
      wanted = {true, true, true};
    } else if (l.negated) {
      wanted.right = true;
    } else if (r.negated) {
      wanted.left = true;
    } else {
      wanted.both = true;
    }
    places->negated = l.negated && r.negated;
  }
  const Match merged = Merge({l, left_offset}, {r, right_offset}, wanted, &places->positions);
  return places->negated ? Match::kYes : merged;
}

absl::StatusOr<bool> Matcher::Run() {
  const bool matches = Matches(0);
  if (!status_.ok()) return status_;
  return matches;
}

absl::StatusOr<bool> Matches(const types::TsVectorView& vector, const types::TsQueryItems& query,
                             Progress progress) {
  if (query.empty()) return false;
  return Matcher(
             query,
             [&](uint32_t item, Places* places) {
               return FindInVector(vector, query[item], places);
             },
             progress)
      .Run();
}

}  // namespace adbms::text_search
