// The statement around the operator tree: writes, plan header, operator numbers.
#include <algorithm>
#include <functional>

#include "common/sql/default_planner/physical_builder.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using common::v1::Operator;
using common::v1::SessionValue;
using plan::ColumnId;
using plan::ExprPtr;

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  return hash * 0xff51afd7ed558ccdu;
}

uint64_t ShapeOf(const Operator& op, uint64_t hash) {
  hash = Mix(hash, static_cast<uint64_t>(op.body_case()));
  switch (op.body_case()) {
    case Operator::kSeqScan:
      hash = Mix(hash, op.seq_scan().table_id());
      break;
    case Operator::kIndexScan:
      hash = Mix(Mix(hash, op.index_scan().table_id()), op.index_scan().index_id());
      break;
    case Operator::kLookupJoin:
      hash = Mix(Mix(Mix(hash, op.lookup_join().table_id()), op.lookup_join().index_id()),
                 op.lookup_join().type());
      break;
    case Operator::kSystemScan:
      hash = Mix(hash, op.system_scan().table_id());
      break;
    case Operator::kHashJoin:
      hash = Mix(hash, op.hash_join().type());
      break;
    case Operator::kNestedLoopJoin:
      hash = Mix(hash, op.nested_loop_join().type());
      break;
    case Operator::kInsert:
      hash = Mix(hash, op.insert().table_id());
      break;
    case Operator::kUpdate:
      hash = Mix(hash, op.update().table_id());
      break;
    case Operator::kDelete:
      hash = Mix(hash, op.delete_().table_id());
      break;
    case Operator::kMergeRows:
      hash = Mix(hash, op.merge_rows().table_id());
      break;
    default:
      break;
  }
  for (const Operator* child : plan::ChildrenOf(op)) hash = ShapeOf(*child, hash);
  return Mix(hash, 0x17);
}

// The columns of a written row for RETURNING: behind those of a partitioned table, the oid of the
// partition.
std::vector<ColumnId> WithTableOid(const plan::Write& write, std::vector<ColumnId> columns) {
  if (write.target->has_partition_key())
    columns.insert(columns.begin() + write.target->columns_size(), write.table_oid);
  return columns;
}

}  // namespace

absl::Status PhysicalBuilder::FillReturning(
    const plan::Write& write, const std::vector<ExprPtr>& returning,
    const std::vector<ColumnId>& layout,
    google::protobuf::RepeatedPtrField<common::v1::Expression>* out, Operator* op) {
  for (size_t i = 0; i < returning.size(); ++i) {
    const ExprPtr& e = returning[i];
    RETURN_IF_ERROR(EncodeInto(e, layout, out->Add()));
    common::v1::OutputColumn* column = op->add_output();
    column->set_name(write.output_names[i]);
    *column->mutable_type() = types::ToProto(e->type);
    if (e->kind == plan::Expr::Kind::kColumn) {
      column->set_table_id(query_.columns[e->column].table_id);
      column->set_column_number(query_.columns[e->column].column_number);
    }
  }
  return absl::OkStatus();
}

absl::Status PhysicalBuilder::FillChecks(
    const std::vector<plan::CheckCondition>& checks, const std::vector<ColumnId>& layout,
    google::protobuf::RepeatedPtrField<common::v1::CheckConstraint>* out) {
  for (const plan::CheckCondition& check : checks) {
    common::v1::CheckConstraint* proto = out->Add();
    proto->set_name(check.name);
    proto->set_of_view(check.of_view);
    proto->set_row_security(check.row_security);
    RETURN_IF_ERROR(EncodeInto(check.condition, layout, proto->mutable_condition()));
  }
  return absl::OkStatus();
}

absl::Status PhysicalBuilder::FillPartitionChecks(
    const plan::Write& write, const std::vector<ColumnId>& columns,
    google::protobuf::RepeatedPtrField<common::v1::PartitionChecks>* out) {
  for (const plan::PartitionChecks& part : write.partition_checks) {
    common::v1::PartitionChecks* proto = out->Add();
    proto->set_table_id(part.table->table_id());
    RETURN_IF_ERROR(FillChecks(part.checks, columns, proto->mutable_checks()));
  }
  return absl::OkStatus();
}

absl::Status PhysicalBuilder::FillCascades(
    const plan::Write& write, google::protobuf::RepeatedPtrField<common::v1::CascadeTarget>* out) {
  for (const plan::CascadeTarget& target : write.cascades) {
    common::v1::CascadeTarget* proto = out->Add();
    proto->set_table_id(target.table->table_id());
    RETURN_IF_ERROR(FillChecks(target.checks, target.columns, proto->mutable_checks()));
    for (const auto& [ordinal, value] : target.defaults) {
      common::v1::ColumnDefault* column = proto->add_defaults();
      column->set_column(ordinal);
      RETURN_IF_ERROR(EncodeInto(value, {}, column->mutable_value()));
    }
  }
  return absl::OkStatus();
}

