// CatalogDraft: tables, views and columns go, and what depends on them.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/sql/catalog/index_keys.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

absl::Status CatalogDraft::DropViewsOn(
    const std::string& what, const std::function<bool(const common::v1::ViewDependency&)>& depends,
    const std::vector<uint32_t>& dropping, bool cascade, v1::DdlResult* result) {
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, view] : tables) {
    const auto& uses = view->descriptor.view_dependencies();
    if (std::find(dropping.begin(), dropping.end(), id) != dropping.end() ||
        state_->Find(id) == nullptr || std::none_of(uses.begin(), uses.end(), depends)) {
      continue;
    }
    const std::string text = std::string(KindOf(view->descriptor)) + " " + view->descriptor.name();
    if (!cascade) {
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           text + " depends on " + what,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    }
    result->add_dropped(text);
    const uint32_t view_id = id;
    RETURN_IF_ERROR(DropViewsOn(
        text, [view_id](const auto& used) { return used.table_id() == view_id; }, dropping, true,
        result));
    EraseTable(*view);
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropViewsOnKey(const TableEntry& entry, bool cascade,
                                          v1::DdlResult* result) {
  const uint32_t table_id = entry.descriptor.table_id();
  return DropViewsOn(
      "constraint " + entry.descriptor.primary_key_name() + " on table " + entry.descriptor.name(),
      [table_id](const auto& used) { return used.table_id() == table_id && used.primary_key(); },
      {}, cascade, result);
}

absl::Status CatalogDraft::CheckNoReferences(const TableEntry& entry,
                                             const std::vector<uint32_t>& dropping, bool cascade,
                                             v1::DdlResult* result) {
  const uint32_t dropped = entry.descriptor.table_id();
  RETURN_IF_ERROR(DropViewsOn(
      std::string(KindOf(entry.descriptor)) + " " + entry.descriptor.name(),
      [dropped](const auto& used) { return used.table_id() == dropped; }, dropping, cascade,
      result));
  std::vector<TableEntryPtr> children;
  for (const auto& [id, child] : state_->tables()) {
    if (std::find(dropping.begin(), dropping.end(), id) != dropping.end()) continue;
    bool refers = false;
    for (const auto& key : child->descriptor.foreign_keys()) {
      if (key.referenced_table_id() != dropped) continue;
      refers = true;
      const std::string text = "constraint " + key.name() + " on table " + child->descriptor.name();
      if (!cascade) {
        return status::Error(
            "2BP01",
            "cannot drop table " + entry.descriptor.name() + " because other objects depend on it",
            text + " depends on table " + entry.descriptor.name(),
            "Use DROP ... CASCADE to drop the dependent objects too.");
      }
      if (!IsInherited(child->descriptor, key)) result->add_dropped(text);
    }
    if (refers) children.push_back(child);
  }
  for (const TableEntryPtr& child : children) {
    TableDescriptor changed = child->descriptor;
    auto* keys = changed.mutable_foreign_keys();
    keys->erase(
        std::remove_if(keys->begin(), keys->end(),
                       [&](const auto& key) { return key.referenced_table_id() == dropped; }),
        keys->end());
    RETURN_IF_ERROR(PutTable(std::move(changed)));
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropRelations(const common::v1::DropTable& statement,
                                                 std::string_view kind_view) {
  v1::DdlResult result;
  const std::string kind(kind_view);
  std::vector<uint32_t> ids;
  for (const common::v1::RelationName& name : statement.tables()) {
    const TableEntry* entry = state_->FindByName(SchemaOrPublic(name.schema()), name.name());
    if (entry == nullptr && name.schema().empty()) entry = state_->FindByName("adbms", name.name());
    if (entry == nullptr) {
      if (statement.if_exists()) {
        result.add_notices(kind + " " + Quoted(name.name()) + " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kUndefinedTable,
                           kind + " " + Quoted(name.name()) + " does not exist");
    }
    if (IsSystemTable(entry->descriptor)) {
      return status::Error(sqlstate::kInsufficientPrivilege,
                           "permission denied: " + Quoted(name.name()) + " is a system catalog");
    }
    const std::string actual = KindOf(entry->descriptor);
    if (actual != kind) {
      return status::Error(
          sqlstate::kWrongObjectType, Quoted(name.name()) + " is not a " + kind, {},
          "Use DROP " + absl::AsciiStrToUpper(actual) + " to remove a " + actual + ".");
    }
    ids.push_back(entry->descriptor.table_id());
  }
  // With their partitions.
  for (size_t i = 0, named = ids.size(); i < named; ++i) {
    for (const uint32_t id : PartitionsOf(ids[i], /*only_leaves=*/false)) ids.push_back(id);
  }
  for (uint32_t id : ids) {
    if (state_->Find(id) == nullptr) continue;  // Named twice.
    const TableEntryPtr entry = *state_->Find(id);
    RETURN_IF_ERROR(CheckNoReferences(*entry, ids, statement.cascade(), &result));
    if (entry->descriptor.has_sequence()) {
      RETURN_IF_ERROR(ReleaseSequence(*entry, ids, statement.cascade(), &result));
    } else {
      RETURN_IF_ERROR(
          DropOwnedSequences(entry->descriptor, std::nullopt, ids, statement.cascade(), &result));
    }
    const uint32_t whole = entry->descriptor.partition_of();
    EraseTable(*entry);
    if (whole != 0 && state_->Find(whole) != nullptr) RETURN_IF_ERROR(RemovePartition(whole, id));
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

absl::Status CatalogDraft::DropGeneratedFrom(TableDescriptor* table, uint32_t ordinal, bool cascade,
                                             v1::DdlResult* result) {
  const std::string of_table = " of table " + table->name();
  const std::string column =
      "column " + table->columns(static_cast<int>(ordinal)).name() + of_table;
  std::vector<uint32_t> generated;
  std::string dependents;
  for (int i = 0; i < table->columns_size(); ++i) {
    if (!Contains(table->columns(i).generated().columns(), ordinal)) continue;
    generated.push_back(static_cast<uint32_t>(i));
    dependents += (dependents.empty() ? "column " : "\ncolumn ") + table->columns(i).name() +
                  of_table + " depends on " + column;
  }
  if (!generated.empty() && !cascade) {
    return status::Error("2BP01", "cannot drop " + column + " because other objects depend on it",
                         dependents, "Use DROP ... CASCADE to drop the dependent objects too.");
  }
  for (const uint32_t dependent : generated) {
    result->add_dropped("column " + table->columns(static_cast<int>(dependent)).name() + of_table);
    RETURN_IF_ERROR(DropColumn(table, dependent, true, result));
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropColumn(TableDescriptor* table, uint32_t ordinal, bool cascade,
                                      v1::DdlResult* result) {
  common::v1::ColumnDescriptor* column = table->mutable_columns(static_cast<int>(ordinal));
  if (Contains(table->primary_key(), ordinal)) {
    return status::NotSupported("dropping a column of the primary key");
  }
  const uint32_t table_id = table->table_id();
  RETURN_IF_ERROR(DropViewsOn(
      "column " + column->name() + " of table " + table->name(),
      [&](const auto& used) {
        return used.table_id() == table_id && Contains(used.columns(), ordinal);
      },
      {}, cascade, result));
  RETURN_IF_ERROR(DropGeneratedFrom(table, ordinal, cascade, result));
  for (const auto& [id, other] : state_->tables()) {
    for (const auto& key : other->descriptor.foreign_keys()) {
      if (key.referenced_table_id() == table->table_id() &&
          Contains(key.referenced_columns(), ordinal)) {
        return status::Error("2BP01", "cannot drop column " + column->name() + " of table " +
                                          table->name() + " because other objects depend on it");
      }
    }
  }
  RETURN_IF_ERROR(DropTriggersOn(table, ordinal, cascade, result));
  // The table's own copy is the one that is written.
  RETURN_IF_ERROR(DropOwnedSequences(*table, ordinal, {table_id}, cascade, result));
  std::vector<IndexDescriptor> kept;
  for (const IndexDescriptor& index : table->indexes()) {
    if (sql::Reads(index, ordinal)) {
      dropped_spaces_.push_back(index.index_id());
    } else {
      kept.push_back(index);
    }
  }
  table->clear_indexes();
  for (IndexDescriptor& index : kept) *table->add_indexes() = std::move(index);
  std::vector<common::v1::ForeignKeyDescriptor> keys;
  for (const auto& key : table->foreign_keys()) {
    if (!Contains(key.columns(), ordinal)) keys.push_back(key);
  }
  table->clear_foreign_keys();
  for (auto& key : keys) *table->add_foreign_keys() = std::move(key);
  std::vector<common::v1::CheckDescriptor> checks;
  for (const auto& check : table->checks()) {
    if (!MentionsIdentifier(check.sql(), column->name())) checks.push_back(check);
  }
  table->clear_checks();
  for (auto& check : checks) *table->add_checks() = std::move(check);
  column->set_name("........pg.dropped." + std::to_string(ordinal + 1) + "........");
  column->set_dropped(true);
  column->set_not_null(false);
  column->clear_default_sql();
  column->clear_default_sequence_id();
  column->clear_generated();
  column->clear_identity();
  column->clear_comment();
  column->clear_missing_value();
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
