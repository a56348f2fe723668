#include "services/indexer/candidates/candidates.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/temporary_schema.h"
#include "common/types/type.h"

namespace adbms::indexer::candidates {
namespace {

using common::v1::Expression;
using common::v1::Operator;

constexpr size_t kMaxKeyColumns = 3;
constexpr size_t kMaxIncluded = 4;

// Where an output column of an operator comes from.
struct Source {
  uint32_t table_id = 0;
  uint32_t ordinal = 0;
};

class Collector {
 public:
  explicit Collector(const sql::Catalog& catalog) : catalog_(catalog) {}

  void Visit(const Operator& op) {
    using Body = Operator::BodyCase;
    switch (op.body_case()) {
      case Body::kSeqScan: {
        Scan(op.seq_scan().table_id(), op.seq_scan().columns(), op.seq_scan().filter(), op);
        return;
      }
      case Body::kIndexScan: {
        const auto& scan = op.index_scan();
        Scan(scan.table_id(), scan.columns(), scan.filter(), op);
        IndexedColumns(scan.table_id(), scan.index_id(), scan.equal_size(), !scan.any_of().empty(),
                       scan.has_lower() || scan.has_upper());
        return;
      }
      case Body::kFilter:
        Visit(op.filter().input());
        Condition(op.filter().condition(), Sources(op.filter().input()));
        return;
      case Body::kProject:
        return Visit(op.project().input());
      case Body::kHashJoin: {
        const auto& join = op.hash_join();
        Visit(join.left());
        Visit(join.right());
        Joined(join.left_keys(), Sources(join.left()));
        Joined(join.right_keys(), Sources(join.right()));
        return;
      }
      case Body::kLookupJoin: {
        const auto& join = op.lookup_join();
        Visit(join.left());
        Joined(join.keys(), Sources(join.left()));
        const auto* table = catalog_.FindTable(join.table_id());
        if (table == nullptr) return;
        TableUsage& usage = UsageFor(join.table_id());
        for (const uint32_t column : join.columns()) usage.needed.insert(column);
        for (const uint32_t column : KeyColumns(*table, join.index_id(), join.keys_size())) {
          usage.join.insert(column);
        }
        return;
      }
      case Body::kNestedLoopJoin: {
        const auto& join = op.nested_loop_join();
        Visit(join.left());
        Visit(join.right());
        std::vector<std::optional<Source>> sources = Sources(join.left());
        for (auto& source : Sources(join.right())) sources.push_back(source);
        Condition(join.condition(), sources);
        return;
      }
      case Body::kAggregate:
        return Visit(op.aggregate().input());
      case Body::kWindow:
        return Visit(op.window().input());
      case Body::kSort:
        Visit(op.sort().input());
        Ordered(op.sort());
        return;
      case Body::kLimit:
        return Visit(op.limit().input());
      case Body::kAppend:
        for (const auto& input : op.append().inputs()) Visit(input);
        return;
      case Body::kSetOperation:
        Visit(op.set_operation().left());
        return Visit(op.set_operation().right());
      case Body::kProjectSet:
        return Visit(op.project_set().input());
      case Body::kMergeRows:
        return Visit(op.merge_rows().input());
      case Body::kProgramRows:
        return Visit(op.program_rows().input());
      case Body::kLateralJoin:
        Visit(op.lateral_join().left());
        return Visit(op.lateral_join().right());
      case Body::kRecursiveUnion:
        Visit(op.recursive_union().initial());
        return Visit(op.recursive_union().recursive());
      case Body::kInsert:
        return Visit(op.insert().input());
      case Body::kUpdate:
        return Visit(op.update().input());
      case Body::kDelete:
        return Visit(op.delete_().input());
      default:
        return;
    }
  }

  std::vector<TableUsage> Take() {
    std::vector<TableUsage> all;
    for (auto& [id, usage] : usages_) all.push_back(std::move(usage));
    return all;
  }

