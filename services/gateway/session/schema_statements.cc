// Changes of the schema: who may make them, and making them.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::AuthorizeDdl(const common::v1::DdlStatement& ddl,
                                   const sql::Catalog& catalog) {
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  const auto owner = [&](const common::v1::TableDescriptor* table,
                         common::v1::Privilege privilege =
                             common::v1::PRIVILEGE_OWNER) -> absl::Status {
    return table == nullptr ? absl::OkStatus() : policy::AuthorizeTable(*policy, *table, privilege);
  };
  const auto may_create_in = [&](const std::string& name) -> absl::Status {
    for (const auto& schema : catalog.snapshot().schemas()) {
      if (schema.name() == name)
        return policy::AuthorizeSchema(*policy, schema, common::v1::PRIVILEGE_CREATE);
    }
    return absl::OkStatus();  // Storage says that there is none.
  };
  const auto owns_schema = [&](const std::string& name) -> absl::Status {
    if (name == "adbms" || name == "pg_catalog" || name == "information_schema") {
      return status::Error(status::sqlstate::kInsufficientPrivilege,
                           absl::StrCat("permission denied for schema ", name));
    }
    for (const auto& schema : catalog.snapshot().schemas()) {
      if (schema.name() != name || policy->superuser()) continue;
      const auto& roles = policy->member_of();
      if (std::find(roles.begin(), roles.end(), schema.owner()) == roles.end()) {
        return status::Error(status::sqlstate::kInsufficientPrivilege,
                             absl::StrCat("must be owner of schema ", name));
      }
    }
    return absl::OkStatus();
  };
  const auto relations =
      [&](const google::protobuf::RepeatedPtrField<common::v1::RelationName>& names) {
        for (const auto& name : names) {
          RETURN_IF_ERROR(
              owner(catalog.ResolveTable(name.schema(), name.name(), settings_.search_path())));
        }
        return absl::OkStatus();
      };
  using Body = common::v1::DdlStatement::BodyCase;
  switch (ddl.body_case()) {
    case Body::kCreateTable:
      return may_create_in(ddl.create_table().table().schema());
    case Body::kCreateView:
      return may_create_in(ddl.create_view().view().schema());
    case Body::kDropTable:
      return relations(ddl.drop_table().tables());
    case Body::kDropView:
      return relations(ddl.drop_view().tables());
    case Body::kDropSequence:
      return relations(ddl.drop_sequence().tables());
    case Body::kCreateSequence:
      return may_create_in(ddl.create_sequence().sequence().schema());
    case Body::kAlterSequence:
      return owner(catalog.FindTable(ddl.alter_sequence().sequence_id()));
    case Body::kComment:
      if (ddl.comment().object_case() == common::v1::Comment::kTableId)
        return owner(catalog.FindTable(ddl.comment().table_id()));
      return owns_schema(ddl.comment().schema());
    case Body::kAlterTable:
      return owner(catalog.FindTable(ddl.alter_table().table_id()));
    case Body::kCreateIndex:
      return owner(catalog.FindTable(ddl.create_index().table_id()));
    case Body::kDropIndex:
      for (const auto& name : ddl.drop_index().indexes()) {
        for (const auto& table : catalog.snapshot().tables()) {
          for (const auto& index : table.indexes()) {
            const bool schema_matches = name.schema().empty() || name.schema() == table.schema();
            if (index.name() == name.name() && schema_matches) RETURN_IF_ERROR(owner(&table));
          }
        }
      }
      return absl::OkStatus();
    case Body::kTruncate:
      for (const uint32_t id : ddl.truncate().table_ids()) {
        RETURN_IF_ERROR(owner(catalog.FindTable(id), common::v1::PRIVILEGE_TRUNCATE));
      }
      return absl::OkStatus();
    case Body::kCreateSchema:
      RETURN_IF_ERROR(policy::AuthorizeDatabase(*policy, options_.database));
      if (absl::StartsWith(ddl.create_schema().name(), "pg_")) {
        return status::Error(
            "42939", absl::StrCat("unacceptable schema name \"", ddl.create_schema().name(), "\""),
            "The prefix \"pg_\" is reserved for system schemas.");
      }
      return absl::OkStatus();
    case Body::kDropSchema:
      for (const std::string& name : ddl.drop_schema().names()) {
        RETURN_IF_ERROR(owns_schema(name));
      }
      return absl::OkStatus();
    case Body::BODY_NOT_SET:
      break;
  }
  return absl::InternalError("an empty schema change");
}

absl::Status Session::RunDdl(const sql::Statement& statement, ResultSink* sink) {
  if (!statement.outside_block.empty() && in_transaction()) {
    return status::Error(
        status::sqlstate::kActiveTransaction,
        absl::StrCat(statement.outside_block, " cannot run inside a transaction block"));
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(auto changes,
                   sql::BindDdl(PlanningInputFor(statement.text, &statement, catalog)));
  BufferOpenResults();
  // Several changes of one statement stand or fall together.
  const bool own_transaction = changes.size() > 1 && !in_transaction();
  if (own_transaction) RETURN_IF_ERROR(BeginImplicit());
  for (common::v1::DdlStatement& ddl : changes) {
    RETURN_IF_ERROR(AuthorizeDdl(ddl, *catalog));
    if (ddl.has_create_table())
      ddl.mutable_create_table()->mutable_table()->set_owner(options_.user);
    if (ddl.has_create_sequence())
      ddl.mutable_create_sequence()->mutable_sequence()->set_owner(options_.user);
    if (ddl.has_create_view()) ddl.mutable_create_view()->mutable_view()->set_owner(options_.user);
    if (ddl.has_create_schema() && ddl.create_schema().owner().empty()) {
      ddl.mutable_create_schema()->set_owner(options_.user);
    }
    auto result = storage_->ExecuteDdl(Context(), ddl);
    if (!result.ok()) {
      Audit("ddl", statement.text, 0, result.status());
      return result.status();
    }
    for (const std::string& notice : result->notices()) {
      sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
    }
  }
  if (in_transaction()) changed_schema_ = true;
  if (own_transaction) RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  Audit("ddl", statement.text, 0, absl::OkStatus());
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
