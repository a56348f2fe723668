#include "common/types/interval.h"

namespace adbms::types {
namespace {

constexpr int64_t kMicrosecondsPerDay = 86'400'000'000;

__int128 Span(const Interval& value) {
  const __int128 days = static_cast<__int128>(value.months) * 30 + value.days;
  return days * kMicrosecondsPerDay + value.microseconds;
}

}  // namespace

std::strong_ordering Compare(const Interval& a, const Interval& b) {
  const __int128 left = Span(a);
  const __int128 right = Span(b);
  if (left < right) return std::strong_ordering::less;
  return left > right ? std::strong_ordering::greater : std::strong_ordering::equal;
}

uint64_t Hash(const Interval& value) {
  const auto span = static_cast<unsigned __int128>(Span(value));
  uint64_t hash = static_cast<uint64_t>(span) * 0x9e3779b97f4a7c15ULL;
  hash ^= static_cast<uint64_t>(span >> 64) * 0xc2b2ae3d27d4eb4fULL;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

}  // namespace adbms::types
