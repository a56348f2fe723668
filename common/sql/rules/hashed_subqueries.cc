// Subqueries that stay in expressions, in a form that is run once and looked up in for each row.
#include <algorithm>

#include "common/sql/rules/correlation.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using common::v1::SubqueryExpression;
using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;
using types::TypeId;

// The type that equality of the two is the same in, and which can be hashed.
std::optional<TypeId> HashType(TypeId a, TypeId b) {
  if (a == b) return a;
  const auto either = [&](TypeId id) { return a == id || b == id; };
  if (types::IsInteger(a) && types::IsInteger(b))
    return either(TypeId::kInt8) ? TypeId::kInt8 : TypeId::kInt4;
  if (either(TypeId::kFloat4) && either(TypeId::kFloat8)) return TypeId::kFloat8;
  return std::nullopt;
}

const functions::Function* Equality(TypeId type) {
  for (const auto* candidate : functions::FunctionCatalog::Builtin().FindOperators("=")) {
    if (candidate->arguments == std::vector<TypeId>{type, type}) return candidate;
  }
  return nullptr;
}

ExprPtr As(const ExprPtr& e, TypeId type) {
  return e->type.id == type ? e : plan::MakeCast(e, {type, 0}, /*is_explicit=*/false);
}

// Both sides of an equality, in the type that it is hashed in.
struct KeyPair {
  const functions::Function* equality;
  ExprPtr outside;
  ExprPtr inside;
};

// Nothing unless `condition` compares something of the subquery with something of outside.
std::optional<KeyPair> AsKeyPair(const Expr& condition, const ColumnSet& outer,
                                 const plan::Query& query) {
  if (condition.kind != Expr::Kind::kCall || !condition.function->is_operator ||
      condition.function->name != "=")
    return std::nullopt;
  const ColumnSet columns[] = {plan::ColumnsOf(condition.args[0]),
                               plan::ColumnsOf(condition.args[1])};
  if (columns[0].empty() || columns[1].empty()) return std::nullopt;
  const size_t inside = plan::IsSubset(columns[0], outer) ? 1 : 0;
  if (!plan::IsSubset(columns[1 - inside], outer) || plan::Intersects(columns[inside], outer))
    return std::nullopt;
  for (const ColumnId column : columns[inside]) {
    if (LeadsAnIndex(query, column)) return std::nullopt;
  }
  const std::optional<TypeId> type =
      HashType(condition.args[0]->type.id, condition.args[1]->type.id);
  const functions::Function* equality = type.has_value() ? Equality(*type) : nullptr;
  // Numbers of columns may lie in other scales.
  if (equality == nullptr) return std::nullopt;
  return KeyPair{equality, As(condition.args[1 - inside], *type),
                 As(condition.args[inside], *type)};
}

// EXISTS (SELECT … WHERE inner = outer AND …) as (outer = ANY (SELECT DISTINCT inner WHERE …)) IS
// TRUE; null when it is not of that form.
ExprPtr HashedExists(const Expr& exists, plan::Query* query) {
  if (plan::IsVolatile(*exists.query)) return nullptr;
  const ColumnSet outer = plan::FreeColumns(*exists.query);
  RelPtr right = exists.query;
  std::vector<ExprPtr> conditions;
  if (outer.empty() || HasLimit(*right) || HasLock(*right) ||
      !TakeCorrelated(&right, outer, &conditions) || conditions.empty())
    return nullptr;
  auto any = std::make_shared<Expr>();
  any->kind = Expr::Kind::kSubquery;
  any->subquery = SubqueryExpression::KIND_ANY;
  any->type = {TypeId::kBool, 0};
  RelPtr keys = plan::MakeRel(Rel::Kind::kAggregate);
  std::vector<ExprPtr> known;
  for (const ExprPtr& condition : conditions) {
    const std::optional<KeyPair> pair = AsKeyPair(*condition, outer, *query);
    if (!pair.has_value()) return nullptr;
    any->args.push_back(pair->outside);
    any->comparisons.push_back(pair->equality);
    keys->expressions.push_back(pair->inside);
    keys->output.push_back(query->AddColumn({"key", pair->inside->type, 0, 0, false}));
    known.push_back(plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_NULL, {pair->inside}));
  }
  keys->inputs = {plan::MakeFilter(right, std::move(known))};
  std::map<ColumnId, ColumnId> columns;
  any->query = plan::CopyWithNewColumns(keys, query, &columns);
  ExprPtr hashed = plan::MakeTest(common::v1::TestExpression::KIND_IS_TRUE, {any});
  if (any->args.size() == 1) return hashed;
  // A NULL is no key; to look for the rows that agree in the others would be slow.
  std::vector<ExprPtr> keyed;
  for (const ExprPtr& value : any->args)
    keyed.push_back(plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_NULL, {value}));
  return plan::MakeCase({TypeId::kBool, 0},
                        {plan::MakeAnd(std::move(keyed)), hashed, plan::MakeBool(false)});
}

// x = ANY (SELECT y …) of two types in one that can be hashed; null when nothing is to be done.
ExprPtr SameTypes(const Expr& any, plan::Query* query) {
  bool differ = false;
  std::vector<TypeId> wanted;
  for (size_t i = 0; i < any.args.size(); ++i) {
    const functions::Function* function = any.comparisons[i];
    if (function->name != "=" || function->arguments.size() != 2) return nullptr;
    const TypeId column = query->columns[any.query->output[i]].type.id;
    const std::optional<TypeId> type = HashType(any.args[i]->type.id, column);
    if (!type.has_value() || Equality(*type) == nullptr) return nullptr;
    differ |= any.args[i]->type.id != column;
    wanted.push_back(*type);
  }
  if (!differ) return nullptr;
  auto same = std::make_shared<Expr>(any);
  same->query = plan::MakeRel(Rel::Kind::kProject, {any.query});
  for (size_t i = 0; i < any.args.size(); ++i) {
    const ColumnId column = any.query->output[i];
    same->args[i] = As(any.args[i], wanted[i]);
    same->comparisons[i] = Equality(wanted[i]);
    const ExprPtr value = As(plan::MakeColumn(column, query->columns[column].type), wanted[i]);
    same->query->expressions.push_back(value);
    same->query->output.push_back(query->AddColumn({"value", value->type, 0, 0, false}));
  }
  return same;
}

}  // namespace

RelPtr HashSubqueries(RelPtr rel, plan::Query* query) {
  for (RelPtr& input : rel->inputs) input = HashSubqueries(input, query);
  plan::ForEachExpression(*rel, [&](ExprPtr& expression) {
    if (!plan::HasSubquery(expression)) return;
    expression = plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
      if (e->kind != Expr::Kind::kSubquery) return nullptr;
      if (e->subquery == SubqueryExpression::KIND_ANY) return SameTypes(*e, query);
      if (e->subquery != SubqueryExpression::KIND_EXISTS || !e->args.empty()) return nullptr;
      ExprPtr hashed = HashedExists(*e, query);
      if (hashed == nullptr) return nullptr;
      auto both = std::make_shared<Expr>(*e);
      both->args = {std::move(hashed)};
      return both;
    });
  });
  return rel;
}

}  // namespace adbms::sql::rules
