#include "common/sql/default_planner/physical_builder.h"

#include <algorithm>
#include <cmath>

#include "common/sql/default_planner/access_paths.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/sql/plan/nullability.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::ColumnId;
using plan::Expr;
using plan::ExprPtr;
using plan::kCost;
using plan::Rel;
using types::TypeId;

std::optional<double> KnownNumber(const ExprPtr& e) {
  if (e == nullptr || e->kind != Expr::Kind::kLiteral || e->value.is_null() ||
      e->type.id != TypeId::kInt8)
    return std::nullopt;
  return static_cast<double>(e->value.int_value());
}

// Whether rows in the order of `sorted` are in that of `keys` too.
bool BeginsWith(const std::vector<plan::SortKey>& sorted, const std::vector<plan::SortKey>& keys) {
  if (sorted.size() < keys.size()) return false;
  return std::equal(keys.begin(), keys.end(), sorted.begin(), [](const auto& a, const auto& b) {
    return a.expression->kind == Expr::Kind::kColumn && plan::Equal(*a.expression, *b.expression) &&
           a.descending == b.descending && a.nulls_first == b.nulls_first;
  });
}

// Rows that a LIMIT with a parameter is taken to want.
constexpr double kAssumedLimit = 100;

}  // namespace

// Names columns by position in the layout, or else as correlation slots.
class PhysicalBuilder::ExpressionContext : public plan::EncodingContext {
 public:
  ExpressionContext(PhysicalBuilder* builder, const std::vector<ColumnId>& layout)
      : builder_(builder), layout_(layout) {}

  absl::Status Column(ColumnId column, common::v1::Expression* out) override {
    const auto it = std::find(layout_.begin(), layout_.end(), column);
    if (it != layout_.end()) {
      out->set_column(static_cast<uint32_t>(it - layout_.begin()));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const uint32_t slot, builder_->SlotOf(column));
    out->set_correlation_slot(slot);
    return absl::OkStatus();
  }

  absl::Status Subquery(const Expr& subquery, common::v1::SubqueryExpression* out) override {
    SubPlanState state;
    SubPlanState* outer = builder_->subplan_;
    builder_->subplan_ = &state;
    auto built = builder_->BuildRel(*subquery.query);
    absl::StatusOr<Physical> aligned =
        built.ok() && subquery.subquery != common::v1::SubqueryExpression::KIND_EXISTS
            ? builder_->Align(*std::move(built), subquery.query->output)
            : std::move(built);
    builder_->subplan_ = outer;
    if (!aligned.ok()) return aligned.status();
    common::v1::SubPlan* subplan = builder_->plan_.add_subplans();
    out->set_subplan(static_cast<uint32_t>(builder_->plan_.subplans_size() - 1));
    *subplan->mutable_root() = std::move(aligned->op);
    for (size_t i = 0; i < state.columns.size(); ++i) {
      subplan->add_correlation_slots(state.numbers[i]);
      const ColumnId column = state.columns[i];
      common::v1::Expression* value = out->add_correlation();
      *value->mutable_type() = types::ToProto(builder_->query_.columns[column].type);
      RETURN_IF_ERROR(Column(column, value));
    }
    return absl::OkStatus();
  }

 private:
  PhysicalBuilder* builder_;
  const std::vector<ColumnId>& layout_;
};

absl::StatusOr<uint32_t> PhysicalBuilder::SlotOf(ColumnId column) {
  if (subplan_ == nullptr)
    return absl::InternalError("column " + query_.columns[column].name +
                               " is not produced by its operator's input");
  const auto [it, inserted] = subplan_->slots.emplace(column, next_slot_);
  if (inserted) {
    subplan_->columns.push_back(column);
    subplan_->numbers.push_back(next_slot_++);
  }
  return it->second;
}

absl::Status PhysicalBuilder::EncodeInto(const ExprPtr& e, const std::vector<ColumnId>& layout,
                                         common::v1::Expression* out) {
  ExpressionContext context(this, layout);
  return plan::Encode(*e, &context, out);
}

