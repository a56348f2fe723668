// CatalogDraft: FOREIGN KEY constraints come, any constraint goes.
#include <algorithm>
#include <set>
#include <vector>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/catalog/inherited_keys.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

namespace {

absl::Status NoConstraint(const TableDescriptor& table, const std::string& name) {
  return status::Error(sqlstate::kUndefinedObject, "constraint " + Quoted(name) + " of relation " +
                                                       Quoted(table.name()) + " does not exist");
}

}  // namespace

bool CatalogDraft::IsInherited(const TableDescriptor& partition,
                               const common::v1::ForeignKeyDescriptor& key) const {
  const TableEntryPtr* above = state_->Find(partition.partition_of());
  if (above == nullptr) return false;
  const auto& keys = (*above)->descriptor.foreign_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const auto& whole) {
    return sql::InheritedKey(partition, whole) == &key;
  });
}

absl::Status CatalogDraft::CheckKeyTypes(const TableDescriptor& child,
                                         const TableDescriptor& parent,
                                         const common::v1::ForeignKeyDescriptor& key) const {
  for (int i = 0; i < key.columns_size(); ++i) {
    const auto& from = child.columns(static_cast<int>(key.columns(i)));
    const auto& to = parent.columns(static_cast<int>(key.referenced_columns(i)));
    const types::Type child_type = types::WithoutDomain(types::FromProto(from.type()));
    const types::Type parent_type = types::WithoutDomain(types::FromProto(to.type()));
    const bool text = types::IsString(child_type.id) && types::IsString(parent_type.id);
    const bool integers = types::IsInteger(child_type.id) && types::IsInteger(parent_type.id);
    const bool same =
        child_type.id == parent_type.id && child_type.declared == parent_type.declared;
    if (same || integers || text) continue;
    return status::Error(sqlstate::kDatatypeMismatch,
                         "foreign key constraint " + Quoted(key.name()) + " cannot be implemented",
                         "Key columns " + Quoted(from.name()) + " and " + Quoted(to.name()) +
                             " are of incompatible types: " +
                             types::Format({child_type.id, 0, child_type.declared}) + " and " +
                             types::Format({parent_type.id, 0, parent_type.declared}) + ".");
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::AddForeignKey(TableDescriptor* table,
                                         common::v1::ForeignKeyDescriptor key) {
  RETURN_IF_ERROR(CheckColumns(table, key.columns()));
  const TableDescriptor* parent = table;
  TableEntryPtr entry;
  if (key.referenced_table_id() != 0 && key.referenced_table_id() != table->table_id()) {
    ASSIGN_OR_RETURN(entry, Table(key.referenced_table_id()));
    parent = &entry->descriptor;
  } else {
    key.set_referenced_table_id(table->table_id());
  }
  std::vector<uint32_t> wanted(key.referenced_columns().begin(), key.referenced_columns().end());
  if (wanted.empty()) {
    wanted.assign(parent->primary_key().begin(), parent->primary_key().end());
    if (wanted.empty()) {
      return status::Error(
          sqlstate::kUndefinedObject,
          "there is no primary key for referenced table " + Quoted(parent->name()));
    }
    for (uint32_t ordinal : wanted) key.add_referenced_columns(ordinal);
  }
  if (static_cast<int>(wanted.size()) != key.columns_size()) {
    return status::Error("42830",
                         "number of referencing and referenced columns for foreign key disagree");
  }
  std::sort(wanted.begin(), wanted.end());
  const auto same = [&](const google::protobuf::RepeatedField<uint32_t>& columns) {
    std::vector<uint32_t> have(columns.begin(), columns.end());
    std::sort(have.begin(), have.end());
    return have == wanted;
  };
  bool unique = same(parent->primary_key());
  for (const IndexDescriptor& index : parent->indexes()) {
    unique |= index.unique() && sql::IsPlain(index) &&
              index.state() == IndexDescriptor::STATE_PUBLIC && same(index.columns());
  }
  if (!unique) {
    return status::Error("42830",
                         "there is no unique constraint matching given keys for referenced table " +
                             Quoted(parent->name()));
  }
  RETURN_IF_ERROR(CheckKeyTypes(*table, *parent, key));
  if (key.name().empty()) {
    std::string name = table->name();
    for (uint32_t ordinal : key.columns())
      name += "_" + table->columns(static_cast<int>(ordinal)).name();
    key.set_name(name + "_fkey");
    for (int i = 1; HasConstraint(*table, key.name()); ++i)
      key.set_name(absl::StrCat(name, "_fkey", i));
  }
  RETURN_IF_ERROR(CheckNewConstraint(*table, key.name()));
  *table->add_foreign_keys() = std::move(key);
  return absl::OkStatus();
}

absl::Status CatalogDraft::AlterConstraint(TableDescriptor* table,
                                           const common::v1::AlterConstraint& change) {
  for (auto& key : *table->mutable_foreign_keys()) {
    if (key.name() != change.name()) continue;
    key.set_deferral(change.deferral());
    return absl::OkStatus();
  }
  return NoConstraint(*table, change.name());
}

absl::Status CatalogDraft::MarkValid(TableDescriptor* table, const std::string& name) {
  for (auto& key : *table->mutable_foreign_keys()) {
    if (key.name() != name) continue;
    key.set_not_valid(false);
    return absl::OkStatus();
  }
  for (auto& check : *table->mutable_checks()) {
    if (check.name() != name) continue;
    check.set_not_valid(false);
    return absl::OkStatus();
  }
  return NoConstraint(*table, name);
}

absl::Status CatalogDraft::DropReferencesToKey(TableDescriptor* table, const std::string& name,
                                               const std::set<uint32_t>& columns, bool cascade,
                                               v1::DdlResult* result) {
  const CatalogStatePtr before = state_;  // Keeps what the references point to.
  std::vector<CatalogState::Reference> references;
  for (const auto& [id, child] : before->tables()) {  // Partitioned ones, too.
    for (const auto& key : child->descriptor.foreign_keys()) {
      if (key.referenced_table_id() == table->table_id() &&
          columns ==
              std::set<uint32_t>(key.referenced_columns().begin(), key.referenced_columns().end()))
        references.push_back({child.get(), &key});
    }
  }
  for (const auto& [child, key] : references) {
    const std::string text = "constraint " + key->name() + " on table " + child->descriptor.name();
    if (!cascade) {
      return status::Error("2BP01",
                           "cannot drop constraint " + name + " on table " + table->name() +
                               " because other objects depend on it",
                           text + " depends on index " + name,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    }
    if (!IsInherited(child->descriptor, *key)) result->add_dropped(text);
  }
  for (const auto& [child, key] : references) {
    ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(child->descriptor.table_id()));
    TableDescriptor other = entry->descriptor;
    TableDescriptor* changed = other.table_id() == table->table_id() ? table : &other;
    auto* keys = changed->mutable_foreign_keys();
    const std::string dropped = key->name();
    keys->erase(std::remove_if(keys->begin(), keys->end(),
                               [&](const auto& one) { return one.name() == dropped; }),
                keys->end());
    if (changed == &other) RETURN_IF_ERROR(PutTable(std::move(other)));
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropReferencesToPrimaryKey(const TableEntry& entry, bool cascade,
                                                      v1::DdlResult* result) {
  TableDescriptor table = entry.descriptor;
  const int had = table.foreign_keys_size();
  RETURN_IF_ERROR(DropReferencesToKey(&table, table.primary_key_name(),
                                      {table.primary_key().begin(), table.primary_key().end()},
                                      cascade, result));
  return table.foreign_keys_size() == had ? absl::OkStatus() : PutTable(std::move(table));
}

absl::Status CatalogDraft::DropConstraint(TableDescriptor* table, const std::string& name,
                                          bool if_exists, bool cascade, v1::DdlResult* result) {
  for (int i = 0; i < table->checks_size(); ++i) {
    if (table->checks(i).name() != name) continue;
    table->mutable_checks()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  for (int i = 0; i < table->foreign_keys_size(); ++i) {
    if (table->foreign_keys(i).name() != name) continue;
    table->mutable_foreign_keys()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  for (int i = 0; i < table->indexes_size(); ++i) {
    if (table->indexes(i).name() != name || !table->indexes(i).is_constraint()) continue;
    const auto& key = table->indexes(i).columns();
    RETURN_IF_ERROR(DropReferencesToKey(table, name, {key.begin(), key.end()}, cascade, result));
    dropped_spaces_.push_back(table->indexes(i).index_id());
    table->mutable_indexes()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  if (if_exists) {
    result->add_notices("constraint " + Quoted(name) + " of relation " + Quoted(table->name()) +
                        " does not exist, skipping");
    result->set_changed(false);
    return absl::OkStatus();
  }
  return NoConstraint(*table, name);
}

}  // namespace adbms::storage::catalog
