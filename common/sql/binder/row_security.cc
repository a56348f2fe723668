// The policies of tables (PostgreSQL manual, "Row Security Policies"): which rows the acting role
// sees is a filter of what it reads, under a barrier; which ones it may write are checks of rows.
#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/catalog/row_security.h"
#include "common/sql/explain/deparse.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using common::v1::CheckConstraint;
using common::v1::PolicyCondition;
using common::v1::PolicyDescriptor;
using common::v1::RoleFacts;
using common::v1::TableDescriptor;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

bool IsFor(const PolicyDescriptor& policy, char command, const RoleFacts& facts) {
  if (policy.command() != "*" && policy.command()[0] != command) return false;
  return policy.roles().empty() ||
         std::any_of(policy.roles().begin(), policy.roles().end(),
                     [&facts](const std::string& role) { return HasRightsOf(facts, role); });
}

// The condition with the names that the table's columns have now.
std::string TextOf(const PolicyCondition& condition, const TableDescriptor& table) {
  if (condition.bound().empty()) return condition.sql();
  common::v1::IndexExpression bound;
  bound.set_bound(condition.bound());
  return explain::DeparseDefinition(
      bound,
      [&table](uint32_t ordinal) {
        return types::QuotedName(table.columns(static_cast<int>(ordinal)).name());
      },
      /*pretty=*/false);
}

// One of these has to hold; none: nothing does.
ExprPtr AnyOf(std::vector<ExprPtr> conditions) {
  if (conditions.empty()) return plan::MakeBool(false);
  if (conditions.size() == 1) return conditions[0];
  return plan::MakeLogical(common::v1::LogicalExpression::KIND_OR, std::move(conditions));
}

}  // namespace

absl::StatusOr<const RoleFacts*> Binder::FactsOf(const std::string& role) {
  const auto named = [&role](const RoleFacts& facts) { return facts.role() == role; };
  const auto known = std::find_if(input_.roles.begin(), input_.roles.end(), named);
  if (known == input_.roles.end())
    return status::Error(kUnknownRole, absl::StrCat("the rights of role \"", role, "\" are needed"),
                         role);
  if (std::none_of(query_->roles.begin(), query_->roles.end(), named))
    query_->roles.push_back(*known);
  return &*known;
}

absl::StatusOr<const RoleFacts*> Binder::SecuredFor(const TableDescriptor& table) {
  if (!table.row_security() || !applies_policies_ || input_.exempt) return nullptr;
  ASSIGN_OR_RETURN(const RoleFacts* facts,
                   FactsOf(acting_role_.empty() ? input_.current_user : acting_role_));
  if (!IsSecuredFor(table, *facts)) return nullptr;
  if (input_.switches.no_row_security()) return WouldBeFiltered(table, *facts);
  return facts;
}

absl::StatusOr<ExprPtr> Binder::BindPolicy(const PolicyCondition& condition,
                                           const TableDescriptor& table,
                                           const std::vector<ColumnId>& columns) {
  if (securing_.contains(table.table_id()))
    return status::Error(
        "42P17",
        absl::StrCat("infinite recursion detected in policy for relation \"", table.name(), "\""));
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const Node* node, ParseExpression(TextOf(condition, table), &tree));
  kept_trees_.push_back(tree);
  const std::string_view text = std::exchange(text_, tree->text());
  const bool literals = std::exchange(literals_active_, false);
  const TableDescriptor* const view = std::exchange(view_, nullptr);
  const std::vector<std::string> path =
      std::exchange(search_path_, {condition.search_path().begin(), condition.search_path().end()});
  securing_.insert(table.table_id());
  ++view_depth_;
  const absl::Cleanup restore = [&] {
    --view_depth_;
    securing_.erase(table.table_id());
    search_path_ = path;
    view_ = view;
    literals_active_ = literals;
    text_ = text;
  };
  const std::set<ColumnId> unread =
      std::exchange(policy_columns_, {columns.begin(), columns.end()});
  const DepthGuard for_each_row(&row_depth_);
  auto bound = BindPolicyExpression(node, table, columns);
  policy_columns_ = unread;
  return bound;
}

