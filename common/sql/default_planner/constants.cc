// EvaluateConstant and BindCopy.
#include "common/sql/default_planner/constants.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/sql/binder/binder.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/sql/rules/rewriter.h"
#include "common/sql/sql.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

namespace sqlstate = status::sqlstate;

// Names columns by position.
class PositionContext : public plan::EncodingContext {
 public:
  explicit PositionContext(const std::vector<plan::ColumnId>& layout) : layout_(layout) {}
  absl::Status Column(plan::ColumnId column, common::v1::Expression* out) override {
    for (size_t i = 0; i < layout_.size(); ++i) {
      if (layout_[i] == column) out->set_column(static_cast<uint32_t>(i));
    }
    return absl::OkStatus();
  }
  absl::Status Subquery(const plan::Expr&, common::v1::SubqueryExpression*) override {
    return status::NotSupported("a subquery here");
  }

 private:
  const std::vector<plan::ColumnId>& layout_;
};

// A tree for binders that only bind other texts.
absl::StatusOr<std::shared_ptr<const parser::StatementTree>> EmptyStatement() {
  ASSIGN_OR_RETURN(std::shared_ptr<const parser::ParseTree> parse,
                   parser::ParseTree::Parse("SELECT"));
  auto tree = std::make_shared<parser::StatementTree>();
  tree->node = parse->result().stmts[0]->stmt;
  tree->parse = std::move(parse);
  return std::shared_ptr<const parser::StatementTree>(std::move(tree));
}

}  // namespace

absl::StatusOr<types::Value> EvaluateNow(const plan::Expr& e, const PlanningInput& input) {
  ASSIGN_OR_RETURN(const common::v1::Expression proto, plan::EncodeConstant(e));
  ASSIGN_OR_RETURN(const auto compiled, expression::Compile(proto));
  expression::EvaluationState state;
  state.context.current_user = input.current_user;
  state.context.session_user = input.session_user;
  state.context.current_database = input.database;
  state.context.time_zone = input.time_zone;
  state.context.date_format.order = input.date_order;
  if (!input.search_path.empty()) state.context.current_schema = input.search_path[0];
  state.context.search_path = input.search_path;
  const int64_t now = absl::ToUnixMicros(absl::Now()) - int64_t{946684800} * 1000000;
  state.context.transaction_timestamp_us = now;
  state.context.statement_timestamp_us = now;
  return compiled->EvaluateScalar(state);
}

absl::StatusOr<types::Value> EvaluateConstant(std::string_view expression_sql,
                                              const types::Type& type, const PlanningInput& input) {
  std::shared_ptr<const parser::ParseTree> parse;
  ASSIGN_OR_RETURN(const parser::Node* node,
                   binder::ParseExpression(std::string(expression_sql), &parse));
  parser::StatementTree tree;
  tree.parse = parse;
  tree.node = parse->result().stmts[0]->stmt;
  PlanningInput plain = input;
  plain.literals = nullptr;
  plain.statement = nullptr;
  plain.parameter_types.clear();
  binder::Binder binder(plain, tree);
  ASSIGN_OR_RETURN(const plan::ExprPtr e, binder.BindConstant(node, type));
  if (plan::HasSubquery(e)) return status::NotSupported("a subquery in an argument");
  return EvaluateNow(*e, input);
}

namespace {

// Errors: 0A000 when a partition, on any level, has a CHECK constraint that `table` has not.
absl::Status CheckPartitionsAskNoMore(const common::v1::TableDescriptor& table,
                                      const Catalog& catalog) {
  absl::Status status;
  ForEachPartition(catalog, table, [&](const common::v1::TableDescriptor& part) {
    for (const auto& check : part.checks()) {
      const bool known =
          std::any_of(table.checks().begin(), table.checks().end(),
                      [&check](const auto& own) { return own.name() == check.name(); });
      if (known || !status.ok()) continue;
      status = status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat("COPY into \"", table.name(), "\", whose partition \"", part.name(),
                       "\" has a CHECK constraint of its own, is not supported"),
          {}, "Copy into the partition, or use INSERT.");
    }
  });
  return status;
}

}  // namespace

