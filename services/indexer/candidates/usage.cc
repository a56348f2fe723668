#include "services/indexer/candidates/usage.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/pattern_bounds.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/types/type.h"
#include "services/indexer/candidates/key_reader.h"

namespace adbms::indexer::candidates {
namespace {

using common::v1::Expression;
using common::v1::LogicalExpression;
using common::v1::Operator;
using common::v1::TestExpression;

// Of a demand's items only whether there are any.
class AnyItems : public sql::ItemSink {
 public:
  void Add(char, std::string_view) override { any_ = true; }
  void AddValue(const types::Vector&, uint32_t) override { any_ = true; }
  void AddPrefix(char, std::string_view) override { any_ = true; }
  void AddEmpty() override { any_ = true; }
  bool any() const { return any_; }

 private:
  bool any_ = false;
};

// Whether the operator's items tell rows apart. Of a value to come nothing is known.
bool Demands(const sql::OperatorClass& operator_class, const std::string& name,
             const std::optional<types::Value>& value) {
  if (!value.has_value()) return true;
  AnyItems items;
  const auto kind = operator_class.demand_of(name, *value, &items).kind;
  return kind != sql::ItemDemand::Kind::kEverything &&
         (kind != sql::ItemDemand::Kind::kEvery || items.any());
}

std::string NameOf(const common::v1::CallExpression& call) {
  return call.function().substr(0, call.function().find('('));
}

class Collector {
 public:
  explicit Collector(const sql::Catalog& catalog) : catalog_(catalog) {}

  void Visit(const Operator& op);
  // Takes what must hold for every row.
  void Condition(const Expression& condition, const Sources& sources);

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

  // An expression over the operator's rows as a key, projections looked through.
  std::optional<TableKey> KeyOver(const Expression& expression, const Operator& op) const {
    const Expression* below = &expression;
    const Operator* input = &op;
    while (input->has_project() && below->node_case() == Expression::kColumn &&
           below->column() < static_cast<uint32_t>(input->project().expressions_size())) {
      below = &input->project().expressions(static_cast<int>(below->column()));
      input = &input->project().input();
    }
    return ReadKey(*below, SourcesOf(*input), catalog_);
  }

  static Sources SourcesOf(const Operator& op) {
    Sources sources;
    for (const auto& column : op.output()) {
      if (column.table_id() != 0 && column.column_number() != 0)
        sources.push_back(Source{column.table_id(), column.column_number() - 1});
      else
        sources.push_back(std::nullopt);
    }
    return sources;
  }

  void Scan(uint32_t table_id, const google::protobuf::RepeatedField<uint32_t>& columns,
            const Expression& filter);
  void Indexed(const common::v1::IndexScan& scan);
  void Unindexable(const Expression& expression, const Sources& sources);
  void Comparison(const Expression& condition, const Sources& sources);
  void Items(const std::string& name, const TableKey& key, const Expression& operand);
  void Either(const LogicalExpression& either, const Sources& sources);
  void Fact(const Expression& condition, const Sources& sources);
  void Joined(const google::protobuf::RepeatedPtrField<Expression>& keys, const Sources& sources);
  void Ordered(const common::v1::Sort& sort);
  void Ends(const common::v1::Aggregate& aggregate);

