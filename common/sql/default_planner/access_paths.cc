#include "common/sql/default_planner/access_paths.h"

#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/default_planner/pattern_bounds.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/plan/implication.h"
#include "common/sql/rules/rewriter.h"
#include "common/types/declared_type.h"

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

// A key of an index: what it is an order of.
struct Key {
  ExprPtr expression;  // Null: a column that the scan does not read.
  bool descending = false;
  bool nullable = true;
  uint32_t ordinal = kExpressionKey;
};

std::vector<Key> KeysOf(const plan::Query& query, const plan::Rel& scan,
                        const IndexDescriptor* index, const plan::IndexForm& form) {
  const auto& ordinals = index == nullptr ? scan.table->primary_key() : index->columns();
  std::vector<Key> keys;
  for (int i = 0; i < ordinals.size(); ++i) {
    Key& key = keys.emplace_back();
    key.ordinal = ordinals.Get(i);
    key.descending = index != nullptr && i < index->descending_size() && index->descending(i);
    if (key.ordinal == kExpressionKey) {
      key.expression = form.keys[static_cast<size_t>(i)];
      continue;
    }
    key.nullable = !scan.table->columns(static_cast<int>(key.ordinal)).not_null();
    const auto at = std::find(scan.ordinals.begin(), scan.ordinals.end(), key.ordinal);
    if (at == scan.ordinals.end()) continue;
    const ColumnId column = scan.output[static_cast<size_t>(at - scan.ordinals.begin())];
    key.expression = plan::MakeColumn(column, query.columns[column].type);
  }
  return keys;
}

// The items of `key IN (…)`.
std::optional<std::vector<ExprPtr>> ReadInList(const ExprPtr& e, const ExprPtr& key,
                                               const plan::ColumnSet& columns) {
  if (e->kind != Expr::Kind::kInList || e->negated || !IsKey(*e->args[0], *key))
    return std::nullopt;
  std::vector<ExprPtr> items;
  for (size_t i = 1; i < e->args.size(); ++i) {
    if (!IsFixed(e->args[i], columns)) return std::nullopt;
    ExprPtr item = AsKey(e->args[i], key->type, true);
    if (item == nullptr) return std::nullopt;
    items.push_back(std::move(item));
  }
  return items;
}

bool IsNotNull(const ExprPtr& e, const ExprPtr& key) {
  return e->kind == Expr::Kind::kTest && e->test == TestExpression::KIND_IS_NOT_NULL &&
         IsKey(*e->args[0], *key);
}

bool Covers(const plan::Rel& scan, const IndexDescriptor* index) {
  if (index == nullptr) return false;
  for (const uint32_t ordinal : scan.ordinals) {
    if (ordinal == plan::kRowKeyOrdinal) return false;
    const bool key = std::find(index->columns().begin(), index->columns().end(), ordinal) !=
                     index->columns().end();
    const bool included = std::find(index->include().begin(), index->include().end(), ordinal) !=
                          index->include().end();
    if (!key && !included) return false;
  }
  return true;
}

// Whether rows in the order of `keys` come as wanted, in either direction. Keys hold NULLs as the
// greatest value: last in ascending order, first in descending.
void MatchOrder(const plan::ScanRequest& request, const Key* keys, size_t count, AccessPath* path) {
  if (request.order.empty() || !path->any_of.empty()) return;
  auto fits = [&](bool reversed) {
    if (request.order.size() > count) return false;
    for (size_t i = 0; i < request.order.size(); ++i) {
      const plan::SortKey& wanted = request.order[i];
      if (keys[i].expression == nullptr || !plan::Equal(*wanted.expression, *keys[i].expression) ||
          wanted.nulls_first != wanted.descending ||
          wanted.descending != (keys[i].descending != reversed))
        return false;
    }
    return true;
  };
  if (fits(false)) {
    path->ordered = true;
  } else if (!path->sequential && path->items.empty() && fits(true)) {
    path->ordered = true;
    path->descending = true;
    for (auto& [column, descending] : path->ordering) descending = !descending;
  }
}

