#include "common/sql/default_planner/partition_pruning.h"

#include <algorithm>
#include <string>

#include "common/sql/default_planner/access_paths.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::LogicalExpression;
using common::v1::PartitionKey;
using common::v1::PartitionRangeValue;
using common::v1::TestExpression;
using partition::RangeEnd;
using plan::Expr;
using plan::ExprPtr;
using types::TypeId;
using types::Value;

using Verdict = PartitionVerdict;

Verdict Known(bool possible) { return {!possible, nullptr}; }

Verdict And(const Verdict& a, const Verdict& b) {
  if (a.never || b.never) return Known(false);
  if (a.depends == nullptr) return b;
  if (b.depends == nullptr) return a;
  return {false, plan::MakeLogical(LogicalExpression::KIND_AND, {a.depends, b.depends})};
}

Verdict Or(const Verdict& a, const Verdict& b) {
  if (a.never) return b;
  if (b.never) return a;
  if (a.depends == nullptr || b.depends == nullptr) return Known(true);
  return {false, plan::MakeLogical(LogicalExpression::KIND_OR, {a.depends, b.depends})};
}

bool IsLiteral(const ExprPtr& e) { return e->kind == Expr::Kind::kLiteral; }

bool Holds(const std::string& op, int order) {
  if (op == "=") return order == 0;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

// x op bound. Both are of the key's type.
Verdict Compare(const ExprPtr& x, const std::string& op, const Value& bound) {
  if (IsLiteral(x) && types::PhysicalOf(x->type.id) == types::PhysicalOf(bound.type().id)) {
    return Known(!x->value.is_null() && Holds(op, types::CompareValues(x->value, bound)));
  }
  for (const auto* function : functions::FunctionCatalog::Builtin().FindOperators(op)) {
    if (function->arguments != std::vector<TypeId>{x->type.id, x->type.id} ||
        function->result != TypeId::kBool)
      continue;
    Value same = bound;
    same.set_type(x->type);
    return {false, plan::MakeCall(function, {x, plan::MakeLiteral(std::move(same))})};
  }
  return Known(true);
}

// xs op end, column after column; `at_end`: what it is where all that there is is equal.
Verdict CompareRow(const std::vector<ExprPtr>& xs, bool above, const RangeEnd& end, bool at_end,
                   size_t at = 0) {
  if (at == xs.size() || at == end.kinds.size()) return Known(at_end);
  if (end.kinds[at] == PartitionRangeValue::KIND_MINVALUE) return Known(above);
  if (end.kinds[at] == PartitionRangeValue::KIND_MAXVALUE) return Known(!above);
  const Verdict beyond = Compare(xs[at], above ? ">" : "<", end.values[at]);
  const Verdict rest = CompareRow(xs, above, end, at_end, at + 1);
  if (rest.never) return beyond;
  return Or(beyond, And(Compare(xs[at], "=", end.values[at]), rest));
}

ExprPtr ListOf(const ExprPtr& x, const std::vector<Value>& values, bool negated) {
  auto list = std::make_shared<Expr>();
  list->kind = Expr::Kind::kInList;
  list->type = {TypeId::kBool, 0};
  list->negated = negated;
  list->args.push_back(x);
  for (Value value : values) {
    value.set_type(x->type);
    list->args.push_back(plan::MakeLiteral(std::move(value)));
  }
  return list;
}

const functions::Function* FunctionNamed(const char* name, const std::vector<TypeId>& arguments) {
  for (const auto* function : functions::FunctionCatalog::Builtin().FindFunctions(name)) {
    if (function->arguments == arguments) return function;
  }
  return nullptr;
}

// The remainder of the keys' hash, over int8; null where there is no function for it.
ExprPtr Remainder(const std::vector<ExprPtr>& keys, uint32_t modulus) {
  ExprPtr hash = plan::MakeLiteral(Value::Int(TypeId::kInt8, 0));
  for (const ExprPtr& key : keys) {
    const auto* add = FunctionNamed(functions::kPartitionHash, {TypeId::kInt8, key->type.id});
    if (add == nullptr) return nullptr;
    hash = plan::MakeCall(add, {hash, key});
  }
  const auto* remainder =
      FunctionNamed(functions::kPartitionRemainder, {TypeId::kInt8, TypeId::kInt8});
  if (remainder == nullptr) return nullptr;
  return plan::MakeCall(remainder, {hash, plan::MakeLiteral(Value::Int(TypeId::kInt8, modulus))});
}

// All of any number of verdicts, or any of them, for each partition. What they depend on is joined
// at the end: one in another, thousands of them would be too deep for whoever reads the expression.
class Combination {
 public:
  Combination(LogicalExpression::Kind kind, size_t partitions) : kind_(kind), states_(partitions) {}

  void Add(const std::vector<Verdict>& verdicts) {
    for (size_t i = 0; i < states_.size(); ++i) {
      State& state = states_[i];
      const Verdict& verdict = verdicts[i];
      if (verdict.never) {
        state.some_never = true;
      } else if (verdict.depends == nullptr) {
        state.some_possible = true;
      } else {
        state.depends.push_back(verdict.depends);
      }
    }
  }

  std::vector<Verdict> Result() {
    std::vector<Verdict> verdicts;
    for (State& state : states_) verdicts.push_back(Of(&state));
    return verdicts;
  }

 private:
  struct State {
    bool some_never = false;
    bool some_possible = false;
    std::vector<ExprPtr> depends;
  };

  Verdict Of(State* state) const {
    const bool all = kind_ == LogicalExpression::KIND_AND;
    if (all ? state->some_never : state->some_possible) return Known(!all);
    if (state->depends.empty()) return Known(all);
    if (state->depends.size() == 1) return {false, state->depends[0]};
    return {false, plan::MakeLogical(kind_, std::move(state->depends))};
  }

  const LogicalExpression::Kind kind_;
  std::vector<State> states_;
};

}  // namespace

