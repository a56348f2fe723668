// ts_rank_cd.
#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "common/status/macros.h"
#include "common/text_search/rank.h"
#include "common/text_search/rank_normalization.h"

namespace adbms::text_search {
namespace {

using types::TsLexeme;
using types::TsPosition;
using types::TsQueryItems;
using types::TsVectorView;

// A place in the document, and which values of the query are there.
struct Place {
  TsPosition position;
  uint32_t lexeme = 0;
  std::vector<uint32_t> items;
};

class Covers {
 public:
  struct Cover {
    size_t begin = 0, end = 0;  // Of the places.
    int from = 0, to = 0;       // Their positions.
  };

  Covers(const TsVectorView& vector, const TsQueryItems& query, Progress progress)
      : query_(query), progress_(progress), found_(query.size()) {
    CollectPlaces(vector);
  }
  const std::vector<Place>& places() const { return places_; }
  // The next one; false: there is none any more.
  absl::StatusOr<bool> Next(Cover* cover) {
    while (true) {
      size_t end = 0;
      ASSIGN_OR_RETURN(const bool any, Extend(next_, &end));
      if (!any || places_[end].position.position() <= 0) return false;
      size_t begin = 0;
      ASSIGN_OR_RETURN(const bool whole, Shrink(end, &begin));
      if (whole) {
        *cover = {begin, end, places_[begin].position.position(), places_[end].position.position()};
        next_ = begin + 1;
        return true;
      }
      ++next_;
    }
  }

 private:
  void CollectPlaces(const TsVectorView& vector) {
    for (uint32_t item = 0; item < query_.size(); ++item) {
      if (query_[item].is_operator) continue;
      const auto [begin, end] = vector.Find(query_[item].lexeme, query_[item].prefix);
      for (uint32_t i = begin; i < end; ++i) {
        const TsLexeme lexeme = vector.At(i);
        for (size_t p = 0; p < lexeme.positions(); ++p) {
          const TsPosition position = lexeme.At(p);
          const uint8_t weights = query_[item].weights;
          if (weights == 0 || (weights >> position.weight() & 1) != 0)
            places_.push_back({position, i, {item}});
        }
      }
    }
    const auto key = [](const Place& place) {
      return std::make_tuple(place.position.position(), place.position.weight(), place.lexeme);
    };
    std::stable_sort(places_.begin(), places_.end(),
                     [&](const Place& a, const Place& b) { return key(a) < key(b); });
    size_t kept = 0;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (kept > 0 && key(places_[kept - 1]) == key(places_[i])) {
        places_[kept - 1].items.push_back(places_[i].items[0]);
        continue;
      }
      if (kept != i) places_[kept] = std::move(places_[i]);
      ++kept;
    }
    places_.resize(kept);
  }

  // Takes places in until the query matches.
  absl::StatusOr<bool> Extend(size_t from, size_t* end) {
    Forget();
    for (size_t i = from; i < places_.size(); ++i) {
      Take(places_[i]);
      ASSIGN_OR_RETURN(const bool matches, Matches(false));
      if (!matches) continue;
      *end = i;
      return true;
    }
    return false;
  }

  absl::StatusOr<bool> Shrink(size_t end, size_t* begin) {
    Forget();
    for (size_t i = end + 1; i-- > next_;) {
      Take(places_[i]);
      ASSIGN_OR_RETURN(const bool matches, Matches(true));
      if (!matches) continue;
      *begin = i;
      return true;
    }
    return false;
  }

  void Forget() {
    for (const uint32_t item : taken_) found_[item].clear();
    taken_.clear();
  }

  void Take(const Place& place) {
    for (const uint32_t item : place.items) {
      std::vector<int>& positions = found_[item];
      if (positions.empty()) taken_.push_back(item);
      if (positions.empty() || positions.back() != place.position.position())
        positions.push_back(place.position.position());
    }
  }

  absl::StatusOr<bool> Matches(bool backwards) {
    return Matcher(
               query_,
               [&](uint32_t item, Places* places) {
                 const std::vector<int>& positions = found_[item];
                 if (positions.empty()) return Match::kNo;
                 if (places != nullptr) {
                   places->positions = positions;
                   if (backwards) std::reverse(places->positions.begin(), places->positions.end());
                 }
                 return Match::kYes;
               },
               progress_)
        .Run();
  }

  const TsQueryItems& query_;
  const Progress progress_;
  std::vector<Place> places_;
  size_t next_ = 0;
  std::vector<std::vector<int>> found_;  // Of each item.
  std::vector<uint32_t> taken_;          // Items of which something was found.
};

}  // namespace

absl::StatusOr<float> CoverRank(const RankWeights& weights, const TsVectorView& vector,
                                const TsQueryItems& query, int normalization, Progress progress) {
  if (query.empty()) return 0.0F;
  Covers covers(vector, query, progress);
  const std::vector<Place>& places = covers.places();
  if (places.empty()) return 0.0F;
  double rank = 0;
  double inverse_distances = 0;
  double last_middle = 0;
  int count = 0;
  Covers::Cover cover;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, covers.Next(&cover));
    if (!found) break;
    double inverse_sum = 0;
    for (size_t i = cover.begin; i <= cover.end; ++i)
      inverse_sum += 1.0 / weights[static_cast<size_t>(places[i].position.weight())];
    RETURN_IF_ERROR(progress(8 * (cover.end - cover.begin)));
    const int steps = static_cast<int>(cover.end - cover.begin);
    // Positions end at a last one: where more places than positions are, half of them are noise.
    int noise = cover.to - cover.from - steps;
    if (noise < 0) noise = steps / 2;
    rank += (steps + 1) / inverse_sum / (1 + noise);
    const double middle = (cover.to + cover.from) / 2.0;
    if (count > 0 && middle > last_middle) inverse_distances += 1.0 / (middle - last_middle);
    last_middle = middle;
    ++count;
  }
  const double length = LengthOf(vector);
  const double lexemes = vector.size();
  if ((normalization & kByLogLength) != 0) rank /= std::log(length + 1);
  if ((normalization & kByLength) != 0 && length > 0) rank /= length;
  if ((normalization & kByDistance) != 0 && count > 0 && inverse_distances > 0)
    rank /= count / inverse_distances;
  if ((normalization & kByLexemes) != 0) rank /= lexemes;
  if ((normalization & kByLogLexemes) != 0) rank /= std::log(lexemes + 1) / std::log(2.0);
  if ((normalization & kIntoOne) != 0) rank /= rank + 1;
  return static_cast<float>(rank);
}

}  // namespace adbms::text_search