// The columns by which rows in the order of `keys` are ordered.
void SetOrdering(const Key* keys, size_t count, AccessPath* path) {
  for (size_t i = 0; i < count; ++i) {
    if (keys[i].expression == nullptr || keys[i].expression->kind != Expr::Kind::kColumn) break;
    path->ordering.push_back({keys[i].expression->column, keys[i].descending});
  }
}

// Takes the conditions of the form key = value for as many keys as there are; returns how many.
size_t MatchEqual(const std::vector<Key>& keys, const std::vector<ExprPtr>& conditions,
                  const plan::ColumnSet& columns, AccessPath* path) {
  for (size_t at = 0; at < keys.size(); ++at) {
    if (keys[at].expression == nullptr) return at;
    bool found = false;
    for (const ExprPtr& condition : conditions) {
      auto comparison = ReadKeyComparison(condition, keys[at].expression, columns);
      if (!comparison.has_value() || comparison->op != "=") continue;
      path->equal.push_back(std::move(comparison->value));
      path->matched.push_back(condition);
      found = true;
      break;
    }
    if (!found) return at;
  }
  return keys.size();
}

// The first LIKE of the key that bounds it; false: there is none. `rechecked` takes a condition
// that not all strings within the bounds meet.
bool MatchPattern(const ExprPtr& key, const std::vector<ExprPtr>& conditions, AccessPath* path,
                  std::vector<ExprPtr>* rechecked) {
  if (key->type.id != TypeId::kText && key->type.id != TypeId::kVarchar) return false;
  for (const ExprPtr& condition : conditions) {
    if (condition->kind != Expr::Kind::kCall || !condition->function->is_operator ||
        condition->function->name != "~~" || !IsKey(*condition->args[0], *key))
      continue;
    const Expr& pattern = *condition->args[1];
    if (pattern.kind != Expr::Kind::kLiteral || pattern.value.is_null()) continue;
    const auto bounds = BoundsOfLike(pattern.value.bytes());
    if (!bounds.has_value()) continue;
    const auto bound = [&key](const std::string& text) {
      return plan::MakeLiteral(types::Value::String({key->type.id, 0}, text));
    };
    path->lower = bound(bounds->lower);
    path->lower_inclusive = true;
    if (bounds->single) path->upper = path->lower;
    if (bounds->upper.has_value()) path->upper = bound(*bounds->upper);
    path->upper_inclusive = bounds->single;
    path->matched.push_back(condition);
    if (!bounds->exact) rechecked->push_back(condition);
    return true;
  }
  return false;
}

// What bounds the key that follows. `rechecked` takes the conditions that the bounds do not settle.
void MatchRange(const ExprPtr& key, const std::vector<ExprPtr>& conditions,
                const plan::ColumnSet& columns, AccessPath* path, std::vector<ExprPtr>* rechecked) {
  if (key == nullptr) return;
  for (const ExprPtr& condition : conditions) {
    auto list = ReadInList(condition, key, columns);
    if (!list.has_value()) continue;
    path->any_of = *std::move(list);
    path->matched.push_back(condition);
    return;
  }
  for (const ExprPtr& condition : conditions) {
    auto comparison = ReadKeyComparison(condition, key, columns);
    if (!comparison.has_value() || comparison->op == "=") continue;
    const bool lower = comparison->op[0] == '>';
    ExprPtr& bound = lower ? path->lower : path->upper;
    if (bound != nullptr) continue;
    bound = std::move(comparison->value);
    (lower ? path->lower_inclusive : path->upper_inclusive) = comparison->op.size() == 2;
    path->matched.push_back(condition);
  }
  if (path->lower != nullptr || path->upper != nullptr) return;
  if (MatchPattern(key, conditions, path, rechecked)) return;
  for (const ExprPtr& condition : conditions) {
    if (!IsNotNull(condition, key)) continue;
    path->upper_inclusive = true;  // Without a bound: up to the greatest value.
    path->matched.push_back(condition);
    return;
  }
}

