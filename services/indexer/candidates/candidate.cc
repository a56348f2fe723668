#include "services/indexer/candidates/candidate.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/operator_classes/operator_class.h"

namespace adbms::indexer::candidates {
namespace {

using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

auto NamesOf(const TableDescriptor& table, bool quoted) {
  return [&table, quoted](uint32_t ordinal) {
    const std::string& name = table.columns(static_cast<int>(ordinal)).name();
    return quoted ? QuoteIdentifier(name) : name;
  };
}

std::string Keys(const IndexDescriptor& index, const TableDescriptor& table, bool quoted) {
  const auto name = NamesOf(table, quoted);
  std::vector<std::string> keys;
  int next = 0;
  for (int i = 0; i < index.columns_size(); ++i) {
    std::string key = index.columns(i) == sql::kExpressionKey
                          ? sql::explain::DeparseKey(index.expressions(next++), name, !quoted)
                          : name(index.columns(i));
    if (i < index.operator_classes_size()) {
      const sql::OperatorClass* found = sql::FindOperatorClass(index.operator_classes(i));
      if (found != nullptr && !found->is_default)
        absl::StrAppend(&key, " ", std::string(found->catalog_name));
    }
    if (i < index.descending_size() && index.descending(i)) key += " DESC";
    keys.push_back(std::move(key));
  }
  return absl::StrJoin(keys, ", ");
}

std::string Names(const google::protobuf::RepeatedField<uint32_t>& ordinals,
                  const TableDescriptor& table, bool quoted) {
  const auto name = NamesOf(table, quoted);
  return absl::StrJoin(ordinals, ", ",
                       [&](std::string* out, uint32_t ordinal) { out->append(name(ordinal)); });
}

std::tuple<uint32_t, std::string> Order(const Candidate& candidate) {
  return {candidate.table_id, candidate.index.SerializeAsString()};
}

bool Holds(const google::protobuf::RepeatedField<uint32_t>& list, uint32_t ordinal) {
  return std::find(list.begin(), list.end(), ordinal) != list.end();
}

bool IsDescending(const IndexDescriptor& index, int key) {
  return key < index.descending_size() && index.descending(key);
}

std::string ClassOf(const IndexDescriptor& index, int key) {
  return key < index.operator_classes_size() ? index.operator_classes(key) : std::string();
}

bool StartsWith(const IndexDescriptor& longer, const IndexDescriptor& shorter) {
  if (longer.method() != shorter.method() || longer.columns_size() < shorter.columns_size())
    return false;
  int next = 0;
  for (int i = 0; i < shorter.columns_size(); ++i) {
    if (longer.columns(i) != shorter.columns(i) ||
        IsDescending(longer, i) != IsDescending(shorter, i) ||
        ClassOf(longer, i) != ClassOf(shorter, i))
      return false;
    if (shorter.columns(i) != sql::kExpressionKey) continue;
    if (longer.expressions(next).bound() != shorter.expressions(next).bound()) return false;
    ++next;
  }
  return true;
}

}  // namespace

common::v1::IndexExpression ExpressionOf(const Key& key) {
  common::v1::IndexExpression expression;
  expression.ParseFromString(key.expression);
  return expression;
}

bool operator<(const Candidate& a, const Candidate& b) { return Order(a) < Order(b); }
bool operator==(const Candidate& a, const Candidate& b) { return Order(a) == Order(b); }

Candidate Ordered(uint32_t table_id, const std::vector<Key>& keys,
                  const std::vector<uint32_t>& include, const std::string& predicate) {
  Candidate candidate{table_id, {}};
  for (const Key& key : keys) {
    candidate.index.add_columns(key.ordinal);
    candidate.index.add_descending(false);
    if (!key.expression.empty()) *candidate.index.add_expressions() = ExpressionOf(key);
  }
  for (const uint32_t ordinal : include) candidate.index.add_include(ordinal);
  if (!predicate.empty())
    *candidate.index.mutable_predicate() = ExpressionOf({sql::kExpressionKey, predicate});
  return candidate;
}

Candidate Inverted(uint32_t table_id, const Key& key, const std::string& operator_class) {
  Candidate candidate = Ordered(table_id, {key}, {}, {});
  candidate.index.set_method(IndexDescriptor::METHOD_INVERTED);
  candidate.index.add_operator_classes(operator_class);
  return candidate;
}

Candidate From(uint32_t table_id, const IndexDescriptor& index) {
  Candidate candidate{table_id, {}};
  *candidate.index.mutable_columns() = index.columns();
  *candidate.index.mutable_descending() = index.descending();
  *candidate.index.mutable_include() = index.include();
  *candidate.index.mutable_expressions() = index.expressions();
  *candidate.index.mutable_operator_classes() = index.operator_classes();
  if (index.has_predicate()) *candidate.index.mutable_predicate() = index.predicate();
  candidate.index.set_method(index.method());
  return candidate;
}

bool Serves(const IndexDescriptor& index, const IndexDescriptor& other) {
  return StartsWith(index, other) && index.has_predicate() == other.has_predicate() &&
         index.predicate().bound() == other.predicate().bound() &&
         std::all_of(other.include().begin(), other.include().end(), [&](uint32_t ordinal) {
           return Holds(index.include(), ordinal) || Holds(index.columns(), ordinal);
         });
}

bool KeyServes(const TableDescriptor& table, const IndexDescriptor& other) {
  return sql::IsPlain(other) && other.include().empty() &&
         table.primary_key_size() >= other.columns_size() &&
         std::equal(other.columns().begin(), other.columns().end(), table.primary_key().begin()) &&
         std::none_of(other.descending().begin(), other.descending().end(),
                      [](bool descending) { return descending; });
}

bool IsCovered(const Candidate& candidate, const TableDescriptor& table) {
  // With its rows a key has all columns.
  IndexDescriptor keys = candidate.index;
  keys.clear_include();
  return KeyServes(table, keys) ||
         std::any_of(table.indexes().begin(), table.indexes().end(),
                     [&](const auto& index) { return Serves(index, candidate.index); });
}

std::vector<uint32_t> LeadingColumns(const IndexDescriptor& index) {
  if (index.columns_size() == 0) return {};
  if (index.columns(0) != sql::kExpressionKey) return {index.columns(0)};
  const auto& columns = index.expressions(0).columns();
  return {columns.begin(), columns.end()};
}

std::string QuoteIdentifier(const std::string& name) {
  const bool plain = !name.empty() && (absl::ascii_islower(name[0]) || name[0] == '_') &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
                     });
  if (plain) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Predicate(const Candidate& candidate, const TableDescriptor& table) {
  if (!candidate.index.has_predicate()) return {};
  return sql::explain::DeparseDefinition(candidate.index.predicate(), NamesOf(table, true), false);
}