absl::StatusOr<ExprPtr> Binder::BindPolicyExpression(const Node* node, const TableDescriptor& table,
                                                     const std::vector<ColumnId>& columns) {
  Scope scope(nullptr);
  scope.clause = "policy expressions";
  ScopeItem item;
  item.alias = table.name();
  item.schema = table.schema();
  item.table = &table;
  item.relation = &table;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (table.columns(i).dropped()) continue;
    item.columns.push_back(
        {table.columns(i).name(), columns[i], types::FromProto(table.columns(i).type())});
  }
  scope.items.push_back(std::move(item));
  ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &scope));
  return ToBoolean(std::move(e), "POLICY");
}

absl::StatusOr<std::vector<CheckCondition>> Binder::PoliciesFor(
    const TableDescriptor& table, char command, bool written,
    const std::vector<ColumnId>& columns) {
  std::vector<CheckCondition> conditions;
  ASSIGN_OR_RETURN(const RoleFacts* facts, SecuredFor(table));
  if (facts == nullptr) return conditions;
  std::vector<ExprPtr> permissive;
  bool any = false;
  // Storage keeps them by name.
  for (const PolicyDescriptor& policy : table.policies()) {
    if (!IsFor(policy, command, *facts)) continue;
    const bool check = written && policy.has_check();
    if (!check && !policy.has_using_()) continue;
    ASSIGN_OR_RETURN(ExprPtr condition,
                     BindPolicy(check ? policy.check() : policy.using_(), table, columns));
    if (policy.restrictive()) {
      conditions.push_back({policy.name(), std::move(condition)});
    } else {
      any = true;
      permissive.push_back(std::move(condition));
    }
  }
  // Restrictive ones alone let nothing through.
  if (!any) conditions.clear();
  conditions.insert(conditions.begin(), {"", AnyOf(std::move(permissive))});
  return conditions;
}

absl::Status Binder::AddRowPolicies(char command, const std::vector<ColumnId>& columns,
                                    Rel* filter) {
  ASSIGN_OR_RETURN(std::vector<CheckCondition> policies,
                   PoliciesFor(*filter->table, command, /*written=*/false, columns));
  // The restrictive ones come first.
  if (!policies.empty()) std::rotate(policies.begin(), policies.begin() + 1, policies.end());
  for (const CheckCondition& policy : policies) filter->conditions.push_back(policy.condition);
  return absl::OkStatus();
}

std::vector<ColumnId> Binder::AllColumns(Rel* scan) {
  const TableDescriptor& table = *scan->table;
  std::vector<ColumnId> columns(table.columns_size(), 0);
  for (size_t i = 0; i < scan->ordinals.size(); ++i) {
    if (scan->ordinals[i] < columns.size()) columns[scan->ordinals[i]] = scan->output[i];
  }
  for (int i = 0; i < table.columns_size(); ++i) {
    const auto ordinal = static_cast<uint32_t>(i);
    if (table.columns(i).dropped() ||
        std::find(scan->ordinals.begin(), scan->ordinals.end(), ordinal) != scan->ordinals.end())
      continue;
    columns[ordinal] =
        query_->AddColumn({table.columns(i).name(), types::FromProto(table.columns(i).type()),
                           table.table_id(), ordinal + 1, table.columns(i).not_null()});
    scan->output.push_back(columns[ordinal]);
    scan->ordinals.push_back(ordinal);
  }
  return columns;
}

RelPtr Binder::Barrier(RelPtr input) {
  RelPtr barrier = plan::MakeRel(Rel::Kind::kBarrier, {input});
  barrier->output = input->output;
  return barrier;
}

absl::StatusOr<RelPtr> Binder::SecureScan(const RelPtr& scan, char command) {
  ASSIGN_OR_RETURN(const RoleFacts* facts, SecuredFor(*scan->table));
  if (facts == nullptr) return scan;
  const std::vector<ColumnId> columns = AllColumns(scan.get());
  RelPtr filter = plan::MakeFilter(scan, {});
  filter->table = scan->table;
  RETURN_IF_ERROR(AddRowPolicies(command, columns, filter.get()));
  RelPtr barrier = Barrier(filter);
  // For those who lock rows of it.
  barrier->table = scan->table;
  barrier->alias = acting_role_;
  return barrier;
}

