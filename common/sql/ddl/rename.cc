// ALTER … RENAME.
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/parser/program_objects.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {

namespace sqlstate = status::sqlstate;

bool MentionsColumn(std::string_view sql, const std::string& name) {
  parser::Lexer lexer(sql);
  for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
       token = lexer.Next()) {
    if (lexer.TextOf(token) == name || lexer.TextOf(token) == QuoteName(name) ||
        lexer.Is(token, name))
      return true;
  }
  return false;
}

absl::Status DdlBinder::CheckNoViewNames(const Table& table, std::optional<uint32_t> column) const {
  for (const Table& view : input_.catalog->snapshot().tables()) {
    for (const auto& used : view.view_dependencies()) {
      if (used.table_id() != table.table_id()) continue;
      if (!column.has_value())
        return Unsupported(-1,
                           absl::StrCat("renaming a table that view \"", view.name(), "\" reads"));
      if (std::find(used.columns().begin(), used.columns().end(), *column) != used.columns().end())
        return Unsupported(-1,
                           absl::StrCat("renaming a column that view \"", view.name(), "\" reads"));
    }
  }
  return CheckNoPolicyReads(table, column);
}

absl::Status DdlBinder::Rename(const PgQuery__RenameStmt& rename) {
  if (parser::IsRoutine(rename.rename_type)) return RenameFunction(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) return RenameTrigger(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY) return RenamePolicy(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE) return RenameAttribute(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) return RenameDatabase(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) return RenameSchema(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) return RenameIndex(rename);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION) return RenameCollation(rename);
  if (rename.relation == nullptr) return RenameType(rename);
  auto table = Resolve(*rename.relation);
  if (!table.ok()) {
    if (rename.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  const std::string to(parser::View(rename.newname));
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE && !(*table)->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a sequence"));
  if ((rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ||
       rename.relation_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) &&
      !(*table)->has_materialized_view())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a materialized view"));
  const bool of_view = rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ||
                       rename.relation_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
  if (of_view && (*table)->view_sql().empty())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a view"));
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT)
    return RenameConstraint(rename, **table);
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN && !(*table)->view_sql().empty())
    return Unsupported(-1, "renaming a view's column");
  if (rename.rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
    RETURN_IF_ERROR(CheckNoViewNames(**table, std::nullopt));
    auto* alter = Add()->mutable_alter_table();
    alter->set_table_id((*table)->table_id());
    alter->set_rename_table(to);
    return absl::OkStatus();
  }
  const std::string from(parser::View(rename.subname));
  uint32_t ordinal = 0;
  bool found = false;
  for (int i = 0; i < (*table)->columns_size(); ++i) {
    const auto& column = (*table)->columns(i);
    if (column.dropped()) continue;
    if (column.name() == from) {
      ordinal = static_cast<uint32_t>(i);
      found = true;
    }
    if (column.name() == to)
      return ErrorAt(sqlstate::kDuplicateColumn, -1,
                     absl::StrCat("column \"", to, "\" of relation \"", (*table)->name(),
                                  "\" already exists"));
  }
  if (!found)
    return ErrorAt(sqlstate::kUndefinedColumn, -1,
                   absl::StrCat("column \"", from, "\" does not exist"));
  if ((*table)->partition_of() != 0)
    return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                   absl::StrCat("cannot rename inherited column \"", from, "\""));
  if (!rename.relation->inh && (*table)->partition_key().partitions_size() > 0)
    return ErrorAt(
        sqlstate::kInvalidTableDefinition, -1,
        absl::StrCat("inherited column \"", from, "\" must be renamed in child tables too"));
  absl::Status named;
  ForEachPartition(*input_.catalog, **table, [&](const Table& part) {
    if (named.ok()) named = CheckNoViewNames(part, ordinal);
  });
  RETURN_IF_ERROR(named);
  RETURN_IF_ERROR(CheckNoViewNames(**table, ordinal));
  // A check's text names its columns.
  for (const auto& check : (*table)->checks()) {
    if (MentionsColumn(check.sql(), from))
      return Unsupported(-1, "renaming a column that a CHECK constraint names");
  }
  RETURN_IF_ERROR(CheckNoTriggerNames(**table, ordinal));
  RETURN_IF_ERROR(CheckNoPolicyNames(**table, ordinal));
  auto* alter = Add()->mutable_alter_table();
  alter->set_table_id((*table)->table_id());
  alter->mutable_rename_column()->set_column(ordinal);
  alter->mutable_rename_column()->set_name(to);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
