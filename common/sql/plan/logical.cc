#include "common/sql/plan/logical.h"

#include <algorithm>

#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::plan {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;

std::shared_ptr<Expr> New(Expr::Kind kind, types::Type type, int location = -1) {
  auto result = std::make_shared<Expr>();
  result->kind = kind;
  result->type = type;
  result->location = location;
  return result;
}

constexpr types::Type kBool{types::TypeId::kBool, 0};

void SelfExpressions(const Rel& rel, const std::function<void(const ExprPtr&)>& visit) {
  ForEachExpression(const_cast<Rel&>(rel), [&visit](ExprPtr& e) { visit(e); });
}

void CollectFree(const Rel& rel, ColumnSet* used, ColumnSet* produced) {
  SelfExpressions(rel, [used](const ExprPtr& e) { CollectColumns(*e, used); });
  produced->insert(rel.output.begin(), rel.output.end());
  for (const RelPtr& input : rel.inputs) CollectFree(*input, used, produced);
}

}  // namespace

ExprPtr MakeLiteral(types::Value value, int location) {
  auto result = New(Expr::Kind::kLiteral, value.type(), location);
  result->value = std::move(value);
  return result;
}

ExprPtr MakeBool(bool value) { return MakeLiteral(types::Value::Bool(value)); }
ExprPtr MakeNull(types::Type type) { return MakeLiteral(types::Value::Null(type)); }

ExprPtr MakeColumn(ColumnId column, const types::Type& type, int location) {
  auto result = New(Expr::Kind::kColumn, type, location);
  result->type.collation = types::Plain(type.collation);
  result->column = column;
  return result;
}

ExprPtr MakeParameter(int parameter, const types::Type& type, int location) {
  auto result = New(Expr::Kind::kParameter, type, location);
  result->parameter = parameter;
  return result;
}

namespace {

// What an argument says of a result of a declared type; null: nothing.
const types::DeclaredType* DefinitionFor(types::TypeId result, const types::Type& argument) {
  if (types::HoldsEnum(result)) return types::EnumOf(argument);
  if (types::HoldsRow(result)) return types::CompositeOf(argument);
  const types::DeclaredType* range = types::DefinitionOf(argument);
  if (range == nullptr || !types::HoldsDeclaredRange(argument.id)) return nullptr;
  if (range->is_multirange()) range = range->base.declared;
  const types::TypeId one = types::IsArray(result) ? types::ElementOf(result) : result;
  return one == types::TypeId::kRange ? range : types::DeclaredMultirangeOf(*range).declared;
}

}  // namespace

types::Type ResultOf(types::TypeId result, const std::vector<ExprPtr>& args) {
  types::Type type{result, 0};
  if (result == types::TypeId::kUnspecified && !args.empty() &&
      types::HoldsDeclaredRange(args[0]->type.id))
    return types::BaseOf(types::BoundOf(args[0]->type));
  if (!types::HoldsDeclared(result)) return type;
  for (const ExprPtr& arg : args) {
    const types::DeclaredType* const mine = DefinitionFor(result, arg->type);
    if (mine == nullptr) continue;
    // A row of a type with a name before one without.
    const bool named = !mine->is_anonymous();
    if (named || type.declared == nullptr) type.declared = mine;
    if (named) break;
  }
  return type;
}

ExprPtr MakeCall(const functions::Function* function, std::vector<ExprPtr> args, int location) {
  auto result = New(Expr::Kind::kCall, ResultOf(function->result, args), location);
  if (types::IsString(result->type.id)) {
    for (const ExprPtr& arg : args)
      result->type.collation = types::CommonCollation(result->type.collation, arg->type.collation);
  }
  result->function = function;
  result->args = std::move(args);
  return result;
}

ExprPtr MakeCast(ExprPtr argument, const types::Type& type, bool is_explicit, int location) {
  auto result = New(Expr::Kind::kCast, type, location);
  if (type.collation == types::kDefaultCollation && types::IsString(type.id))
    result->type.collation = argument->type.collation;
  result->args = {std::move(argument)};
  result->is_explicit = is_explicit;
  return result;
}

