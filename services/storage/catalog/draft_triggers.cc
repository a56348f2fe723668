// CatalogDraft: triggers, which are part of their table's descriptor.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;

namespace {

TriggerDescriptor* TriggerNamed(const std::string& name, TableDescriptor* table) {
  for (TriggerDescriptor& trigger : *table->mutable_triggers()) {
    if (trigger.name() == name) return &trigger;
  }
  return nullptr;
}

absl::Status NoTrigger(const std::string& name, const TableDescriptor& table) {
  return status::Error(sqlstate::kUndefinedObject, "trigger " + Quoted(name) + " for table " +
                                                       Quoted(table.name()) + " does not exist");
}

absl::Status Exists(const std::string& name, const TableDescriptor& table, const char* end) {
  return status::Error(sqlstate::kDuplicateObject,
                       "trigger " + Quoted(name) + " for relation " + Quoted(table.name()) + end);
}

// They fire in the order of their names.
void SortByName(TableDescriptor* table) {
  std::sort(table->mutable_triggers()->begin(), table->mutable_triggers()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
}

absl::Status CheckMayHaveTriggers(const TableDescriptor& table) {
  if (IsSystemTable(table))
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "permission denied: " + Quoted(table.name()) + " is a system catalog");
  if (table.has_sequence())
    return status::Error(sqlstate::kWrongObjectType,
                         "relation " + Quoted(table.name()) + " cannot have triggers");
  return absl::OkStatus();
}

// The copies that a table has of a trigger of the table above.
TriggerDescriptor* CopyOf(uint32_t parent_id, TableDescriptor* table) {
  for (TriggerDescriptor& trigger : *table->mutable_triggers()) {
    if (trigger.parent_id() == parent_id) return &trigger;
  }
  return nullptr;
}

v1::DdlResult Changed(uint32_t id) {
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

}  // namespace

absl::Status CatalogDraft::CopyTrigger(const TriggerDescriptor& trigger, uint32_t table_id,
                                       bool or_replace) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  TriggerDescriptor copy = trigger;
  copy.clear_comment();
  copy.set_parent_id(trigger.trigger_id());
  TriggerDescriptor* before = CopyOf(trigger.trigger_id(), &table);
  TriggerDescriptor* const named = TriggerNamed(trigger.name(), &table);
  if (before == nullptr && or_replace && named != nullptr && named->parent_id() == 0)
    before = named;
  if (before != nullptr) {
    if (named != nullptr && named != before)
      return Exists(trigger.name(), table, " already exists");
    copy.set_trigger_id(before->trigger_id());
    copy.set_comment(before->comment());
    // Another name leaves it as enabled as it was.
    if (before->name() != trigger.name()) copy.set_enabled(before->enabled());
    *before = copy;
  } else {
    if (named != nullptr) return Exists(trigger.name(), table, " already exists");
    ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
    copy.set_trigger_id(id);
    *table.add_triggers() = copy;
  }
  SortByName(&table);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return CopyTriggerBelow(copy, entry->descriptor, or_replace);
}

absl::Status CatalogDraft::CopyTriggerBelow(const TriggerDescriptor& trigger,
                                            const TableDescriptor& table, bool or_replace) {
  if (!trigger.for_each_row()) return absl::OkStatus();
  for (const auto& member : table.partition_key().partitions())
    RETURN_IF_ERROR(CopyTrigger(trigger, member.table_id(), or_replace));
  return absl::OkStatus();
}

absl::Status CatalogDraft::RemoveTriggerBelow(uint32_t trigger_id, const TableDescriptor& table) {
  for (const auto& member : table.partition_key().partitions())
    RETURN_IF_ERROR(RemoveCopy(trigger_id, member.table_id()));
  return absl::OkStatus();
}

absl::Status CatalogDraft::RemoveCopy(uint32_t trigger_id, uint32_t table_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  auto* const triggers = table.mutable_triggers();
  const auto copy = std::find_if(triggers->begin(), triggers->end(), [&](const auto& trigger) {
    return trigger.parent_id() == trigger_id;
  });
  if (copy == triggers->end()) return absl::OkStatus();
  const uint32_t copy_id = copy->trigger_id();
  triggers->erase(copy);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return RemoveTriggerBelow(copy_id, entry->descriptor);
}

