#include "common/sql/default_planner/access_paths.h"

#include <algorithm>
#include <map>

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::IndexDescriptor;
using common::v1::TestExpression;
using plan::AccessPath;
using plan::ColumnId;
using plan::Expr;
using plan::ExprPtr;
using types::Type;
using types::TypeId;

int IntegerRank(TypeId id) {
  return id == TypeId::kInt2 ? 1 : id == TypeId::kInt4 ? 2 : id == TypeId::kInt8 ? 3 : 0;
}

// Types whose values and order are the same.
bool SameRepresentation(TypeId a, TypeId b) {
  auto text = [](TypeId id) {
    return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kName;
  };
  auto oid = [](TypeId id) {
    return id == TypeId::kOid || id == TypeId::kRegclass || id == TypeId::kRegtype;
  };
  return a == b || (text(a) && text(b)) || (oid(a) && oid(b));
}

// Whether a conversion keeps distinct values distinct and in order.
bool KeepsOrder(TypeId from, TypeId to) {
  if (SameRepresentation(from, to)) return true;
  if (IntegerRank(from) > 0 && IntegerRank(to) > IntegerRank(from)) return true;
  return from == TypeId::kFloat4 && to == TypeId::kFloat8;
}

std::string Flip(const std::string& op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

bool IsComparisonName(const std::string& op) {
  return op == "=" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

// Whether the operator is the one that the types' order defines.
bool ComparesInOrder(const functions::Function& function) {
  return function.is_operator && function.arguments.size() == 2 &&
         IsComparisonName(function.name) && function.result == TypeId::kBool;
}

std::vector<uint32_t> KeyColumns(const common::v1::TableDescriptor& table,
                                 const IndexDescriptor* index) {
  if (index == nullptr) return {table.primary_key().begin(), table.primary_key().end()};
  return {index->columns().begin(), index->columns().end()};
}

struct Matches {
  std::map<uint32_t, std::vector<std::pair<Comparison, ExprPtr>>> comparisons;  // By ordinal.
  std::map<uint32_t, std::pair<std::vector<ExprPtr>, ExprPtr>> in_lists;
  std::map<uint32_t, ExprPtr> not_null;
};

std::optional<std::pair<ColumnId, std::vector<ExprPtr>>> ReadInList(
    const plan::Query& query, const ExprPtr& e, const plan::ColumnSet& columns) {
  if (e->kind != Expr::Kind::kInList || e->negated) return std::nullopt;
  const Expr& x = StripRelabel(*e->args[0]);
  if (x.kind != Expr::Kind::kColumn || !columns.contains(x.column)) return std::nullopt;
  std::vector<ExprPtr> items;
  for (size_t i = 1; i < e->args.size(); ++i) {
    if (plan::IsVolatile(e->args[i]) || plan::HasSubquery(e->args[i]) ||
        plan::Intersects(plan::ColumnsOf(e->args[i]), columns))
      return std::nullopt;
    ExprPtr item = AsKey(e->args[i], query.columns[x.column].type, true);
    if (item == nullptr) return std::nullopt;
    items.push_back(std::move(item));
  }
  return std::make_pair(x.column, std::move(items));
}

// The column of `column IS NOT NULL`.
std::optional<ColumnId> ReadNotNull(const ExprPtr& e, const plan::ColumnSet& columns) {
  if (e->kind != Expr::Kind::kTest || e->test != TestExpression::KIND_IS_NOT_NULL)
    return std::nullopt;
  const Expr& x = StripRelabel(*e->args[0]);
  if (x.kind != Expr::Kind::kColumn || !columns.contains(x.column)) return std::nullopt;
  return x.column;
}

bool Covers(const plan::Rel& scan, const std::vector<uint32_t>& keys,
            const IndexDescriptor* index) {
  if (index == nullptr) return false;
  for (const uint32_t ordinal : scan.ordinals) {
    if (ordinal == plan::kRowKeyOrdinal) return false;
    const bool key = std::find(keys.begin(), keys.end(), ordinal) != keys.end();
    const bool included = std::find(index->include().begin(), index->include().end(), ordinal) !=
                          index->include().end();
    if (!key && !included) return false;
  }
  return true;
}

// Whether the ordering starts with what is wanted, in either direction. Keys hold NULLs as the
// greatest value: last in ascending order, first in descending.
void MatchOrder(const plan::ScanRequest& request, AccessPath* path) {
  if (request.order.empty() || !path->any_of.empty()) return;
  auto fits = [&](bool reversed) {
    if (request.order.size() > path->ordering.size()) return false;
    for (size_t i = 0; i < request.order.size(); ++i) {
      const plan::SortKey& key = request.order[i];
      const auto& [column, descending] = path->ordering[i];
      if (key.expression->kind != Expr::Kind::kColumn || key.expression->column != column ||
          key.nulls_first != key.descending || key.descending != (descending != reversed))
        return false;
    }
    return true;
  };
  if (fits(false)) {
    path->ordered = true;
  } else if (!path->sequential && fits(true)) {
    path->ordered = true;
    path->descending = true;
    for (auto& [column, descending] : path->ordering) descending = !descending;
  }
}

// An index path, as far as it goes; false when it helps nothing.
bool BuildPath(const plan::Query& query, const plan::ScanRequest& request, const Matches& matches,
               const std::vector<ExprPtr>& conditions, const IndexDescriptor* index,
               const plan::CardinalityEstimator& estimator, AccessPath* path) {
  const plan::Rel& scan = *request.scan;
  const std::vector<uint32_t> keys = KeyColumns(*scan.table, index);
  path->sequential = false;
  path->index = index;
  path->index_id = index == nullptr ? 0 : index->index_id();
  std::map<uint32_t, ColumnId> column_of;
  for (size_t i = 0; i < scan.ordinals.size(); ++i) column_of[scan.ordinals[i]] = scan.output[i];
  size_t at = 0;
  for (; at < keys.size(); ++at) {
    const auto found = matches.comparisons.find(keys[at]);
    if (found == matches.comparisons.end()) break;
    const auto equal = std::find_if(found->second.begin(), found->second.end(),
                                    [](const auto& match) { return match.first.op == "="; });
    if (equal == found->second.end()) break;
    path->equal.push_back(equal->first.value);
    path->matched.push_back(equal->second);
  }
  path->unique = at == keys.size() && (index == nullptr || index->unique());
  if (at < keys.size()) {
    if (const auto list = matches.in_lists.find(keys[at]); list != matches.in_lists.end()) {
      path->any_of = list->second.first;
      path->matched.push_back(list->second.second);
    } else if (const auto found = matches.comparisons.find(keys[at]);
               found != matches.comparisons.end()) {
      for (const auto& [comparison, condition] : found->second) {
        const bool lower = comparison.op[0] == '>';
        ExprPtr& bound = lower ? path->lower : path->upper;
        if (bound != nullptr) continue;
        bound = comparison.value;
        (lower ? path->lower_inclusive : path->upper_inclusive) = comparison.op.size() == 2;
        path->matched.push_back(condition);
      }
    } else if (const auto test = matches.not_null.find(keys[at]); test != matches.not_null.end()) {
      path->upper_inclusive = true;  // Without a bound: up to the greatest value.
      path->matched.push_back(test->second);
    }
  }
  for (size_t i = at; i < keys.size(); ++i) {
    const auto column = column_of.find(keys[i]);
    if (column == column_of.end()) break;
    path->ordering.push_back({column->second, index != nullptr &&
                                                  index->descending_size() > static_cast<int>(i) &&
                                                  index->descending(static_cast<int>(i))});
  }
  path->index_only = Covers(scan, keys, index);
  // An open-ended range may run into the NULLs at the index's end: its condition is checked again.
  const bool open_ended = (path->lower == nullptr) != (path->upper == nullptr);
  const bool recheck = open_ended && !scan.table->columns(static_cast<int>(keys[at])).not_null();
  for (const ExprPtr& condition : conditions) {
    const auto found = std::find(path->matched.begin(), path->matched.end(), condition);
    const bool in_range =
        found != path->matched.end() && found - path->matched.begin() >= static_cast<long>(at);
    if (found == path->matched.end() || (recheck && in_range)) path->residual.push_back(condition);
  }
  const double rows = estimator.TableRows(*scan.table);
  path->index_rows =
      path->unique ? 1 : std::max(1.0, rows * estimator.Selectivity(query, path->matched));
  path->rows = std::max(1.0, path->index_rows * estimator.Selectivity(query, path->residual));
  MatchOrder(request, path);
  return !path->matched.empty() || path->ordered || path->index_only;
}

}  // namespace

const Expr& StripRelabel(const Expr& e) {
  if (e.kind == Expr::Kind::kCast && e.type.modifier == 0 &&
      KeepsOrder(e.args[0]->type.id, e.type.id))
    return StripRelabel(*e.args[0]);
  return e;
}

ExprPtr AsKey(const ExprPtr& value, const Type& column_type, bool equality) {
  const TypeId from = value->type.id;
  const Type plain{column_type.id, 0};
  if (from == column_type.id) return value;
  if (value->kind == Expr::Kind::kLiteral && IntegerRank(from) > 0 &&
      IntegerRank(column_type.id) > IntegerRank(from))
    return value->value.is_null()
               ? plan::MakeNull(plain)
               : plan::MakeLiteral(types::Value::Int(column_type.id, value->value.int_value()));
  if (KeepsOrder(from, column_type.id)) return plan::MakeCast(value, plain, true);
  const int column_rank = IntegerRank(column_type.id);
  const int value_rank = IntegerRank(from);
  if (column_rank == 0 || value_rank <= column_rank) return nullptr;
  const int64_t low = column_rank == 1 ? INT16_MIN : INT32_MIN;
  const int64_t high = column_rank == 1 ? INT16_MAX : INT32_MAX;
  if (value->kind == Expr::Kind::kLiteral && !value->value.is_null()) {
    const int64_t number = value->value.int_value();
    if (number < low || number > high) return equality ? plan::MakeNull(plain) : nullptr;
    return plan::MakeLiteral(types::Value::Int(column_type.id, number));
  }
  if (!equality) return nullptr;
  // NULL, which finds nothing, for what the column cannot hold.
  const functions::Function* at_least = nullptr;
  const functions::Function* at_most = nullptr;
  const auto& catalog = functions::FunctionCatalog::Builtin();
  for (const auto* function : catalog.FindOperators(">=")) {
    if (function->arguments == std::vector<TypeId>{from, from}) at_least = function;
  }
  for (const auto* function : catalog.FindOperators("<=")) {
    if (function->arguments == std::vector<TypeId>{from, from}) at_most = function;
  }
  if (at_least == nullptr || at_most == nullptr) return nullptr;
  auto bound = [from](int64_t number) {
    return plan::MakeLiteral(types::Value::Int(from, number));
  };
  ExprPtr fits = plan::MakeLogical(common::v1::LogicalExpression::KIND_AND,
                                   {plan::MakeCall(at_least, {value, bound(low)}),
                                    plan::MakeCall(at_most, {value, bound(high)})});
  return plan::MakeCase(plain, {fits, plan::MakeCast(value, plain, true), plan::MakeNull(plain)});
}

std::optional<Comparison> ReadComparison(const plan::Query& query, const ExprPtr& e,
                                         const plan::ColumnSet& columns) {
  // A boolean column stands for column = true.
  const bool negated =
      e->kind == Expr::Kind::kLogical && e->logical == common::v1::LogicalExpression::KIND_NOT;
  const Expr& plain = negated ? *e->args[0] : *e;
  if (plain.kind == Expr::Kind::kColumn && columns.contains(plain.column))
    return Comparison{plain.column, "=", plan::MakeBool(!negated)};
  if (e->kind != Expr::Kind::kCall || !ComparesInOrder(*e->function)) return std::nullopt;
  for (const bool flipped : {false, true}) {
    const ExprPtr& side = e->args[flipped ? 1 : 0];
    const ExprPtr& other = e->args[flipped ? 0 : 1];
    const Expr& column = StripRelabel(*side);
    if (column.kind != Expr::Kind::kColumn || !columns.contains(column.column)) continue;
    if (plan::HasSubquery(other) || plan::IsVolatile(other) ||
        plan::Intersects(plan::ColumnsOf(other), columns))
      continue;
    const std::string op = flipped ? Flip(e->function->name) : e->function->name;
    const Type& type = query.columns[column.column].type;
    if (!types::IsIndexable(type.id)) continue;
    ExprPtr value = AsKey(other, type, op == "=");
    if (value == nullptr) continue;
    return Comparison{column.column, op, std::move(value)};
  }
  return std::nullopt;
}

std::vector<AccessPath> FindAccessPaths(const plan::Query& query, const plan::ScanRequest& request,
                                        const std::vector<ExprPtr>& conditions,
                                        const plan::CardinalityEstimator& estimator) {
  const plan::Rel& scan = *request.scan;
  const double rows = estimator.TableRows(*scan.table);
  std::vector<AccessPath> paths(1);
  AccessPath& sequential = paths[0];
  sequential.residual = conditions;
  sequential.index_rows = rows;
  sequential.rows = std::max(1.0, rows * estimator.Selectivity(query, conditions));
  if (scan.table->is_virtual()) return paths;
  for (const uint32_t ordinal : scan.table->primary_key()) {
    const auto it = std::find(scan.ordinals.begin(), scan.ordinals.end(), ordinal);
    if (it == scan.ordinals.end()) break;
    sequential.ordering.push_back({scan.output[it - scan.ordinals.begin()], false});
  }
  MatchOrder(request, &sequential);

  Matches matches;
  const plan::ColumnSet columns(scan.output.begin(), scan.output.end());
  auto ordinal_of = [&scan](ColumnId id) {
    return scan
        .ordinals[std::find(scan.output.begin(), scan.output.end(), id) - scan.output.begin()];
  };
  for (const ExprPtr& condition : conditions) {
    if (auto comparison = ReadComparison(query, condition, columns)) {
      const uint32_t ordinal = ordinal_of(comparison->column);
      if (ordinal != plan::kRowKeyOrdinal)
        matches.comparisons[ordinal].push_back({*std::move(comparison), condition});
    } else if (auto list = ReadInList(query, condition, columns)) {
      matches.in_lists.emplace(ordinal_of(list->first),
                               std::make_pair(std::move(list->second), condition));
    } else if (const auto column = ReadNotNull(condition, columns)) {
      matches.not_null.emplace(ordinal_of(*column), condition);
    }
  }
  auto add = [&](const IndexDescriptor* index) {
    AccessPath path;
    if (BuildPath(query, request, matches, conditions, index, estimator, &path))
      paths.push_back(std::move(path));
  };
  if (scan.table->primary_key_size() > 0) add(nullptr);
  for (const IndexDescriptor& index : scan.table->indexes()) {
    if (index.state() == IndexDescriptor::STATE_PUBLIC) add(&index);
  }
  return paths;
}

}  // namespace adbms::sql::default_planner