// The conditions that every entry of the index satisfies.
std::vector<ExprPtr> KnownBy(const ExprPtr& predicate, const std::vector<ExprPtr>& conditions) {
  std::vector<ExprPtr> known;
  if (predicate == nullptr) return known;
  std::vector<ExprPtr> parts;
  plan::SplitConjunction(predicate, &parts);
  for (const ExprPtr& condition : conditions) {
    if (std::any_of(parts.begin(), parts.end(),
                    [&](const ExprPtr& part) { return plan::Equal(*part, *condition); }))
      known.push_back(condition);
  }
  return known;
}

// An index path, as far as it goes; false when it helps nothing.
bool BuildPath(const plan::Query& query, const plan::ScanRequest& request,
               const std::vector<ExprPtr>& conditions, const IndexDescriptor* index,
               const plan::IndexForm& form, const plan::CardinalityEstimator& estimator,
               AccessPath* path) {
  const plan::Rel& scan = *request.scan;
  const std::vector<Key> keys = KeysOf(query, scan, index, form);
  const plan::ColumnSet columns(scan.output.begin(), scan.output.end());
  path->sequential = false;
  path->index = index;
  path->index_id = index == nullptr ? 0 : index->index_id();
  const size_t at = MatchEqual(keys, conditions, columns, path);
  path->unique = at == keys.size() && (index == nullptr || index->unique());
  std::vector<ExprPtr> rechecked;
  if (at < keys.size()) MatchRange(keys[at].expression, conditions, columns, path, &rechecked);
  SetOrdering(keys.data() + at, keys.size() - at, path);
  path->index_only = Covers(scan, index);
  // An open-ended range may run into the NULLs at the index's end: its condition is checked again.
  const bool open_ended = (path->lower == nullptr) != (path->upper == nullptr);
  const bool runs_into_nulls = open_ended && keys[at].nullable;
  const std::vector<ExprPtr> known = KnownBy(form.predicate, conditions);
  std::vector<ExprPtr> unanswered;
  for (const ExprPtr& condition : conditions) {
    if (std::find(known.begin(), known.end(), condition) != known.end()) continue;
    const auto found = std::find(path->matched.begin(), path->matched.end(), condition);
    const bool in_range =
        found != path->matched.end() && found - path->matched.begin() >= static_cast<long>(at);
    const bool recheck =
        (runs_into_nulls && in_range) ||
        std::find(rechecked.begin(), rechecked.end(), condition) != rechecked.end();
    if (found == path->matched.end() || recheck) path->residual.push_back(condition);
    if (found == path->matched.end()) unanswered.push_back(condition);
  }
  for (const ExprPtr& condition : known) {
    if (std::find(path->matched.begin(), path->matched.end(), condition) == path->matched.end())
      path->matched.push_back(condition);
  }
  const double rows = estimator.TableRows(*scan.table);
  path->index_rows =
      path->unique ? 1 : std::max(1.0, rows * estimator.Selectivity(query, path->matched));
  path->rows = std::max(1.0, path->index_rows * estimator.Selectivity(query, unanswered));
  MatchOrder(request, keys.data() + at, keys.size() - at, path);
  return !path->matched.empty() || path->ordered || path->index_only;
}

}  // namespace

const Expr& StripRelabel(const Expr& e) {
  // What becomes one of a domain is checked.
  if (e.kind == Expr::Kind::kCast && e.type.modifier == 0 && !types::IsDomain(e.type) &&
      !types::HoldsDomain(e.type) && KeepsOrder(e.args[0]->type.id, e.type.id))
    return StripRelabel(*e.args[0]);
  return e;
}

bool IsKey(const Expr& e, const Expr& key) {
  return plan::Equal(StripRelabel(e), StripRelabel(key));
}