absl::Status PhysicalBuilder::FillInsert(const plan::Write& write, Physical input, Operator* out) {
  const plan::InsertTarget& target = write.insert;
  common::v1::Insert* insert = out->mutable_insert();
  insert->set_table_id(write.target->table_id());
  insert->set_ignore_conflicts(target.ignore_conflicts);
  if (target.conflict_index_id.has_value())
    insert->set_conflict_index_id(*target.conflict_index_id);
  std::vector<ColumnId> returned = WithTableOid(write, target.columns);
  returned.insert(returned.end(), target.existing.begin(), target.existing.end());
  insert->set_returns_existing(!target.existing.empty());
  RETURN_IF_ERROR(
      FillReturning(write, target.returning, returned, insert->mutable_returning(), out));
  RETURN_IF_ERROR(FillChecks(write.checks, target.columns, insert->mutable_checks()));
  RETURN_IF_ERROR(FillPartitionChecks(write, target.columns, insert->mutable_partition_checks()));
  std::vector<ColumnId> both = target.columns;
  both.insert(both.end(), target.excluded.begin(), target.excluded.end());
  for (const ExprPtr& e : target.conflict_update)
    RETURN_IF_ERROR(EncodeInto(e, both, insert->add_conflict_update()));
  if (target.conflict_filter)
    RETURN_IF_ERROR(EncodeInto(target.conflict_filter, both, insert->mutable_conflict_filter()));
  RETURN_IF_ERROR(FillCascades(write, insert->mutable_cascades()));
  *insert->mutable_input() = std::move(input.op);
  return absl::OkStatus();
}

absl::Status PhysicalBuilder::FillChange(const plan::Write& write, Physical input, Operator* out) {
  const plan::ChangeTarget& change = write.change;
  // The new row stands where the old one stood.
  std::vector<ColumnId> changed = input.layout;
  for (size_t i = 0; i < change.new_columns.size(); ++i) changed[i] = change.new_columns[i];
  if (write.kind == common::v1::STATEMENT_KIND_DELETE) {
    common::v1::Delete* erase = out->mutable_delete_();
    erase->set_table_id(write.target->table_id());
    erase->set_read_before(change.read_before);
    std::vector<ColumnId> without_key = changed;
    without_key.erase(without_key.begin() + static_cast<long>(change.columns.size()));
    RETURN_IF_ERROR(FillReturning(write, change.returning, WithTableOid(write, without_key),
                                  erase->mutable_returning(), out));
    // In their order: nothing is asked of rows that policies hide by now.
    if (!change.recheck.empty())
      RETURN_IF_ERROR(
          EncodeInto(plan::MakeAnd(change.recheck), input.layout, erase->mutable_recheck()));
    RETURN_IF_ERROR(FillCascades(write, erase->mutable_cascades()));
    *erase->mutable_input() = std::move(input.op);
    return absl::OkStatus();
  }
  common::v1::Update* update = out->mutable_update();
  update->set_table_id(write.target->table_id());
  update->set_read_before(change.read_before);
  for (size_t i = 0; i < change.assigned.size(); ++i) {
    update->add_columns(change.assigned[i]);
    RETURN_IF_ERROR(EncodeInto(change.values[i], input.layout, update->add_values()));
  }
  std::vector<ColumnId> without_key = changed;
  without_key.erase(without_key.begin() + static_cast<long>(change.columns.size()));
  RETURN_IF_ERROR(FillReturning(write, change.returning, WithTableOid(write, without_key),
                                update->mutable_returning(), out));
  RETURN_IF_ERROR(FillChecks(write.checks, change.new_columns, update->mutable_checks()));
  RETURN_IF_ERROR(
      FillPartitionChecks(write, change.new_columns, update->mutable_partition_checks()));
  if (!change.recheck.empty())
    RETURN_IF_ERROR(
        EncodeInto(plan::MakeAnd(change.recheck), input.layout, update->mutable_recheck()));
  RETURN_IF_ERROR(FillCascades(write, update->mutable_cascades()));
  *update->mutable_input() = std::move(input.op);
  return absl::OkStatus();
}

