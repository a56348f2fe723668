#include "services/storage/bulk/range_split.h"

#include <algorithm>

#include "absl/base/internal/endian.h"
#include "services/storage/bulk/entry_buffer.h"

namespace adbms::storage::bulk {
namespace {

constexpr int kSteps = 28;

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
  std::vector<std::string> keys;
  for (size_t part = 1; part < parts; ++part) {
    uint64_t from = low, to = high;
    std::string key;
    for (int step = 0; step < kSteps && to - from > 1; ++step) {
      const uint64_t middle = from + (to - from) / 2;
      char bytes[8];
      absl::big_endian::Store64(bytes, middle);
      key = first.substr(0, common).append(bytes, sizeof(bytes));
      (engine->ApproximateSize(range.lower, key) < whole * part / parts ? from : to) = middle;
    }
    if (key > first && key <= last && (keys.empty() || key > keys.back())) keys.push_back(key);
  }
  return keys;
}

}  // namespace adbms::storage::bulk