 private:
  TableUsage& UsageFor(uint32_t table_id) {
    TableUsage& usage = usages_[table_id];
    usage.table_id = table_id;
    return usage;
  }

  static std::vector<uint32_t> KeyColumns(const common::v1::TableDescriptor& table,
                                          uint32_t index_id, int count) {
    std::vector<uint32_t> columns;
    if (index_id == 0) columns.assign(table.primary_key().begin(), table.primary_key().end());
    for (const auto& index : table.indexes()) {
      if (index.index_id() == index_id) {
        // An expression is no column that an index of ours could have.
        columns.assign(
            index.columns().begin(),
            std::find(index.columns().begin(), index.columns().end(), sql::kExpressionKey));
      }
    }
    if (columns.size() > static_cast<size_t>(count)) columns.resize(count);
    return columns;
  }

  void IndexedColumns(uint32_t table_id, uint32_t index_id, int equal, bool any_of, bool range) {
    const auto* table = catalog_.FindTable(table_id);
    if (table == nullptr) return;
    const auto columns = KeyColumns(*table, index_id, equal + (any_of || range ? 1 : 0));
    TableUsage& usage = UsageFor(table_id);
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_range = range && i + 1 == columns.size() && i >= static_cast<size_t>(equal);
      (is_range ? usage.range : usage.equality).insert(columns[i]);
    }
  }

  std::vector<std::optional<Source>> Sources(const Operator& op) const {
    std::vector<std::optional<Source>> sources;
    for (const auto& column : op.output()) {
      if (column.table_id() != 0 && column.column_number() != 0) {
        sources.push_back(Source{column.table_id(), column.column_number() - 1});
      } else {
        sources.push_back(std::nullopt);
      }
    }
    return sources;
  }

  void Scan(uint32_t table_id, const google::protobuf::RepeatedField<uint32_t>& columns,
            const Expression& filter, const Operator& op) {
    const auto* table = catalog_.FindTable(table_id);
    if (table == nullptr || table->is_virtual()) return;
    TableUsage& usage = UsageFor(table_id);
    std::vector<std::optional<Source>> sources;
    for (const uint32_t column : columns) {
      if (column < static_cast<uint32_t>(table->columns_size())) {
        usage.needed.insert(column);
        sources.push_back(Source{table_id, column});
      } else {
        sources.push_back(std::nullopt);
      }
    }
    Condition(filter, sources);
  }

  // The column that an expression is, if it is one (casts between like types aside).
  static std::optional<Source> ColumnOf(const Expression& expression,
                                        const std::vector<std::optional<Source>>& sources) {
    if (expression.node_case() == Expression::kColumn && expression.column() < sources.size()) {
      return sources[expression.column()];
    }
    return std::nullopt;
  }

  static void ColumnsIn(const Expression& expression,
                        const std::vector<std::optional<Source>>& sources,
                        std::vector<Source>* found) {
    if (const auto source = ColumnOf(expression, sources)) found->push_back(*source);
    for (const auto& argument : expression.call().arguments()) {
      ColumnsIn(argument, sources, found);
    }
    if (expression.has_cast()) ColumnsIn(expression.cast().argument(), sources, found);
    for (const auto& item : expression.coalesce().items()) ColumnsIn(item, sources, found);
  }

  void Unindexable(const Expression& expression,
                   const std::vector<std::optional<Source>>& sources) {
    std::vector<Source> found;
    ColumnsIn(expression, sources, &found);
    for (const Source& source : found) {
      const auto* table = catalog_.FindTable(source.table_id);
      const auto type = types::FromProto(table->columns(static_cast<int>(source.ordinal)).type());
      if (!types::IsIndexable(type)) {
        UsageFor(source.table_id).unindexable.insert(source.ordinal);
      }
    }
  }