absl::Status PhysicalBuilder::EncodeAnd(const std::vector<ExprPtr>& conditions,
                                        const std::vector<ColumnId>& layout,
                                        common::v1::Expression* out) {
  // Cheap conditions first: subqueries run only for rows that pass the rest.
  std::vector<ExprPtr> ordered = conditions;
  std::stable_partition(ordered.begin(), ordered.end(),
                        [](const ExprPtr& e) { return !plan::HasSubquery(e); });
  return EncodeInto(plan::MakeAnd(std::move(ordered)), layout, out);
}

void PhysicalBuilder::Finish(Physical* physical) {
  common::v1::Operator& op = physical->op;
  op.clear_output();
  for (const ColumnId id : physical->layout) {
    const plan::ColumnInfo& info = query_.columns[id];
    common::v1::OutputColumn* column = op.add_output();
    column->set_name(info.name);
    *column->mutable_type() = types::ToProto(info.type);
    column->set_table_id(info.table_id);
    column->set_column_number(info.column_number);
  }
  physical->rows = std::max(1.0, std::round(physical->rows));
  op.set_estimated_rows(physical->rows);
  op.set_uncorrected_rows(physical->rows);
  op.set_startup_cost(physical->startup);
  op.set_total_cost(std::max(physical->cost, physical->startup));
}

absl::StatusOr<Physical> PhysicalBuilder::Align(Physical input,
                                                const std::vector<ColumnId>& layout) {
  if (input.layout == layout) return input;
  Physical result;
  common::v1::Project* project = result.op.mutable_project();
  for (const ColumnId id : layout)
    RETURN_IF_ERROR(EncodeInto(plan::MakeColumn(id, query_.columns[id].type), input.layout,
                               project->add_expressions()));
  result.layout = layout;
  result.rows = input.rows;
  result.startup = input.startup;
  result.cost = input.cost;
  result.ordering = input.ordering;
  result.sorted = input.sorted;
  *project->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::Filtered(Physical input,
                                                   const std::vector<ExprPtr>& conditions) {
  Physical result;
  RETURN_IF_ERROR(
      EncodeAnd(conditions, input.layout, result.op.mutable_filter()->mutable_condition()));
  result.layout = input.layout;
  result.ordering = input.ordering;
  result.sorted = input.sorted;
  result.rows = input.rows * estimator_.Selectivity(query_, conditions);
  result.startup = input.startup;
  result.cost = input.cost + input.rows * kCost.filter_row * static_cast<double>(conditions.size());
  *result.op.mutable_filter()->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildRel(const Rel& rel, const Wanted& wanted) {
  switch (rel.kind) {
    case Rel::Kind::kScan:
      return BuildScan(rel, {}, wanted);
    case Rel::Kind::kValues:
      return BuildValues(rel);
    case Rel::Kind::kFunction:
      return BuildFunction(rel);
    case Rel::Kind::kCte:
      return BuildCte(rel);
    case Rel::Kind::kFilter:
      return BuildFilter(rel, wanted);
    case Rel::Kind::kProject:
      return BuildProject(rel, wanted);
    case Rel::Kind::kJoin:
      return BuildJoin(rel, wanted);
    case Rel::Kind::kAggregate:
      return BuildAggregate(rel);
    case Rel::Kind::kBarrier:
      // What was to stay above it has stayed there.
      return BuildRel(*rel.inputs[0], wanted);
    case Rel::Kind::kSort:
      return BuildSort(rel, nullptr);
    case Rel::Kind::kWindow:
      return BuildWindow(rel);
    case Rel::Kind::kLimit:
      return BuildLimit(rel, wanted);
    case Rel::Kind::kAppend:
      return BuildAppend(rel);
    case Rel::Kind::kSetOperation:
      return BuildSetOperation(rel);
    case Rel::Kind::kProjectSet:
      return BuildProjectSet(rel, wanted);
    case Rel::Kind::kRecursiveUnion:
      return BuildRecursiveUnion(rel);
    case Rel::Kind::kWorkingTable:
      return BuildWorkingTable(rel);
    case Rel::Kind::kMerge:
      return BuildMerge(rel);
  }
  return absl::InternalError("unknown logical operator");
}

absl::StatusOr<Physical> PhysicalBuilder::BuildFilter(const Rel& rel, const Wanted& wanted) {
  if (rel.inputs[0]->kind == Rel::Kind::kScan)
    return BuildScan(*rel.inputs[0], rel.conditions, wanted);
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0], {wanted.order, std::nullopt}));
  return Filtered(std::move(input), rel.conditions);
}

