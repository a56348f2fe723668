#include "services/indexer/candidates/candidates.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/temporary_schema.h"
#include "common/types/type.h"

namespace adbms::indexer::candidates {
namespace {

using common::v1::TableDescriptor;

constexpr size_t kMaxKeys = 3;
constexpr size_t kMaxIncluded = 4;
// A value of a column with more different ones is what a statement looks up, not what divides rows.
constexpr double kMaxFactValues = 200;

class Maker {
 public:
  Maker(const TableUsage& usage, const TableDescriptor& table,
        const std::map<uint32_t, double>& distinct)
      : usage_(usage), table_(table), distinct_(distinct) {}

  std::vector<Bundle> Make();

 private:
  bool IsIndexable(const Key& key) const {
    if (key.ordinal == sql::kExpressionKey) return true;
    return key.ordinal < static_cast<uint32_t>(table_.columns_size()) &&
           types::IsIndexable(
               types::FromProto(table_.columns(static_cast<int>(key.ordinal)).type()));
  }
  double DistinctOf(const Key& key) const {
    double most = 0;
    for (const uint32_t column : LeadingColumns(Ordered(table_.table_id(), {key}, {}, {}).index)) {
      const auto found = distinct_.find(column);
      if (found != distinct_.end()) most = std::max(most, found->second);
    }
    return most;
  }
  std::vector<Key> Sorted(const std::set<Key>& keys) const {
    std::vector<Key> list;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(list),
                 [this](const Key& key) { return IsIndexable(key); });
    std::stable_sort(list.begin(), list.end(),
                     [this](const Key& a, const Key& b) { return DistinctOf(a) > DistinctOf(b); });
    return list;
  }
  bool IsOfPrimaryKey(uint32_t column) const {
    return std::find(table_.primary_key().begin(), table_.primary_key().end(), column) !=
           table_.primary_key().end();
  }
  // Whether the fact is about a column of few values.
  bool Divides(const std::string& fact) const;
  // The rows' key, for an index whose predicate alone is what helps.
  std::vector<Key> PrimaryKey() const;
  // The columns that an index by the keys lacks to serve the statement alone; empty where these are
  // too many.
  std::vector<uint32_t> Missing(const std::vector<Key>& keys) const;
  void Add(const std::vector<Key>& keys, const std::string& predicate);
  void AddPartial(const std::set<std::vector<Key>>& lists);
  void AddUnions();
  void AddUnlessCovered(Candidate candidate) {
    if (!IsCovered(candidate, table_)) made_.insert(std::move(candidate));
  }