std::string Describe(const Candidate& candidate, const TableDescriptor& table) {
  std::string text =
      absl::StrCat(table.schema() == "public" ? "" : absl::StrCat(table.schema(), "."),
                   table.name(), "(", Keys(candidate.index, table, false), ")");
  if (candidate.index.include_size() > 0)
    absl::StrAppend(&text, " include (", Names(candidate.index.include(), table, false), ")");
  if (candidate.index.has_predicate()) {
    absl::StrAppend(
        &text, " where ",
        sql::explain::DeparseDefinition(candidate.index.predicate(), NamesOf(table, false), true));
  }
  return text;
}

std::string CreateStatement(const Candidate& candidate, const TableDescriptor& table,
                            const std::string& index_name) {
  const IndexDescriptor& index = candidate.index;
  std::string text =
      absl::StrCat("CREATE INDEX ", QuoteIdentifier(index_name), " ON ",
                   QuoteIdentifier(table.schema()), ".", QuoteIdentifier(table.name()),
                   sql::IsInverted(index) ? " USING gin" : "", " (", Keys(index, table, true), ")");
  if (index.include_size() > 0)
    absl::StrAppend(&text, " INCLUDE (", Names(index.include(), table, true), ")");
  if (index.has_predicate()) absl::StrAppend(&text, " WHERE ", Predicate(candidate, table));
  return text;
}

}  // namespace adbms::indexer::candidates