// What the conditions ask of one key.
struct PartitionPruner::KeyConditions {
  ExprPtr equal;
  ExprPtr lower, upper;
  bool lower_inclusive = false, upper_inclusive = false;
  bool null = false, not_null = false;

  bool any_comparison() const { return equal != nullptr || lower != nullptr || upper != nullptr; }
};

PartitionPruner::Verdicts PartitionPruner::Nothing() const {
  return Verdicts(static_cast<size_t>(key_.partitions_size()), Known(false));
}

std::vector<PartitionPruner::KeyConditions> PartitionPruner::Read(
    const std::vector<ExprPtr>& conditions) const {
  std::vector<KeyConditions> result(keys_.size());
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == nullptr) continue;
    KeyConditions& key = result[i];
    for (const ExprPtr& condition : conditions) {
      if (condition->kind == Expr::Kind::kTest && condition->args.size() == 1 &&
          plan::Equal(StripRelabel(*condition->args[0]), StripRelabel(*keys_[i]))) {
        key.null |= condition->test == TestExpression::KIND_IS_NULL;
        key.not_null |= condition->test == TestExpression::KIND_IS_NOT_NULL;
      }
      auto comparison = ReadKeyComparison(condition, keys_[i], columns_);
      if (!comparison.has_value()) continue;
      ExprPtr value = rules::FoldConstants(comparison->value);
      if (comparison->op == "=") {
        if (key.equal == nullptr || !IsLiteral(key.equal)) key.equal = std::move(value);
        continue;
      }
      const bool lower = comparison->op[0] == '>';
      ExprPtr& bound = lower ? key.lower : key.upper;
      if (bound != nullptr && (IsLiteral(bound) || !IsLiteral(value))) continue;
      bound = std::move(value);
      (lower ? key.lower_inclusive : key.upper_inclusive) = comparison->op.size() == 2;
    }
  }
  return result;
}