  void Condition(const Expression& condition, const std::vector<std::optional<Source>>& sources) {
    switch (condition.node_case()) {
      case Expression::kLogical:
        // Only what must hold for every row narrows a scan.
        if (condition.logical().kind() == common::v1::LogicalExpression::KIND_AND) {
          for (const auto& part : condition.logical().arguments()) Condition(part, sources);
        }
        return;
      case Expression::kInList:
        if (condition.in_list().negated()) return;
        if (const auto source = ColumnOf(condition.in_list().argument(), sources)) {
          UsageFor(source->table_id).equality.insert(source->ordinal);
        }
        Unindexable(condition.in_list().argument(), sources);
        return;
      case Expression::kCall:
        return Comparison(condition.call(), sources);
      default:
        return;
    }
  }

  void Comparison(const common::v1::CallExpression& call,
                  const std::vector<std::optional<Source>>& sources) {
    if (call.arguments_size() != 2) return;
    const std::string name = call.function().substr(0, call.function().find('('));
    const bool equality = name == "=";
    const bool range = name == "<" || name == "<=" || name == ">" || name == ">=";
    if (!equality && !range) return;
    const auto left = ColumnOf(call.arguments(0), sources);
    const auto right = ColumnOf(call.arguments(1), sources);
    Unindexable(call.arguments(0), sources);
    Unindexable(call.arguments(1), sources);
    const bool both = left.has_value() && right.has_value();
    if (both && left->table_id == right->table_id) return;
    for (const auto& side : {left, right}) {
      if (!side.has_value()) continue;
      TableUsage& usage = UsageFor(side->table_id);
      (range ? usage.range : both ? usage.join : usage.equality).insert(side->ordinal);
    }
  }

  void Joined(const google::protobuf::RepeatedPtrField<Expression>& keys,
              const std::vector<std::optional<Source>>& sources) {
    for (const Expression& key : keys) {
      if (const auto source = ColumnOf(key, sources)) {
        UsageFor(source->table_id).join.insert(source->ordinal);
      }
    }
  }

  void Ordered(const common::v1::Sort& sort) {
    const auto sources = Sources(sort.input());
    std::vector<uint32_t> columns;
    uint32_t table_id = 0;
    for (const auto& key : sort.keys()) {
      const auto source = ColumnOf(key.expression(), sources);
      const bool goes_on = source.has_value() && (table_id == 0 || table_id == source->table_id) &&
                           key.descending() == sort.keys(0).descending();
      if (!goes_on) break;
      table_id = source->table_id;
      columns.push_back(source->ordinal);
    }
    if (table_id != 0 && UsageFor(table_id).order.empty()) {
      UsageFor(table_id).order = std::move(columns);
    }
  }

  const sql::Catalog& catalog_;
  std::map<uint32_t, TableUsage> usages_;
};

void Append(const std::vector<uint32_t>& more, std::vector<uint32_t>* columns) {
  for (const uint32_t column : more) {
    if (columns->size() >= kMaxKeyColumns) return;
    if (std::find(columns->begin(), columns->end(), column) == columns->end()) {
      columns->push_back(column);
    }
  }
}

std::string Names(const std::vector<uint32_t>& columns, const common::v1::TableDescriptor& table,
                  bool quoted) {
  return absl::StrJoin(columns, ", ", [&](std::string* out, uint32_t column) {
    const std::string& name = table.columns(static_cast<int>(column)).name();
    out->append(quoted ? QuoteIdentifier(name) : name);
  });
}

}  // namespace

std::vector<TableUsage> UsageOf(const common::v1::Plan& plan, const sql::Catalog& catalog) {
  Collector collector(catalog);
  collector.Visit(plan.root());
  for (const auto& subplan : plan.subplans()) collector.Visit(subplan.root());
  for (const auto& cte : plan.ctes()) collector.Visit(cte);
  return collector.Take();
}