CatalogDraft::Result CatalogDraft::CreateTrigger(const common::v1::CreateTrigger& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(CheckMayHaveTriggers(table));
  TriggerDescriptor trigger = statement.trigger();
  RETURN_IF_ERROR(CheckColumns(&table, trigger.columns()));
  const FunctionPtr function = state_->FindFunction(trigger.function_id());
  if (function == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        "function with OID " + std::to_string(trigger.function_id()) + " does not exist");
  if (!function->returns_trigger())
    return status::Error("42P17", "function " + function->name() + " must return type trigger");
  TriggerDescriptor* before = TriggerNamed(trigger.name(), &table);
  if (before != nullptr) {
    if (!statement.or_replace()) return Exists(trigger.name(), table, " already exists");
    if (before->is_constraint()) return Exists(trigger.name(), table, " is a constraint trigger");
    if (before->parent_id() != 0)
      return Exists(trigger.name(), table, " is an internal or a child trigger");
    trigger.set_trigger_id(before->trigger_id());
    trigger.set_comment(before->comment());
    *before = trigger;
  } else {
    ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
    trigger.set_trigger_id(id);
    *table.add_triggers() = trigger;
    SortByName(&table);
  }
  RETURN_IF_ERROR(PutTable(std::move(table)));
  RETURN_IF_ERROR(CopyTriggerBelow(trigger, entry->descriptor, statement.or_replace()));
  return Changed(trigger.trigger_id());
}

CatalogDraft::Result CatalogDraft::DropTrigger(const common::v1::DropTrigger& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  auto* const triggers = table.mutable_triggers();
  const auto found = std::find_if(triggers->begin(), triggers->end(), [&](const auto& trigger) {
    return trigger.name() == statement.name();
  });
  if (found == triggers->end()) {
    if (!statement.if_exists()) return NoTrigger(statement.name(), table);
    v1::DdlResult result;
    result.add_notices("trigger " + Quoted(statement.name()) + " for relation " +
                       Quoted(table.name()) + " does not exist, skipping");
    return result;
  }
  if (found->parent_id() != 0) {
    const TableEntryPtr* above = state_->Find(table.partition_of());
    const std::string own = "trigger " + found->name() + " on table ";
    const std::string whole = own + (above == nullptr ? "" : (*above)->descriptor.name());
    return status::Error("2BP01",
                         "cannot drop " + own + table.name() + " because " + whole + " requires it",
                         {}, "You can drop " + whole + " instead.");
  }
  const uint32_t id = found->trigger_id();
  triggers->erase(found);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  RETURN_IF_ERROR(RemoveTriggerBelow(id, entry->descriptor));
  return Changed(id);
}

CatalogDraft::Result CatalogDraft::AlterTrigger(const common::v1::AlterTrigger& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(CheckMayHaveTriggers(table));
  TriggerDescriptor* const named =
      statement.name().empty() ? nullptr : TriggerNamed(statement.name(), &table);
  if (named == nullptr && !statement.name().empty()) return NoTrigger(statement.name(), table);
  if (!statement.new_name().empty()) {
    if (named == nullptr) return absl::InvalidArgumentError("no trigger to rename");
    if (named->parent_id() != 0) {
      const TableEntryPtr* above = state_->Find(table.partition_of());
      return status::Error(
          sqlstate::kFeatureNotSupported,
          "cannot rename trigger " + Quoted(named->name()) + " on table " + Quoted(table.name()),
          {},
          "Rename the trigger on the partitioned table " +
              Quoted(above == nullptr ? "" : (*above)->descriptor.name()) + " instead.");
    }
  }
  std::vector<TriggerDescriptor> changed;
  for (TriggerDescriptor& trigger : *table.mutable_triggers()) {
    if (named != nullptr && &trigger != named) continue;
    if (!statement.new_name().empty() && TriggerNamed(statement.new_name(), &table) != nullptr)
      return Exists(statement.new_name(), table, " already exists");
    if (!statement.new_name().empty()) trigger.set_name(statement.new_name());
    if (!statement.enabled().empty()) trigger.set_enabled(statement.enabled());
    changed.push_back(trigger);
  }
  SortByName(&table);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  for (const TriggerDescriptor& trigger : changed)
    RETURN_IF_ERROR(CopyTriggerBelow(trigger, entry->descriptor, /*or_replace=*/false));
  return Changed(statement.table_id());
}

absl::Status CatalogDraft::DropTriggersOn(TableDescriptor* table, uint32_t ordinal, bool cascade,
                                          v1::DdlResult* result) {
  const std::string& column = table->columns(static_cast<int>(ordinal)).name();
  google::protobuf::RepeatedPtrField<TriggerDescriptor> kept;
  for (const TriggerDescriptor& trigger : table->triggers()) {
    if (!Contains(trigger.columns(), ordinal) && !MentionsIdentifier(trigger.when_sql(), column)) {
      *kept.Add() = trigger;
      continue;
    }
    const std::string text = "trigger " + trigger.name() + " on table " + table->name();
    const std::string what = "column " + column + " of table " + table->name();
    if (!cascade)
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           text + " depends on " + what,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    result->add_dropped(text);
  }
  table->mutable_triggers()->Swap(&kept);
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
