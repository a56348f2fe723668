// pg_roles, pg_database, pg_settings, activity and usage, and the computed tables of schema adbms.
#include <algorithm>
#include <cstdio>
#include <map>

#include "common/settings/setting_table.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/operator_classes/ordering_classes.h"
#include "common/types/array.h"
#include "common/types/collation.h"
#include "common/types/text_io.h"
#include "services/storage/server/access_lists.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/privilege_functions.h"
#include "services/storage/server/program_rows.h"
#include "services/storage/txn/prepared_transactions.h"

namespace adbms::storage::server {
namespace {

// Microseconds from the Unix epoch to 2000-01-01.
constexpr int64_t kEpochShift = 946684800000000;

// What ALTER ROLE and ALTER DATABASE have set, by role and database, as an array's text: in the
// order in which the names came.
std::map<std::pair<std::string, std::string>, std::string> KeptSettings(const RowSource& source) {
  std::vector<std::vector<types::Value>> kept = ReadSystemTable(
      source.shared, "role_settings", {"role", "database", "name", "value", "position"});
  std::stable_sort(kept.begin(), kept.end(), [](const auto& left, const auto& right) {
    return left[4].int_value() < right[4].int_value();
  });
  std::map<std::pair<std::string, std::string>, std::vector<types::ArrayElement>> lists;
  for (const auto& row : kept) {
    lists[{std::string(row[0].bytes()), std::string(row[1].bytes())}].push_back(
        {std::string(row[2].bytes()) + "=" + std::string(row[3].bytes()), false});
  }
  std::map<std::pair<std::string, std::string>, std::string> texts;
  for (const auto& [key, list] : lists) {
    types::FormatArray(types::TextArray(list), {types::TypeId::kTextArray, 0}, {}, &texts[key]);
  }
  return texts;
}

void FillRoles(const RowSource& source, RowBuilder* rows) {
  const auto settings = KeptSettings(source);
  for (const Role& role : ReadRoles(source.shared)) {
    rows->Row()
        .Set("oid", role.oid)
        .Set("usesysid", role.oid)
        .Set("rolname", role.name)
        .Set("usename", role.name)
        .SetBool("rolsuper", role.is_superuser)
        .SetBool("usesuper", role.is_superuser)
        .SetBool("rolinherit", role.inherits)
        .SetBool("rolcreaterole", role.create_role)
        .SetBool("rolcreatedb", role.create_db)
        .SetBool("usecreatedb", role.create_db)
        .SetBool("rolcanlogin", role.can_login)
        .SetBool("rolreplication", false)
        .SetBool("userepl", false)
        .SetBool("rolbypassrls", role.bypasses)
        .SetBool("usebypassrls", role.bypasses)
        .Set("rolconnlimit", -1);
    const auto kept = settings.find({role.name, ""});
    if (kept != settings.end()) rows->Set("rolconfig", kept->second).Set("useconfig", kept->second);
  }
  // Nobody is granted it; public belongs to it.
  rows->Row().Set("oid", RoleOid(std::string(catalog::kDatabaseOwnerRole)));
  rows->Set("usesysid", RoleOid(std::string(catalog::kDatabaseOwnerRole)))
      .Set("rolname", catalog::kDatabaseOwnerRole)
      .Set("usename", catalog::kDatabaseOwnerRole)
      .Set("rolconnlimit", -1);
  for (const char* attribute :
       {"rolsuper", "usesuper", "rolcreaterole", "rolcreatedb", "usecreatedb", "rolcanlogin",
        "rolreplication", "userepl", "rolbypassrls", "usebypassrls"})
    rows->SetBool(attribute, false);
  rows->SetBool("rolinherit", true);
}

void FillDatabase(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [id, database] : source.catalog->databases()) {
    rows->Row()
        .Set("oid", id)
        .Set("datname", database.name())
        .Set("datdba", RoleOid(database.owner()))
        .Set("encoding", 6)
        .Set("datlocprovider", "c")
        .SetBool("datistemplate", database.is_template())
        .SetBool("datallowconn", database.allows_connections())
        .Set("datconnlimit", database.connection_limit())
        .Set("datfrozenxid", int64_t{0})
        .Set("datminmxid", int64_t{0})
        .Set("dattablespace", 1663)
        .Set("datcollate", "C")
        .Set("datctype", "C");
    const std::string acl = lists.OfDatabase(database);
    if (!acl.empty()) rows->Set("datacl", acl);
  }
}

// The sessions that have run a statement. Their texts are the gateway's and not shown; what others
// do only to who may monitor, as PostgreSQL.
void FillActivity(const RowSource& source, RowBuilder* rows) {
  const bool monitors = MayMonitor(source.shared, *source.catalog, source.session->current_user);
  for (const SessionRegistry::Row& session : source.sessions->Rows()) {
    const auto* const database = source.catalog->FindDatabase(session.database);
    rows->Row()
        .Set("datid", database == nullptr ? 0 : database->database_id())
        .Set("datname", session.database)
        .Set("pid", session.pid)
        .Set("usesysid", RoleOid(session.user))
        .Set("usename", session.user);
    if (!monitors && session.user != source.session->current_user) continue;
    (*rows)
        .Set("backend_start", session.started_us)
        .Set("query_start", session.query_start_us)
        .Set("state", session.state)
        .Set("backend_type", "client backend");
  }
}

void FillStatDatabase(const RowSource& source, RowBuilder* rows) {
  // What is counted is counted for all of them together.
  const auto* const own = source.catalog->database();
  if (own == nullptr) return;
  rows->Row()
      .Set("datid", own->database_id())
      .Set("datname", own->name())
      .Set("xact_commit", static_cast<int64_t>(source.shared->commits.load()))
      .Set("xact_rollback", static_cast<int64_t>(source.shared->rollbacks.load()))
      .Set("tup_returned", static_cast<int64_t>(source.shared->rows_read.load()));
}

void FillMemberships(const RowSource& source, RowBuilder* rows) {
  for (const auto& row : ReadSystemTable(source.shared, "role_members", {"role", "member"})) {
    rows->Row()
        .Set("roleid", RoleOid(std::string(row[0].bytes())))
        .Set("member", RoleOid(std::string(row[1].bytes())))
        .Set("grantor", 10)
        .SetBool("admin_option", false);
  }
}

void FillKeptSettings(const RowSource& source, RowBuilder* rows) {
  for (const auto& [key, text] : KeptSettings(source)) {
    rows->Row()
        .Set("setdatabase", sql::DatabaseOfSetting(key.second))
        .Set("setrole", key.first.empty() ? int64_t{0} : int64_t{RoleOid(key.first)})
        .Set("setconfig", text);
  }
}

void FillAccessMethods(const RowSource&, RowBuilder* rows) {
  rows->Row().Set("oid", 2).Set("amname", "heap").Set("amhandler", 3).Set("amtype", "t");
  rows->Row().Set("oid", 403).Set("amname", "btree").Set("amhandler", 330).Set("amtype", "i");
  rows->Row().Set("oid", 405).Set("amname", "hash").Set("amhandler", 331).Set("amtype", "i");
  rows->Row().Set("oid", 783).Set("amname", "gist").Set("amhandler", 332).Set("amtype", "i");
  rows->Row().Set("oid", 2742).Set("amname", "gin").Set("amhandler", 333).Set("amtype", "i");
}

void FillOperatorClasses(const RowSource&, RowBuilder* rows) {
  for (const sql::OperatorClass& one : sql::OperatorClasses()) {
    rows->Row()
        .Set("oid", int64_t{one.oid})
        .Set("opcmethod", AccessMethodOid(one.access_method))
        .Set("opcname", std::string(one.catalog_name))
        .Set("opcnamespace", 11)
        .Set("opcowner", 10)
        .Set("opcfamily", int64_t{one.family_oid})
        .Set("opcintype", int64_t{one.input_oid})
        .SetBool("opcdefault", one.is_default)
        .Set("opckeytype", int64_t{one.key_oid});
  }
  for (const sql::OrderingClass& one : sql::OrderingClasses()) {
    rows->Row()
        .Set("oid", int64_t{one.oid})
        .Set("opcmethod", AccessMethodOid("btree"))
        .Set("opcname", std::string(one.name))
        .Set("opcnamespace", 11)
        .Set("opcowner", 10)
        .Set("opcfamily", int64_t{one.family_oid})
        .Set("opcintype", int64_t{one.input_oid})
        .SetBool("opcdefault", one.is_default)
        .Set("opckeytype", int64_t{0});
  }
}

void FillTablespaces(const RowSource&, RowBuilder* rows) {
  rows->Row().Set("oid", 1663).Set("spcname", "pg_default").Set("spcowner", 10);
  rows->Row().Set("oid", 1664).Set("spcname", "pg_global").Set("spcowner", 10);
}

void FillCollations(const RowSource& source, RowBuilder* rows) {
  const auto row = [&](int64_t oid, std::string_view name, const char* provider) -> RowBuilder& {
    return rows->Row()
        .Set("oid", oid)
        .Set("collname", name)
        .Set("collnamespace", 11)
        .Set("collowner", 10)
        .Set("collprovider", provider)
        .SetBool("collisdeterministic", true)
        .Set("collencoding", -1);
  };
  row(100, "default", "d");
  for (const common::v1::Collation& collation : types::BuiltInCollations()) {
    if (collation.provider() == common::v1::Collation::PROVIDER_ICU) {
      row(collation.oid(), collation.name(), "i")
          .Set("colliculocale", collation.locale())
          .Set("collversion", types::VersionOf(collation.locale()));
    } else {
      row(collation.oid(), collation.name(), "c")
          .Set("collcollate", collation.locale())
          .Set("collctype", collation.locale());
    }
  }
  for (const auto& [oid, made] : source.catalog->collations()) {
    const common::v1::Collation& collation = made->collation();
    const bool icu = collation.provider() == common::v1::Collation::PROVIDER_ICU;
    const auto* schema = source.catalog->FindSchema(collation.schema());
    row(oid, collation.name(), icu ? "i" : "c")
        .Set("collnamespace", schema == nullptr ? int64_t{0} : int64_t{schema->schema_id()})
        .Set("collowner", RoleOid(made->owner()))
        .SetBool("collisdeterministic", !collation.nondeterministic());
    if (icu) {
      rows->Set("colliculocale", collation.locale()).Set("collversion", made->version());
    } else {
      rows->Set("collencoding", 6)
          .Set("collcollate", collation.locale())
          .Set("collctype", collation.locale());
    }
  }
}

void FillLanguages(const RowSource&, RowBuilder* rows) {
  const auto row = [&](int64_t oid, const char* name, bool trusted) {
    rows->Row()
        .Set("oid", oid)
        .Set("lanname", name)
        .Set("lanowner", 10)
        .SetBool("lanispl", oid > 14)
        .SetBool("lanpltrusted", trusted)
        .Set("lanplcallfoid", int64_t{0})
        .Set("laninline", int64_t{0})
        .Set("lanvalidator", int64_t{0});
  };
  row(12, "internal", false);
  row(13, "c", false);
  row(LanguageOid("sql"), "sql", true);
  row(LanguageOid("plpgsql"), "plpgsql", true);
}

void FillSettings(const RowSource& source, RowBuilder* rows) {
  const common::v1::SessionDetails* details = source.session->session_details.get();
  const auto of_session = [&](std::string_view name) -> const common::v1::SettingValue* {
    if (details == nullptr) return nullptr;
    for (const common::v1::SettingValue& setting : details->settings()) {
      if (setting.name() == name) return &setting;
    }
    return nullptr;
  };
  for (const settings::SettingDefinition* definition : settings::AllSettings()) {
    if (!settings::IsListed(*definition)) continue;
    // What SHOW shows may have a unit; here numbers stand in the setting's own.
    const auto plain = [&](const std::string& shown) {
      return settings::ReadValue(*definition, shown).value_or(shown);
    };
    const common::v1::SettingValue* set = of_session(definition->name);
    const std::string value = set == nullptr ? definition->initial : plain(set->value());
    const std::string reset = set == nullptr ? definition->initial : plain(set->reset_value());
    const bool number = definition->type == settings::SettingType::kInteger ||
                        definition->type == settings::SettingType::kReal;
    rows->Row()
        .Set("name", definition->name)
        .Set("setting", value)
        .Set("category", definition->category)
        .Set("short_desc", definition->effect == nullptr ? "" : definition->effect)
        .Set("context", settings::ContextName(definition->context))
        .Set("vartype", settings::TypeName(definition->type))
        .Set("source", set == nullptr || set->source().empty() ? "default" : set->source())
        .Set("boot_val", definition->initial)
        .Set("reset_val", reset)
        .SetBool("pending_restart", false);
    if (*definition->unit != '\0') rows->Set("unit", definition->unit);
    if (number) {
      char text[40];
      std::snprintf(text, sizeof(text), "%.15g", definition->minimum);
      rows->Set("min_val", text);
      std::snprintf(text, sizeof(text), "%.15g", definition->maximum);
      rows->Set("max_val", text);
    }
    if (definition->type == settings::SettingType::kEnum)
      rows->Set("enumvals", "{" + std::string(definition->values) + "}");
  }
  // Custom ones are not listed, as in PostgreSQL: nobody has declared them.
  const v1::ListKnobsResponse knobs = source.knobs->List();
  for (const v1::Knob& knob : knobs.knobs()) {
    const std::string value = std::to_string(knob.value());
    rows->Row()
        .Set("name", "adbms." + knob.name())
        .Set("setting", value)
        .Set("category", "ADBMS")
        .Set("short_desc", knob.description())
        .Set("context", "internal")
        .Set("vartype", "integer")
        .Set("source", "default")
        .Set("min_val", std::to_string(knob.minimum()))
        .Set("max_val", std::to_string(knob.maximum()))
        .Set("boot_val", value)
        .Set("reset_val", value)
        .SetBool("pending_restart", false);
  }
}

void FillPreparedStatements(const RowSource& source, RowBuilder* rows) {
  if (source.session->session_details == nullptr) return;
  for (const auto& prepared : source.session->session_details->prepared_statements()) {
    std::string types = "{";
    for (const uint32_t oid : prepared.parameter_type_oids())
      types += (types.size() > 1 ? "," : "") + std::to_string(oid);
    rows->Row()
        .Set("name", prepared.name())
        .Set("statement", prepared.statement())
        .Set("prepare_time", prepared.prepare_time_us())
        .Set("parameter_types", types + "}")
        .SetBool("from_sql", prepared.from_sql())
        .Set("generic_plans", int64_t{0})
        .Set("custom_plans", int64_t{0});
  }
}

void FillPreparedTransactions(const RowSource& source, RowBuilder* rows) {
  constexpr int64_t kPostgresEpochUs = 946684800000000;
  for (const auto& prepared : source.shared->prepared->List()) {
    rows->Row()
        .Set("gid", prepared.global_id())
        .Set("prepared", prepared.prepared_us() - kPostgresEpochUs)
        .Set("owner", prepared.role());
    const auto database = source.catalog->databases().find(prepared.database_id());
    if (database != source.catalog->databases().end())
      rows->Set("database", database->second.name());
  }
}

void FillCursors(const RowSource& source, RowBuilder* rows) {
  if (source.session->session_details == nullptr) return;
  for (const auto& cursor : source.session->session_details->cursors()) {
    rows->Row()
        .Set("name", cursor.name())
        .Set("statement", cursor.statement())
        .SetBool("is_holdable", cursor.is_holdable())
        .SetBool("is_binary", false)
        .SetBool("is_scrollable", cursor.is_scrollable())
        .Set("creation_time", cursor.creation_time_us());
  }
}

bool IsUserTable(const catalog::TableEntry& table) {
  return !table.descriptor.is_virtual() && table.descriptor.view_sql().empty();
}

void FillUserTables(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, table] : source.catalog->tables()) {
    if (!IsUserTable(*table)) continue;
    const txn::TableUse* use = source.shared->counts->Table(id);
    rows->Row()
        .Set("relid", id)
        .Set("schemaname", ShownSchema(table->descriptor.schema()))
        .Set("relname", table->descriptor.name())
        .Set("seq_scan", static_cast<int64_t>(use->scans.load()))
        .Set("n_tup_ins", static_cast<int64_t>(use->inserted.load()))
        .Set("n_tup_upd", static_cast<int64_t>(use->updated.load()))
        .Set("n_tup_del", static_cast<int64_t>(use->deleted.load()))
        .Set("n_live_tup", source.statistics->RowCount(*table))
        .Set("n_dead_tup", int64_t{0});
    const int64_t analyzed = source.statistics->AnalyzedAt(id);
    if (analyzed != 0) rows->Set("last_analyze", analyzed - kEpochShift);
  }
}

