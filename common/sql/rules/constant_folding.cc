// Constant folding.
#include <algorithm>

#include "common/sql/expression/evaluator.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/sql/plan/immutability.h"
#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using common::v1::LogicalExpression;
using plan::Expr;
using plan::ExprPtr;
using types::TypeId;

bool IsConstant(const ExprPtr& e) { return e->kind == Expr::Kind::kLiteral; }

std::optional<bool> KnownBool(const ExprPtr& e) {
  if (!IsConstant(e) || e->type.id != TypeId::kBool || e->value.is_null()) return std::nullopt;
  return e->value.bool_value();
}

bool CanFold(const Expr& e) {
  for (const ExprPtr& arg : e.args) {
    if (!IsConstant(arg)) return false;
  }
  switch (e.kind) {
    case Expr::Kind::kCall:
      return e.function->volatility == functions::Volatility::kImmutable;
    case Expr::Kind::kCast:
      return !plan::IsStableCast(e.args[0]->type, e.type);
    case Expr::Kind::kLogical:
    case Expr::Kind::kTest:
    case Expr::Kind::kCase:
    case Expr::Kind::kCoalesce:
    case Expr::Kind::kInList:
      return true;
    default:
      return false;
  }
}

// A constant that is worth its place in a plan: an expression that makes longer strings stays one,
// and is computed where its memory is counted.
class FoldingMemory : public types::MemoryAccount {
 public:
  bool Take(int64_t bytes) override {
    if (used_ + bytes > kLimit) return false;
    used_ += bytes;
    return true;
  }
  void Give(int64_t bytes) override { used_ -= bytes; }
  absl::Status Refusal() const override {
    return absl::ResourceExhaustedError("the constant is too long to be folded");
  }

 private:
  static constexpr int64_t kLimit = 256 << 10;
  int64_t used_ = 0;  // One thread evaluates, and the vectors end with it.
};

// Null when the expression fails: it then stays as it is.
ExprPtr Evaluate(const ExprPtr& e) {
  auto proto = plan::EncodeConstant(*e);
  if (!proto.ok()) return nullptr;
  auto compiled = expression::Compile(*proto);
  if (!compiled.ok()) return nullptr;
  expression::EvaluationState state;
  state.context.memory = std::make_shared<FoldingMemory>();
  auto value = (*compiled)->EvaluateScalar(state);
  if (!value.ok()) return nullptr;
  value->set_type(e->type);
  return plan::MakeLiteral(*std::move(value), e->location);
}

ExprPtr SimplifyLogical(const ExprPtr& e) {
  if (e->logical == LogicalExpression::KIND_NOT) return e;
  const bool absorbing = e->logical == LogicalExpression::KIND_OR;
  std::vector<ExprPtr> kept;
  for (const ExprPtr& arg : e->args) {
    const std::optional<bool> known = KnownBool(arg);
    if (!known.has_value()) {
      kept.push_back(arg);
    } else if (*known == absorbing) {
      return plan::MakeBool(absorbing);
    }
  }
  if (kept.empty()) return plan::MakeBool(!absorbing);
  if (kept.size() == 1) return kept[0];
  if (kept.size() == e->args.size()) return e;
  return plan::MakeLogical(e->logical, std::move(kept));
}

// Drops branches whose condition is known to be false, and what follows one that is true.
ExprPtr SimplifyCase(const ExprPtr& e) {
  std::vector<ExprPtr> args;
  const size_t pairs = e->args.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    const ExprPtr& condition = e->args[2 * i];
    if (IsConstant(condition) && (condition->value.is_null() || !condition->value.bool_value()))
      continue;
    if (IsConstant(condition)) {
      if (args.empty()) return e->args[2 * i + 1];
      args.push_back(e->args[2 * i + 1]);
      return plan::MakeCase(e->type, std::move(args));
    }
    args.push_back(condition);
    args.push_back(e->args[2 * i + 1]);
  }
  if (args.size() == 2 * pairs) return e;
  const ExprPtr otherwise = e->args.size() % 2 == 1 ? e->args.back() : plan::MakeNull(e->type);
  if (args.empty()) return otherwise;
  args.push_back(otherwise);
  return plan::MakeCase(e->type, std::move(args));
}

void FoldRel(plan::Rel* rel);

}  // namespace

ExprPtr FoldConstants(const ExprPtr& e) {
  bool changed = false;
  std::vector<ExprPtr> args;
  args.reserve(e->args.size());
  for (const ExprPtr& arg : e->args) {
    args.push_back(FoldConstants(arg));
    changed |= args.back() != arg;
  }
  if (e->query != nullptr) FoldRel(e->query.get());
  ExprPtr result = e;
  if (changed) {
    auto copy = std::make_shared<Expr>(*e);
    copy->args = std::move(args);
    result = copy;
  }
  if (result->kind == Expr::Kind::kLogical) result = SimplifyLogical(result);
  if (result->kind == Expr::Kind::kCase) result = SimplifyCase(result);
  if (result->args.empty() && result->kind != Expr::Kind::kCall) return result;
  // A strict function of NULL is NULL: its other arguments are not computed, nor can they fail.
  if (result->kind == Expr::Kind::kCall && result->function->strict &&
      std::any_of(result->args.begin(), result->args.end(),
                  [](const ExprPtr& arg) { return IsConstant(arg) && arg->value.is_null(); }))
    return plan::MakeNull(result->type);
  if (!CanFold(*result)) return result;
  ExprPtr value = Evaluate(result);
  return value == nullptr ? result : value;
}

namespace {

void FoldRel(plan::Rel* rel) {
  plan::ForEachExpression(*rel, [](ExprPtr& e) { e = FoldConstants(e); });
  for (const plan::RelPtr& input : rel->inputs) FoldRel(input.get());
}

void FoldList(std::vector<ExprPtr>* list) {
  for (ExprPtr& e : *list) e = FoldConstants(e);
}

}  // namespace

void FoldConstants(plan::Query* query) {
  FoldRel(query->root.get());
  for (plan::Cte& cte : query->ctes) FoldRel(cte.rel.get());
  plan::ForEachWrite(query, [](plan::Write& write, plan::RelPtr&) {
    FoldList(&write.insert.returning);
    FoldList(&write.insert.conflict_update);
    if (write.insert.conflict_filter)
      write.insert.conflict_filter = FoldConstants(write.insert.conflict_filter);
    FoldList(&write.change.values);
    FoldList(&write.change.returning);
    FoldList(&write.change.recheck);
    for (plan::CheckCondition& check : write.checks)
      check.condition = FoldConstants(check.condition);
    for (plan::CascadeTarget& target : write.cascades) {
      for (plan::CheckCondition& check : target.checks)
        check.condition = FoldConstants(check.condition);
      for (auto& [ordinal, value] : target.defaults) value = FoldConstants(value);
    }
  });
}

}  // namespace adbms::sql::rules
