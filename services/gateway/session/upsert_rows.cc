#include "services/gateway/session/upsert_rows.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::CheckConstraint;
using common::v1::DataType;
using common::v1::Expression;
using common::v1::Operator;
using common::v1::Plan;
using common::v1::TableDescriptor;

Expression ColumnAt(size_t position, const DataType& type) {
  Expression e;
  *e.mutable_type() = type;
  e.set_column(static_cast<uint32_t>(position));
  return e;
}

DataType TypeOf(types::TypeId id) { return types::ToProto({id, 0}); }

// The row that there was, whether there was one, and what partition it is in.
void ReturnExisting(const TableDescriptor& table, Operator* root) {
  common::v1::Insert* insert = root->mutable_insert();
  insert->set_returns_existing(true);
  const auto width = static_cast<size_t>(table.columns_size());
  const size_t first = width + (table.has_partition_key() ? 1 : 0);
  const auto add = [&](size_t position, const DataType& type) {
    *insert->add_returning() = ColumnAt(position, type);
    *root->add_output()->mutable_type() = type;
  };
  for (size_t i = 0; i < width; ++i) add(first + i, table.columns(static_cast<int>(i)).type());
  add(first + width, TypeOf(types::TypeId::kBool));
  if (table.has_partition_key()) add(width, TypeOf(types::TypeId::kOid));
}

}  // namespace

bool UpsertsByRows(const Plan& plan) {
  return plan.root().has_insert() && !plan.root().insert().conflict_update().empty() &&
         std::any_of(plan.ctes().begin(), plan.ctes().end(),
                     [](const Operator& cte) { return cte.program_rows().has_triggers(); });
}

UpsertPlans MakeUpsertPlans(const Plan& plan, const TableDescriptor& table) {
  UpsertPlans plans;
  const int width = table.columns_size();
  plans.probe = plan;
  plans.probe.clear_program_calls();
  plans.probe.clear_trigger_rows();
  ReturnExisting(table, plans.probe.mutable_root());
  plans.write = plans.probe;
  for (int i = 0; i < width; ++i)
    *plans.probe.mutable_root()->mutable_insert()->mutable_conflict_update(i) =
        ColumnAt(static_cast<size_t>(i), table.columns(i).type());
  common::v1::Insert* write = plans.write.mutable_root()->mutable_insert();
  write->clear_conflict_filter();
  // The probe changes nothing, and the row that is written has been found by it.
  const auto drop = [](common::v1::Insert* insert, CheckConstraint::RowSecurity kind) {
    auto* checks = insert->mutable_checks();
    checks->erase(std::remove_if(checks->begin(), checks->end(),
                                 [kind](const auto& c) { return c.row_security() == kind; }),
                  checks->end());
  };
  drop(plans.probe.mutable_root()->mutable_insert(), CheckConstraint::ROW_SECURITY_CHANGED);
  drop(write, CheckConstraint::ROW_SECURITY_EXISTING);
  const int parameters = plan.parameter_types_size();
  for (int i = 0; i < width; ++i) {
    const auto& column = table.columns(i);
    *plans.write.add_parameter_types() = column.type();
    Expression* value = write->mutable_conflict_update(i);
    *value = ColumnAt(static_cast<size_t>(i), column.type());
    if (!column.dropped() && !column.has_generated())
      value->set_parameter(static_cast<uint32_t>(parameters + i));
  }
  Plan& compute = plans.compute;
  compute.set_kind(common::v1::STATEMENT_KIND_SELECT);
  *compute.mutable_parameter_types() = plan.parameter_types();
  *compute.mutable_tables() = plan.tables();
  *compute.mutable_types() = plan.types();
  *compute.mutable_functions() = plan.functions();
  compute.set_session_details(plan.session_details());
  compute.set_session_effects(plan.session_effects());
  Operator* rows = compute.add_ctes();
  rows->set_id(2);
  rows->mutable_program_rows()->set_given("conflict");
  for (int part = 0; part < 2; ++part) {
    for (const auto& column : table.columns()) *rows->add_output()->mutable_type() = column.type();
  }
  Operator* root = compute.mutable_root();
  Operator* scan = root->mutable_project()->mutable_input();
  scan->set_id(1);
  scan->mutable_cte_scan()->set_cte(0);
  *scan->mutable_output() = rows->output();
  for (int i = 0; i < width; ++i) {
    *root->mutable_project()->add_expressions() = plan.root().insert().conflict_update(i);
    *root->add_output()->mutable_type() = table.columns(i).type();
  }
  return plans;
}

UpsertedKeys::UpsertedKeys(const TableDescriptor& table, uint32_t index_id, program::Host* host)
    : host_(host) {
  std::vector<uint32_t> ordinals(table.primary_key().begin(), table.primary_key().end());
  for (const auto& index : table.indexes()) {
    if (index_id != 0 && index.index_id() == index_id)
      ordinals.assign(index.columns().begin(), index.columns().end());
  }
  std::vector<size_t> positions;
  for (const uint32_t ordinal : ordinals) {
    if (ordinal == sql::kExpressionKey) return;
    size_t position = 0;
    for (uint32_t i = 0; i < ordinal; ++i)
      position += table.columns(static_cast<int>(i)).dropped() ? 0 : 1;
    positions.push_back(position);
  }
  positions_ = std::move(positions);
}

std::string UpsertedKeys::KeyOf(const std::vector<types::Value>& live_row) const {
  std::string key;
  for (size_t i = 0; positions_.has_value() && i < positions_->size(); ++i) {
    const std::string text = host_->TextOf(live_row[(*positions_)[i]]);
    absl::StrAppend(&key, text.size(), ":", text);
  }
  return key;
}

absl::Status UpsertedKeys::CheckNew(const std::vector<types::Value>& live_row) const {
  if (!positions_.has_value() && !keys_.empty())
    return status::Error(sqlstate::kFeatureNotSupported,
                         "ON CONFLICT over expressions with several rows, beside triggers that run "
                         "statements or loops, is not supported",
                         {}, "Insert the rows one by one.");
  if (!keys_.contains(KeyOf(live_row))) return absl::OkStatus();
  return status::Error(
      sqlstate::kCardinalityViolation,
      "ON CONFLICT DO UPDATE command cannot affect row a second time", {},
      "Ensure that no rows proposed for insertion within the same command have duplicate "
      "constrained values.");
}

types::Batch WholeRow(const TableDescriptor& table, const std::vector<types::Value>& live_row) {
  types::Batch batch;
  batch.row_count = 1;
  size_t next = 0;
  for (const auto& column : table.columns()) {
    auto vector = std::make_shared<types::Vector>(types::FromProto(column.type()));
    if (column.dropped() || live_row[next].is_null()) {
      vector->AppendNull();
    } else {
      vector->Append(live_row[next]);
    }
    next += column.dropped() ? 0 : 1;
    batch.columns.push_back(std::move(vector));
  }
  return batch;
}

std::vector<types::Value> LiveRow(const TableDescriptor& table, const types::Batch& rows,
                                  uint32_t row, size_t first) {
  std::vector<types::Value> values;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (table.columns(i).dropped()) continue;
    const types::Vector& column = *rows.columns[first + static_cast<size_t>(i)];
    values.push_back(column.is_null(row) ? types::Value::Null(column.type()) : column.Get(row));
    values.back().set_type(column.type());
  }
  return values;
}

}  // namespace adbms::gateway::session