ExprPtr MakeLogical(LogicalExpression::Kind kind, std::vector<ExprPtr> args) {
  auto result = New(Expr::Kind::kLogical, kBool);
  result->logical = kind;
  result->args = std::move(args);
  return result;
}

ExprPtr MakeNot(ExprPtr argument) {
  return MakeLogical(LogicalExpression::KIND_NOT, {std::move(argument)});
}

ExprPtr MakeAnd(std::vector<ExprPtr> args) {
  if (args.empty()) return nullptr;
  if (args.size() == 1) return args[0];
  return MakeLogical(LogicalExpression::KIND_AND, std::move(args));
}

ExprPtr MakeTest(TestExpression::Kind kind, std::vector<ExprPtr> args) {
  auto result = New(Expr::Kind::kTest, kBool);
  result->test = kind;
  result->args = std::move(args);
  return result;
}

ExprPtr MakeCase(types::Type type, std::vector<ExprPtr> args) {
  auto result = New(Expr::Kind::kCase, type);
  result->args = std::move(args);
  return result;
}

RelPtr MakeRel(Rel::Kind kind, std::vector<RelPtr> inputs) {
  auto rel = std::make_shared<Rel>();
  rel->kind = kind;
  rel->inputs = std::move(inputs);
  return rel;
}

RelPtr MakeFilter(RelPtr input, std::vector<ExprPtr> conditions) {
  RelPtr rel = MakeRel(Rel::Kind::kFilter, {input});
  rel->output = input->output;
  rel->conditions = std::move(conditions);
  return rel;
}

RelPtr MakeOneRow() {
  RelPtr rel = MakeRel(Rel::Kind::kValues);
  rel->rows.emplace_back();
  return rel;
}

bool IsTrue(const Expr& e) {
  return e.kind == Expr::Kind::kLiteral && e.type.id == types::TypeId::kBool &&
         !e.value.is_null() && e.value.bool_value();
}

void Walk(const ExprPtr& expression, const std::function<void(const Expr&)>& visit) {
  visit(*expression);
  for (const ExprPtr& arg : expression->args) Walk(arg, visit);
}

void ForEachExpression(Rel& rel, const std::function<void(ExprPtr&)>& visit) {
  for (auto& row : rel.rows) {
    for (ExprPtr& e : row) visit(e);
  }
  for (ExprPtr& e : rel.conditions) visit(e);
  for (ExprPtr& e : rel.expressions) visit(e);
  for (SetFunction& function : rel.set_functions) {
    for (ExprPtr& e : function.arguments) visit(e);
  }
  for (AggregateCall& call : rel.aggregates) {
    for (ExprPtr& e : call.arguments) visit(e);
    if (call.filter) visit(call.filter);
    for (SortKey& key : call.order_by) visit(key.expression);
  }
  for (WindowCall& call : rel.window_calls) {
    for (ExprPtr& e : call.arguments) visit(e);
    if (call.filter) visit(call.filter);
  }
  if (rel.frame.start_offset) visit(rel.frame.start_offset);
  if (rel.frame.end_offset) visit(rel.frame.end_offset);
  for (SortKey& key : rel.keys) visit(key.expression);
  if (rel.count) visit(rel.count);
  if (rel.offset) visit(rel.offset);
  for (ExprPtr& e : rel.ties) visit(e);
}

std::vector<ColumnId> ComputedColumns(const Rel& project_set) {
  size_t count = project_set.ordinality ? 1 : 0;
  for (const SetFunction& set : project_set.set_functions)
    count += set.function == nullptr ? 1 : set.function->result.size();
  return {project_set.output.end() - static_cast<long>(count), project_set.output.end()};
}

void ForEachWrite(Query* query, const std::function<void(Write&, RelPtr&)>& visit) {
  visit(*query, query->root);
  for (Cte& cte : query->ctes) {
    if (cte.write != nullptr) visit(*cte.write, cte.rel);
  }
}

namespace {

void VisitRels(const RelPtr& rel, const std::function<void(const RelPtr&)>& visit);

void VisitRelsIn(const Expr& e, const std::function<void(const RelPtr&)>& visit) {
  for (const ExprPtr& arg : e.args) VisitRelsIn(*arg, visit);
  if (e.query != nullptr) VisitRels(e.query, visit);
}

void VisitRels(const RelPtr& rel, const std::function<void(const RelPtr&)>& visit) {
  visit(rel);
  for (const RelPtr& input : rel->inputs) VisitRels(input, visit);
  ForEachExpression(*rel, [&visit](ExprPtr& e) { VisitRelsIn(*e, visit); });
}

}  // namespace

