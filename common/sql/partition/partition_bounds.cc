#include "common/sql/partition/partition_bounds.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sql/partition/partition_hash.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"

namespace adbms::sql::partition {
namespace {

using common::v1::PartitionBound;
using common::v1::PartitionKey;
using common::v1::PartitionRangeValue;
using types::Value;

constexpr char kInvalidObject[] = "42P17";

int Sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

bool RangesMeet(const PartitionBounds::Range& a, const PartitionBounds::Range& b) {
  return Compare(a.lower, b.upper) < 0 && Compare(b.lower, a.upper) < 0;
}

bool RemaindersMeet(const PartitionBound& a, const PartitionBound& b) {
  const uint32_t common = std::gcd(a.modulus(), b.modulus());
  return a.remainder() % common == b.remainder() % common;
}

std::string ValueText(const common::v1::Datum& datum) {
  const auto value = types::FromProto(datum);
  if (!value.ok() || value->is_null()) return "NULL";
  std::string text;
  types::FormatText(*value, types::TextOptions(), &text);
  const types::TypeId id = value->type().id;
  if (id == types::TypeId::kBool) return value->bool_value() ? "true" : "false";
  const bool digit = !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
  if (digit && (id == types::TypeId::kInt4 ||
                (id == types::TypeId::kNumeric && text.find('.') != std::string::npos)))
    return text;
  const bool escapes = text.find('\\') != std::string::npos;
  return absl::StrCat(escapes ? "E'" : "'",
                      absl::StrReplaceAll(text, {{"'", "''"}, {"\\", "\\\\"}}), "'");
}

std::string EndText(const google::protobuf::RepeatedPtrField<PartitionRangeValue>& columns) {
  std::string text;
  for (const PartitionRangeValue& column : columns) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    column.kind() == PartitionRangeValue::KIND_MINVALUE ? "MINVALUE"
                    : column.kind() == PartitionRangeValue::KIND_MAXVALUE
                        ? "MAXVALUE"
                        : ValueText(column.value()));
  }
  return absl::StrCat("(", text, ")");
}

// The partition that has one of the same rows. Errors: 42P17 for a range without rows.
absl::StatusOr<std::optional<size_t>> FindOverlap(const PartitionKey& key,
                                                  const PartitionBound& bound,
                                                  const std::string& name) {
  ASSIGN_OR_RETURN(const PartitionBounds bounds, PartitionBounds::Make(key));
  if (bound.is_default()) return bounds.default_member();
  if (key.strategy() == PartitionKey::STRATEGY_RANGE) {
    PartitionBounds::Range range;
    ASSIGN_OR_RETURN(range.lower, RangeEnd::Make(bound.lower()));
    ASSIGN_OR_RETURN(range.upper, RangeEnd::Make(bound.upper()));
    if (Compare(range.lower, range.upper) >= 0)
      return status::Error(
          kInvalidObject, absl::StrCat("empty range bound specified for partition \"", name, "\""),
          absl::StrCat("Specified lower bound ", EndText(bound.lower()),
                       " is greater than or equal to upper bound ", EndText(bound.upper()), "."));
    for (const PartitionBounds::Range& other : bounds.ranges()) {
      if (RangesMeet(range, other)) return std::optional<size_t>(other.member);
    }
    return std::optional<size_t>();
  }
  if (key.strategy() == PartitionKey::STRATEGY_HASH) {
    for (int i = 0; i < key.partitions_size(); ++i) {
      if (RemaindersMeet(key.partitions(i).bound(), bound))
        return std::optional<size_t>(static_cast<size_t>(i));
    }
    return std::optional<size_t>();
  }
  for (const common::v1::Datum& datum : bound.values()) {
    ASSIGN_OR_RETURN(const Value value, types::FromProto(datum));
    if (value.is_null()) {
      if (bounds.null_member().has_value()) return bounds.null_member();
      continue;
    }
    const std::optional<size_t> found = bounds.Find(std::span(&value, 1));
    if (found.has_value() && found != bounds.default_member()) return found;
  }
  return std::optional<size_t>();
}

