#include "services/optimizer/cost/sampled_condition.h"

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/plan/expression_encoder.h"

namespace adbms::optimizer::cost {
namespace {

constexpr int64_t kPostgresEpochUs = 946684800000000;

class OneColumn : public sql::plan::EncodingContext {
 public:
  explicit OneColumn(sql::plan::ColumnId id) : id_(id) {}
  absl::Status Column(sql::plan::ColumnId column, common::v1::Expression* out) override {
    if (column != id_) return absl::InvalidArgumentError("another column");
    out->set_column(0);
    return absl::OkStatus();
  }
  absl::Status Subquery(const sql::plan::Expr&, common::v1::SubqueryExpression*) override {
    return absl::InvalidArgumentError("a subquery");
  }

 private:
  const sql::plan::ColumnId id_;
};

}  // namespace

std::optional<SampledFraction> SampleCondition(const sql::plan::ExprPtr& condition,
                                               sql::plan::ColumnId id, const types::Type& type,
                                               const ColumnView& column,
                                               const std::string& time_zone) {
  if (column.common.empty() && column.bounds.empty()) return std::nullopt;
  OneColumn context(id);
  common::v1::Expression proto;
  if (!sql::plan::Encode(*condition, &context, &proto).ok()) return std::nullopt;
  const auto compiled = sql::expression::Compile(proto);
  if (!compiled.ok()) return std::nullopt;
  auto sample = std::make_shared<types::Vector>(types::Type{type.id, 0, type.declared});
  const auto physical = sample->physical();
  for (const auto& common : column.common) {
    if (types::PhysicalOf(common.value.type().id) != physical) return std::nullopt;
    sample->Append(common.value);
  }
  for (const types::Value& bound : column.bounds) {
    if (types::PhysicalOf(bound.type().id) != physical) return std::nullopt;
    sample->Append(bound);
  }
  sample->AppendNull();
  types::Batch batch;
  batch.row_count = sample->size();
  batch.columns.push_back(std::move(sample));
  sql::expression::EvaluationState state;
  const int64_t now = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  state.context.transaction_timestamp_us = now;
  state.context.statement_timestamp_us = now;
  state.context.time_zone = time_zone;
  std::vector<uint32_t> selected;
  if (!(*compiled)->Select(state, batch, &selected).ok()) return std::nullopt;
  SampledFraction result;
  result.bounds = column.bounds.size();
  size_t hits = 0;
  for (const uint32_t row : selected) {
    if (row < column.common.size()) {
      result.common += column.common[row].fraction;
    } else if (row + 1 < batch.row_count) {
      ++hits;
    } else {
      result.on_null = true;
    }
  }
  if (result.bounds > 0)
    result.histogram = static_cast<double>(hits) / static_cast<double>(result.bounds);
  return result;
}

}  // namespace adbms::optimizer::cost
