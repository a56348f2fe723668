#include "common/text_search/rank.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/status/macros.h"
#include "common/text_search/rank_normalization.h"

namespace adbms::text_search {
namespace {

using types::TsLexeme;
using types::TsOperator;
using types::TsPosition;
using types::TsQueryItem;
using types::TsQueryItems;
using types::TsVectorView;

// Beyond that, distances count as good as nothing.
constexpr int kFarthest = 100;
constexpr double kSquaresSum = 1.64493406685;

float Nearness(int distance) {
  if (distance > kFarthest) return 1e-30F;
  return static_cast<float>(1.0 /
                            (1.005 + 0.05 * std::exp(static_cast<float>(distance) / 1.5 - 2)));
}

// Values of different lexemes, by lexeme.
std::vector<const TsQueryItem*> DistinctValues(const TsQueryItems& query) {
  std::vector<const TsQueryItem*> values;
  for (const TsQueryItem& item : query) {
    if (!item.is_operator) values.push_back(&item);
  }
  std::stable_sort(values.begin(), values.end(), [](const TsQueryItem* a, const TsQueryItem* b) {
    return a->lexeme < b->lexeme;
  });
  values.erase(std::unique(values.begin(), values.end(),
                           [](const TsQueryItem* a, const TsQueryItem* b) {
                             return a->lexeme == b->lexeme;
                           }),
               values.end());
  return values;
}

// A lexeme's positions; where it has none, one that is marked as standing for them.
struct PositionList {
  std::vector<TsPosition> positions;
  bool is_dummy = false;
};

PositionList PositionsOf(const TsLexeme& lexeme, int dummy) {
  PositionList list;
  for (size_t i = 0; i < lexeme.positions(); ++i) list.positions.push_back(lexeme.At(i));
  list.is_dummy = list.positions.empty();
  if (list.is_dummy) list.positions.push_back(TsPosition::Of(dummy, 0));
  return list;
}

class Ranker {
 public:
  Ranker(const RankWeights& weights, const TsVectorView& vector, const TsQueryItems& query,
         Progress progress)
      : weights_(weights), vector_(vector), query_(query), progress_(progress) {}

  absl::StatusOr<float> OfAny() const {
    const std::vector<const TsQueryItem*> values = DistinctValues(query_);
    float rank = 0;
    for (const TsQueryItem* value : values) {
      const auto [begin, end] = vector_.Find(value->lexeme, value->prefix);
      for (uint32_t i = begin; i < end; ++i) {
        RETURN_IF_ERROR(progress_(64 + vector_.At(i).position_bytes.size()));
        rank = static_cast<float>(rank + OfPositions(PositionsOf(vector_.At(i), 0)));
      }
    }
    return values.empty() ? rank : rank / static_cast<float>(values.size());
  }

  absl::StatusOr<float> OfAll() const {
    const std::vector<const TsQueryItem*> values = DistinctValues(query_);
    if (values.size() < 2) return OfAny();
    // What was last found of each value.
    std::vector<PositionList> lists(values.size());
    float rank = -1;
    for (size_t v = 0; v < values.size(); ++v) {
      const auto [begin, end] = vector_.Find(values[v]->lexeme, values[v]->prefix);
      for (uint32_t i = begin; i < end; ++i) {
        lists[v] = PositionsOf(vector_.At(i), types::kLastPosition);
        for (size_t other = 0; other < v; ++other) {
          RETURN_IF_ERROR(
              progress_(64 + lists[v].positions.size() * lists[other].positions.size()));
          AddPairs(lists[v], lists[other], &rank);
        }
      }
    }
    return rank;
  }

 private:
  float WeightOf(TsPosition position) const {
    return weights_[static_cast<size_t>(position.weight())];
  }

  // Positions count the less the later they come; the heaviest one counts in full.
  double OfPositions(const PositionList& list) const {
    float sum = 0;
    float greatest = -1;
    int at = 0;
    for (int i = 0; i < static_cast<int>(list.positions.size()); ++i) {
      const float weight = WeightOf(list.positions[static_cast<size_t>(i)]);
      sum = sum + weight / static_cast<float>((i + 1) * (i + 1));
      if (weight > greatest) {
        greatest = weight;
        at = i;
      }
    }
    const float rest = greatest + sum - greatest / static_cast<float>((at + 1) * (at + 1));
    return rest / kSquaresSum;
  }

  void AddPairs(const PositionList& a, const PositionList& b, float* rank) const {
    for (const TsPosition left : a.positions) {
      for (const TsPosition right : b.positions) {
        int distance = std::abs(left.position() - right.position());
        if (distance == 0 && !a.is_dummy && !b.is_dummy) continue;
        if (distance == 0) distance = types::kLastPosition + 1;
        const auto weight =
            static_cast<float>(std::sqrt(WeightOf(left) * WeightOf(right) * Nearness(distance)));
        *rank = static_cast<float>(*rank < 0 ? weight : 1.0 - (1.0 - *rank) * (1.0 - weight));
      }
    }
  }

  const RankWeights& weights_;
  const TsVectorView& vector_;
  const TsQueryItems& query_;
  const Progress progress_;
};

}  // namespace

absl::StatusOr<float> Rank(const RankWeights& weights, const TsVectorView& vector,
                           const TsQueryItems& query, int normalization, Progress progress) {
  if (vector.size() == 0 || query.empty()) return 0.0F;
  const Ranker ranker(weights, vector, query, progress);
  const bool all = query[0].Is(TsOperator::kAnd) || query[0].Is(TsOperator::kPhrase);
  ASSIGN_OR_RETURN(float rank, all ? ranker.OfAll() : ranker.OfAny());
  if (rank < 0) rank = 1e-20F;
  const double length = LengthOf(vector);
  const double lexemes = vector.size();
  if ((normalization & kByLogLength) != 0)
    rank = static_cast<float>(rank / (std::log(length + 1) / std::log(2.0)));
  if ((normalization & kByLength) != 0 && length > 0) rank /= static_cast<float>(length);
  if ((normalization & kByLexemes) != 0) rank /= static_cast<float>(lexemes);
  if ((normalization & kByLogLexemes) != 0)
    rank = static_cast<float>(rank / (std::log(lexemes + 1) / std::log(2.0)));
  if ((normalization & kIntoOne) != 0) rank /= (rank + 1);
  return rank;
}

}  // namespace adbms::text_search