namespace {

bool ReadsTable(const Rel& rel) {
  return rel.kind == Rel::Kind::kScan ||
         (rel.kind == Rel::Kind::kFilter && rel.inputs[0]->kind == Rel::Kind::kScan);
}

bool IsOfRow(const ExprPtr& e) { return !plan::HasSubquery(e) && !plan::IsVolatile(e); }

}  // namespace

absl::StatusOr<Physical> PhysicalBuilder::BuildProject(const Rel& rel, const Wanted& wanted) {
  // The order wanted of the output, in terms of the input.
  Wanted below;
  below.limit = wanted.limit;
  for (const plan::SortKey& key : wanted.order) {
    const auto it = std::find(rel.output.begin(), rel.output.end(), key.expression->column);
    const ExprPtr* source =
        it == rel.output.end() ? nullptr : &rel.expressions[it - rel.output.begin()];
    // An index on the expression may have the order.
    const bool known = source != nullptr && ((*source)->kind == Expr::Kind::kColumn ||
                                             (ReadsTable(*rel.inputs[0]) && IsOfRow(*source)));
    if (!known) {
      below = {};
      break;
    }
    below.order.push_back({*source, key.descending, key.nulls_first});
  }
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0], below));
  Physical result;
  common::v1::Project* project = result.op.mutable_project();
  for (const ExprPtr& e : rel.expressions)
    RETURN_IF_ERROR(EncodeInto(e, input.layout, project->add_expressions()));
  result.layout = rel.output;
  for (const auto& [column, descending] : input.ordering) {
    size_t at = 0;
    while (at < rel.expressions.size() && (rel.expressions[at]->kind != Expr::Kind::kColumn ||
                                           rel.expressions[at]->column != column))
      ++at;
    if (at == rel.expressions.size()) break;
    result.ordering.push_back({rel.output[at], descending});
  }
  for (const plan::SortKey& key : input.sorted) {
    size_t at = 0;
    while (at < rel.expressions.size() && !plan::Equal(*rel.expressions[at], *key.expression)) ++at;
    if (at == rel.expressions.size()) break;
    result.sorted.push_back(
        {plan::MakeColumn(rel.output[at], key.expression->type), key.descending, key.nulls_first});
  }
  result.rows = input.rows;
  result.startup = input.startup;
  result.cost = input.cost + input.rows * kCost.emit_row;
  *project->mutable_input() = std::move(input.op);
  Finish(&result);
  // A projection that changes nothing but the columns' numbers is left out.
  if (project->expressions_size() == project->input().output_size()) {
    bool identity = true;
    for (int i = 0; i < project->expressions_size(); ++i) {
      identity = identity &&
                 project->expressions(i).node_case() == common::v1::Expression::kColumn &&
                 project->expressions(i).column() == static_cast<uint32_t>(i);
    }
    if (identity) {
      google::protobuf::RepeatedPtrField<common::v1::OutputColumn> output;
      output.Swap(result.op.mutable_output());
      common::v1::Operator inner = std::move(*project->mutable_input());
      inner.mutable_output()->Swap(&output);
      result.op = std::move(inner);
      result.cost = input.cost;
    }
  }
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildAggregate(const Rel& rel) {
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0]));
  ASSIGN_OR_RETURN(std::optional<Physical> ends, TryIndexEnds(rel, input));
  if (ends.has_value()) input = *std::move(ends);
  Physical result;
  common::v1::Aggregate* aggregate = result.op.mutable_aggregate();
  for (const ExprPtr& key : rel.expressions)
    RETURN_IF_ERROR(EncodeInto(key, input.layout, aggregate->add_keys()));
  size_t at = rel.expressions.size();
  for (const plan::AggregateCall& call : rel.aggregates) {
    common::v1::AggregateCall* out = aggregate->add_aggregates();
    out->set_function(call.function->signature);
    if (call.declared != nullptr) *out->mutable_declared() = *call.declared->declared;
    out->set_distinct(call.distinct);
    *out->mutable_type() = types::ToProto(query_.columns[rel.output[at++]].type);
    for (const ExprPtr& e : call.arguments)
      RETURN_IF_ERROR(EncodeInto(e, input.layout, out->add_arguments()));
    if (call.filter) RETURN_IF_ERROR(EncodeInto(call.filter, input.layout, out->mutable_filter()));
    for (const plan::SortKey& key : call.order_by) {
      common::v1::SortKey* order = out->add_order_by();
      RETURN_IF_ERROR(EncodeInto(key.expression, input.layout, order->mutable_expression()));
      order->set_descending(key.descending);
      order->set_nulls_first(key.nulls_first);
    }
  }
  result.layout = rel.output;
  result.rows = estimator_.Groups(query_, rel.expressions, std::max(1.0, input.rows));
  result.cost =
      input.cost + input.rows * (kCost.hash_probe_row +
                                 kCost.filter_row * static_cast<double>(rel.aggregates.size()));
  result.startup = result.cost;
  result.cost += result.rows * kCost.emit_row;
  *aggregate->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