void ForEachRel(Query* query, const std::function<void(const RelPtr&)>& visit) {
  VisitRels(query->root, visit);
  for (const Cte& cte : query->ctes) VisitRels(cte.rel, visit);
  ForEachWrite(query, [&visit](Write& write, RelPtr&) {
    for (const ExprPtr& e : write.change.values) VisitRelsIn(*e, visit);
    for (const ExprPtr& e : write.change.recheck) VisitRelsIn(*e, visit);
    for (const CheckCondition& check : write.checks) VisitRelsIn(*check.condition, visit);
  });
}

void CollectColumns(const Expr& e, ColumnSet* columns) {
  if (e.kind == Expr::Kind::kColumn) columns->insert(e.column);
  for (const ExprPtr& arg : e.args) CollectColumns(*arg, columns);
  if (e.query != nullptr) {
    const ColumnSet free = FreeColumns(*e.query);
    columns->insert(free.begin(), free.end());
  }
}

ColumnSet ColumnsOf(const ExprPtr& expression) {
  ColumnSet columns;
  CollectColumns(*expression, &columns);
  return columns;
}

ColumnSet FreeColumns(const Rel& rel) {
  ColumnSet used;
  ColumnSet produced;
  CollectFree(rel, &used, &produced);
  for (const ColumnId column : produced) used.erase(column);
  return used;
}

void CollectProduced(const Rel& rel, ColumnSet* columns) {
  columns->insert(rel.output.begin(), rel.output.end());
  for (const RelPtr& input : rel.inputs) CollectProduced(*input, columns);
}

bool HasSubquery(const ExprPtr& expression) {
  bool found = false;
  Walk(expression, [&found](const Expr& e) { found |= e.kind == Expr::Kind::kSubquery; });
  return found;
}

bool IsVolatileFunction(const common::v1::FunctionDescriptor& function) {
  return function.volatility() != common::v1::FunctionDescriptor::VOLATILITY_IMMUTABLE &&
         function.volatility() != common::v1::FunctionDescriptor::VOLATILITY_STABLE;
}

bool IsVolatile(const ExprPtr& expression) {
  bool found = false;
  Walk(expression, [&found](const Expr& e) {
    if (e.function != nullptr && e.function->volatility == functions::Volatility::kVolatile)
      found = true;
    if (e.query != nullptr && IsVolatile(*e.query)) found = true;
  });
  return found;
}

bool IsVolatile(const Rel& rel) {
  bool found = false;
  SelfExpressions(rel, [&found](const ExprPtr& e) { found |= IsVolatile(e); });
  for (const RelPtr& input : rel.inputs) found = found || IsVolatile(*input);
  return found;
}

bool IsRowIndependent(const ExprPtr& expression) {
  bool found = false;
  Walk(expression, [&found](const Expr& e) {
    found |= e.kind == Expr::Kind::kColumn || e.kind == Expr::Kind::kSubquery;
  });
  return !found && !IsVolatile(expression);
}

