// Whether a document matches a query: PostgreSQL's rules for phrases, weights and negations. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/text_search.h"

namespace adbms::text_search {

// Is told how much work was done, in bytes; an error that it answers ends the work.
using Progress = absl::FunctionRef<absl::Status(size_t bytes)>;

// kMaybe: there is a match, but nothing says where, as the lexemes have no positions.
enum class Match : uint8_t { kNo, kYes, kMaybe };

// Where a part of a query matches: the ends of matches, ascending; negated: everywhere else.
struct Places {
  std::vector<int> positions;
  bool negated = false;
  // How far before its end a match begins.
  int width = 0;
};

class Matcher {
 public:
  // Answers whether the value at an item is in the document; with places: where.
  using FindValue = absl::FunctionRef<Match(uint32_t item, Places* places)>;

  // All of these outlive the matcher.
  Matcher(const types::TsQueryItems& items, FindValue find, Progress progress)
      : items_(items), find_(find), progress_(progress) {}
  // REQUIRES: the query has items.
  absl::StatusOr<bool> Run();

 private:
  bool Matches(uint32_t root);
  Match MatchPhrase(uint32_t root, Places* places);
  Match MatchNegation(uint32_t operand, Places* places);
  Match Find(uint32_t item, Places* places);
  // What becomes of a binary operator with a left operand that was found. May be asked for nothing
  // but whether there is a match.
  Match Join(const types::TsQueryItem& op, Match left, Places left_places, uint32_t right,
             Places* places);

  const types::TsQueryItems& items_;
  const FindValue find_;
  const Progress progress_;
  absl::Status status_;
};

// Of a tsvector. Errors: the progress's.
absl::StatusOr<bool> Matches(const types::TsVectorView& vector, const types::TsQueryItems& query,
                             Progress progress);

}  // namespace adbms::text_search
