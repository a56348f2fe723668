// information_schema: the SQL standard's view of relations.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/sql/temporary_schema.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"
#include "common/types/time_modifier.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/privilege_rows.h"
#include "services/storage/server/relation_viewer.h"
#include "services/storage/server/text_search_rows.h"

namespace adbms::storage::server {
namespace {

// Whether rows can be written through the view, which some column has to be there for.
bool MayWrite(const common::v1::TableDescriptor& view) {
  return view.view_rules().updatable() && view.view_rules().updatable_columns_size() > 0;
}

// As above, of one column of a table or view.
bool IsColumnWritable(const common::v1::TableDescriptor& table, int64_t ordinal) {
  if (table.view_sql().empty()) return !table.is_virtual();
  const auto& columns = table.view_rules().updatable_columns();
  return MayWrite(table) && std::find(columns.begin(), columns.end(), ordinal) != columns.end();
}

std::string Database(const RowSource& source) {
  return source.session->current_database.empty() ? "postgres" : source.session->current_database;
}

// The standard knows no materialized views, and nobody sees what is temporary to others.
bool IsShown(const RowSource& source, const common::v1::TableDescriptor& table) {
  return !table.has_materialized_view() &&
         !sql::IsOtherTemporarySchema(table.schema(), source.session->search_path);
}

void FillTables(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  for (const auto& [id, entry] : source.catalog->tables()) {
    const auto& table = entry->descriptor;
    if (table.has_sequence() || !IsShown(source, table) || !viewer.Sees(*entry)) continue;
    const bool temporary = sql::IsTemporarySchema(table.schema());
    const bool view = !table.view_sql().empty();
    rows->Row()
        .Set("table_catalog", Database(source))
        .Set("table_schema", ShownSchema(table.schema()))
        .Set("table_name", table.name())
        .Set("table_type", view        ? "VIEW"
                           : temporary ? "LOCAL TEMPORARY"
                                       : "BASE TABLE")
        .Set("is_insertable_into", (view ? MayWrite(table) : !table.is_virtual()) ? "YES" : "NO")
        .Set("is_typed", "NO");
  }
}

const char* CheckOptionOf(const common::v1::ViewRules& rules) {
  switch (rules.check_option()) {
    case common::v1::ViewRules::CHECK_OPTION_LOCAL:
      return "LOCAL";
    case common::v1::ViewRules::CHECK_OPTION_CASCADED:
      return "CASCADED";
    default:
      return "NONE";
  }
}

void FillViews(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  for (const auto& [id, entry] : source.catalog->tables()) {
    const auto& table = entry->descriptor;
    if (table.view_sql().empty() || !IsShown(source, table) || !viewer.Sees(*entry)) continue;
    const auto instead = [&table](bool (common::v1::TriggerDescriptor::*event)() const) {
      return std::any_of(table.triggers().begin(), table.triggers().end(),
                         [&](const auto& trigger) {
                           return trigger.timing() ==
                                      common::v1::TriggerDescriptor::TIMING_INSTEAD &&
                                  (trigger.*event)();
                         })
                 ? "YES"
                 : "NO";
    };
    rows->Row()
        .Set("table_catalog", Database(source))
        .Set("table_schema", ShownSchema(table.schema()))
        .Set("table_name", table.name())
        .Set("check_option", CheckOptionOf(table.view_rules()))
        .Set("is_updatable", MayWrite(table) ? "YES" : "NO")
        .Set("is_insertable_into", MayWrite(table) ? "YES" : "NO")
        .Set("is_trigger_updatable", instead(&common::v1::TriggerDescriptor::on_update))
        .Set("is_trigger_deletable", instead(&common::v1::TriggerDescriptor::on_delete))
        .Set("is_trigger_insertable_into", instead(&common::v1::TriggerDescriptor::on_insert));
    if (viewer.OwnsRelation(*entry)) rows->Set("view_definition", table.view_sql());
  }
}

void SetTypeColumns(const RowSource& source, const types::Type& declared, RowBuilder* rows) {
  // A domain is shown as what it is over.
  const types::Type type = types::IsDomain(declared) ? declared.declared->base : declared;
  if (types::IsDomain(declared)) {
    rows->Set("domain_catalog", Database(source))
        .Set("domain_schema", declared.declared->definition.schema())
        .Set("domain_name", declared.declared->definition.name());
  }
  rows->Set("data_type", types::IsArray(type.id)    ? "ARRAY"
                         : type.declared != nullptr ? "USER-DEFINED"
                                                    : types::Format({type.id, 0}))
      .Set("udt_schema",
           type.declared == nullptr ? "pg_catalog" : type.declared->definition.schema())
      .Set("udt_name", types::CatalogName(type));
  if (type.declared != nullptr) return;
  if (const auto length = types::LengthModifierOf(type))
    rows->Set("character_maximum_length", *length);
  if (const auto numeric = types::NumericModifierOf(type)) {
    rows->Set("numeric_precision", numeric->precision).Set("numeric_scale", numeric->scale);
  }
  switch (type.id) {
    case types::TypeId::kInt2:
      rows->Set("numeric_precision", 16);
      break;
    case types::TypeId::kInt4:
      rows->Set("numeric_precision", 32);
      break;
    case types::TypeId::kInt8:
      rows->Set("numeric_precision", 64);
      break;
    case types::TypeId::kFloat4:
      rows->Set("numeric_precision", 24);
      break;
    case types::TypeId::kFloat8:
      rows->Set("numeric_precision", 53);
      break;
    default:
      break;
  }
  if (types::IsInteger(type.id)) rows->Set("numeric_scale", int64_t{0});
  if (types::IsInteger(type.id) || type.id == types::TypeId::kFloat4 ||
      type.id == types::TypeId::kFloat8) {
    rows->Set("numeric_precision_radix", 2);
  }
  if (type.id == types::TypeId::kNumeric) rows->Set("numeric_precision_radix", 10);
  if (type.id == types::TypeId::kText || type.id == types::TypeId::kVarchar) {
    rows->Set("character_octet_length", 1073741824);
  }
  if (const common::v1::Collation* const collation = types::DefinitionOf(type.collation)) {
    rows->Set("collation_catalog", Database(source))
        .Set("collation_schema", collation->schema())
        .Set("collation_name", collation->name());
  }
  if (type.id == types::TypeId::kDate) rows->Set("datetime_precision", int64_t{0});
  if (type.id == types::TypeId::kInterval) {
    const std::string fields = types::IntervalModifierText({type.id, type.modifier});
    if (fields.starts_with(' '))
      rows->Set("interval_type", absl::AsciiStrToUpper(fields.substr(1)));
  }
  if (type.id == types::TypeId::kInterval ||
      (types::IsDateTime(type.id) && type.id != types::TypeId::kDate))
    rows->Set("datetime_precision",
              types::TimePrecisionOf(type).value_or(types::kMaxTimePrecision));
}

void SetIdentityColumns(const RowSource& source, const common::v1::ColumnDescriptor& column,
                        RowBuilder* rows) {
  using common::v1::ColumnDescriptor;
  rows->Set("identity_cycle", "NO");
  const catalog::TableEntryPtr* entry = source.catalog->Find(column.default_sequence_id());
  if (column.identity() == ColumnDescriptor::IDENTITY_UNSPECIFIED || entry == nullptr) return;
  const common::v1::SequenceDescriptor& sequence = (*entry)->descriptor.sequence();
  rows->Set("is_identity", "YES")
      .Set("identity_generation",
           column.identity() == ColumnDescriptor::IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT")
      .Set("identity_start", std::to_string(sequence.start()))
      .Set("identity_increment", std::to_string(sequence.increment()))
      .Set("identity_maximum", std::to_string(sequence.maximum()))
      .Set("identity_minimum", std::to_string(sequence.minimum()))
      .Set("identity_cycle", sequence.cycle() ? "YES" : "NO");
}

void FillColumns(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  for (const auto& [id, entry] : source.catalog->tables()) {
    const auto& table = entry->descriptor;
    if (table.has_sequence() || !IsShown(source, table)) continue;
    int64_t position = 0;
    for (const auto& column : table.columns()) {
      ++position;
      if (column.dropped() || !viewer.SeesColumn(*entry, static_cast<uint32_t>(position - 1)))
        continue;
      rows->Row()
          .Set("table_catalog", Database(source))
          .Set("table_schema", ShownSchema(table.schema()))
          .Set("table_name", table.name())
          .Set("column_name", column.name())
          .Set("ordinal_position", position)
          .Set("is_nullable", column.not_null() ? "NO" : "YES")
          .Set("udt_catalog", Database(source))
          .Set("dtd_identifier", std::to_string(position))
          .Set("is_self_referencing", "NO")
          .Set("is_identity", "NO")
          .Set("is_generated", column.has_generated() ? "ALWAYS" : "NEVER")
          .Set("is_updatable", IsColumnWritable(table, position - 1) ? "YES" : "NO");
      SetIdentityColumns(source, column, rows);
      if (column.has_generated())
        rows->Set("generation_expression", GeneratedDefinition(table, column));
      if (HasStoredDefault(column)) {
        rows->Set("column_default",
                  DefaultDefinition(*source.catalog, PathOf(*source.session), column));
      }
      SetTypeColumns(source, types::FromProto(column.type()), rows);
    }
  }
}

void FillSchemata(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  for (const auto& [id, schema] : source.catalog->schemas()) {
    if (!viewer.SeesSchema(schema)) continue;
    rows->Row()
        .Set("catalog_name", Database(source))
        .Set("schema_name", schema.name())
        .Set("schema_owner", schema.owner());
  }
}

// Calls `visit(table, name, kind, ordinals, deferral, foreign key or null)` for each constraint of
// the tables that `sees` says yes to.
template <typename Sees, typename Visit>
void ForEachConstraint(const RowSource& source, Sees sees, Visit visit) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const auto& table = entry->descriptor;
    if (!IsShown(source, table) || !sees(*entry)) continue;
    if (table.primary_key_size() > 0) {
      visit(table, table.primary_key_name(), "PRIMARY KEY", table.primary_key(),
            common::v1::DEFERRAL_UNSPECIFIED, nullptr);
    }
    for (const auto& index : table.indexes()) {
      if (!index.is_constraint() || Excludes(index)) continue;
      visit(table, index.name(), index.is_primary() ? "PRIMARY KEY" : "UNIQUE", index.columns(),
            index.deferral(), nullptr);
    }
    for (const auto& key : table.foreign_keys())
      visit(table, key.name(), "FOREIGN KEY", key.columns(), key.deferral(), &key);
    for (const auto& check : table.checks()) {
      visit(table, check.name(), "CHECK", google::protobuf::RepeatedField<uint32_t>(),
            common::v1::DEFERRAL_UNSPECIFIED, nullptr);
    }
  }
}

void FillTableConstraints(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  const auto sees = [&viewer](const auto& entry) { return viewer.SeesConstraints(entry); };
  ForEachConstraint(
      source, sees,
      [&](const auto& table, const std::string& name, const char* kind, const auto&,
          common::v1::Deferral deferral, auto) {
        rows->Row()
            .Set("constraint_catalog", Database(source))
            .Set("constraint_schema", ShownSchema(table.schema()))
            .Set("constraint_name", name)
            .Set("table_catalog", Database(source))
            .Set("table_schema", ShownSchema(table.schema()))
            .Set("table_name", table.name())
            .Set("constraint_type", kind)
            .Set("is_deferrable", deferral == common::v1::DEFERRAL_UNSPECIFIED ? "NO" : "YES")
            .Set("initially_deferred", deferral == common::v1::DEFERRAL_DEFERRED ? "YES" : "NO")
            .Set("enforced", "YES");
      });
}

void FillKeyColumnUsage(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  const auto all = [](const auto&) { return true; };
  ForEachConstraint(
      source, all,
      [&](const auto& table, const std::string& name, const char*, const auto& ordinals,
          common::v1::Deferral, const common::v1::ForeignKeyDescriptor* key) {
        int64_t position = 0;
        const catalog::TableEntryPtr* const entry = source.catalog->Find(table.table_id());
        for (uint32_t ordinal : ordinals) {
          ++position;
          if (entry == nullptr || !viewer.SeesColumn(**entry, ordinal)) continue;
          rows->Row()
              .Set("constraint_catalog", Database(source))
              .Set("constraint_schema", ShownSchema(table.schema()))
              .Set("constraint_name", name)
              .Set("table_catalog", Database(source))
              .Set("table_schema", ShownSchema(table.schema()))
              .Set("table_name", table.name())
              .Set("column_name", table.columns(static_cast<int>(ordinal)).name())
              .Set("ordinal_position", position);
          if (key != nullptr) rows->Set("position_in_unique_constraint", position);
        }
      });
}

void FillReferentialConstraints(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  for (const auto& [id, entry] : source.catalog->tables()) {
    if (!viewer.SeesConstraints(*entry)) continue;
    for (const auto& key : entry->descriptor.foreign_keys()) {
      rows->Row()
          .Set("constraint_catalog", Database(source))
          .Set("constraint_schema", ShownSchema(entry->descriptor.schema()))
          .Set("constraint_name", key.name())
          .Set("match_option", key.match_full() ? "FULL" : "NONE")
          .Set("update_rule", ActionName(key.on_update()))
          .Set("delete_rule", ActionName(key.on_delete()));
      const auto index = source.catalog->FindIndex(ReferencedIndexOid(*source.catalog, key));
      if (index.table == nullptr) continue;
      rows->Set("unique_constraint_catalog", Database(source))
          .Set("unique_constraint_schema", ShownSchema(index.table->descriptor.schema()))
          .Set("unique_constraint_name", index.index == nullptr
                                             ? index.table->descriptor.primary_key_name()
                                             : index.index->name());
    }
  }
}

// Of a foreign key: the columns that it refers to.
void FillConstraintColumnUsage(const RowSource& source, RowBuilder* rows) {
  const RelationViewer viewer(source);
  const auto all = [](const auto&) { return true; };
  ForEachConstraint(
      source, all,
      [&](const auto& table, const std::string& name, const char*, const auto& ordinals,
          common::v1::Deferral, const common::v1::ForeignKeyDescriptor* key) {
        const auto* used = &table;
        const google::protobuf::RepeatedField<uint32_t>* columns = &ordinals;
        if (key != nullptr) {
          const catalog::TableEntryPtr* parent = source.catalog->Find(key->referenced_table_id());
          if (parent == nullptr) return;
          used = &(*parent)->descriptor;
          columns = &key->referenced_columns();
        }
        if (!viewer.Owns(used->owner())) return;
        for (const uint32_t ordinal : *columns) {
          rows->Row()
              .Set("table_catalog", Database(source))
              .Set("table_schema", ShownSchema(used->schema()))
              .Set("table_name", used->name())
              .Set("column_name", used->columns(static_cast<int>(ordinal)).name())
              .Set("constraint_catalog", Database(source))
              .Set("constraint_schema", ShownSchema(table.schema()))
              .Set("constraint_name", name);
        }
      });
}

}  // namespace