bool IsSubset(const ColumnSet& part, const ColumnSet& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool Intersects(const ColumnSet& a, const ColumnSet& b) {
  return std::any_of(a.begin(), a.end(), [&b](ColumnId id) { return b.contains(id); });
}

namespace {

// Whether the expression is NULL when all `columns` are NULL.
bool IsNullOn(const Expr& e, const ColumnSet& columns) {
  switch (e.kind) {
    case Expr::Kind::kColumn:
      return columns.contains(e.column);
    case Expr::Kind::kCast:
      return IsNullOn(*e.args[0], columns);
    case Expr::Kind::kCall:
      return e.function->strict &&
             std::any_of(e.args.begin(), e.args.end(),
                         [&columns](const ExprPtr& arg) { return IsNullOn(*arg, columns); });
    case Expr::Kind::kInList:
      return IsNullOn(*e.args[0], columns);
    case Expr::Kind::kLogical:
      // AND and OR are NULL only when every argument is (a false or true one decides otherwise).
      return std::all_of(e.args.begin(), e.args.end(),
                         [&columns](const ExprPtr& arg) { return IsNullOn(*arg, columns); });
    default:
      return false;
  }
}

}  // namespace

bool IsStrictOn(const Expr& e, const ColumnSet& columns) {
  if (IsNullOn(e, columns)) return true;
  if (e.kind == Expr::Kind::kLogical) {
    auto strict = [&columns](const ExprPtr& arg) { return IsStrictOn(*arg, columns); };
    if (e.logical == LogicalExpression::KIND_AND)
      return std::any_of(e.args.begin(), e.args.end(), strict);
    if (e.logical == LogicalExpression::KIND_OR)
      return std::all_of(e.args.begin(), e.args.end(), strict);
    return false;
  }
  if (e.kind == Expr::Kind::kTest) {
    switch (e.test) {
      case TestExpression::KIND_IS_NOT_NULL:
      case TestExpression::KIND_IS_TRUE:
      case TestExpression::KIND_IS_FALSE:
        return IsNullOn(*e.args[0], columns);
      default:
        return false;
    }
  }
  return false;
}

ExprPtr Transform(const ExprPtr& expression,
                  const std::function<ExprPtr(const ExprPtr&)>& replace) {
  if (ExprPtr replaced = replace(expression)) return replaced;
  bool changed = false;
  std::vector<ExprPtr> args;
  args.reserve(expression->args.size());
  for (const ExprPtr& arg : expression->args) {
    args.push_back(Transform(arg, replace));
    changed |= args.back() != arg;
  }
  RelPtr query;
  if (expression->query != nullptr) {
    query = TransformRel(expression->query, replace);
    changed = true;
  }
  if (!changed) return expression;
  auto copy = std::make_shared<Expr>(*expression);
  copy->args = std::move(args);
  if (query) copy->query = std::move(query);
  return copy;
}

RelPtr TransformRel(const RelPtr& rel, const std::function<ExprPtr(const ExprPtr&)>& replace) {
  auto copy = std::make_shared<Rel>(*rel);
  for (RelPtr& input : copy->inputs) input = TransformRel(input, replace);
  ForEachExpression(*copy, [&replace](ExprPtr& e) { e = Transform(e, replace); });
  return copy;
}

namespace {

// A copy whose operators have new columns and working tables; the expressions are the old ones.
RelPtr CopyOperators(const RelPtr& rel, Query* query, std::map<ColumnId, ColumnId>* columns,
                     std::map<uint32_t, uint32_t>* working_tables) {
  auto copy = std::make_shared<Rel>(*rel);
  if (rel->kind == Rel::Kind::kRecursiveUnion)
    copy->working_table = (*working_tables)[rel->working_table] = query->working_tables++;
  for (RelPtr& input : copy->inputs) input = CopyOperators(input, query, columns, working_tables);
  const auto working_table = working_tables->find(rel->working_table);
  if (rel->kind == Rel::Kind::kWorkingTable && working_table != working_tables->end())
    copy->working_table = working_table->second;
  for (ColumnId& id : copy->output) {
    const auto known = columns->find(id);
    if (known == columns->end()) {
      const ColumnInfo info = query->columns[id];
      id = (*columns)[id] = query->AddColumn(info);
    } else {
      id = known->second;
    }
  }
  return copy;
}

}  // namespace

RelPtr CopyWithNewColumns(const RelPtr& rel, Query* query, std::map<ColumnId, ColumnId>* columns) {
  std::map<uint32_t, uint32_t> working_tables;
  const RelPtr copy = CopyOperators(rel, query, columns, &working_tables);
  return TransformRel(copy, [columns](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn) return nullptr;
    const auto it = columns->find(e->column);
    return it == columns->end() ? nullptr : MakeColumn(it->second, e->type, e->location);
  });
}

void SplitConjunction(const ExprPtr& condition, std::vector<ExprPtr>* out) {
  if (condition->kind == Expr::Kind::kLogical &&
      condition->logical == LogicalExpression::KIND_AND) {
    for (const ExprPtr& arg : condition->args) SplitConjunction(arg, out);
  } else {
    out->push_back(condition);
  }
}

}  // namespace adbms::sql::plan
