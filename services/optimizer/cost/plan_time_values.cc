#include "services/optimizer/cost/plan_time_values.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/types/text_io.h"
#include "common/types/time_zone.h"

namespace adbms::optimizer::cost {
namespace {

using sql::plan::Expr;
using sql::plan::ExprPtr;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;

}  // namespace

PlanTimeValues::PlanTimeValues(const std::vector<sql::Literal>* literals,
                               const std::string& time_zone, LiteralMode mode)
    : literals_(literals), time_zone_(time_zone), mode_(mode) {}

LiteralMode PlanTimeValues::ModeOf(const ExprPtr& expression) const {
  if (mode_ == LiteralMode::kValues) return LiteralMode::kAverage;
  bool lifted = false;
  sql::plan::Walk(expression, [&](const Expr& e) {
    lifted |= e.kind == Expr::Kind::kParameter && e.literal >= 0;
  });
  return lifted ? mode_ : LiteralMode::kAverage;
}

std::optional<Value> PlanTimeValues::Lifted(int literal, const types::Type& type) const {
  if (literals_ == nullptr || literal < 0 || literal >= static_cast<int>(literals_->size())) {
    return std::nullopt;
  }
  used_.insert(static_cast<uint32_t>(literal));
  if (mode_ != LiteralMode::kValues) return std::nullopt;
  types::TextOptions options;
  options.now_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  if (const auto zone = types::ReadTimeZoneSetting(time_zone_); zone.ok())
    options.time_zone = zone->zone;
  auto value = types::ParseText((*literals_)[static_cast<size_t>(literal)].value,
                                {type.id, 0, type.declared}, options);
  if (!value.ok()) return std::nullopt;
  return *std::move(value);
}

ExprPtr PlanTimeValues::Substitute(const ExprPtr& expression) const {
  bool known = true;
  ExprPtr result = sql::plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kParameter) return nullptr;
    const auto value = Lifted(e->literal, e->type);
    if (!value.has_value()) {
      known = false;
      return nullptr;
    }
    return sql::plan::MakeLiteral(*value);
  });
  return known ? result : nullptr;
}

std::optional<Value> PlanTimeValues::Find(const ExprPtr& expression) const {
  if (expression->kind == Expr::Kind::kLiteral) return expression->value;
  if (expression->kind == Expr::Kind::kParameter) {
    return Lifted(expression->literal, expression->type);
  }
  if (!sql::plan::IsRowIndependent(expression)) return std::nullopt;
  const ExprPtr constant = Substitute(expression);
  if (constant == nullptr) return std::nullopt;
  const auto proto = sql::plan::EncodeConstant(*constant);
  if (!proto.ok()) return std::nullopt;
  const auto compiled = sql::expression::Compile(*proto);
  if (!compiled.ok()) return std::nullopt;
  sql::expression::EvaluationState state;
  const int64_t now = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  state.context.transaction_timestamp_us = now;
  state.context.statement_timestamp_us = now;
  state.context.time_zone = time_zone_;
  // What fails to evaluate fails in execution, if that gets there.
  auto value = (*compiled)->EvaluateScalar(state);
  if (!value.ok()) return std::nullopt;
  return *std::move(value);
}

}  // namespace adbms::optimizer::cost