// Blocks are not counted table by table: NULL.
void FillTableBlocks(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, table] : source.catalog->tables()) {
    if (!IsUserTable(*table)) continue;
    rows->Row()
        .Set("relid", id)
        .Set("schemaname", ShownSchema(table->descriptor.schema()))
        .Set("relname", table->descriptor.name());
  }
}

void FillUserIndexes(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, table] : source.catalog->tables()) {
    for (const auto& index : table->descriptor.indexes()) {
      const txn::IndexUse* use = source.shared->counts->Index(index.index_id());
      rows->Row()
          .Set("relid", id)
          .Set("indexrelid", index.index_id())
          .Set("schemaname", ShownSchema(table->descriptor.schema()))
          .Set("relname", table->descriptor.name())
          .Set("indexrelname", index.name())
          .Set("idx_scan", static_cast<int64_t>(use->scans.load()))
          .Set("idx_tup_read", static_cast<int64_t>(use->entries_read.load()))
          .Set("idx_tup_fetch", static_cast<int64_t>(use->entries_read.load()));
    }
  }
}

void FillIndexUsage(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, table] : source.catalog->tables()) {
    for (const auto& index : table->descriptor.indexes()) {
      const txn::IndexUse* use = source.shared->counts->Index(index.index_id());
      const uint64_t size = source.shared->engine->ApproximateSize(
          codec::SpaceBegin(index.index_id()), codec::SpaceEnd(index.index_id()));
      rows->Row()
          .Set("index_id", index.index_id())
          .Set("table_id", id)
          .Set("schema_name", table->descriptor.schema())
          .Set("table_name", table->descriptor.name())
          .Set("index_name", index.name())
          .SetBool("is_unique", IsUnique(index))
          .SetBool("is_constraint", index.is_constraint())
          .Set("created_by", index.created_by())
          .Set("scans", static_cast<int64_t>(use->scans.load()))
          .Set("entries_read", static_cast<int64_t>(use->entries_read.load()))
          .Set("entries_written", static_cast<int64_t>(use->entries_written.load()))
          .Set("size_bytes", static_cast<int64_t>(size));
      const int64_t last = use->last_scan_us.load();
      if (last != 0) rows->Set("last_scan", last - kEpochShift);
    }
  }
}

