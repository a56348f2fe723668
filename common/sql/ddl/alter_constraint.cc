// ALTER TABLE: constraints come, go and are validated.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

bool HasForeignKey(const common::v1::TableDescriptor& table, const std::string& name) {
  return std::any_of(table.foreign_keys().begin(), table.foreign_keys().end(),
                     [&](const auto& key) { return key.name() == name; });
}

bool HasConstraint(const common::v1::TableDescriptor& table, const std::string& name) {
  if (HasForeignKey(table, name)) return true;
  bool known = table.primary_key_name() == name && !name.empty();
  for (const auto& index : table.indexes()) known |= index.is_constraint() && index.name() == name;
  for (const auto& check : table.checks()) known |= check.name() == name;
  return known;
}

}  // namespace

// Counts the rows that violate the condition.
absl::StatusOr<common::v1::Plan> DdlBinder::ValidationPlan(const Table& table,
                                                           const std::string& condition) {
  PlanningInput input = input_;
  input.sql = absl::StrCat("SELECT count(*) FROM ", QuoteName(table.schema()), ".",
                           QuoteName(table.name()), " WHERE NOT (", condition, ")");
  input.statement = nullptr;
  input.literals = nullptr;
  input.parameter_types.clear();
  input.exempt = true;
  return PlanDefault(input);
}

absl::Status DdlBinder::AddTableConstraint(const PgQuery__Constraint& constraint,
                                           const std::string& column, NodeList siblings,
                                           const Table& table) {
  if (!parser::View(constraint.indexname).empty())
    return Unsupported(-1, "ADD CONSTRAINT … USING INDEX");
  Table copy = table;
  RETURN_IF_ERROR(AddConstraint(constraint, column, siblings, &copy));
  RETURN_IF_ERROR(CheckKeysHavePartitionKey(copy));
  if (table.has_partition_key() && constraint.skip_validation)
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN
                       ? absl::StrCat("cannot add NOT VALID foreign key on partitioned table \"",
                                      table.name(), "\"")
                       : "NOT VALID for a constraint of a partitioned table is not supported");
  if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY && copy.primary_key().empty()) {
    for (const uint32_t ordinal : copy.indexes(copy.indexes_size() - 1).columns()) {
      auto* not_null = Add()->mutable_alter_table();
      not_null->set_table_id(table.table_id());
      not_null->mutable_set_not_null()->set_column(ordinal);
      not_null->mutable_set_not_null()->set_not_null(true);
    }
  }
  auto* alter = Add()->mutable_alter_table();
  alter->set_table_id(table.table_id());
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      if (copy.primary_key().empty()) {
        *alter->mutable_add_unique() = copy.indexes(copy.indexes_size() - 1);
        return absl::OkStatus();
      }
      *alter->mutable_add_primary_key()->mutable_columns() = copy.primary_key();
      alter->mutable_add_primary_key()->set_name(copy.primary_key_name());
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      *alter->mutable_add_unique() = copy.indexes(copy.indexes_size() - 1);
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: {
      RETURN_IF_ERROR(ValidateChecks(&copy));
      *alter->mutable_add_check() = copy.checks(copy.checks_size() - 1);
      if (constraint.skip_validation) {
        alter->mutable_add_check()->set_not_valid(true);
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(const common::v1::Plan plan,
                       ValidationPlan(table, alter->add_check().sql()));
      alter->set_validation(plan.SerializeAsString());
      return absl::OkStatus();
    }
    default:
      *alter->mutable_add_foreign_key() = copy.foreign_keys(copy.foreign_keys_size() - 1);
      alter->mutable_add_foreign_key()->set_not_valid(constraint.skip_validation);
      return absl::OkStatus();
  }
}

absl::Status DdlBinder::AlterConstraint(const PgQuery__Constraint& constraint, const Table& table,
                                        common::v1::AlterTable* alter) const {
  const std::string name(parser::View(constraint.conname));
  if (HasForeignKey(table, name)) {
    alter->mutable_alter_constraint()->set_name(name);
    alter->mutable_alter_constraint()->set_deferral(
        constraint.initdeferred ? common::v1::DEFERRAL_DEFERRED
        : constraint.deferrable ? common::v1::DEFERRAL_IMMEDIATE
                                : common::v1::DEFERRAL_UNSPECIFIED);
    return absl::OkStatus();
  }
  const std::string shown =
      absl::StrCat("constraint \"", name, "\" of relation \"", table.name(), "\"");
  if (!HasConstraint(table, name))
    return ErrorAt(sqlstate::kUndefinedObject, -1, absl::StrCat(shown, " does not exist"));
  return ErrorAt(sqlstate::kWrongObjectType, -1,
                 absl::StrCat(shown, " is not a foreign key constraint"));
}

absl::Status DdlBinder::ValidateConstraint(const std::string& name, const Table& table,
                                           common::v1::AlterTable* alter) {
  alter->set_validate_constraint(name);
  if (HasForeignKey(table, name)) return absl::OkStatus();
  for (const auto& check : table.checks()) {
    if (check.name() != name) continue;
    if (!check.not_valid()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const common::v1::Plan plan, ValidationPlan(table, check.sql()));
    alter->set_validation(plan.SerializeAsString());
    return absl::OkStatus();
  }
  const std::string shown =
      absl::StrCat("constraint \"", name, "\" of relation \"", table.name(), "\"");
  if (!HasConstraint(table, name))
    return ErrorAt(sqlstate::kUndefinedObject, -1, absl::StrCat(shown, " does not exist"));
  return ErrorAt(sqlstate::kWrongObjectType, -1,
                 absl::StrCat(shown, " is not a foreign key or check constraint"));
}

absl::Status DdlBinder::DropConstraint(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  if (!HasConstraint(table, name)) {
    if (command.missing_ok) return absl::OkStatus();
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("constraint \"", name, "\" of relation \"", table.name(),
                                "\" does not exist"));
  }
  auto* alter = Alter(table, command.missing_ok);
  alter->set_drop_constraint(name);
  alter->set_cascade(command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
