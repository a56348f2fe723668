// FOREIGN KEY constraints, and the attributes that say until when a constraint may be violated.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::Deferral;
using common::v1::ReferentialAction;

// PostgreSQL's letters, as in pg_constraint.confdeltype.
ReferentialAction ActionOf(const char* letter) {
  switch (parser::View(letter).empty() ? 'a' : *letter) {
    case 'r':
      return common::v1::REFERENTIAL_ACTION_RESTRICT;
    case 'c':
      return common::v1::REFERENTIAL_ACTION_CASCADE;
    case 'n':
      return common::v1::REFERENTIAL_ACTION_SET_NULL;
    case 'd':
      return common::v1::REFERENTIAL_ACTION_SET_DEFAULT;
    default:
      return common::v1::REFERENTIAL_ACTION_UNSPECIFIED;
  }
}

// Whether there is a deferrable unique constraint over these columns; null: a primary key.
bool DeferrableKey(const common::v1::TableDescriptor& table, const std::set<uint32_t>* columns) {
  for (const auto& index : table.indexes()) {
    if (index.deferral() == common::v1::DEFERRAL_UNSPECIFIED) continue;
    if (columns == nullptr
            ? index.is_primary()
            : *columns == std::set<uint32_t>(index.columns().begin(), index.columns().end()))
      return true;
  }
  return false;
}

bool MayBeDeferrable(const PgQuery__Constraint& constraint) {
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      return true;
    default:
      return false;
  }
}