  const sql::Catalog& catalog_;
  std::map<uint32_t, TableUsage> usages_;
};

// The keys of the table's index, or of its primary key for 0, at most so many.
std::vector<Key> KeysOf(const common::v1::TableDescriptor& table, uint32_t index_id, int count) {
  std::vector<Key> keys;
  if (index_id == 0) {
    for (const uint32_t ordinal : table.primary_key()) keys.push_back({ordinal, {}});
  }
  for (const auto& index : table.indexes()) {
    if (index.index_id() != index_id || index_id == 0) continue;
    int next = 0;
    for (const uint32_t ordinal : index.columns()) {
      keys.push_back({ordinal, ordinal == sql::kExpressionKey
                                   ? index.expressions(next++).SerializeAsString()
                                   : std::string()});
    }
  }
  if (keys.size() > static_cast<size_t>(count)) keys.resize(static_cast<size_t>(count));
  return keys;
}

void Collector::Visit(const Operator& op) {
  using Body = Operator::BodyCase;
  switch (op.body_case()) {
    case Body::kSeqScan:
      return Scan(op.seq_scan().table_id(), op.seq_scan().columns(), op.seq_scan().filter());
    case Body::kIndexScan:
      Scan(op.index_scan().table_id(), op.index_scan().columns(), op.index_scan().filter());
      return Indexed(op.index_scan());
    case Body::kFilter:
      Visit(op.filter().input());
      return Condition(op.filter().condition(), SourcesOf(op.filter().input()));
    case Body::kProject:
      return Visit(op.project().input());
    case Body::kHashJoin: {
      const auto& join = op.hash_join();
      Visit(join.left());
      Visit(join.right());
      Joined(join.left_keys(), SourcesOf(join.left()));
      return Joined(join.right_keys(), SourcesOf(join.right()));
    }
    case Body::kLookupJoin: {
      const auto& join = op.lookup_join();
      Visit(join.left());
      Joined(join.keys(), SourcesOf(join.left()));
      const auto* table = catalog_.FindTable(join.table_id());
      if (table == nullptr) return;
      TableUsage& usage = UsageFor(join.table_id());
      for (const uint32_t column : join.columns()) usage.needed.insert(column);
      for (Key& key : KeysOf(*table, join.index_id(), join.keys_size()))
        usage.join.insert(std::move(key));
      return;
    }
    case Body::kNestedLoopJoin: {
      const auto& join = op.nested_loop_join();
      Visit(join.left());
      Visit(join.right());
      Sources sources = SourcesOf(join.left());
      for (auto& source : SourcesOf(join.right())) sources.push_back(source);
      return Condition(join.condition(), sources);
    }
    case Body::kAggregate:
      Visit(op.aggregate().input());
      return Ends(op.aggregate());
    case Body::kWindow:
      return Visit(op.window().input());
    case Body::kSort:
      Visit(op.sort().input());
      return Ordered(op.sort());
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

void Collector::Scan(uint32_t table_id, const google::protobuf::RepeatedField<uint32_t>& columns,
                     const Expression& filter) {
  const auto* table = catalog_.FindTable(table_id);
  if (table == nullptr || table->is_virtual()) return;
  TableUsage& usage = UsageFor(table_id);
  Sources sources;
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

void Collector::Indexed(const common::v1::IndexScan& scan) {
  const auto* table = catalog_.FindTable(scan.table_id());
  if (table == nullptr || !scan.items().empty()) return;
  const bool range = scan.has_lower() || scan.has_upper();
  const auto keys = KeysOf(*table, scan.index_id(),
                           scan.equal_size() + (range || !scan.any_of().empty() ? 1 : 0));
  TableUsage& usage = UsageFor(scan.table_id());
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool bounded = range && i >= static_cast<size_t>(scan.equal_size());
    (bounded ? usage.range : usage.equality).insert(keys[i]);
  }
}

void Collector::Unindexable(const Expression& expression, const Sources& sources) {
  for (const Source& source : ColumnsIn(expression, sources)) {
    const auto* table = catalog_.FindTable(source.table_id);
    if (table == nullptr) continue;
    const auto type = types::FromProto(table->columns(static_cast<int>(source.ordinal)).type());
    const auto* items = sql::DefaultOperatorClass("gin", type);
    if (!types::IsIndexable(type) && items == nullptr)
      UsageFor(source.table_id).unindexable.insert(source.ordinal);
  }
}

void Collector::Condition(const Expression& condition, const Sources& sources) {
  Fact(condition, sources);
  switch (condition.node_case()) {
    case Expression::kLogical:
      if (condition.logical().kind() == LogicalExpression::KIND_AND) {
        for (const auto& part : condition.logical().arguments()) Condition(part, sources);
      } else if (condition.logical().kind() == LogicalExpression::KIND_OR) {
        Either(condition.logical(), sources);
      }
      return;
    case Expression::kInList:
      if (condition.in_list().negated()) return;
      if (auto key = ReadKey(condition.in_list().argument(), sources, catalog_);
          key.has_value() && types::IsIndexable(key->type))
        UsageFor(key->table_id).equality.insert(std::move(key->key));
      else
        Unindexable(condition.in_list().argument(), sources);
      return;
    case Expression::kCall:
      return Comparison(condition, sources);
    default:
      return;
  }
}

void Collector::Comparison(const Expression& condition, const Sources& sources) {
  const auto& call = condition.call();
  if (call.arguments_size() != 2) return;
  const std::string name = NameOf(call);
  const bool equality = name == "=";
  const bool range = name == "<" || name == "<=" || name == ">" || name == ">=";
  const auto left = ReadKey(call.arguments(0), sources, catalog_);
  const auto right = ReadKey(call.arguments(1), sources, catalog_);
  const bool both = left.has_value() && right.has_value();
  if (both && left->table_id == right->table_id) return;
  for (const bool flipped : {false, true}) {
    const auto& side = flipped ? right : left;
    if ((equality || range) && (!side.has_value() || !types::IsIndexable(side->type)))
      Unindexable(call.arguments(flipped ? 1 : 0), sources);
    if (!side.has_value()) continue;
    TableUsage& usage = UsageFor(side->table_id);
    if ((equality || range) && types::IsIndexable(side->type)) {
      (range ? usage.range : both ? usage.join : usage.equality).insert(side->key);
    } else if (!both && !flipped) {
      Items(name, *side, call.arguments(1));
    }
  }
}

void Collector::Items(const std::string& name, const TableKey& key, const Expression& operand) {
  const Expression& constant = WithoutRelabels(operand);
  std::optional<types::Value> value;
  if (constant.has_literal()) {
    const auto read = types::FromProto(constant.literal());
    if (!read.ok() || read->is_null()) return;
    value = *read;
  }
  if (name == "~~" && value.has_value() && types::IsIndexable(key.type) &&
      sql::default_planner::BoundsOfLike(value->bytes()).has_value())
    UsageFor(key.table_id).range.insert(key.key);
  const types::Type operand_type = types::FromProto(operand.type());
  for (const sql::OperatorClass& one : sql::OperatorClasses()) {
    if (one.access_method == "gin" && one.accepts(key.type) && one.Has(name) &&
        one.takes(name, key.type, operand_type) && Demands(one, name, value))
      UsageFor(key.table_id).items.emplace(key.key, std::string(one.name));
  }
}

void Collector::Either(const LogicalExpression& either, const Sources& sources) {
  std::vector<TableUsage> alternatives;
  for (const Expression& one : either.arguments()) {
    Collector collector(catalog_);
    collector.Condition(one, sources);
    std::vector<TableUsage> usages = collector.Take();
    if (usages.size() != 1) return;
    const TableUsage& usage = usages.front();
    if (usage.equality.empty() && usage.range.empty() && usage.items.empty()) return;
    if (!alternatives.empty() && alternatives.front().table_id != usage.table_id) return;
    alternatives.push_back(std::move(usages.front()));
  }
  if (alternatives.size() < 2) return;
  UsageFor(alternatives.front().table_id).alternatives.push_back(std::move(alternatives));
}

void Collector::Fact(const Expression& condition, const Sources& sources) {
  const auto is_constant = [](const Expression& e) { return WithoutRelabels(e).has_literal(); };
  const auto is_column = [&](const Expression& e) {
    return ColumnOf(WithoutRelabels(e), sources).has_value();
  };
  bool chooses = false;
  if (condition.has_test()) {
    chooses = (condition.test().kind() == TestExpression::KIND_IS_NULL ||
               condition.test().kind() == TestExpression::KIND_IS_NOT_NULL) &&
              is_column(condition.test().arguments(0));
  } else if (condition.has_call()) {
    const std::string name = NameOf(condition.call());
    chooses = (name == "=" || name == "<>") && condition.call().arguments_size() == 2 &&
              is_column(condition.call().arguments(0)) &&
              is_constant(condition.call().arguments(1));
  } else if (condition.has_in_list()) {
    chooses = is_column(condition.in_list().argument()) &&
              std::all_of(condition.in_list().items().begin(), condition.in_list().items().end(),
                          is_constant);
  } else if (condition.has_column()) {
    chooses = types::FromProto(condition.type()).id == types::TypeId::kBool;
  } else if (condition.has_logical()) {
    chooses = condition.logical().kind() == LogicalExpression::KIND_NOT &&
              is_column(condition.logical().arguments(0));
  }
  if (!chooses) return;
  // A column alone reads as such, not as an expression.
  Expression whole = condition;
  if (condition.has_column()) {
    const auto source = ColumnOf(condition, sources);
    if (!source.has_value()) return;
    whole.set_column(source->ordinal);
    common::v1::IndexExpression kept;
    whole.SerializeToString(kept.mutable_bound());
    *kept.mutable_type() = whole.type();
    kept.add_columns(source->ordinal);
    UsageFor(source->table_id).facts.insert(kept.SerializeAsString());
    return;
  }
  if (auto key = ReadKey(condition, sources, catalog_))
    UsageFor(key->table_id).facts.insert(std::move(key->key.expression));
}

void Collector::Joined(const google::protobuf::RepeatedPtrField<Expression>& keys,
                       const Sources& sources) {
  for (const Expression& one : keys) {
    auto key = ReadKey(one, sources, catalog_);
    if (key.has_value() && types::IsIndexable(key->type))
      UsageFor(key->table_id).join.insert(std::move(key->key));
  }
}

void Collector::Ordered(const common::v1::Sort& sort) {
  std::vector<Key> keys;
  uint32_t table_id = 0;
  for (const auto& one : sort.keys()) {
    auto key = KeyOver(one.expression(), sort.input());
    const bool goes_on = key.has_value() && types::IsIndexable(key->type) &&
                         (table_id == 0 || table_id == key->table_id) &&
                         one.descending() == sort.keys(0).descending();
    if (!goes_on) break;
    table_id = key->table_id;
    keys.push_back(std::move(key->key));
  }
  if (table_id != 0 && UsageFor(table_id).order.empty()) UsageFor(table_id).order = std::move(keys);
}

void Collector::Ends(const common::v1::Aggregate& aggregate) {
  if (!aggregate.keys().empty()) return;
  std::vector<TableKey> ends;
  for (const auto& call : aggregate.aggregates()) {
    const std::string name = call.function().substr(0, call.function().find('('));
    if ((name != "min" && name != "max") || call.arguments_size() != 1) return;
    auto key = KeyOver(call.arguments(0), aggregate.input());
    if (!key.has_value() || !types::IsIndexable(key->type)) return;
    ends.push_back(*std::move(key));
  }
  for (TableKey& end : ends) UsageFor(end.table_id).ends.insert(std::move(end.key));
}

}  // namespace

std::vector<TableUsage> UsageOf(const common::v1::Plan& plan, const sql::Catalog& catalog) {
  Collector collector(catalog);
  collector.Visit(plan.root());
  for (const auto& subplan : plan.subplans()) collector.Visit(subplan.root());
  for (const auto& cte : plan.ctes()) collector.Visit(cte);
  return collector.Take();
}

}  // namespace adbms::indexer::candidates