std::vector<Candidate> CandidatesFor(const TableUsage& usage,
                                     const common::v1::TableDescriptor& table,
                                     const std::map<uint32_t, double>& distinct) {
  // Gone, with its indexes, before they would have paid.
  if (sql::IsTemporarySchema(table.schema())) return {};
  const auto indexable = [&](uint32_t column) {
    return column < static_cast<uint32_t>(table.columns_size()) &&
           types::IsIndexable(types::FromProto(table.columns(static_cast<int>(column)).type()));
  };
  const auto sorted = [&](const std::set<uint32_t>& columns) {
    std::vector<uint32_t> list;
    for (const uint32_t column : columns) {
      if (indexable(column)) list.push_back(column);
    }
    std::stable_sort(list.begin(), list.end(), [&](uint32_t a, uint32_t b) {
      const auto left = distinct.find(a);
      const auto right = distinct.find(b);
      return (left == distinct.end() ? 0 : left->second) >
             (right == distinct.end() ? 0 : right->second);
    });
    return list;
  };
  const auto equality = sorted(usage.equality);
  const auto range = sorted(usage.range);
  const auto join = sorted(usage.join);
  std::vector<uint32_t> order;
  for (const uint32_t column : usage.order) {
    if (!indexable(column)) break;
    order.push_back(column);
  }
  std::set<std::vector<uint32_t>> keys;
  const auto add = [&](const std::vector<std::vector<uint32_t>>& parts) {
    std::vector<uint32_t> columns;
    for (const auto& part : parts) Append(part, &columns);
    if (!columns.empty()) keys.insert(std::move(columns));
  };
  for (const auto* group : {&equality, &range, &join}) {
    for (const uint32_t column : *group) add({{column}});
  }
  add({equality});
  for (const uint32_t column : range) add({equality, {column}});
  for (const uint32_t column : join) {
    add({equality, {column}});
    add({{column}, equality});
  }
  add({equality, order});
  std::vector<Candidate> candidates;
  for (const auto& columns : keys) {
    Candidate candidate{table.table_id(), columns, {}};
    candidates.push_back(candidate);
    for (const uint32_t column : usage.needed) {
      const bool held = std::find(columns.begin(), columns.end(), column) != columns.end() ||
                        std::find(table.primary_key().begin(), table.primary_key().end(), column) !=
                            table.primary_key().end();
      if (!held) candidate.include.push_back(column);
    }
    if (!candidate.include.empty() && candidate.include.size() <= kMaxIncluded) {
      candidates.push_back(candidate);
    }
  }
  return candidates;
}

bool IsCovered(const Candidate& candidate, const common::v1::TableDescriptor& table) {
  const auto starts_with = [&](const google::protobuf::RepeatedField<uint32_t>& columns) {
    if (static_cast<size_t>(columns.size()) < candidate.columns.size()) return false;
    return std::equal(candidate.columns.begin(), candidate.columns.end(), columns.begin());
  };
  if (starts_with(table.primary_key())) return true;
  for (const auto& index : table.indexes()) {
    if (!sql::IsPlain(index) || !starts_with(index.columns())) continue;
    bool all = true;
    for (const uint32_t column : candidate.include) {
      all &= std::find(index.include().begin(), index.include().end(), column) !=
                 index.include().end() ||
             std::find(index.columns().begin(), index.columns().end(), column) !=
                 index.columns().end();
    }
    if (all) return true;
  }
  return false;
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

std::string Describe(const Candidate& candidate, const common::v1::TableDescriptor& table) {
  return absl::StrCat(
      table.name(), "(", Names(candidate.columns, table, false), ")",
      candidate.include.empty()
          ? ""
          : absl::StrCat(" include (", Names(candidate.include, table, false), ")"));
}

std::string CreateStatement(const Candidate& candidate, const common::v1::TableDescriptor& table,
                            const std::string& index_name) {
  return absl::StrCat("CREATE INDEX ", QuoteIdentifier(index_name), " ON ",
                      QuoteIdentifier(table.schema()), ".", QuoteIdentifier(table.name()), " (",
                      Names(candidate.columns, table, true), ")",
                      candidate.include.empty()
                          ? ""
                          : absl::StrCat(" INCLUDE (", Names(candidate.include, table, true), ")"));
}

}  // namespace adbms::indexer::candidates
