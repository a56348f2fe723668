// CREATE and REFRESH MATERIALIZED VIEW: the catalog is changed, then the rows of the query become
// the view's, in one transaction.
#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

constexpr absl::string_view kExists = "already exists.";

// The view's unique indexes are made anew with its rows: PostgreSQL's words for two of one key.
absl::Status AsIndexBuild(const absl::Status& status) {
  status::SqlError error = status::FromStatus(status);
  if (error.sqlstate != status::sqlstate::kUniqueViolation) return status;
  error.message = absl::StrCat("could not create unique index \"", error.constraint, "\"");
  if (absl::EndsWith(error.detail, kExists))
    error.detail.replace(error.detail.size() - kExists.size(), kExists.size(), "is duplicated.");
  return status::ToStatus(error);
}

}  // namespace

absl::StatusOr<uint64_t> Session::RefreshRows(uint32_t view_id, bool concurrently) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const common::v1::TableDescriptor* view = catalog->FindTable(view_id);
  if (view == nullptr) return absl::InternalError("the materialized view is gone");
  // Its query and the functions in it are its owner's, whoever refreshes it.
  const std::string session_user = session_user_;
  const std::string current_user = current_user_;
  if (!view->owner().empty() && view->owner() != current_user_) {
    if (!roles_.contains(view->owner())) {
      ASSIGN_OR_RETURN(roles_[view->owner()], PolicyOfRole(view->owner()));
    }
    ActAs(session_user_, view->owner());
  }
  const absl::Cleanup restore = [&] {
    if (current_user_ != current_user) ActAs(session_user, current_user);
  };
  const std::string name =
      absl::StrCat(QuoteIdentifier(view->schema()), ".", QuoteIdentifier(view->name()));
  const auto plan_of = [&](const std::string& sql) -> absl::StatusOr<common::v1::Plan> {
    sql::PlanningInput input = PlanningInputFor(sql, nullptr, catalog);
    input.refreshes = view_id;
    ASSIGN_OR_RETURN(common::v1::Plan plan, WithRoles([&](const auto& roles) {
                       input.roles = roles;
                       return sql::PlanDefault(input);
                     }));
    RETURN_IF_ERROR(AuthorizePlan(plan, *catalog).status());
    return plan;
  };
  const std::string query = absl::StrCat("SELECT * FROM ", name);
  ASSIGN_OR_RETURN(const common::v1::Plan rows, plan_of(query));
  if (concurrently) {
    // Its readers go on with what they see of it.
    ASSIGN_OR_RETURN(const common::v1::Plan old_rows, plan_of(absl::StrCat("DELETE FROM ", name)));
    RETURN_IF_ERROR(RunWriting(old_rows, query).status());
  }
  auto inserted = InsertRows(rows, query, view_id);
  return inserted.ok() || concurrently ? inserted : AsIndexBuild(inserted.status());
}

absl::Status Session::RunRefresh(const sql::Statement& statement, ResultSink* sink) {
  const sql::RefreshStatement& refresh = statement.refresh;
  const bool own_transaction = !in_transaction();
  if (own_transaction && settings_.default_read_only()) {
    return status::Error(
        status::sqlstate::kReadOnlyTransaction,
        absl::StrCat("cannot execute ", statement.command_tag, " in a read-only transaction"));
  }
  RETURN_IF_ERROR(BeginImplicit());
  InnerSink inner(sink);
  RETURN_IF_ERROR(RunDdl(statement, &inner));
  std::string tag = statement.command_tag;
  if (refresh.with_data && changed_object_ != 0) {
    ASSIGN_OR_RETURN(const uint64_t rows, RefreshRows(changed_object_, refresh.concurrently));
    if (refresh.create) tag = absl::StrCat("SELECT ", rows);
  }
  if (own_transaction && state_ == TransactionState::kImplicit)
    RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  return sink->Complete(tag);
}

}  // namespace adbms::gateway::session