void FillKnobs(const RowSource& source, RowBuilder* rows) {
  const v1::ListKnobsResponse knobs = source.knobs->List();
  for (const v1::Knob& knob : knobs.knobs()) {
    rows->Row()
        .Set("name", knob.name())
        .Set("value", knob.value())
        .Set("default_value", knob.default_value())
        .Set("minimum", knob.minimum())
        .Set("maximum", knob.maximum())
        .Set("unit", knob.unit())
        .Set("description", knob.description());
  }
}

void FillAdbmsTables(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, table] : source.catalog->tables()) {
    if (!IsUserTable(*table)) continue;
    const txn::TableUse* use = source.shared->counts->Table(id);
    std::string key;
    for (uint32_t ordinal : table->layout.primary_key) {
      key += (key.empty() ? "" : ", ") + table->layout.names[ordinal];
    }
    rows->Row()
        .Set("table_id", id)
        .Set("schema_name", table->descriptor.schema())
        .Set("table_name", table->descriptor.name())
        .Set("row_count", source.statistics->RowCount(*table))
        .Set("size_bytes", static_cast<int64_t>(source.shared->engine->ApproximateSize(
                               table->layout.Begin(), table->layout.End())))
        .Set("index_count", table->descriptor.indexes_size())
        .Set("primary_key", key)
        .Set("scans", static_cast<int64_t>(use->scans.load()))
        .Set("rows_inserted", static_cast<int64_t>(use->inserted.load()))
        .Set("rows_updated", static_cast<int64_t>(use->updated.load()))
        .Set("rows_deleted", static_cast<int64_t>(use->deleted.load()));
    const int64_t analyzed = source.statistics->AnalyzedAt(id);
    if (analyzed != 0) rows->Set("analyzed_at", analyzed - kEpochShift);
  }
}

}  // namespace

