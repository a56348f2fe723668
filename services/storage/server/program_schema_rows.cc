// information_schema: routines, parameters, triggers, triggered_update_columns.
#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/program_definitions.h"
#include "services/storage/server/relation_viewer.h"

namespace adbms::storage::server {
namespace {

using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;

std::string Database(const RowSource& source) {
  return source.session->current_database.empty() ? "postgres" : source.session->current_database;
}

std::string SpecificName(const FunctionDescriptor& function) {
  return absl::StrCat(function.name(), "_", function.function_id());
}

// As information_schema names it, with the catalog's own names beside.
void SetType(const std::string& database, uint32_t oid, const char* catalog, const char* schema,
             const char* name, RowBuilder* rows) {
  const auto id = types::FromOid(oid);
  const std::string pseudo = oid == 2279 ? "trigger" : "record";
  const bool array = id.has_value() && types::IsArray(*id);
  rows->Set("data_type", array            ? "ARRAY"
                         : id.has_value() ? types::Format({*id, 0})
                                          : pseudo)
      .Set(catalog, database)
      .Set(schema, "pg_catalog")
      .Set(name, id.has_value() ? std::string(types::CatalogName(*id)) : pseudo);
}

void FillRoutines(const RowSource& source, RowBuilder* rows) {
  const std::string database = Database(source);
  const RelationViewer viewer(source);
  for (const auto& [id, function] : source.catalog->functions()) {
    if (!viewer.SeesFunction(*function)) continue;
    const bool procedure = function->kind() == FunctionDescriptor::KIND_PROCEDURE;
    rows->Row()
        .Set("specific_catalog", database)
        .Set("specific_schema", function->schema())
        .Set("specific_name", SpecificName(*function))
        .Set("routine_catalog", database)
        .Set("routine_schema", function->schema())
        .Set("routine_name", function->name())
        .Set("routine_type", procedure ? "PROCEDURE" : "FUNCTION")
        .Set("routine_body", function->language() == "sql" ? "SQL" : "EXTERNAL")
        .Set("external_language", absl::AsciiStrToUpper(function->language()))
        .Set("parameter_style", "GENERAL")
        .Set("is_deterministic",
             function->volatility() == FunctionDescriptor::VOLATILITY_IMMUTABLE ? "YES" : "NO")
        .Set("sql_data_access", "MODIFIES")
        .Set("schema_level_routine", "YES")
        .Set("max_dynamic_result_sets", int64_t{0})
        .Set("security_type", function->security_definer() ? "DEFINER" : "INVOKER")
        .Set("as_locator", "NO")
        .Set("is_udt_dependent", "NO");
    if (viewer.Owns(function->owner()))
      rows->Set("routine_definition",
                function->standard_body() ? std::string() : function->source());
    if (procedure) continue;
    rows->Set("is_null_call", function->strict() ? "YES" : "NO").Set("dtd_identifier", "0");
    SetType(database, ResultOid(*function), "type_udt_catalog", "type_udt_schema", "type_udt_name",
            rows);
  }
}

const char* ModeName(FunctionArgument::Mode mode) {
  switch (mode) {
    case FunctionArgument::MODE_OUT:
    case FunctionArgument::MODE_TABLE:
      return "OUT";
    case FunctionArgument::MODE_INOUT:
      return "INOUT";
    default:
      return "IN";
  }
}

void FillParameters(const RowSource& source, RowBuilder* rows) {
  const std::string database = Database(source);
  const RelationViewer viewer(source);
  for (const auto& [id, function] : source.catalog->functions()) {
    if (!viewer.SeesFunction(*function)) continue;
    int64_t position = 0;
    for (const FunctionArgument& argument : function->arguments()) {
      ++position;
      rows->Row()
          .Set("specific_catalog", database)
          .Set("specific_schema", function->schema())
          .Set("specific_name", SpecificName(*function))
          .Set("ordinal_position", position)
          .Set("parameter_mode", ModeName(argument.mode()))
          .Set("is_result", "NO")
          .Set("as_locator", "NO")
          .Set("dtd_identifier", std::to_string(position));
      if (!argument.name().empty()) rows->Set("parameter_name", argument.name());
      if (!argument.default_sql().empty())
        rows->Set("parameter_default", ArgumentDefault(argument));
      SetType(database, types::OidOf(types::FromProto(argument.type()).id), "udt_catalog",
              "udt_schema", "udt_name", rows);
    }
  }
}

enum class Event { kInsert, kDelete, kUpdate };

bool FiresFor(const TriggerDescriptor& trigger, Event event) {
  switch (event) {
    case Event::kInsert:
      return trigger.on_insert();
    case Event::kDelete:
      return trigger.on_delete();
    default:
      return trigger.on_update();
  }
}

const char* EventName(Event event) {
  switch (event) {
    case Event::kInsert:
      return "INSERT";
    case Event::kDelete:
      return "DELETE";
    default:
      return "UPDATE";
  }
}

// The trigger's place among those of the table that fire at the same time.
int64_t ActionOrder(const TableDescriptor& table, const TriggerDescriptor& trigger, Event event) {
  return 1 + std::count_if(table.triggers().begin(), table.triggers().end(),
                           [&](const TriggerDescriptor& other) {
                             return FiresFor(other, event) && other.timing() == trigger.timing() &&
                                    other.for_each_row() == trigger.for_each_row() &&
                                    other.name() < trigger.name();
                           });
}

void TriggerRow(const RowSource& source, const TableDescriptor& table,
                const TriggerDescriptor& trigger, Event event, RowBuilder* rows) {
  const std::string database = Database(source);
  rows->Row()
      .Set("trigger_catalog", database)
      .Set("trigger_schema", table.schema())
      .Set("trigger_name", trigger.name())
      .Set("event_manipulation", EventName(event))
      .Set("event_object_catalog", database)
      .Set("event_object_schema", table.schema())
      .Set("event_object_table", table.name())
      .Set("action_order", ActionOrder(table, trigger, event))
      .Set("action_statement", TriggerAction(*source.catalog, PathOf(*source.session), trigger))
      .Set("action_orientation", trigger.for_each_row() ? "ROW" : "STATEMENT")
      .Set("action_timing", trigger.timing() == TriggerDescriptor::TIMING_BEFORE    ? "BEFORE"
                            : trigger.timing() == TriggerDescriptor::TIMING_INSTEAD ? "INSTEAD OF"
                                                                                    : "AFTER");
  if (!trigger.when_sql().empty()) rows->Set("action_condition", "(" + trigger.when_sql() + ")");
  if (!trigger.old_table().empty()) rows->Set("action_reference_old_table", trigger.old_table());
  if (!trigger.new_table().empty()) rows->Set("action_reference_new_table", trigger.new_table());
}

void FillSchemaTriggers(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    for (const TriggerDescriptor& trigger : entry->descriptor.triggers()) {
      for (const Event event : {Event::kInsert, Event::kDelete, Event::kUpdate}) {
        if (FiresFor(trigger, event)) TriggerRow(source, entry->descriptor, trigger, event, rows);
      }
    }
  }
}

void FillTriggeredColumns(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    for (const TriggerDescriptor& trigger : table.triggers()) {
      for (const uint32_t ordinal : trigger.columns()) {
        rows->Row()
            .Set("trigger_catalog", Database(source))
            .Set("trigger_schema", table.schema())
            .Set("trigger_name", trigger.name())
            .Set("event_object_catalog", Database(source))
            .Set("event_object_schema", table.schema())
            .Set("event_object_table", table.name())
            .Set("event_object_column", table.columns(static_cast<int>(ordinal)).name());
      }
    }
  }
}

}  // namespace

void AddProgramSchemaFills(RowFillMap* fills) {
  fills->insert({{"information_schema.routines", FillRoutines},
                 {"information_schema.parameters", FillParameters},
                 {"information_schema.triggers", FillSchemaTriggers},
                 {"information_schema.triggered_update_columns", FillTriggeredColumns}});
}

}  // namespace adbms::storage::server
