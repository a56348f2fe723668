// What rows come from: tables and what stands for them, VALUES, functions, CTEs.
#include <algorithm>

#include "common/sql/default_planner/access_paths.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {

using plan::ColumnId;
using plan::Expr;
using plan::ExprPtr;
using plan::kCost;
using plan::Rel;

namespace {

// Takes away the paths that the session's settings forbid, as long as another is left.
void KeepAllowed(const common::v1::PlannerSwitches& switches,
                 std::vector<plan::AccessPath>* paths) {
  const auto forbidden = [&](const plan::AccessPath& path) {
    if (path.sequential) return switches.no_sequential_scan();
    if (!path.items.empty()) return switches.no_bitmap_scan();
    return path.index_only ? switches.no_index_only_scan() : switches.no_index_scan();
  };
  if (std::any_of(paths->begin(), paths->end(),
                  [&](const plan::AccessPath& path) { return !forbidden(path); })) {
    std::erase_if(*paths, forbidden);
  }
}

}  // namespace

absl::StatusOr<Physical> PhysicalBuilder::BuildSystemScan(const Rel& scan,
                                                          const std::vector<ExprPtr>& conditions) {
  Physical result;
  common::v1::SystemScan* op = result.op.mutable_system_scan();
  op->set_table_id(scan.table->table_id());
  op->set_alias(scan.alias);
  for (const uint32_t ordinal : scan.ordinals) op->add_columns(ordinal);
  result.layout = scan.output;
  if (!conditions.empty())
    RETURN_IF_ERROR(EncodeAnd(conditions, result.layout, op->mutable_filter()));
  const double rows = estimator_.TableRows(*scan.table);
  result.rows = rows * estimator_.Selectivity(query_, conditions);
  result.cost = rows * kCost.scan_row;
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildScan(const Rel& scan,
                                                    const std::vector<ExprPtr>& conditions,
                                                    const Wanted& wanted) {
  if (scan.table->is_virtual()) return BuildSystemScan(scan, conditions);
  ASSIGN_OR_RETURN(Physical whole, BuildPath(scan, conditions, wanted));
  ASSIGN_OR_RETURN(std::optional<Physical> parts, TryUnion(scan, conditions, wanted, whole));
  return parts.has_value() ? *std::move(parts) : std::move(whole);
}

absl::StatusOr<Physical> PhysicalBuilder::BuildPath(const Rel& scan,
                                                    const std::vector<ExprPtr>& conditions,
                                                    const Wanted& wanted) {
  plan::ScanRequest request{&scan, wanted.order, wanted.limit};
  std::vector<plan::AccessPath> paths = FindAccessPaths(query_, request, conditions, estimator_);
  KeepAllowed(query_.switches, &paths);
  const plan::AccessPath& path = paths[policy_.ChooseAccessPath(query_, request, &paths)];
  Physical result;
  result.layout = scan.output;
  result.ordering = path.ordering;
  result.rows = path.rows;
  result.cost = path.cost;
  if (path.sequential) {
    common::v1::SeqScan* op = result.op.mutable_seq_scan();
    op->set_table_id(scan.table->table_id());
    op->set_alias(scan.alias);
    if (scan.lock.has_value()) *op->mutable_lock() = *scan.lock;
    for (const uint32_t ordinal : scan.ordinals) op->add_columns(ordinal);
    if (!path.residual.empty())
      RETURN_IF_ERROR(EncodeAnd(path.residual, result.layout, op->mutable_filter()));
    result.cost = path.index_rows *
                  (kCost.scan_row + kCost.filter_row * static_cast<double>(path.residual.size()));
  } else {
    common::v1::IndexScan* op = result.op.mutable_index_scan();
    op->set_table_id(scan.table->table_id());
    op->set_index_id(path.index_id);
    op->set_index_name(path.index == nullptr ? scan.table->primary_key_name() : path.index->name());
    op->set_alias(scan.alias);
    if (scan.lock.has_value()) *op->mutable_lock() = *scan.lock;
    op->set_descending(path.descending);
    op->set_index_only(path.index_only && !scan.lock.has_value());
    for (const uint32_t ordinal : scan.ordinals) op->add_columns(ordinal);
    const std::vector<ColumnId> none;
    for (const ExprPtr& e : path.equal) RETURN_IF_ERROR(EncodeInto(e, none, op->add_equal()));
    for (const ExprPtr& e : path.any_of) RETURN_IF_ERROR(EncodeInto(e, none, op->add_any_of()));
    if (path.lower) RETURN_IF_ERROR(EncodeInto(path.lower, none, op->mutable_lower()));
    if (path.upper) RETURN_IF_ERROR(EncodeInto(path.upper, none, op->mutable_upper()));
    for (const plan::ItemCondition& condition : path.items) {
      common::v1::IndexScan::ItemCondition* item = op->add_items();
      item->set_key(condition.key);
      item->set_operator_name(condition.operator_name);
      RETURN_IF_ERROR(EncodeInto(condition.operand, none, item->mutable_operand()));
    }
    op->set_lower_inclusive(path.lower_inclusive);
    op->set_upper_inclusive(path.upper_inclusive);
    // What is locked is looked at again: meanwhile the row may have left the place where it was
    // found.
    const std::vector<ExprPtr>& filter = scan.lock.has_value() ? conditions : path.residual;
    if (!filter.empty()) RETURN_IF_ERROR(EncodeAnd(filter, result.layout, op->mutable_filter()));
    if (path.unique) {
      result.cost = kCost.seek + kCost.scan_row +
                    (path.index != nullptr && !path.index_only ? kCost.fetch_row : 0);
    }
    result.startup = kCost.seek;
  }
  for (const float feature : path.features) result.op.add_correction_features(feature);
  if (!path.ordered && (!wanted.order.empty() || !path.any_of.empty())) result.ordering.clear();
  const auto is_column = [](const plan::SortKey& key) {
    return key.expression->kind == Expr::Kind::kColumn;
  };
  if (path.ordered && !std::all_of(wanted.order.begin(), wanted.order.end(), is_column))
    result.sorted = wanted.order;
  Finish(&result);
  if (path.uncorrected_rows.has_value())
    result.op.set_uncorrected_rows(std::max(1.0, std::round(*path.uncorrected_rows)));
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildValues(const Rel& rel) {
  Physical result;
  result.op.mutable_values();
  for (const auto& row : rel.rows) {
    common::v1::Values::Row* out = result.op.mutable_values()->add_rows();
    for (const ExprPtr& e : row) RETURN_IF_ERROR(EncodeInto(e, {}, out->add_columns()));
  }
  result.layout = rel.output;
  result.rows = static_cast<double>(rel.rows.size());
  result.cost = result.rows * kCost.emit_row;
  Finish(&result);
  return result;
}

double RowsOf(const functions::TableFunction& function, const std::vector<ExprPtr>& arguments) {
  if (function.name == "generate_series" && arguments.size() == 2) {
    const Expr& from = *arguments[0];
    const Expr& to = *arguments[1];
    if (from.kind == Expr::Kind::kLiteral && to.kind == Expr::Kind::kLiteral &&
        !from.value.is_null() && !to.value.is_null() && types::IsInteger(from.type.id) &&
        types::IsInteger(to.type.id))
      return std::max(1.0, static_cast<double>(to.value.int_value()) -
                               static_cast<double>(from.value.int_value()) + 1);
  }
  return function.name == "generate_series" ? 1000 : 10;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildFunction(const Rel& rel) {
  Physical result;
  common::v1::FunctionScan* op = result.op.mutable_function_scan();
  op->set_function(rel.table_function->signature);
  op->set_alias(rel.alias);
  op->set_ordinality(rel.ordinality);
  for (const ExprPtr& e : rel.expressions) RETURN_IF_ERROR(EncodeInto(e, {}, op->add_arguments()));
  result.layout = rel.output;
  result.rows = RowsOf(*rel.table_function, rel.expressions);
  result.cost = result.rows * kCost.emit_row;
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildCte(const Rel& rel) {
  Physical result;
  result.op.mutable_cte_scan()->set_cte(rel.cte);
  result.op.mutable_cte_scan()->set_alias(rel.alias);
  result.layout = rel.output;
  result.rows = rel.cte < cte_rows_.size() ? cte_rows_[rel.cte] : 1000;
  result.cost = result.rows * kCost.emit_row;
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