void AddSettingFills(RowFillMap* fills) {
  fills->insert({{"pg_catalog.pg_roles", FillRoles},
                 {"pg_catalog.pg_authid", FillRoles},
                 {"pg_catalog.pg_user", FillRoles},
                 {"pg_catalog.pg_auth_members", FillMemberships},
                 {"pg_catalog.pg_db_role_setting", FillKeptSettings},
                 {"pg_catalog.pg_database", FillDatabase},
                 {"pg_catalog.pg_stat_activity", FillActivity},
                 {"pg_catalog.pg_stat_database", FillStatDatabase},
                 {"pg_catalog.pg_am", FillAccessMethods},
                 {"pg_catalog.pg_opclass", FillOperatorClasses},
                 {"pg_catalog.pg_tablespace", FillTablespaces},
                 {"pg_catalog.pg_collation", FillCollations},
                 {"pg_catalog.pg_language", FillLanguages},
                 {"pg_catalog.pg_settings", FillSettings},
                 {"pg_catalog.pg_prepared_statements", FillPreparedStatements},
                 {"pg_catalog.pg_prepared_xacts", FillPreparedTransactions},
                 {"pg_catalog.pg_cursors", FillCursors},
                 {"pg_catalog.pg_stat_all_tables", FillUserTables},
                 {"pg_catalog.pg_stat_user_tables", FillUserTables},
                 {"pg_catalog.pg_statio_all_tables", FillTableBlocks},
                 {"pg_catalog.pg_statio_user_tables", FillTableBlocks},
                 {"pg_catalog.pg_stat_all_indexes", FillUserIndexes},
                 {"pg_catalog.pg_stat_user_indexes", FillUserIndexes},
                 {"adbms.index_usage", FillIndexUsage},
                 {"adbms.knobs", FillKnobs},
                 {"adbms.tables", FillAdbmsTables}});
}

}  // namespace adbms::storage::server