Deferral DeferralOf(bool deferrable, bool deferred) {
  if (deferred) return common::v1::DEFERRAL_DEFERRED;
  return deferrable ? common::v1::DEFERRAL_IMMEDIATE : common::v1::DEFERRAL_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<Deferral> DdlBinder::DeferralOfColumnConstraint(
    const PgQuery__Constraint& constraint, NodeList siblings) const {
  // As transformConstraintAttrs of PostgreSQL: attributes are the constraint's before them.
  const PgQuery__Constraint* last = nullptr;
  bool deferrable = false, deferred = false, saw_deferrable = false, saw_deferred = false;
  Deferral result = DeferralOf(constraint.deferrable, constraint.initdeferred);
  for (const Node* node : siblings) {
    const PgQuery__Constraint& next = *node->constraint;
    const auto refuse = [&](const char* what) {
      return ErrorAt(sqlstate::kSyntaxError, next.location, what);
    };
    const bool supported = last != nullptr && MayBeDeferrable(*last);
    switch (next.contype) {
      case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE:
        if (!supported) return refuse("misplaced DEFERRABLE clause");
        if (saw_deferrable) return refuse("multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed");
        saw_deferrable = deferrable = true;
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE:
        if (!supported) return refuse("misplaced NOT DEFERRABLE clause");
        if (saw_deferrable) return refuse("multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed");
        saw_deferrable = true;
        if (saw_deferred && deferred)
          return refuse("constraint declared INITIALLY DEFERRED must be DEFERRABLE");
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED:
        if (!supported) return refuse("misplaced INITIALLY DEFERRED clause");
        if (saw_deferred)
          return refuse("multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed");
        saw_deferred = deferred = true;
        if (!saw_deferrable) deferrable = true;
        if (!deferrable) return refuse("constraint declared INITIALLY DEFERRED must be DEFERRABLE");
        break;
      case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE:
        if (!supported) return refuse("misplaced INITIALLY IMMEDIATE clause");
        if (saw_deferred)
          return refuse("multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed");
        saw_deferred = true;
        break;
      default:
        last = &next;
        deferrable = deferred = saw_deferrable = saw_deferred = false;
    }
    if (last == &constraint) result = DeferralOf(deferrable, deferred);
  }
  return result;
}

absl::Status DdlBinder::ReadActions(const PgQuery__Constraint& constraint, const Table& table,
                                    common::v1::ForeignKeyDescriptor* key) const {
  if (!parser::View(constraint.fk_matchtype).empty()) {
    if (*constraint.fk_matchtype == 'p')
      return ErrorAt(sqlstate::kFeatureNotSupported, constraint.location,
                     "MATCH PARTIAL not yet implemented");
    key->set_match_full(*constraint.fk_matchtype == 'f');
  }
  key->set_on_delete(ActionOf(constraint.fk_del_action));
  key->set_on_update(ActionOf(constraint.fk_upd_action));
  for (const Node* node : NodeList(constraint.fk_del_set_cols, constraint.n_fk_del_set_cols)) {
    const std::string name(parser::StringOf(node));
    const auto ordinal = ColumnNamed(table, name, -1);
    if (!ordinal.ok())
      return ErrorAt(sqlstate::kUndefinedColumn, -1,
                     absl::StrCat("column \"", name,
                                  "\" referenced in foreign key constraint does not exist"));
    if (std::find(key->columns().begin(), key->columns().end(), *ordinal) == key->columns().end())
      return ErrorAt(sqlstate::kInvalidColumnReference, -1,
                     absl::StrCat("column \"", name,
                                  "\" referenced in ON DELETE SET action must be part of "
                                  "foreign key"));
    key->add_delete_set_columns(*ordinal);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AddForeignKey(const PgQuery__Constraint& constraint,
                                      const std::string& column, Deferral deferral, Table* table) {
  common::v1::ForeignKeyDescriptor key;
  std::vector<std::string> names = parser::StringsOf({constraint.fk_attrs, constraint.n_fk_attrs});
  if (names.empty()) names.push_back(column);
  std::string joined;
  for (const std::string& name : names) {
    auto ordinal = ColumnNamed(*table, name, constraint.location);
    if (!ordinal.ok())
      return ErrorAt(sqlstate::kUndefinedColumn, -1,
                     absl::StrCat("column \"", name,
                                  "\" referenced in foreign key constraint does not exist"));
    key.add_columns(*ordinal);
    absl::StrAppend(&joined, joined.empty() ? "" : "_", name);
  }
  RETURN_IF_ERROR(ReadActions(constraint, *table, &key));
  RETURN_IF_ERROR(CheckGeneratedKey(*table, key));
  key.set_deferral(deferral);
  const Table* referenced = nullptr;
  RETURN_IF_ERROR(parser::CheckDatabase(*constraint.pktable, input_.database));
  const std::string target(parser::View(constraint.pktable->relname));
  const std::string schema(parser::View(constraint.pktable->schemaname));
  const bool self = target == table->name() && (schema.empty() || schema == table->schema());
  if (self) {
    referenced = table;
  } else {
    ASSIGN_OR_RETURN(referenced, Resolve(*constraint.pktable));
    if (referenced->has_sequence() || !referenced->view_sql().empty() ||
        referenced->has_materialized_view())
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("referenced relation \"", target, "\" is not a table"));
  }
  if (referenced->has_partition_key() || referenced->partition_of() != 0)
    return ErrorAt(
        sqlstate::kFeatureNotSupported, constraint.location,
        absl::StrCat("a foreign key that references ",
                     referenced->has_partition_key() ? "partitioned table \"" : "partition \"",
                     referenced->name(), "\" is not supported"),
        "Reference a table that is not partitioned, or check in a trigger.");
  if (IsTemporarySchema(table->schema()) != IsTemporarySchema(referenced->schema()))
    return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                   IsTemporarySchema(table->schema())
                       ? "constraints on temporary tables may reference only temporary tables"
                       : "constraints on permanent tables may reference only permanent tables");
  key.set_referenced_table_id(referenced->table_id());
  const std::vector<std::string> target_names =
      parser::StringsOf({constraint.pk_attrs, constraint.n_pk_attrs});
  if (target_names.empty()) {
    if (DeferrableKey(*referenced, nullptr))
      return status::Error(
          sqlstate::kObjectNotInPrerequisiteState,
          absl::StrCat("cannot use a deferrable primary key for referenced table \"", target,
                       "\""));
    if (referenced->primary_key_size() == 0)
      return ErrorAt(sqlstate::kUndefinedObject, -1,
                     absl::StrCat("there is no primary key for referenced table \"", target, "\""));
    *key.mutable_referenced_columns() = referenced->primary_key();
  } else {
    for (const std::string& name : target_names) {
      auto ordinal = ColumnNamed(*referenced, name, -1);
      if (!ordinal.ok())
        return ErrorAt(sqlstate::kUndefinedColumn, -1,
                       absl::StrCat("column \"", name,
                                    "\" referenced in foreign key constraint does not exist"));
      key.add_referenced_columns(*ordinal);
    }
    const std::set<uint32_t> wanted(key.referenced_columns().begin(),
                                    key.referenced_columns().end());
    bool unique = wanted == std::set<uint32_t>(referenced->primary_key().begin(),
                                               referenced->primary_key().end());
    for (const auto& index : referenced->indexes())
      unique |= index.unique() && IsPlain(index) &&
                wanted == std::set<uint32_t>(index.columns().begin(), index.columns().end());
    if (!unique && DeferrableKey(*referenced, &wanted))
      return status::Error(
          sqlstate::kObjectNotInPrerequisiteState,
          absl::StrCat("cannot use a deferrable unique constraint for referenced table \"", target,
                       "\""));
    if (!unique)
      return status::Error(
          "42830",
          absl::StrCat("there is no unique constraint matching given keys for referenced table \"",
                       target, "\""));
  }
  if (key.columns_size() != key.referenced_columns_size())
    return status::Error("42830",
                         "number of referencing and referenced columns for foreign key disagree");
  for (int i = 0; i < key.columns_size(); ++i) {
    const Type a = types::FromProto(table->columns(static_cast<int>(key.columns(i))).type());
    const Type b =
        types::FromProto(referenced->columns(static_cast<int>(key.referenced_columns(i))).type());
    if (a.id != b.id && CategoryOf(a.id) != CategoryOf(b.id))
      return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                     absl::StrCat("foreign key constraint \"", table->name(), "_", joined,
                                  "_fkey\" cannot be implemented"));
  }
  const std::string name(parser::View(constraint.conname));
  key.set_name(name.empty() ? ChooseName(table->name(), joined, "fkey", *table) : name);
  *table->add_foreign_keys() = std::move(key);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