// Moduli are each a factor of the next larger one.
absl::Status CheckModuli(const PartitionKey& key, const PartitionBound& bound,
                         const std::function<std::string(size_t)>& name_of) {
  if (key.strategy() != PartitionKey::STRATEGY_HASH) return absl::OkStatus();
  // The neighbors in the order of moduli, then of remainders.
  const auto place = [](const PartitionBound& one) {
    return std::pair(one.modulus(), one.remainder());
  };
  std::optional<int> below, above;
  const auto member = [&](int i) { return place(key.partitions(i).bound()); };
  for (int i = 0; i < key.partitions_size(); ++i) {
    if (member(i) <= place(bound)) {
      if (!below.has_value() || member(i) > member(*below)) below = i;
    } else if (!above.has_value() || member(i) < member(*above)) {
      above = i;
    }
  }
  const auto modulus = [&](int i) { return key.partitions(i).bound().modulus(); };
  constexpr char kMessage[] =
      "every hash partition modulus must be a factor of the next larger modulus";
  if (below.has_value() && bound.modulus() % modulus(*below) != 0)
    return status::Error(kInvalidObject, kMessage,
                         absl::StrCat("The new modulus ", bound.modulus(), " is not divisible by ",
                                      modulus(*below), ", the modulus of existing partition \"",
                                      name_of(static_cast<size_t>(*below)), "\"."));
  if (above.has_value() && modulus(*above) % bound.modulus() != 0)
    return status::Error(kInvalidObject, kMessage,
                         absl::StrCat("The new modulus ", bound.modulus(), " is not a factor of ",
                                      modulus(*above), ", the modulus of existing partition \"",
                                      name_of(static_cast<size_t>(*above)), "\"."));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RangeEnd> RangeEnd::Make(
    const google::protobuf::RepeatedPtrField<PartitionRangeValue>& columns) {
  RangeEnd end;
  for (const PartitionRangeValue& column : columns) {
    end.kinds.push_back(column.kind());
    end.values.emplace_back();
    if (column.kind() != PartitionRangeValue::KIND_VALUE) continue;
    ASSIGN_OR_RETURN(end.values.back(), types::FromProto(column.value()));
    if (end.values.back().is_null()) return absl::InternalError("NULL in a partition's bound");
  }
  return end;
}

int RangeEnd::CompareTo(std::span<const Value> keys) const {
  for (size_t i = 0; i < kinds.size() && i < keys.size(); ++i) {
    if (kinds[i] == PartitionRangeValue::KIND_MINVALUE) return -1;
    if (kinds[i] == PartitionRangeValue::KIND_MAXVALUE) return 1;
    if (const int order = types::CompareValues(values[i], keys[i]); order != 0) return Sign(order);
  }
  return 0;
}

int Compare(const RangeEnd& a, const RangeEnd& b) {
  for (size_t i = 0; i < a.kinds.size() && i < b.kinds.size(); ++i) {
    if (a.kinds[i] != b.kinds[i]) return a.kinds[i] < b.kinds[i] ? -1 : 1;
    if (a.kinds[i] != PartitionRangeValue::KIND_VALUE) return 0;
    if (const int order = types::CompareValues(a.values[i], b.values[i]); order != 0)
      return Sign(order);
  }
  return 0;
}

absl::StatusOr<PartitionBounds> PartitionBounds::Make(const PartitionKey& key) {
  PartitionBounds bounds;
  bounds.strategy_ = key.strategy();
  uint32_t modulus = 0;
  for (const auto& member : key.partitions()) modulus = std::max(modulus, member.bound().modulus());
  if (modulus > (1u << 24)) return absl::InternalError("a modulus of partitions");
  bounds.by_remainder_.resize(modulus);
  for (int i = 0; i < key.partitions_size(); ++i) {
    const PartitionBound& bound = key.partitions(i).bound();
    const auto member = static_cast<size_t>(i);
    if (bound.is_default()) {
      bounds.default_ = member;
      continue;
    }
    switch (key.strategy()) {
      case PartitionKey::STRATEGY_RANGE: {
        Range& range = bounds.ranges_.emplace_back();
        range.member = member;
        ASSIGN_OR_RETURN(range.lower, RangeEnd::Make(bound.lower()));
        ASSIGN_OR_RETURN(range.upper, RangeEnd::Make(bound.upper()));
        break;
      }
      case PartitionKey::STRATEGY_LIST:
        for (const common::v1::Datum& datum : bound.values()) {
          ASSIGN_OR_RETURN(Value value, types::FromProto(datum));
          if (value.is_null()) {
            bounds.null_ = member;
          } else {
            bounds.list_.push_back({std::move(value), member});
          }
        }
        break;
      case PartitionKey::STRATEGY_HASH:
        if (bound.modulus() == 0) return absl::InternalError("a modulus of partitions");
        for (uint32_t at = bound.remainder(); at < modulus; at += bound.modulus())
          bounds.by_remainder_[at] = member;
        break;
      default:
        return absl::InternalError("a partitioned table without a rule");
    }
  }
  std::sort(bounds.ranges_.begin(), bounds.ranges_.end(),
            [](const Range& a, const Range& b) { return Compare(a.lower, b.lower) < 0; });
  std::sort(bounds.list_.begin(), bounds.list_.end(), [](const ListValue& a, const ListValue& b) {
    return types::CompareValues(a.value, b.value) < 0;
  });
  return bounds;
}

std::optional<size_t> PartitionBounds::Find(std::span<const Value> keys) const {
  if (strategy_ == PartitionKey::STRATEGY_HASH) {
    if (by_remainder_.empty()) return std::nullopt;
    uint64_t hash = 0;
    for (const Value& key : keys) hash = AddKeyToHash(hash, key);
    return by_remainder_[hash % by_remainder_.size()];
  }
  const bool null =
      std::any_of(keys.begin(), keys.end(), [](const Value& key) { return key.is_null(); });
  if (strategy_ == PartitionKey::STRATEGY_LIST) {
    if (null) return null_.has_value() ? null_ : default_;
    const auto at = std::lower_bound(list_.begin(), list_.end(), keys[0],
                                     [](const ListValue& one, const Value& key) {
                                       return types::CompareValues(one.value, key) < 0;
                                     });
    const bool found = at != list_.end() && types::CompareValues(at->value, keys[0]) == 0;
    return found ? std::optional<size_t>(at->member) : default_;
  }
  if (null) return default_;
  const auto above = std::upper_bound(ranges_.begin(), ranges_.end(), keys,
                                      [](std::span<const Value> key, const Range& range) {
                                        return range.lower.CompareTo(key) > 0;
                                      });
  if (above == ranges_.begin() || std::prev(above)->upper.CompareTo(keys) <= 0) return default_;
  return std::prev(above)->member;
}

absl::Status CheckNewBound(const PartitionKey& key, const PartitionBound& bound,
                           const std::string& name,
                           const std::function<std::string(size_t)>& name_of) {
  RETURN_IF_ERROR(CheckModuli(key, bound, name_of));
  ASSIGN_OR_RETURN(const std::optional<size_t> overlap, FindOverlap(key, bound, name));
  if (!overlap.has_value()) return absl::OkStatus();
  return status::Error(
      kInvalidObject,
      bound.is_default()
          ? absl::StrCat("partition \"", name, "\" conflicts with existing default partition \"",
                         name_of(*overlap), "\"")
          : absl::StrCat("partition \"", name, "\" would overlap partition \"", name_of(*overlap),
                         "\""));
}

std::string BoundText(const PartitionBound& bound) {
  if (bound.is_default()) return "DEFAULT";
  if (bound.modulus() > 0)
    return absl::StrCat("FOR VALUES WITH (modulus ", bound.modulus(), ", remainder ",
                        bound.remainder(), ")");
  if (bound.lower_size() > 0)
    return absl::StrCat("FOR VALUES FROM ", EndText(bound.lower()), " TO ", EndText(bound.upper()));
  std::string values;
  for (const common::v1::Datum& value : bound.values())
    absl::StrAppend(&values, values.empty() ? "" : ", ", ValueText(value));
  return absl::StrCat("FOR VALUES IN (", values, ")");
}

}  // namespace adbms::sql::partition
