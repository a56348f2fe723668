#include "services/storage/server/ddl_validation.h"

#include <memory>
#include <string>
#include <vector>

#include "common/rpc/nested_message.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/subqueries.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;

// What the plan counts.
absl::StatusOr<int64_t> Count(const rpc::CallContext& call, SessionState* session,
                              txn::Transaction* transaction, const std::string& plan_bytes) {
  auto plan = std::make_shared<common::v1::Plan>();
  RETURN_IF_ERROR(rpc::ParseNested(plan_bytes, plan.get()));
  const catalog::CatalogStatePtr catalog = transaction->Draft()->state();
  ASSIGN_OR_RETURN(const auto compiled, executor::CompilePlan(std::move(plan), *catalog));
  executor::ExecutionContext context(transaction->shared());
  context.call = &call;
  context.memory.SetCall(&call);
  context.plan = compiled.get();
  context.transaction = transaction;
  context.view = transaction->View();
  context.catalog = catalog;
  context.virtual_tables = session->parts().virtual_tables;
  context.actuals.resize(compiled->operator_count);
  context.ctes.resize(compiled->ctes.size());
  context.working_tables.resize(compiled->working_tables);
  context.state.correlation_slots.resize(compiled->correlation_slots);
  context.subqueries = std::make_unique<executor::SubqueryExecution>(&context);
  context.state.subqueries = context.subqueries.get();
  const std::vector<types::Value> no_parameters;
  context.state.parameters = &no_parameters;
  const executor::OperatorPtr root = compiled->root->Open(&context);
  types::Batch batch;
  ASSIGN_OR_RETURN(const bool more, root->Next(&batch));
  if (!more || batch.columns.empty() || batch.columns[0]->is_null(0)) return 0;
  return batch.columns[0]->Get(0).int_value();
}

}  // namespace

absl::Status ValidateDomain(const rpc::CallContext& call, SessionState* session,
                            txn::Transaction* transaction, const common::v1::AlterType& statement) {
  for (const common::v1::DomainValidation& validation : statement.validations()) {
    ASSIGN_OR_RETURN(const int64_t violations,
                     Count(call, session, transaction, validation.plan()));
    if (violations == 0) continue;
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr table,
                     transaction->Draft()->Table(validation.table_id()));
    const auto ordinal = static_cast<int>(validation.column());
    if (ordinal >= table->descriptor.columns_size())
      return absl::InvalidArgumentError("malformed ALTER DOMAIN");
    const bool null = statement.action_case() == common::v1::AlterType::kNotNull;
    return status::Error(null ? sqlstate::kNotNullViolation : sqlstate::kCheckViolation,
                         "column \"" + table->descriptor.columns(ordinal).name() +
                             "\" of table \"" + table->descriptor.name() + "\" contains " +
                             (null ? "null values" : "values that violate the new constraint"));
  }
  return absl::OkStatus();
}

absl::Status ValidateCheck(const rpc::CallContext& call, SessionState* session,
                           txn::Transaction* transaction, const common::v1::AlterTable& statement,
                           const catalog::TableEntry& table) {
  ASSIGN_OR_RETURN(const int64_t violations,
                   Count(call, session, transaction, statement.validation()));
  if (violations == 0) return absl::OkStatus();
  status::SqlError error;
  error.sqlstate = std::string(sqlstate::kCheckViolation);
  const std::string& name =
      statement.has_add_check() ? statement.add_check().name() : statement.validate_constraint();
  error.message = "check constraint \"" + name + "\" of relation \"" + table.descriptor.name() +
                  "\" is violated by some row";
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.constraint = name;
  return status::ToStatus(error);
}

}  // namespace adbms::storage::server
