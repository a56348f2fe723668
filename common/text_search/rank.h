// How well a document matches a query (manual, 12.3.3). Pure functions.
#pragma once

#include <array>

#include "absl/status/statusor.h"
#include "common/text_search/match.h"
#include "common/types/text_search.h"

namespace adbms::text_search {

// Of D, C, B and A, each at most 1.
using RankWeights = std::array<float, 4>;
inline constexpr RankWeights kRankWeights = {0.1F, 0.2F, 0.4F, 1.0F};

// By how often and how near the lexemes are. `normalization`: PostgreSQL's bits.
absl::StatusOr<float> Rank(const RankWeights& weights, const types::TsVectorView& vector,
                           const types::TsQueryItems& query, int normalization, Progress progress);
// By the density of the covers: the shortest pieces that match.
absl::StatusOr<float> CoverRank(const RankWeights& weights, const types::TsVectorView& vector,
                                const types::TsQueryItems& query, int normalization,
                                Progress progress);

}  // namespace adbms::text_search
