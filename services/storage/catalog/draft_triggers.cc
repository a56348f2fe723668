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
  if (table.has_sequence() || !table.view_sql().empty())
    return status::Error(sqlstate::kWrongObjectType,
                         "relation " + Quoted(table.name()) + " cannot have triggers");
  return absl::OkStatus();
}

v1::DdlResult Changed(uint32_t id) {
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

}  // namespace

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
  const uint32_t id = found->trigger_id();
  triggers->erase(found);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return Changed(id);
}

CatalogDraft::Result CatalogDraft::AlterTrigger(const common::v1::AlterTrigger& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(CheckMayHaveTriggers(table));
  if (!statement.name().empty() && TriggerNamed(statement.name(), &table) == nullptr)
    return NoTrigger(statement.name(), table);
  if (!statement.new_name().empty()) {
    if (statement.name().empty()) return absl::InvalidArgumentError("no trigger to rename");
    if (TriggerNamed(statement.new_name(), &table) != nullptr)
      return Exists(statement.new_name(), table, " already exists");
    TriggerNamed(statement.name(), &table)->set_name(statement.new_name());
    SortByName(&table);
  }
  for (TriggerDescriptor& trigger : *table.mutable_triggers()) {
    if (statement.enabled().empty()) break;
    if (statement.name().empty() || trigger.name() == statement.name())
      trigger.set_enabled(statement.enabled());
  }
  RETURN_IF_ERROR(PutTable(std::move(table)));
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
    result->add_notices("drop cascades to " + text);
  }
  table->mutable_triggers()->Swap(&kept);
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
