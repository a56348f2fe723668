#include "services/storage/bulk/range_split.h"

#include <algorithm>
#include <cmath>

#include "absl/base/internal/endian.h"
#include "services/storage/bulk/entry_buffer.h"

namespace adbms::storage::bulk {
namespace {

constexpr int kSteps = 28;
// So often keys are taken to lie evenly; then the rest is halved.
constexpr int kInterpolations = 3;

// A key as a number, and about the bytes before it.
struct Bound {
  uint64_t key;
  double size;
};

// Where `target` bytes would be before a key between the two.
uint64_t Between(const Bound& begin, const Bound& end, double target, bool halve) {
  const uint64_t width = end.key - begin.key;
  double share = 0.5;
  if (!halve && end.size > begin.size) share = (target - begin.size) / (end.size - begin.size);
  const auto offset =
      static_cast<uint64_t>(static_cast<double>(width) * std::clamp(share, 0.0, 1.0));
  return begin.key + std::clamp<uint64_t>(offset, 1, width - 1);
}

}  // namespace

std::vector<std::string> SplitRange(engine::Engine* engine, const engine::KeyRange& range,
                                    size_t parts) {
  auto it = engine->NewIterator(nullptr, range, {.fill_cache = false});
  it->SeekToFirst();
  if (parts < 2 || !it->Valid()) return {};
  const std::string first = it->key().ToString();
  it->SeekToLast();
  if (!it->Valid()) return {};
  const std::string last = it->key().ToString();
  // Between the two, keys are as numbers behind what they have in common.
  const size_t common = static_cast<size_t>(
      std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first - first.begin());
  const uint64_t low = KeyPrefix(std::string_view(first).substr(common));
  const uint64_t high = KeyPrefix(std::string_view(last).substr(common));
  const uint64_t whole = engine->ApproximateSize(range.lower, range.upper);
  const auto near = static_cast<double>(whole) / static_cast<double>(parts) / 4;
  std::vector<std::string> keys;
  Bound from{low, 0};
  for (size_t part = 1; part < parts; ++part) {
    const double target =
        static_cast<double>(whole) / static_cast<double>(parts) * static_cast<double>(part);
    Bound begin = from;
    if (begin.size >= target) continue;
    Bound end{high, static_cast<double>(whole)};
    std::string key;
    for (int step = 0; step < kSteps && end.key - begin.key > 1; ++step) {
      Bound middle{Between(begin, end, target, step >= kInterpolations), 0};
      char bytes[8];
      absl::big_endian::Store64(bytes, middle.key);
      key = first.substr(0, common).append(bytes, sizeof(bytes));
      middle.size = static_cast<double>(engine->ApproximateSize(range.lower, key));
      (middle.size < target ? begin : end) = middle;
      from = middle;
      if (std::abs(middle.size - target) < near) break;
    }
    if (key > first && key <= last && (keys.empty() || key > keys.back())) keys.push_back(key);
  }
  return keys;
}

}  // namespace adbms::storage::bulk