std::vector<plan::SortKey> PhysicalBuilder::DeliverableOrder(const Rel& sort) const {
  std::vector<plan::SortKey> keys = sort.keys;
  for (plan::SortKey& key : keys) {
    if (key.expression->kind != Expr::Kind::kColumn) return {};
    // Where there are no NULLs it does not matter where they would stand.
    if (plan::NeverNull(query_, *sort.inputs[0], key.expression->column))
      key.nulls_first = key.descending;
    if (key.nulls_first != key.descending) return {};
  }
  return keys;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildSort(const Rel& rel, const Rel* limit) {
  Wanted wanted{DeliverableOrder(rel), std::nullopt};
  if (limit != nullptr && limit->count != nullptr)
    wanted.limit =
        KnownNumber(limit->count).value_or(kAssumedLimit) +
        (limit->offset == nullptr ? 0 : KnownNumber(limit->offset).value_or(kAssumedLimit));
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0], wanted));
  // The order may already be there.
  if (!wanted.order.empty() && input.ordering.size() >= rel.keys.size()) {
    bool sorted = true;
    for (size_t i = 0; i < rel.keys.size(); ++i) {
      sorted = sorted && input.ordering[i].first == rel.keys[i].expression->column &&
               input.ordering[i].second == rel.keys[i].descending;
    }
    if (sorted) return input;
  }
  if (BeginsWith(input.sorted, rel.keys)) return input;
  Physical result;
  common::v1::Sort* sort = result.op.mutable_sort();
  for (const plan::SortKey& key : rel.keys) {
    common::v1::SortKey* out = sort->add_keys();
    RETURN_IF_ERROR(EncodeInto(key.expression, input.layout, out->mutable_expression()));
    out->set_descending(key.descending);
    out->set_nulls_first(key.nulls_first);
  }
  // Only a count that cannot be NULL bounds the sort.
  double kept = input.rows;
  if (limit != nullptr && limit->count != nullptr) {
    auto never_null = [this](const ExprPtr& e) {
      return (e->kind == Expr::Kind::kLiteral && !e->value.is_null() && e->value.int_value() >= 0 &&
              e->value.int_value() < (int64_t{1} << 40)) ||
             (e->kind == Expr::Kind::kParameter &&
              e->parameter >= static_cast<int>(query_.client_parameters));
    };
    ExprPtr top = never_null(limit->count) ? limit->count : nullptr;
    if (top != nullptr && limit->offset != nullptr) {
      const functions::Function* plus =
          functions::FunctionCatalog::Builtin().BySignature("+(int8,int8)");
      top = never_null(limit->offset) && plus != nullptr
                ? plan::MakeCall(plus, {top, limit->offset})
                : nullptr;
    }
    if (top != nullptr) {
      RETURN_IF_ERROR(EncodeInto(top, {}, sort->mutable_top_n()));
      kept = std::min(kept, *wanted.limit);
    }
  }
  result.layout = input.layout;
  if (std::all_of(rel.keys.begin(), rel.keys.end(), [](const plan::SortKey& key) {
        return key.expression->kind == Expr::Kind::kColumn;
      }))
    result.sorted = rel.keys;
  result.rows = kept;
  result.cost = input.cost + plan::SortCost(input.rows, kept);
  result.startup = result.cost;
  *sort->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildLimit(const Rel& rel, const Wanted& wanted) {
  const double count = rel.count == nullptr ? 1e18 : KnownNumber(rel.count).value_or(kAssumedLimit);
  const Rel& child = *rel.inputs[0];
  absl::StatusOr<Physical> built = child.kind == Rel::Kind::kSort
                                       ? BuildSort(child, rel.ties.empty() ? &rel : nullptr)
                                       : BuildRel(child, {{}, count});
  if (!built.ok()) return built.status();
  Physical input = *std::move(built);
  Physical result;
  common::v1::Limit* limit = result.op.mutable_limit();
  if (rel.count) RETURN_IF_ERROR(EncodeInto(rel.count, {}, limit->mutable_count()));
  if (rel.offset) RETURN_IF_ERROR(EncodeInto(rel.offset, {}, limit->mutable_offset()));
  for (const ExprPtr& e : rel.ties) RETURN_IF_ERROR(EncodeInto(e, input.layout, limit->add_ties()));
  result.layout = input.layout;
  result.ordering = input.ordering;
  result.sorted = input.sorted;
  result.rows = std::min(input.rows, std::max(1.0, count));
  result.startup = input.startup;
  result.cost =
      input.startup + (input.cost - input.startup) * std::min(1.0, result.rows / input.rows);
  *limit->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildAppend(const Rel& rel) {
  Physical result;
  common::v1::Append* append = result.op.mutable_append();
  for (const plan::RelPtr& child : rel.inputs) {
    ASSIGN_OR_RETURN(Physical input, BuildRel(*child));
    ASSIGN_OR_RETURN(input, Align(std::move(input), child->output));
    result.cost += input.cost;
    result.rows += input.rows;
    // UNION ALL of many is one operator.
    if (input.op.has_append() && input.op.append().conditions().empty() &&
        rel.expressions.empty()) {
      for (auto& part : *input.op.mutable_append()->mutable_inputs())
        *append->add_inputs() = std::move(part);
    } else {
      *append->add_inputs() = std::move(input.op);
    }
  }
  for (const ExprPtr& condition : rel.expressions)
    RETURN_IF_ERROR(EncodeInto(condition, {}, append->add_conditions()));
  result.rows -= 1;
  result.layout = rel.output;
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildSetOperation(const Rel& rel) {
  ASSIGN_OR_RETURN(Physical left, BuildRel(*rel.inputs[0]));
  ASSIGN_OR_RETURN(left, Align(std::move(left), rel.inputs[0]->output));
  ASSIGN_OR_RETURN(Physical right, BuildRel(*rel.inputs[1]));
  ASSIGN_OR_RETURN(right, Align(std::move(right), rel.inputs[1]->output));
  Physical result;
  common::v1::SetOperation* op = result.op.mutable_set_operation();
  op->set_kind(rel.set_operation);
  op->set_all(rel.all);
  result.layout = rel.output;
  result.rows = left.rows;
  result.cost = left.cost + right.cost + (left.rows + right.rows) * kCost.hash_build_row;
  result.startup = result.cost;
  *op->mutable_left() = std::move(left.op);
  *op->mutable_right() = std::move(right.op);
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