bool IsFixed(const ExprPtr& e, const plan::ColumnSet& columns) {
  return !plan::HasSubquery(e) && !plan::IsVolatile(e) &&
         !plan::Intersects(plan::ColumnsOf(e), columns);
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

std::optional<Comparison> ReadKeyComparison(const ExprPtr& e, const ExprPtr& key,
                                            const plan::ColumnSet& columns) {
  // A boolean stands for itself = true.
  const bool negated =
      e->kind == Expr::Kind::kLogical && e->logical == common::v1::LogicalExpression::KIND_NOT;
  const Expr& plain = negated ? *e->args[0] : *e;
  if (key->type.id == TypeId::kBool && plan::Equal(plain, *key))
    return Comparison{0, "=", plan::MakeBool(!negated)};
  if (e->kind != Expr::Kind::kCall || !ComparesInOrder(*e->function)) return std::nullopt;
  for (const bool flipped : {false, true}) {
    const ExprPtr& side = e->args[flipped ? 1 : 0];
    const ExprPtr& other = e->args[flipped ? 0 : 1];
    if (!IsKey(*side, *key) || !IsFixed(other, columns) || !types::IsIndexable(key->type)) continue;
    const std::string op = flipped ? Flip(e->function->name) : e->function->name;
    ExprPtr value = AsKey(other, key->type, op == "=");
    if (value != nullptr) return Comparison{0, op, std::move(value)};
  }
  return std::nullopt;
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
    if (!types::IsIndexable(type)) continue;
    ExprPtr value = AsKey(other, type, op == "=");
    if (value == nullptr) continue;
    return Comparison{column.column, op, std::move(value)};
  }
  return std::nullopt;
}

std::optional<plan::IndexForm> UsableForm(const plan::Rel& scan, const IndexDescriptor& index,
                                          const std::vector<ExprPtr>& conditions) {
  if (index.expressions_size() == 0 && !index.has_predicate()) return plan::IndexForm();
  constexpr ColumnId kNotRead = UINT32_MAX;
  const auto form = plan::FormOf(index, [&](uint32_t ordinal) {
    const auto at = std::find(scan.ordinals.begin(), scan.ordinals.end(), ordinal);
    const auto position = static_cast<int>(ordinal);
    const Type type = position < scan.table->columns_size()
                          ? types::FromProto(scan.table->columns(position).type())
                          : Type{};
    return plan::MakeColumn(at == scan.ordinals.end()
                                ? kNotRead
                                : scan.output[static_cast<size_t>(at - scan.ordinals.begin())],
                            type);
  });
  if (!form.ok()) return std::nullopt;
  plan::IndexForm folded = *form;
  // A column that the scan does not read is in no condition.
  for (ExprPtr& key : folded.keys) {
    if (key == nullptr) continue;
    key = plan::ColumnsOf(key).contains(kNotRead) ? nullptr : rules::FoldConstants(key);
  }
  if (folded.predicate == nullptr) return folded;
  if (plan::ColumnsOf(folded.predicate).contains(kNotRead)) return std::nullopt;
  folded.predicate = rules::FoldConstants(folded.predicate);
  if (!plan::Implies(conditions, folded.predicate)) return std::nullopt;
  return folded;
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
  const std::vector<Key> primary = KeysOf(query, scan, nullptr, {});
  SetOrdering(primary.data(), primary.size(), &sequential);
  MatchOrder(request, primary.data(), primary.size(), &sequential);
  auto add = [&](const IndexDescriptor* index, const plan::IndexForm& form) {
    AccessPath path;
    if (BuildPath(query, request, conditions, index, form, estimator, &path))
      paths.push_back(std::move(path));
  };
  if (scan.table->primary_key_size() > 0) add(nullptr, {});
  for (const IndexDescriptor& index : scan.table->indexes()) {
    if (index.state() != IndexDescriptor::STATE_PUBLIC) continue;
    const auto form = UsableForm(scan, index, conditions);
    if (!form.has_value()) continue;
    if (!IsInverted(index)) {
      add(&index, *form);
    } else if (auto path = FindItemPath(query, scan, conditions, index, *form, estimator)) {
      // The rows come by their keys.
      SetOrdering(primary.data(), primary.size(), &*path);
      MatchOrder(request, primary.data(), primary.size(), &*path);
      paths.push_back(*std::move(path));
    }
  }
  return paths;
}

}  // namespace adbms::sql::default_planner
