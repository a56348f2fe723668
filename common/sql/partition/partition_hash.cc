#include "common/sql/partition/partition_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/types/composite.h"
#include "common/types/declared_type.h"

namespace adbms::sql::partition {
namespace {

using types::TypeId;

// PostgreSQL's HASH_PARTITION_SEED.
constexpr uint64_t kSeed = 0x7A5B22367996DCFD;

struct State {
  uint32_t a, b, c;

  State(uint32_t length, uint64_t seed) {
    a = b = c = 0x9e3779b9 + length + 3923095;
    if (seed == 0) return;
    a += static_cast<uint32_t>(seed >> 32);
    b += static_cast<uint32_t>(seed);
    Mix();
  }
  void Mix() {
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }
  uint64_t Finish() {
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return uint64_t{b} << 32 | c;
  }
};

uint32_t WordAt(const uint8_t* bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

uint64_t HashInteger(int64_t value, uint64_t seed) {
  const auto low = static_cast<uint32_t>(value);
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32);
  return HashWord(low ^ (value >= 0 ? high : ~high), seed);
}

uint64_t HashDouble(double value, uint64_t seed) {
  if (value == 0) return seed;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  return HashBytes({bytes, sizeof(bytes)}, seed);
}

uint64_t HashValue(const types::Value& value, uint64_t seed);

// hash_record_extended
uint64_t HashRow(const types::Value& value, uint64_t seed) {
  const types::CompositeView view(value.bytes());
  uint64_t hash = 0;
  for (uint32_t i = 0; i < view.size(); ++i) {
    hash = (hash << 5) - hash;
    if (!view.is_null(i)) hash += HashValue(view.Field(i, value.type()).Get(0), seed);
  }
  return hash;
}

uint64_t HashValue(const types::Value& value, uint64_t seed) {
  switch (value.type().id) {
    case TypeId::kBool:
      return HashWord(value.bool_value() ? 1 : 0, seed);
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kDate:
    case TypeId::kOid:
      return HashWord(static_cast<uint32_t>(value.int_value()), seed);
    case TypeId::kInt8:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTime:
      return HashInteger(value.int_value(), seed);
    case TypeId::kFloat4:
    case TypeId::kFloat8:
      return HashDouble(value.float_value(), seed);
    case TypeId::kRecord:
      return HashRow(value, seed);
    case TypeId::kBpchar: {
      std::string_view text = value.bytes();
      while (text.ends_with(' ')) text.remove_suffix(1);
      return HashBytes(text, seed);
    }
    default:
      return HashBytes(value.bytes(), seed);
  }
}

}  // namespace

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t left = bytes.size();
  State state(static_cast<uint32_t>(left), seed);
  for (; left >= 12; at += 12, left -= 12) {
    state.a += WordAt(at);
    state.b += WordAt(at + 4);
    state.c += WordAt(at + 8);
    state.Mix();
  }
  // The lowest byte of c is left to the length.
  for (size_t i = 0; i < left; ++i) {
    const uint32_t byte = at[i];
    if (i < 4) {
      state.a += byte << (8 * i);
    } else if (i < 8) {
      state.b += byte << (8 * (i - 4));
    } else {
      state.c += byte << (8 * (i - 7));
    }
  }
  return state.Finish();
}

uint64_t HashWord(uint32_t word, uint64_t seed) {
  State state(sizeof(word), seed);
  state.a += word;
  return state.Finish();
}

bool IsHashable(types::TypeId id) {
  switch (id) {
    case TypeId::kBool:
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kOid:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kUuid:
    case TypeId::kBytea:
      return true;
    default:
      return false;
  }
}

bool IsHashable(const types::Type& type) {
  if (type.id != TypeId::kRecord) return IsHashable(type.id);
  const types::DeclaredType* const row = types::CompositeOf(type);
  return row != nullptr &&
         std::all_of(row->fields.begin(), row->fields.end(),
                     [](const types::CompositeField& field) { return IsHashable(field.type); });
}

uint64_t AddKeyToHash(uint64_t state, const types::Value& key) {
  if (key.is_null()) return state;
  return state ^ (HashValue(key, kSeed) + 0x49a0f4dd15e5a8e3 + (state << 54) + (state >> 7));
}

}  // namespace adbms::sql::partition