PartitionPruner::Verdicts PartitionPruner::JudgeEqual(const std::vector<ExprPtr>& values) const {
  Verdicts verdicts = Nothing();
  if (std::all_of(values.begin(), values.end(), IsLiteral)) {
    std::vector<Value> keys;
    for (const ExprPtr& value : values) keys.push_back(value->value);
    const bool null =
        std::any_of(keys.begin(), keys.end(), [](const Value& key) { return key.is_null(); });
    const std::optional<size_t> found = null ? std::nullopt : bounds_.Find(keys);
    if (found.has_value()) verdicts[*found] = Known(true);
    return verdicts;
  }
  if (bounds_.default_member().has_value()) verdicts[*bounds_.default_member()] = Known(true);
  if (bounds_.strategy() == PartitionKey::STRATEGY_RANGE) {
    for (const auto& range : bounds_.ranges()) {
      verdicts[range.member] = And(CompareRow(values, true, range.lower, true),
                                   CompareRow(values, false, range.upper, false));
    }
    return verdicts;
  }
  if (bounds_.strategy() == PartitionKey::STRATEGY_LIST) {
    std::vector<std::vector<Value>> of_member(verdicts.size());
    std::vector<Value> all;
    for (const auto& item : bounds_.values()) {
      of_member[item.member].push_back(item.value);
      all.push_back(item.value);
    }
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (!of_member[i].empty()) verdicts[i] = {false, ListOf(values[0], of_member[i], false)};
    }
    if (bounds_.default_member().has_value() && !all.empty())
      verdicts[*bounds_.default_member()] = {false, ListOf(values[0], all, true)};
    return verdicts;
  }
  const auto* equal = functions::FunctionCatalog::Builtin().BySignature("=(int8,int8)");
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const common::v1::PartitionBound& bound = key_.partitions(static_cast<int>(i)).bound();
    const ExprPtr remainder = Remainder(values, bound.modulus());
    if (remainder == nullptr || equal == nullptr) return Unknown();
    verdicts[i] = {
        false,
        plan::MakeCall(
            equal, {remainder, plan::MakeLiteral(Value::Int(TypeId::kInt8, bound.remainder()))})};
  }
  return verdicts;
}

PartitionPruner::Verdicts PartitionPruner::JudgeRanges(
    const std::vector<KeyConditions>& keys) const {
  Verdicts verdicts = Unknown();
  std::vector<ExprPtr> equal;
  while (equal.size() < keys.size() && keys[equal.size()].equal != nullptr)
    equal.push_back(keys[equal.size()].equal);
  const KeyConditions& next = keys[equal.size()];
  if (equal.empty() && next.lower == nullptr && next.upper == nullptr) return verdicts;
  std::vector<ExprPtr> lowest = equal, highest = equal;
  if (next.lower != nullptr) lowest.push_back(next.lower);
  if (next.upper != nullptr) highest.push_back(next.upper);
  for (const auto& range : bounds_.ranges()) {
    Verdict& verdict = verdicts[range.member];
    if (!lowest.empty()) {
      const bool open = next.lower == nullptr || next.lower_inclusive;
      verdict =
          And(verdict, CompareRow(lowest, false, range.upper, open && lowest.size() < keys.size()));
    }
    if (!highest.empty()) {
      const bool closed = next.upper == nullptr || next.upper_inclusive;
      verdict = And(verdict, CompareRow(highest, true, range.lower, closed));
    }
  }
  return verdicts;
}