absl::StatusOr<CopyBinding> BindCopy(const CopyStatement& copy, const PlanningInput& input) {
  CopyBinding binding;
  const std::string shown =
      copy.schema.empty() ? copy.table : absl::StrCat(copy.schema, ".", copy.table);
  binding.table = input.catalog->ResolveTable(copy.schema, copy.table, input.search_path);
  if (binding.table == nullptr)
    return status::Error(sqlstate::kUndefinedTable,
                         absl::StrCat("relation \"", shown, "\" does not exist"));
  const common::v1::TableDescriptor& table = *binding.table;
  if (IsOtherTemporarySchema(table.schema(), input.search_path))
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot access temporary tables of other sessions");
  if (table.has_sequence())
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("cannot copy ", copy.from ? "to" : "from", " sequence \"",
                                      table.name(), "\""));
  const bool materialized = table.has_materialized_view();
  const char* const view = materialized ? "materialized view" : "view";
  const bool is_view = !table.view_sql().empty();
  const bool takes_rows =
      std::any_of(table.triggers().begin(), table.triggers().end(), [&](const auto& trigger) {
        return trigger.timing() == common::v1::TriggerDescriptor::TIMING_INSTEAD &&
               trigger.on_insert();
      });
  if (copy.from && ((is_view && !takes_rows) || (table.is_virtual() && !is_view) || materialized))
    return status::Error(
        sqlstate::kWrongObjectType,
        absl::StrCat("cannot copy to ", table.is_virtual() && !is_view ? "system catalog" : view,
                     " \"", table.name(), "\""),
        {}, is_view ? "To enable copying to a view, provide an INSTEAD OF INSERT trigger." : "");
  if (!copy.from && (!table.view_sql().empty() || materialized))
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("cannot copy from ", view, " \"", table.name(), "\""), {},
                         "Try the COPY (SELECT ...) TO variant.");
  if (copy.from) RETURN_IF_ERROR(CheckPartitionsAskNoMore(table, *input.catalog));
  if (!copy.from && table.has_partition_key())
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("cannot copy from partitioned table \"", table.name(), "\""),
                         {}, "Try the COPY (SELECT ...) TO variant.");
  if (copy.columns.empty()) {
    for (int i = 0; i < table.columns_size(); ++i) {
      if (!table.columns(i).dropped() && !table.columns(i).has_generated())
        binding.columns.push_back(static_cast<uint32_t>(i));
    }
  }
  for (const std::string& name : copy.columns) {
    int found = -1;
    for (int i = 0; i < table.columns_size(); ++i) {
      if (!table.columns(i).dropped() && table.columns(i).name() == name) found = i;
    }
    if (found < 0)
      return status::Error(
          sqlstate::kUndefinedColumn,
          absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" does not exist"));
    if (table.columns(found).has_generated())
      return status::Error("42P10", absl::StrCat("column \"", name, "\" is a generated column"),
                           "Generated columns cannot be used in COPY.");
    for (const uint32_t known : binding.columns) {
      if (static_cast<int>(known) == found)
        return status::Error(sqlstate::kDuplicateColumn,
                             absl::StrCat("column \"", name, "\" specified more than once"));
    }
    binding.columns.push_back(static_cast<uint32_t>(found));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const parser::StatementTree> tree, EmptyStatement());
  PlanningInput plain = input;
  plain.literals = nullptr;
  plain.statement = nullptr;
  plain.parameter_types.clear();
  binder::Binder binder(plain, *tree);
  std::vector<plan::ColumnId> all;
  std::vector<plan::ColumnId> live;
  for (const auto& column : table.columns()) {
    all.push_back(
        binder.query().AddColumn({column.name(), types::FromProto(column.type()), 0, 0, false}));
    if (!column.dropped()) live.push_back(all.back());
    plan::ExprPtr value = plan::MakeNull(types::FromProto(column.type()));
    if (!column.dropped()) {
      ASSIGN_OR_RETURN(value, binder.BindDefault(column.default_sql(), column));
    }
    ASSIGN_OR_RETURN(common::v1::Expression proto,
                     plan::EncodeConstant(*rules::FoldConstants(value)));
    binding.defaults.push_back(std::move(proto));
  }
  PositionContext context(live);
  for (const auto& check : table.checks()) {
    ASSIGN_OR_RETURN(const plan::ExprPtr condition,
                     binder.BindTableCondition(check.sql(), table, all));
    common::v1::CheckConstraint& proto = binding.checks.emplace_back();
    proto.set_name(check.name());
    RETURN_IF_ERROR(
        plan::Encode(*rules::FoldConstants(condition), &context, proto.mutable_condition()));
  }
  if (!copy.where.empty()) {
    ASSIGN_OR_RETURN(
        const plan::ExprPtr where,
        binder.BindTableCondition(copy.where, table, all, "COPY FROM WHERE condition", "WHERE"));
    RETURN_IF_ERROR(plan::Encode(*rules::FoldConstants(where), &context, &binding.where.emplace()));
  }
  return binding;
}

}  // namespace adbms::sql
