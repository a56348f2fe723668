#include "services/storage/executor/item_sort.h"

#include <algorithm>

namespace adbms::storage::executor {
namespace {

constexpr size_t kWord = sizeof(uint64_t);
// Of so few items the keys are compared whole.
constexpr size_t kFew = 12;
// As are keys that agree in so many words: each takes a level of recursion.
constexpr size_t kDeepest = 64;

// Types, not functions, so that comparing is no call.
struct ByPrefix {
  bool operator()(const SortItem& a, const SortItem& b) const {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.position < b.position;
  }
};

struct ByBothWords {
  bool operator()(const SortItem& a, const SortItem& b) const {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return a.second != b.second ? a.second < b.second : a.position < b.position;
  }
};

// What comes sorted, as rows often do, takes one look at each.
template <typename Less>
void SortUnlessSorted(SortItem* begin, SortItem* end, Less less) {
  if (!std::is_sorted(begin, end, less)) std::sort(begin, end, less);
}

// The key behind its first `words` words.
std::string_view Rest(const SortItem& item, size_t words) {
  if (item.key == nullptr) return {};
  const std::string_view key = KeyBytes(item.key);
  return key.substr(std::min(key.size(), words * kWord));
}

uint64_t Word(const SortItem& item, size_t number) {
  const std::string_view rest = Rest(item, number);
  if (rest.size() >= kWord) return LoadBigEndian(rest.data());
  char padded[kWord] = {};
  if (!rest.empty()) std::memcpy(padded, rest.data(), rest.size());
  return LoadBigEndian(padded);
}

void SortByRest(SortItem* begin, SortItem* end, size_t words) {
  std::sort(begin, end, [words](const SortItem& a, const SortItem& b) {
    const int c = Rest(a, words).compare(Rest(b, words));
    return c != 0 ? c < 0 : a.position < b.position;
  });
}

// Items whose prefix is word number `word` of the key, and which agree in those before.
void SortFrom(SortItem* begin, SortItem* end, size_t word) {
  SortUnlessSorted(begin, end, ByPrefix());
  for (SortItem* group = begin; group != end;) {
    SortItem* next = group + 1;
    while (next != end && next->prefix == group->prefix) ++next;
    const auto count = static_cast<size_t>(next - group);
    // A key that ends here is that of the whole group: none is the beginning of another.
    if (count > 1 && !Rest(*group, word + 1).empty()) {
      if (count <= kFew || word + 1 >= kDeepest) {
        SortByRest(group, next, word + 1);
      } else {
        for (SortItem* item = group; item != next; ++item) item->prefix = Word(*item, word + 1);
        SortFrom(group, next, word + 1);
      }
    }
    group = next;
  }
}

}  // namespace

void SortItems(const KeyEncoder& encoder, SortItem* items, size_t count, size_t wanted) {
  if (wanted < count) {
    std::nth_element(items, items + wanted, items + count,
                     [&](const SortItem& a, const SortItem& b) { return encoder.Less(a, b); });
    count = wanted;
  }
  if (encoder.short_keys()) {
    SortUnlessSorted(items, items + count, ByBothWords());
  } else {
    SortFrom(items, items + count, 0);
  }
}

}  // namespace adbms::storage::executor
