// TABLESAMPLE: a condition on the rows' keys. SYSTEM takes single rows too: there are no pages
// whose rows would be taken together.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using functions::FunctionCatalog;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr std::string_view kInvalidArgument = "2202H";

}  // namespace

absl::StatusOr<RelPtr> Binder::BindTableSample(const PgQuery__RangeTableSample& sample,
                                               Scope* scope, ScopeItem* item) {
  if (sample.relation->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
    return Unsupported(sample.location, "TABLESAMPLE of this kind of FROM item");
  ASSIGN_OR_RETURN(RelPtr scan,
                   BindRangeVar(*sample.relation->range_var, scope, item, /*sampled=*/true));
  if (scan->kind != Rel::Kind::kScan || scan->table->is_virtual())
    return ErrorAt(sqlstate::kFeatureNotSupported, sample.location,
                   "TABLESAMPLE clause can only be applied to tables and materialized views");
  const std::string method(parser::StringOf(sample.method[sample.n_method - 1]));
  if (method != "bernoulli" && method != "system")
    return ErrorAt(sqlstate::kUndefinedObject, sample.location,
                   absl::StrCat("tablesample method ", method, " does not exist"));
  if (sample.n_args != 1)
    return ErrorAt(
        kInvalidArgument, sample.location,
        absl::StrCat("tablesample method ", method, " requires 1 argument, not ", sample.n_args));
  Scope outer(scope->parent);
  outer.ctes = scope->ctes;
  outer.clause = "functions in FROM";
  const auto number = [&](const Node* node) -> absl::StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &outer));
    const Type from = e->type;
    ASSIGN_OR_RETURN(ExprPtr value,
                     TryCoerce(e, {TypeId::kFloat8, 0}, functions::CastContext::kAssignment));
    if (value != nullptr) return value;
    return ErrorAt(
        sqlstate::kDatatypeMismatch, e->location,
        absl::StrCat("argument of TABLESAMPLE must be type real, not type ", types::Format(from)));
  };
  ASSIGN_OR_RETURN(ExprPtr percent, number(sample.args[0]));
  ExprPtr seed;
  if (sample.repeatable != nullptr) {
    ASSIGN_OR_RETURN(seed, number(sample.repeatable));
  } else {
    ASSIGN_OR_RETURN(seed, CallFunction("random", {}, sample.location));
  }
  constexpr Type kBytea{TypeId::kBytea, 0};
  const ColumnId key = query_->AddColumn({"$rowkey", kBytea, 0, 0, true});
  scan->output.push_back(key);
  scan->ordinals.push_back(plan::kRowKeyOrdinal);
  const functions::Function* sampled =
      FunctionCatalog::Builtin().FindFunctions(functions::kIsSampled)[0];
  ExprPtr condition =
      plan::MakeCall(sampled, {plan::MakeColumn(key, kBytea), std::move(percent), std::move(seed)});
  ASSIGN_OR_RETURN(RelPtr rows, SecureScan(scan, 'r'));
  if (rows == scan) return plan::MakeFilter(scan, {std::move(condition)});
  rows->inputs[0]->conditions.push_back(std::move(condition));
  return rows;
}

}  // namespace adbms::sql::binder