  const TableUsage& usage_;
  const TableDescriptor& table_;
  const std::map<uint32_t, double>& distinct_;
  std::set<Candidate> made_;
  std::vector<Bundle> bundles_;
};

void Append(const std::vector<Key>& more, std::vector<Key>* keys) {
  for (const Key& key : more) {
    if (keys->size() >= kMaxKeys) return;
    if (std::find(keys->begin(), keys->end(), key) == keys->end()) keys->push_back(key);
  }
}

bool Maker::Divides(const std::string& fact) const {
  const auto expression = ExpressionOf({sql::kExpressionKey, fact});
  common::v1::Expression bound;
  if (!bound.ParseFromString(expression.bound())) return false;
  if (!bound.has_call() && !bound.has_in_list()) return true;  // NULL or not, true or not.
  return std::all_of(expression.columns().begin(), expression.columns().end(),
                     [this](uint32_t column) {
                       const auto found = distinct_.find(column);
                       return found != distinct_.end() && found->second <= kMaxFactValues;
                     });
}

std::vector<Key> Maker::PrimaryKey() const {
  std::vector<Key> keys;
  for (const uint32_t ordinal : table_.primary_key()) keys.push_back({ordinal, {}});
  if (keys.empty() && !usage_.needed.empty()) keys.push_back({*usage_.needed.begin(), {}});
  std::erase_if(keys, [this](const Key& key) { return !IsIndexable(key); });
  if (keys.size() > kMaxKeys) keys.resize(kMaxKeys);
  return keys;
}

std::vector<uint32_t> Maker::Missing(const std::vector<Key>& keys) const {
  std::vector<uint32_t> missing;
  for (const uint32_t column : usage_.needed) {
    const bool held = std::any_of(keys.begin(), keys.end(),
                                  [&](const Key& key) { return key.ordinal == column; });
    if (!held && !IsOfPrimaryKey(column)) missing.push_back(column);
  }
  if (missing.size() > kMaxIncluded) missing.clear();
  return missing;
}

void Maker::Add(const std::vector<Key>& keys, const std::string& predicate) {
  AddUnlessCovered(Ordered(table_.table_id(), keys, {}, predicate));
  const std::vector<uint32_t> include = Missing(keys);
  if (!include.empty()) AddUnlessCovered(Ordered(table_.table_id(), keys, include, predicate));
}

// An index of a fact's rows is by the keys that are not the fact's own.
void Maker::AddPartial(const std::set<std::vector<Key>>& lists) {
  for (const std::string& fact : usage_.facts) {
    if (!Divides(fact)) continue;
    const auto expression = ExpressionOf({sql::kExpressionKey, fact});
    const auto of_fact = [&](const Key& key) {
      return std::find(expression.columns().begin(), expression.columns().end(), key.ordinal) !=
             expression.columns().end();
    };
    std::set<std::vector<Key>> others = {PrimaryKey()};
    for (std::vector<Key> keys : lists) {
      std::erase_if(keys, of_fact);
      others.insert(std::move(keys));
    }
    for (const std::vector<Key>& keys : others) {
      if (!keys.empty()) Add(keys, fact);
    }
  }
}

// For each OR the index that each alternative wants first; and the same with all that is read, in
// them, where that is little.
void Maker::AddUnions() {
  for (const std::vector<TableUsage>& alternatives : usage_.alternatives) {
    std::set<Candidate> wanted;
    std::set<Candidate> covering;
    const auto want = [this](Candidate candidate, std::set<Candidate>* into) {
      if (!IsCovered(candidate, table_)) into->insert(std::move(candidate));
    };
    for (const TableUsage& one : alternatives) {
      std::vector<Key> keys;
      Append(Sorted(one.equality), &keys);
      if (const auto range = Sorted(one.range); !range.empty()) Append({range.front()}, &keys);
      if (keys.empty() && one.items.empty()) continue;
      const uint32_t table_id = table_.table_id();
      if (keys.empty()) {
        const auto& [key, operator_class] = *one.items.begin();
        want(Inverted(table_id, key, operator_class), &wanted);
        want(Inverted(table_id, key, operator_class), &covering);
        continue;
      }
      want(Ordered(table_id, keys, {}, {}), &wanted);
      want(Ordered(table_id, keys, Missing(keys), {}), &covering);
    }
    for (const auto* set : {&wanted, &covering}) {
      if (!set->empty()) bundles_.emplace_back(set->begin(), set->end());
    }
  }
}

std::vector<Bundle> Maker::Make() {
  const auto equality = Sorted(usage_.equality);
  const auto range = Sorted(usage_.range);
  const auto join = Sorted(usage_.join);
  const auto ends = Sorted(usage_.ends);
  std::vector<Key> order;
  for (const Key& key : usage_.order) {
    if (!IsIndexable(key)) break;
    order.push_back(key);
  }
  std::set<std::vector<Key>> lists;
  const auto add = [&](const std::vector<std::vector<Key>>& parts) {
    std::vector<Key> keys;
    for (const auto& part : parts) Append(part, &keys);
    if (!keys.empty()) lists.insert(std::move(keys));
  };
  for (const auto* group : {&equality, &range, &join, &ends}) {
    for (const Key& key : *group) add({{key}});
  }
  add({equality});
  for (const Key& key : range) add({equality, {key}});
  for (const Key& key : ends) add({equality, {key}});
  for (const Key& key : join) {
    add({equality, {key}});
    add({{key}, equality});
    if (!range.empty()) add({{key}, {range.front()}});
  }
  add({equality, order});
  for (const std::vector<Key>& keys : lists) Add(keys, {});
  AddPartial(lists);
  for (const auto& [key, operator_class] : usage_.items)
    AddUnlessCovered(Inverted(table_.table_id(), key, operator_class));
  AddUnions();
  for (const Candidate& candidate : made_) bundles_.push_back({candidate});
  return std::move(bundles_);
}

}  // namespace

std::vector<Bundle> CandidatesFor(const TableUsage& usage, const TableDescriptor& table,
                                  const std::map<uint32_t, double>& distinct) {
  // Gone, with its indexes, before they would have paid.
  if (sql::IsTemporarySchema(table.schema())) return {};
  return Maker(usage, table, distinct).Make();
}

}  // namespace adbms::indexer::candidates