void AddInformationSchemaFills(RowFillMap* fills) {
  fills->insert({{"information_schema.tables", FillTables},
                 {"information_schema.views", FillViews},
                 {"information_schema.columns", FillColumns},
                 {"information_schema.schemata", FillSchemata},
                 {"information_schema.referential_constraints", FillReferentialConstraints},
                 {"information_schema.constraint_column_usage", FillConstraintColumnUsage},
                 {"information_schema.table_constraints", FillTableConstraints},
                 {"information_schema.table_privileges", FillTablePrivileges},
                 {"information_schema.role_table_grants", FillRoleTableGrants},
                 {"information_schema.column_privileges", FillColumnPrivileges},
                 {"information_schema.role_column_grants", FillRoleColumnGrants},
                 {"information_schema.key_column_usage", FillKeyColumnUsage}});
}

const RowFillMap& RowFills() {
  static const RowFillMap* const kFills = [] {
    auto* fills = new RowFillMap();
    AddRelationFills(fills);
    AddPartitionFills(fills);
    AddSettingFills(fills);
    AddTypeFills(fills);
    AddTextSearchFills(fills);
    AddExtensionFills(fills);
    AddDependFills(fills);
    AddDeclaredTypeFills(fills);
    AddFunctionFills(fills);
    AddSequenceFills(fills);
    AddPolicyFills(fills);
    AddProgramFills(fills);
    AddProgramSchemaFills(fills);
    AddCommentFills(fills);
    AddLockFills(fills);
    AddInformationSchemaFills(fills);
    return fills;
  }();
  return *kFills;
}

}  // namespace adbms::storage::server