absl::StatusOr<Operator> PhysicalBuilder::BuildWrite(const plan::Write& write,
                                                     const plan::Rel& rel) {
  ASSIGN_OR_RETURN(Physical root, BuildRel(rel));
  Operator op;
  const double cost = root.cost + root.rows * plan::kCost.fetch_row;
  const double rows = root.rows;
  if (write.kind == common::v1::STATEMENT_KIND_INSERT) {
    ASSIGN_OR_RETURN(root, Align(std::move(root), rel.output));
    RETURN_IF_ERROR(FillInsert(write, std::move(root), &op));
  } else {
    std::vector<ColumnId> layout = write.change.columns;
    layout.push_back(write.change.row_key);
    for (const ColumnId id : root.layout) {
      if (std::find(layout.begin(), layout.end(), id) == layout.end()) layout.push_back(id);
    }
    ASSIGN_OR_RETURN(root, Align(std::move(root), layout));
    RETURN_IF_ERROR(FillChange(write, std::move(root), &op));
  }
  op.set_estimated_rows(rows);
  op.set_uncorrected_rows(rows);
  op.set_total_cost(cost);
  return op;
}

Physical PhysicalBuilder::WithPrograms(const plan::Cte& cte, Physical input) {
  Physical result;
  common::v1::ProgramRows* op = result.op.mutable_program_rows();
  result.layout = cte.rel->output;
  for (const plan::RowProgram& program : cte.programs) {
    common::v1::RowCall* call = op->add_calls();
    call->set_function_id(program.function->function_id());
    for (const ColumnId argument : program.arguments) {
      const auto at = std::find(input.layout.begin(), input.layout.end(), argument);
      call->add_arguments(static_cast<uint32_t>(at - input.layout.begin()));
    }
    call->set_results(static_cast<uint32_t>(program.results.size()));
    result.layout.insert(result.layout.end(), program.results.begin(), program.results.end());
  }
  result.rows = input.rows;
  result.startup = input.cost;
  result.cost = input.cost + input.rows * plan::kCost.program_call * op->calls_size();
  *op->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

Physical PhysicalBuilder::WithTriggers(const plan::Cte& cte, Physical input) {
  Physical result;
  common::v1::ProgramRows* op = result.op.mutable_program_rows();
  const plan::RowTriggers& fired = *cte.triggers;
  const auto place = [&](ColumnId id) {
    const auto at = std::find(input.layout.begin(), input.layout.end(), id);
    return static_cast<uint32_t>(at - input.layout.begin());
  };
  common::v1::RowTriggers* triggers = op->mutable_triggers();
  triggers->set_table_id(fired.table->table_id());
  triggers->set_event(fired.event);
  triggers->set_instead(fired.instead);
  for (const uint32_t ordinal : fired.assigned) triggers->add_assigned(ordinal);
  for (const ColumnId id : fired.old_columns) triggers->add_old_columns(place(id));
  for (const ColumnId id : fired.new_columns) triggers->add_new_columns(place(id));
  if (fired.row_key.has_value()) triggers->set_row_key(place(*fired.row_key));
  if (fired.table_oid.has_value()) triggers->set_table_oid(place(*fired.table_oid));
  result.layout = cte.rel->output;
  result.layout.insert(result.layout.end(), fired.results.begin(), fired.results.end());
  result.rows = input.rows;
  result.startup = result.cost = input.cost + input.rows * plan::kCost.program_call;
  *op->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

Physical PhysicalBuilder::Given(const plan::Cte& cte) {
  constexpr double kRows = 1000;
  Physical result;
  result.op.mutable_program_rows()->set_given(cte.given);
  result.layout = cte.rel->output;
  result.rows = kRows;
  Finish(&result);
  return result;
}

absl::StatusOr<common::v1::Plan> PhysicalBuilder::Build() {
  bool writes = query_.kind != common::v1::STATEMENT_KIND_SELECT;
  for (const plan::Cte& cte : query_.ctes) {
    if (cte.eager) plan_.add_eager_ctes(static_cast<uint32_t>(plan_.ctes_size()));
    if (cte.write != nullptr) {
      writes = true;
      ASSIGN_OR_RETURN(*plan_.add_ctes(), BuildWrite(*cte.write, *cte.rel));
      cte_rows_.push_back(plan_.ctes().rbegin()->estimated_rows());
      continue;
    }
    if (!cte.given.empty()) {
      Physical given = Given(cte);
      cte_rows_.push_back(given.rows);
      *plan_.add_ctes() = std::move(given.op);
      continue;
    }
    ASSIGN_OR_RETURN(Physical built, BuildRel(*cte.rel));
    ASSIGN_OR_RETURN(built, Align(std::move(built), cte.rel->output));
    if (!cte.programs.empty()) built = WithPrograms(cte, std::move(built));
    if (cte.triggers.has_value()) built = WithTriggers(cte, std::move(built));
    if (cte.held) built = Held(std::move(built));
    cte_rows_.push_back(built.rows);
    *plan_.add_ctes() = std::move(built.op);
  }
  plan_.set_kind(query_.kind);
  if (query_.kind == common::v1::STATEMENT_KIND_SELECT || query_.written_elsewhere) {
    ASSIGN_OR_RETURN(Physical root, BuildRel(*query_.root));
    ASSIGN_OR_RETURN(root, Align(std::move(root), query_.output));
    *plan_.mutable_root() = std::move(root.op);
    for (int i = 0; i < plan_.root().output_size(); ++i)
      plan_.mutable_root()->mutable_output(i)->set_name(query_.output_names[i]);
  } else {
    ASSIGN_OR_RETURN(*plan_.mutable_root(), BuildWrite(query_, *query_.root));
  }
  for (const types::Type& type : query_.parameter_types)
    *plan_.add_parameter_types() = types::ToProto(type);
  for (const common::v1::TypeDescriptor* type : query_.declared_types) {
    common::v1::TypeUse* use = plan_.add_types();
    use->set_type_oid(type->declared().oid());
    use->set_schema_version(type->schema_version());
  }
  plan_.set_client_parameters(query_.client_parameters);
  for (const uint32_t literal : query_.pinned_literals) plan_.add_pinned_literals(literal);
  for (const plan::TableUse& use : query_.tables) {
    common::v1::TableUse* proto = plan_.add_tables();
    proto->set_table_id(use.table->table_id());
    proto->set_schema_version(use.table->schema_version());
    proto->set_name(use.table->schema() + "." + use.table->name());
    for (const int privilege : use.privileges)
      proto->add_privileges(static_cast<common::v1::Privilege>(privilege));
    proto->set_as_role(use.as_role);
    for (const auto& [privilege, columns] : use.columns) {
      if (!use.privileges.contains(privilege)) continue;
      common::v1::ColumnUse* of_columns = proto->add_columns();
      of_columns->set_privilege(static_cast<common::v1::Privilege>(privilege));
      of_columns->mutable_columns()->Assign(columns.begin(), columns.end());
    }
  }
  for (const common::v1::RoleFacts& role : query_.roles) *plan_.add_roles() = role;
  for (const plan::FunctionUse& used : query_.functions) {
    common::v1::FunctionUse* use = plan_.add_functions();
    use->set_function_id(used.function->function_id());
    use->set_version(used.function->version());
    use->set_as_role(used.as_role);
  }
  for (const common::v1::OperatorDescriptor* used : query_.operators) {
    common::v1::OperatorUse* use = plan_.add_operators();
    use->set_operator_id(used->operator_id());
    use->set_version(used->version());
  }
  for (const plan::ProgramCall& call : query_.program_calls) {
    common::v1::ProgramCall* proto = plan_.add_program_calls();
    if (call.function != nullptr) proto->set_function_id(call.function->function_id());
    if (call.current_of != nullptr) proto->set_current_of_table(call.current_of->table_id());
    for (const plan::ExprPtr& argument : call.arguments) {
      ASSIGN_OR_RETURN(*proto->add_arguments(), plan::EncodeConstant(*argument));
    }
    proto->set_first_parameter(static_cast<uint32_t>(call.first_parameter));
    proto->set_parameters(static_cast<uint32_t>(call.results.size()));
    proto->set_returns_rows(call.returns_rows);
  }
  if (query_.trigger_rows.table_id() != 0 || !query_.with_trigger_rows.empty())
    *plan_.mutable_trigger_rows() = query_.trigger_rows;
  for (const common::v1::TriggerRows& rows : query_.with_trigger_rows)
    *plan_.add_with_trigger_rows() = rows;
  for (const common::v1::CursorRow& row : query_.cursor_rows) *plan_.add_cursor_rows() = row;
  plan_.set_planner(policy_.kind());
  plan_.set_statistics_version(policy_.statistics_version());
  plan_.set_session_dependent(query_.session_dependent);
  plan_.set_session_details(query_.session_details);
  plan_.set_control_functions(query_.control_functions);
  plan_.set_session_effects(query_.session_effects);
  plan_.set_read_only(!writes && !query_.has_locks && !query_.calls_volatile);
  uint32_t id = 0;
  uint64_t shape = 0;
  plan::ForEachRoot(&plan_, [&](Operator* top) {
    plan::ForEachOperator(top, [&id](Operator* op) { op->set_id(id++); });
    shape = ShapeOf(*top, shape);
  });
  plan_.set_shape_hash(shape);
  return std::move(plan_);
}

absl::StatusOr<common::v1::Plan> BuildPlan(const plan::Query& query,
                                           const plan::PlanningPolicy& policy) {
  return PhysicalBuilder(query, policy).Build();
}

}  // namespace adbms::sql::default_planner
