// CASCADE, SET NULL and SET DEFAULT of foreign keys where they fire triggers: statements of their
// own, one for each row of the parent that is gone or has another key, as PostgreSQL runs them.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/catalog/inherited_keys.h"
#include "common/sql/catalog/row_security.h"
#include "common/sql/plan/cascades.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::ForeignKeyDescriptor;
using common::v1::ReferentialAction;
using common::v1::TableDescriptor;
using Row = std::vector<types::Value>;

const std::string& NameOf(const TableDescriptor& table, uint32_t ordinal) {
  return table.columns(static_cast<int>(ordinal)).name();
}

// The position of a column among the live ones.
size_t LivePosition(const TableDescriptor& table, uint32_t ordinal) {
  size_t position = 0;
  for (uint32_t i = 0; i < ordinal; ++i)
    position += table.columns(static_cast<int>(i)).dropped() ? 0 : 1;
  return position;
}

Row KeyOf(const TableDescriptor& parent, const ForeignKeyDescriptor& key, const Row& row) {
  Row values;
  for (const uint32_t ordinal : key.referenced_columns())
    values.push_back(row[LivePosition(parent, ordinal)]);
  return values;
}

// The statement, over the old key as $1… and, for CASCADE of another one, the new one behind it.
program::SqlText StatementOf(const TableDescriptor& parent, const TableDescriptor& child,
                             const ForeignKeyDescriptor& key, bool removed) {
  const ReferentialAction action = removed ? key.on_delete() : key.on_update();
  const bool cascades = action == common::v1::REFERENTIAL_ACTION_CASCADE;
  const size_t count = static_cast<size_t>(key.columns_size());
  const std::string table =
      absl::StrCat(child.has_partition_key() ? "" : "ONLY ", QuoteIdentifier(child.schema()), ".",
                   QuoteIdentifier(child.name()));
  program::SqlText text;
  for (const uint32_t ordinal : key.referenced_columns())
    text.parameter_types.push_back(
        types::FromProto(parent.columns(static_cast<int>(ordinal)).type()));
  std::vector<std::string> conditions, set;
  const std::set<uint32_t> on_delete = sql::plan::ColumnsSetOnDelete(key);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t ordinal = key.columns(static_cast<int>(i));
    const std::string name = QuoteIdentifier(NameOf(child, ordinal));
    conditions.push_back(absl::StrCat(name, " = $", i + 1));
    if (removed && !on_delete.contains(ordinal)) continue;
    set.push_back(absl::StrCat(name, " = ",
                               cascades ? absl::StrCat("$", count + i + 1)
                               : action == common::v1::REFERENTIAL_ACTION_SET_NULL ? "NULL"
                                                                                   : "DEFAULT"));
  }
  const std::string where = absl::StrCat(" WHERE ", absl::StrJoin(conditions, " AND "));
  if (removed && cascades) {
    text.text = absl::StrCat("DELETE FROM ", table, where);
    return text;
  }
  text.text = absl::StrCat("UPDATE ", table, " SET ", absl::StrJoin(set, ", "), where);
  if (!cascades) return text;
  const std::vector<types::Type> types = text.parameter_types;
  text.parameter_types.insert(text.parameter_types.end(), types.begin(), types.end());
  return text;
}

}  // namespace

std::vector<Session::KeyAction> Session::KeyActionsOf(const sql::Catalog& catalog,
                                                      const TableDescriptor& parent) {
  const auto references = [&](uint32_t id, const sql::plan::VisitReference& visit) {
    for (const TableDescriptor& child : catalog.snapshot().tables()) {
      for (const auto& key : child.foreign_keys()) {
        if (key.referenced_table_id() == id) visit(child.table_id(), key);
      }
    }
  };
  const auto fires = [&](uint32_t id) {
    const TableDescriptor* table = catalog.FindTable(id);
    return table != nullptr && sql::plan::FiresForActions(*table);
  };
  std::vector<KeyAction> actions;
  references(parent.table_id(), [&](uint32_t id, const ForeignKeyDescriptor& key) {
    if (!sql::plan::ActsByStatements(id, key, references, fires)) return;
    // What is done to the partitioned table is done to its partitions.
    const TableDescriptor* above = catalog.FindTable(catalog.FindTable(id)->partition_of());
    if (above != nullptr && std::any_of(above->foreign_keys().begin(), above->foreign_keys().end(),
                                        [&](const auto& whole) {
                                          return sql::InheritedKey(*catalog.FindTable(id), whole) ==
                                                 &key;
                                        }))
      return;
    KeyAction& action = actions.emplace_back();
    action.parent = &parent;
    action.child = catalog.FindTable(id);
    action.key = &key;
  });
  return actions;
}

absl::Status Session::RunKeyAction(KeyAction* action, const Row& old_row, const Row* new_row,
                                   AfterQueue* queue, ResultSink* sink) {
  const bool removed = new_row == nullptr;
  if (!sql::plan::Acts(removed ? action->key->on_delete() : action->key->on_update()))
    return absl::OkStatus();
  Row values = KeyOf(*action->parent, *action->key, old_row);
  for (const types::Value& value : values) {
    if (value.is_null()) return absl::OkStatus();  // Nothing refers to it.
  }
  if (!removed) {
    Row now = KeyOf(*action->parent, *action->key, *new_row);
    if (now == values) return absl::OkStatus();
    if (action->key->on_update() == common::v1::REFERENTIAL_ACTION_CASCADE)
      values.insert(values.end(), now.begin(), now.end());
  }
  std::optional<program::SqlText>& text = removed ? action->on_delete : action->on_update;
  if (!text.has_value()) text = StatementOf(*action->parent, *action->child, *action->key, removed);
  // The actions are the referencing table's own.
  const std::string session_user = session_user_;
  const std::string current_user = current_user_;
  const std::string& owner = action->child->owner();
  // They reach every row; of such a table their statements would not.
  ASSIGN_OR_RETURN(const common::v1::RoleFacts facts, FactsOf(owner));
  if (sql::IsSecuredFor(*action->child, facts))
    return status::NotSupported(
        absl::StrCat("an action of foreign key \"", action->key->name(),
                     "\" that fires triggers of a table with FORCE ROW LEVEL SECURITY"));
  if (owner != current_user_ && !owner.empty()) {
    if (!roles_.contains(owner)) {
      ASSIGN_OR_RETURN(roles_[owner], PolicyOfRole(owner));
    }
    ActAs(session_user_, owner);
  }
  ProgramHost host(this, sink, /*may_end=*/false);
  AfterQueue* const before = std::exchange(key_queue_, queue);
  const absl::Status status = host.Run(&*text, values, nullptr).status();
  key_queue_ = before;
  if (current_user_ != current_user) ActAs(session_user, current_user);
  return status;
}

}  // namespace adbms::gateway::session