absl::Status Binder::SecureLocked(Rel* barrier) {
  Rel* const filter = barrier->inputs[0].get();
  const std::string role = std::exchange(acting_role_, barrier->alias);
  const absl::Status status = AddRowPolicies('w', AllColumns(filter->inputs[0].get()), filter);
  acting_role_ = role;
  filter->output = filter->inputs[0]->output;
  barrier->output = filter->output;
  // Once is enough.
  barrier->table = nullptr;
  return status;
}

const std::string& Binder::TargetRole() const {
  return target_views_.empty() ? acting_role_ : target_views_.levels.back().reads_as;
}

absl::StatusOr<RelPtr> Binder::SecureTarget(RelPtr rel) {
  target_filter_ = nullptr;
  if (rel->kind == Rel::Kind::kScan) {
    const std::string role = std::exchange(acting_role_, TargetRole());
    auto secured = SecureScan(rel, query_->kind == common::v1::STATEMENT_KIND_UPDATE ? 'w' : 'd');
    acting_role_ = role;
    RETURN_IF_ERROR(secured.status());
    if (*secured != rel) target_filter_ = (*secured)->inputs[0];
    rel = *secured;
  }
  // Of views that are barriers, what lies below them.
  std::vector<TargetViews::Level>& levels = target_views_.levels;
  const auto outermost = std::find_if(levels.begin(), levels.end(), [](const auto& level) {
    return level.view->view_rules().security_barrier();
  });
  for (auto level = levels.end(); level-- > outermost;) {
    if (level->condition != nullptr) {
      std::vector<ExprPtr> conditions;
      plan::SplitConjunction(level->condition, &conditions);
      rel = plan::MakeFilter(rel, std::move(conditions));
    }
    if (level->view->view_rules().security_barrier()) rel = Barrier(rel);
  }
  return rel;
}

bool Binder::ReadsTarget(const std::vector<ExprPtr>& expressions) const {
  const plan::ChangeTarget& change = query_->change;
  plan::ColumnSet own(change.columns.begin(), change.columns.end());
  own.insert(change.row_key);
  if (change.table_oid != 0) own.insert(change.table_oid);
  return std::any_of(expressions.begin(), expressions.end(),
                     [&](const ExprPtr& e) { return plan::Intersects(plan::ColumnsOf(e), own); });
}

absl::StatusOr<bool> Binder::ReturnsTarget(NodeList list, const Scope& scope) {
  if (list.empty()) return false;
  const plan::Query before = *query_;
  Scope returning(nullptr);
  returning.items = scope.items;
  returning.clause = "RETURNING";
  const auto targets = BindTargets(list, &returning, false);
  *query_ = before;
  RETURN_IF_ERROR(targets.status());
  std::vector<ExprPtr> expressions;
  for (const Target& target : *targets) expressions.push_back(OverTarget(target.expression));
  return ReadsTarget(expressions);
}

absl::Status Binder::ShowTargetRows() {
  if (target_filter_ == nullptr) return absl::OkStatus();
  const std::string role = std::exchange(acting_role_, TargetRole());
  const absl::Status status = AddRowPolicies('r', query_->change.columns, target_filter_.get());
  acting_role_ = role;
  return status;
}

void Binder::RecheckPolicies() {
  if (target_filter_ == nullptr) return;
  std::vector<ExprPtr>& recheck = query_->change.recheck;
  const std::vector<ExprPtr>& policies = target_filter_->conditions;
  recheck.insert(recheck.begin(), policies.begin(), policies.end());
}

absl::Status Binder::CheckPolicies(char command, bool shown, CheckConstraint::RowSecurity kind,
                                   const std::vector<ColumnId>& columns) {
  if (IsView(*query_->target)) return absl::OkStatus();
  const std::string role = std::exchange(acting_role_, TargetRole());
  const auto add = [&](char of, bool written) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<CheckCondition> policies,
                     PoliciesFor(*query_->target, of, written, columns));
    for (CheckCondition& policy : policies) {
      policy.row_security = kind;
      query_->checks.push_back(std::move(policy));
    }
    return absl::OkStatus();
  };
  absl::Status status = add(command, kind != CheckConstraint::ROW_SECURITY_EXISTING);
  if (status.ok() && shown) status = add('r', false);
  acting_role_ = role;
  return status;
}

}  // namespace adbms::sql::binder
