#include "common/sql/explain/plan_description.h"
#include "common/sql/catalog/index_keys.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/plan/operator_tree.h"
#include "common/types/type.h"

namespace adbms::sql::explain {
namespace {

using common::v1::Expression;
using common::v1::JoinType;
using common::v1::Operator;
using common::v1::TableDescriptor;
using Names = std::function<std::string(uint32_t)>;

std::string TableName(const Catalog& catalog, uint32_t id) {
  const TableDescriptor* table = catalog.FindTable(id);
  return table == nullptr ? absl::StrCat("table ", id) : table->name();
}

std::string ColumnName(const TableDescriptor* table, uint32_t ordinal) {
  if (table == nullptr || static_cast<int>(ordinal) >= table->columns_size()) return "?";
  return table->columns(static_cast<int>(ordinal)).name();
}

Names NamesOf(const Operator& op) {
  return [&op](uint32_t i) {
    return static_cast<int>(i) < op.output_size() ? op.output(static_cast<int>(i)).name()
                                                  : std::string("?");
  };
}

Names PairNames(const Operator& left, const Operator& right) {
  return [&left, &right](uint32_t i) {
    const uint32_t split = static_cast<uint32_t>(left.output_size());
    return i < split ? NamesOf(left)(i) : NamesOf(right)(i - split);
  };
}

std::string OnTable(const std::string& table, const std::string& alias) {
  return alias.empty() || alias == table ? table : absl::StrCat(table, " ", alias);
}

const char* JoinWord(JoinType type) {
  switch (type) {
    case common::v1::JOIN_TYPE_LEFT:
      return "Left";
    case common::v1::JOIN_TYPE_RIGHT:
      return "Right";
    case common::v1::JOIN_TYPE_FULL:
      return "Full";
    case common::v1::JOIN_TYPE_SEMI:
      return "Semi";
    case common::v1::JOIN_TYPE_ANTI:
      return "Anti";
    case common::v1::JOIN_TYPE_ANTI_NULL_AWARE:
      return "Null-Aware Anti";
    default:
      return "";
  }
}

void Identify(Description* d, const std::string& table, const std::string& alias) {
  d->identity.push_back({"Relation Name", table});
  d->identity.push_back({"Alias", alias.empty() ? table : alias});
}

void AddFilter(Description* d, const Operator& op, bool has, const Expression& filter) {
  if (!has) return;
  d->properties.push_back({"Filter", Deparse(filter, NamesOf(op))});
  d->filters = true;
}

// An index's keys by name.
std::vector<std::string> KeyOf(const TableDescriptor* table, uint32_t index_id) {
  std::vector<std::string> keys;
  if (table == nullptr) return keys;
  const auto name = [table](uint32_t ordinal) { return ColumnName(table, ordinal); };
  if (index_id == 0) {
    for (const uint32_t ordinal : table->primary_key()) keys.push_back(name(ordinal));
    return keys;
  }
  for (const auto& index : table->indexes()) {
    if (index.index_id() != index_id) continue;
    int next = 0;
    for (const uint32_t ordinal : index.columns()) {
      if (ordinal != kExpressionKey)
        keys.push_back(name(ordinal));
      else if (next < index.expressions_size())
        keys.push_back(DeparseDefinition(index.expressions(next++), name, false));
    }
  }
  return keys;
}

void DescribeIndexScan(const Operator& op, const Catalog& catalog, Description* d) {
  const common::v1::IndexScan& scan = op.index_scan();
  const TableDescriptor* table = catalog.FindTable(scan.table_id());
  const bool items = scan.items_size() > 0;
  d->node_type = items ? "Bitmap Heap Scan" : scan.index_only() ? "Index Only Scan" : "Index Scan";
  const std::string name = TableName(catalog, scan.table_id());
  d->title = absl::StrCat(d->node_type, scan.descending() ? " Backward" : "", " using ",
                          scan.index_name(), " on ", OnTable(name, scan.alias()));
  if (!items) d->identity.push_back({"Scan Direction", scan.descending() ? "Backward" : "Forward"});
  d->identity.push_back({"Index Name", scan.index_name()});
  Identify(d, name, scan.alias());
  const std::vector<std::string> keys = KeyOf(table, scan.index_id());
  const Names none = [](uint32_t) { return std::string("?"); };
  std::vector<std::string> conditions;
  auto key = [&](size_t i) { return i < keys.size() ? keys[i] : std::string("?"); };
  size_t at = 0;
  for (const Expression& e : scan.equal())
    conditions.push_back(absl::StrCat("(", key(at++), " = ", Deparse(e, none), ")"));
  if (scan.has_lower())
    conditions.push_back(absl::StrCat("(", key(at), scan.lower_inclusive() ? " >= " : " > ",
                                      Deparse(scan.lower(), none), ")"));
  if (scan.has_upper())
    conditions.push_back(absl::StrCat("(", key(at), scan.upper_inclusive() ? " <= " : " < ",
                                      Deparse(scan.upper(), none), ")"));
  if (!scan.has_lower() && !scan.has_upper() && scan.upper_inclusive())
    conditions.push_back(absl::StrCat("(", key(at), " IS NOT NULL)"));
  if (scan.any_of_size() > 0)
    conditions.push_back(absl::StrCat("(", key(at), " = ANY (",
                                      absl::StrJoin(scan.any_of(), ", ",
                                                    [&none](std::string* out, const Expression& e) {
                                                      absl::StrAppend(out, Deparse(e, none));
                                                    }),
                                      "))"));
  for (const auto& item : scan.items())
    conditions.push_back(absl::StrCat("(", key(item.key()), " ", item.operator_name(), " ",
                                      Deparse(item.operand(), none), ")"));
  if (!conditions.empty())
    d->properties.push_back(
        {"Index Cond", conditions.size() == 1
                           ? conditions[0]
                           : absl::StrCat("(", absl::StrJoin(conditions, " AND "), ")")});
  AddFilter(d, op, scan.has_filter(), scan.filter());
}

std::string KeyPairs(const common::v1::HashJoin& join) {
  std::vector<std::string> parts;
  for (int i = 0; i < join.left_keys_size(); ++i)
    parts.push_back(absl::StrCat("(", Deparse(join.left_keys(i), NamesOf(join.left())), " = ",
                                 Deparse(join.right_keys(i), NamesOf(join.right())), ")"));
  return parts.size() == 1 ? parts[0] : absl::StrCat("(", absl::StrJoin(parts, " AND "), ")");
}

void DescribeLookup(const Operator& op, const Catalog& catalog, Description* d) {
  const common::v1::LookupJoin& join = op.lookup_join();
  const TableDescriptor* table = catalog.FindTable(join.table_id());
  const std::string word = JoinWord(join.type());
  const std::string name = TableName(catalog, join.table_id());
  d->node_type = "Lookup Join";
  d->title = absl::StrCat("Lookup ", word, word.empty() ? "" : " ", "Join using ",
                          join.index_name(), " on ", OnTable(name, join.alias()));
  d->identity.push_back({"Join Type", word.empty() ? "Inner" : word});
  d->identity.push_back({"Index Name", join.index_name()});
  Identify(d, name, join.alias());
  const std::vector<std::string> keys = KeyOf(table, join.index_id());
  std::vector<std::string> conditions;
  for (int i = 0; i < join.keys_size(); ++i)
    conditions.push_back(
        absl::StrCat("(", static_cast<size_t>(i) < keys.size() ? keys[static_cast<size_t>(i)] : "?",
                     " = ", Deparse(join.keys(i), NamesOf(join.left())), ")"));
  d->properties.push_back(
      {"Index Cond", conditions.size() == 1
                         ? conditions[0]
                         : absl::StrCat("(", absl::StrJoin(conditions, " AND "), ")")});
  if (join.has_residual()) {
    const Names names = [&](uint32_t i) {
      const uint32_t split = static_cast<uint32_t>(join.left().output_size());
      if (i < split) return NamesOf(join.left())(i);
      return i - split < static_cast<uint32_t>(join.columns_size())
                 ? ColumnName(table, join.columns(static_cast<int>(i - split)))
                 : std::string("?");
    };
    d->properties.push_back({"Join Filter", Deparse(join.residual(), names)});
  }
}

std::string SortKeys(const common::v1::Sort& sort) {
  return absl::StrJoin(sort.keys(), ", ",
                       [&sort](std::string* out, const common::v1::SortKey& key) {
                         absl::StrAppend(out, Deparse(key.expression(), NamesOf(sort.input())));
                         if (key.descending()) absl::StrAppend(out, " DESC");
                         if (key.nulls_first() != key.descending())
                           absl::StrAppend(out, key.nulls_first() ? " NULLS FIRST" : " NULLS LAST");
                       });
}

std::string SetFunctions(const common::v1::ProjectSet& set) {
  return absl::StrJoin(
      set.functions(), ", ", [&set](std::string* out, const common::v1::SetFunction& function) {
        const std::string& signature = function.function();
        if (!signature.empty()) absl::StrAppend(out, signature.substr(0, signature.find('(')), "(");
        absl::StrAppend(out, absl::StrJoin(function.arguments(), ", ",
                                           [&set](std::string* argument, const Expression& e) {
                                             absl::StrAppend(argument,
                                                             Deparse(e, NamesOf(set.input())));
                                           }));
        if (!signature.empty()) absl::StrAppend(out, ")");
      });
}

void DescribeWrite(const Catalog& catalog, const char* what, uint32_t table, Description* d) {
  d->node_type = "ModifyTable";
  const std::string name = TableName(catalog, table);
  d->title = absl::StrCat(what, " on ", name);
  d->identity.push_back({"Operation", what});
  Identify(d, name, "");
}

// Expressions over one row without columns: of `SELECT 1`.
bool IsOverNothing(const Operator& op) {
  return op.has_project() && op.project().input().has_values() &&
         op.project().input().values().rows_size() == 1 && op.project().input().output_size() == 0;
}

}  // namespace

int WidthOf(const Operator& op) {
  int width = 0;
  for (const auto& column : op.output()) {
    const types::Type type = types::FromProto(column.type());
    const int16_t fixed = types::PgTypeLength(type.id);
    width += fixed > 0 ? fixed : 32;
  }
  return width;
}

std::string OutputOf(const Operator& op) {
  return absl::StrJoin(op.output(), ", ", [](std::string* out, const common::v1::OutputColumn& c) {
    absl::StrAppend(out, c.name());
  });
}

Description Describe(const Operator& op, const Catalog& catalog) {
  Description d;
  auto simple = [&d](const char* name) { d.node_type = d.title = name; };
  switch (op.body_case()) {
    case Operator::kSeqScan: {
      simple("Seq Scan");
      const std::string name = TableName(catalog, op.seq_scan().table_id());
      absl::StrAppend(&d.title, " on ", OnTable(name, op.seq_scan().alias()));
      Identify(&d, name, op.seq_scan().alias());
      AddFilter(&d, op, op.seq_scan().has_filter(), op.seq_scan().filter());
      return d;
    }
    case Operator::kSystemScan: {
      simple("Seq Scan");
      const std::string name = TableName(catalog, op.system_scan().table_id());
      absl::StrAppend(&d.title, " on ", OnTable(name, op.system_scan().alias()));
      Identify(&d, name, op.system_scan().alias());
      AddFilter(&d, op, op.system_scan().has_filter(), op.system_scan().filter());
      return d;
    }
    case Operator::kIndexScan:
      DescribeIndexScan(op, catalog, &d);
      return d;
    case Operator::kValues:
      if (op.values().rows_size() == 1) {
        simple("Result");
      } else {
        simple("Values Scan");
        d.title = "Values Scan on \"*VALUES*\"";
      }
      return d;
    case Operator::kFunctionScan: {
      simple("Function Scan");
      const std::string& signature = op.function_scan().function();
      absl::StrAppend(
          &d.title, " on ",
          OnTable(signature.substr(0, signature.find('(')), op.function_scan().alias()));
      return d;
    }
    case Operator::kCteScan:
      simple("CTE Scan");
      absl::StrAppend(&d.title, " on ", op.cte_scan().alias());
      return d;
    case Operator::kWorkingTableScan:
      simple("WorkTable Scan");
      absl::StrAppend(&d.title, " on ", op.working_table_scan().alias());
      return d;
    case Operator::kRecursiveUnion:
      simple("Recursive Union");
      return d;
    case Operator::kProgramRows: {
      if (!op.program_rows().given().empty()) {
        simple("Named Tuplestore Scan");
        return d;
      }
      if (op.program_rows().held()) {
        simple("Kept Rows");
        return d;
      }
      if (op.program_rows().has_triggers()) {
        simple("Row Triggers");
        absl::StrAppend(&d.title, " on ",
                        TableName(catalog, op.program_rows().triggers().table_id()));
        return d;
      }
      simple("Function Calls");
      std::vector<std::string> names;
      for (const common::v1::RowCall& call : op.program_rows().calls()) {
        const auto* function = catalog.FindFunction(call.function_id());
        names.push_back(function == nullptr ? "?" : SignatureOf(*function));
      }
      d.properties.push_back({"Functions", absl::StrJoin(names, ", ")});
      return d;
    }
    case Operator::kMergeRows:
      DescribeWrite(catalog, "Merge", op.merge_rows().table_id(), &d);
      return d;
    case Operator::kProjectSet:
      simple("ProjectSet");
      d.properties.push_back({"Functions", SetFunctions(op.project_set())});
      return d;
    case Operator::kLateralJoin: {
      const common::v1::LateralJoin& join = op.lateral_join();
      const std::string word = JoinWord(join.type());
      d.node_type = "Nested Loop";
      d.title = absl::StrCat("Nested Loop ", word, word.empty() ? "" : " ", "Lateral Join");
      d.identity.push_back({"Join Type", word.empty() ? "Inner" : word});
      if (join.has_condition())
        d.properties.push_back(
            {"Join Filter", Deparse(join.condition(), PairNames(join.left(), join.right()))});
      return d;
    }
    case Operator::kFilter:
      simple("Filter");
      d.properties.push_back(
          {"Filter", Deparse(op.filter().condition(), NamesOf(op.filter().input()))});
      d.filters = true;
      return d;
    case Operator::kProject:
      simple(IsOverNothing(op) ? "Result" : "Projection");
      return d;
    case Operator::kHashJoin: {
      const common::v1::HashJoin& join = op.hash_join();
      const std::string word = JoinWord(join.type());
      d.node_type = "Hash Join";
      d.title = absl::StrCat("Hash ", word, word.empty() ? "" : " ", "Join");
      d.identity.push_back({"Join Type", word.empty() ? "Inner" : word});
      d.properties.push_back({"Hash Cond", KeyPairs(join)});
      if (join.has_residual())
        d.properties.push_back(
            {"Join Filter", Deparse(join.residual(), PairNames(join.left(), join.right()))});
      return d;
    }
    case Operator::kLookupJoin:
      DescribeLookup(op, catalog, &d);
      return d;
    case Operator::kNestedLoopJoin: {
      const common::v1::NestedLoopJoin& join = op.nested_loop_join();
      const std::string word = JoinWord(join.type());
      d.node_type = "Nested Loop";
      d.title = word.empty() ? "Nested Loop" : absl::StrCat("Nested Loop ", word, " Join");
      d.identity.push_back({"Join Type", word.empty() ? "Inner" : word});
      if (join.has_condition())
        d.properties.push_back(
            {"Join Filter", Deparse(join.condition(), PairNames(join.left(), join.right()))});
      return d;
    }
    case Operator::kAggregate: {
      const common::v1::Aggregate& aggregate = op.aggregate();
      simple("Aggregate");
      if (aggregate.keys_size() == 0) return d;
      d.title = "HashAggregate";
      d.identity.push_back({"Strategy", "Hashed"});
      d.properties.push_back(
          {"Group Key",
           absl::StrJoin(aggregate.keys(), ", ", [&](std::string* out, const Expression& e) {
             absl::StrAppend(out, Deparse(e, NamesOf(aggregate.input())));
           })});
      return d;
    }
    case Operator::kSort:
      simple("Sort");
      d.properties.push_back({"Sort Key", SortKeys(op.sort())});
      return d;
    case Operator::kWindow:
      simple("WindowAgg");
      return d;
    case Operator::kLimit:
      simple("Limit");
      return d;
    case Operator::kAppend:
      simple("Append");
      return d;
    case Operator::kSetOperation:
      d.node_type = "SetOp";
      d.title = absl::StrCat("HashSetOp ",
                             op.set_operation().kind() == common::v1::SetOperation::KIND_INTERSECT
                                 ? "Intersect"
                                 : "Except",
                             op.set_operation().all() ? " All" : "");
      return d;
    case Operator::kInsert:
      DescribeWrite(catalog, "Insert", op.insert().table_id(), &d);
      return d;
    case Operator::kUpdate:
      DescribeWrite(catalog, "Update", op.update().table_id(), &d);
      return d;
    case Operator::kDelete:
      DescribeWrite(catalog, "Delete", op.delete_().table_id(), &d);
      return d;
    default:
      simple("Result");
      return d;
  }
}

std::vector<const Operator*> ShownInputs(const Operator& op) {
  return IsOverNothing(op) ? std::vector<const Operator*>() : plan::ChildrenOf(op);
}

}  // namespace adbms::sql::explain