PartitionPruner::Verdicts PartitionPruner::JudgeList(const KeyConditions& key) const {
  const auto outside = [](const ExprPtr& bound, const std::string& op, const Value& value) {
    if (bound == nullptr || !IsLiteral(bound)) return false;
    return bound->value.is_null() || !Holds(op, types::CompareValues(value, bound->value));
  };
  Verdicts verdicts = Nothing();
  for (const auto& item : bounds_.values()) {
    if (!outside(key.lower, key.lower_inclusive ? ">=" : ">", item.value) &&
        !outside(key.upper, key.upper_inclusive ? "<=" : "<", item.value))
      verdicts[item.member] = Known(true);
  }
  if (bounds_.null_member().has_value() && !key.any_comparison() && !key.not_null)
    verdicts[*bounds_.null_member()] = Known(true);
  if (bounds_.default_member().has_value()) verdicts[*bounds_.default_member()] = Known(true);
  return verdicts;
}

PartitionPruner::Verdicts PartitionPruner::JudgeKeys(const std::vector<KeyConditions>& keys) const {
  const bool hash = bounds_.strategy() == PartitionKey::STRATEGY_HASH;
  if (!hash &&
      std::any_of(keys.begin(), keys.end(), [](const KeyConditions& key) { return key.null; })) {
    if (std::any_of(keys.begin(), keys.end(), [](const KeyConditions& key) {
          return key.null && (key.any_comparison() || key.not_null);
        }))
      return Nothing();
    Verdicts verdicts = Nothing();
    const std::optional<size_t> member =
        bounds_.null_member().has_value() ? bounds_.null_member() : bounds_.default_member();
    if (member.has_value()) verdicts[*member] = Known(true);
    return verdicts;
  }
  if (std::all_of(keys.begin(), keys.end(),
                  [](const KeyConditions& key) { return key.equal != nullptr; })) {
    std::vector<ExprPtr> values;
    for (const KeyConditions& key : keys) values.push_back(key.equal);
    return JudgeEqual(values);
  }
  if (hash) return Unknown();
  return bounds_.strategy() == PartitionKey::STRATEGY_LIST ? JudgeList(keys[0]) : JudgeRanges(keys);
}

PartitionPruner::Verdicts PartitionPruner::JudgeAlternatives(
    const ExprPtr& condition, const std::vector<KeyConditions>& keys) const {
  Combination any(LogicalExpression::KIND_OR, static_cast<size_t>(key_.partitions_size()));
  if (condition->kind == Expr::Kind::kLogical && condition->logical == LogicalExpression::KIND_OR) {
    for (const ExprPtr& branch : condition->args) {
      std::vector<ExprPtr> parts;
      plan::SplitConjunction(branch, &parts);
      any.Add(Judge(parts));
    }
    return any.Result();
  }
  if (condition->kind != Expr::Kind::kInList || condition->negated) return Unknown();
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == nullptr ||
        !plan::Equal(StripRelabel(*condition->args[0]), StripRelabel(*keys_[i])))
      continue;
    std::vector<KeyConditions> one = keys;
    for (size_t item = 1; item < condition->args.size(); ++item) {
      const ExprPtr& value = condition->args[item];
      if (plan::HasSubquery(value) || plan::IsVolatile(value) ||
          plan::Intersects(plan::ColumnsOf(value), columns_))
        return Unknown();
      const ExprPtr as_key = AsKey(value, keys_[i]->type, /*equality=*/true);
      if (as_key == nullptr) return Unknown();
      one[i].equal = rules::FoldConstants(as_key);
      any.Add(JudgeKeys(one));
    }
    return any.Result();
  }
  return Unknown();
}

PartitionPruner::Verdicts PartitionPruner::Judge(const std::vector<ExprPtr>& conditions) const {
  const std::vector<KeyConditions> keys = Read(conditions);
  Combination all(LogicalExpression::KIND_AND, static_cast<size_t>(key_.partitions_size()));
  all.Add(JudgeKeys(keys));
  for (const ExprPtr& condition : conditions) {
    if (IsLiteral(condition) && condition->type.id == TypeId::kBool &&
        (condition->value.is_null() || !condition->value.bool_value()))
      return Nothing();
    all.Add(JudgeAlternatives(condition, keys));
  }
  return all.Result();
}

}  // namespace adbms::sql::default_planner
