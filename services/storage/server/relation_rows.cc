// pg_class, pg_attribute, pg_index, pg_constraint, pg_attrdef: what describes relations.
#include "services/storage/server/access_lists.h"
#include "services/storage/server/pg_catalog_rows.h"

#include "common/sql/catalog/index_keys.h"
#include "common/sql/catalog/inherited_keys.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/operator_classes/ordering_classes.h"
#include "common/sql/partition/partition_bounds.h"
#include "common/sql/row_types.h"
#include "common/sql/temporary_schema.h"
#include "common/types/declared_type.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/declared_type_rows.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/partition_definitions.h"
#include "services/storage/server/type_rows.h"

namespace adbms::storage::server {
namespace {

using catalog::TableEntry;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

constexpr int64_t kHeapAm = 2;

int64_t SchemaOid(const RowSource& source, const std::string& name) {
  const auto* schema = source.catalog->FindSchema(name);
  return schema == nullptr ? 0 : schema->schema_id();
}

int64_t LiveColumns(const TableDescriptor& table) { return table.columns_size(); }

const char* PersistenceOf(const TableDescriptor& table) {
  return sql::IsTemporarySchema(table.schema()) ? "t" : "p";
}

void SetClassDefaults(RowBuilder* rows) {
  for (const char* column :
       {"reltype", "reloftype", "reltablespace", "relpages", "relallvisible", "reltoastrelid",
        "relchecks", "relrewrite", "relfrozenxid", "relminmxid"}) {
    rows->Set(column, int64_t{0});
  }
  for (const char* column :
       {"relhasindex", "relisshared", "relhasrules", "relhastriggers", "relhassubclass",
        "relrowsecurity", "relforcerowsecurity", "relispartition"}) {
    rows->SetBool(column, false);
  }
  rows->SetBool("relispopulated", true).Set("relpersistence", "p").Set("relreplident", "d");
}

void IndexClassRow(const RowSource& source, const TableEntry& table, int64_t oid,
                   const std::string& name, const IndexDescriptor* index, int64_t columns,
                   bool is_part, RowBuilder* rows) {
  const bool divided = table.descriptor.has_partition_key();
  rows->Row();
  SetClassDefaults(rows);
  rows->Set("oid", oid)
      .Set("relname", name)
      .Set("relnamespace", SchemaOid(source, ShownSchema(table.descriptor.schema())))
      .Set("relowner", RoleOid(table.descriptor.owner()))
      .Set("relam", AccessMethodOid(AccessMethodOf(index)))
      .Set("relfilenode", oid)
      .Set("relkind", divided ? "I" : "i")
      .SetBool("relispartition", is_part)
      .SetBool("relhassubclass", table.descriptor.partition_key().partitions_size() > 0)
      .Set("relpersistence", PersistenceOf(table.descriptor))
      .Set("relreplident", "n")
      .Set("relnatts", columns)
      .SetFloat("reltuples", static_cast<double>(source.statistics->RowCount(table)));
}

void SetViewOptions(const common::v1::ViewRules& rules, RowBuilder* rows) {
  std::vector<std::string> options;
  if (rules.security_barrier()) options.push_back("security_barrier=true");
  if (rules.security_invoker()) options.push_back("security_invoker=true");
  if (rules.check_option() == common::v1::ViewRules::CHECK_OPTION_LOCAL)
    options.push_back("check_option=local");
  if (rules.check_option() == common::v1::ViewRules::CHECK_OPTION_CASCADED)
    options.push_back("check_option=cascaded");
  if (!options.empty()) rows->Set("reloptions", ArrayText(options));
}

void FillClass(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    const bool view = !table.view_sql().empty();
    const bool divided = table.has_partition_key();
    const bool stored = !view && !table.is_virtual() && !divided;
    const int64_t count = stored ? source.statistics->RowCount(*entry) : 0;
    rows->Row();
    SetClassDefaults(rows);
    rows->Set("oid", id)
        .Set("relname", table.name())
        .Set("relnamespace", SchemaOid(source, ShownSchema(table.schema())))
        .Set("relowner", RoleOid(table.owner()))
        .Set("relam", view || divided || table.has_sequence() ? 0 : kHeapAm)
        .Set("relfilenode", stored ? static_cast<int64_t>(table.storage_id()) : 0)
        .Set("relpages", count / 100)
        .SetFloat("reltuples", static_cast<double>(count))
        .SetBool("relhasindex", table.primary_key_oid() != 0 || table.indexes_size() > 0)
        .Set("relkind", view                            ? "v"
                        : table.has_sequence()          ? "S"
                        : table.has_materialized_view() ? "m"
                        : divided                       ? "p"
                                                        : "r")
        .Set("relpersistence", PersistenceOf(table))
        .SetBool("relispartition", table.partition_of() != 0)
        .SetBool("relhassubclass", table.partition_key().partitions_size() > 0)
        .SetBool("relispopulated",
                 !table.has_materialized_view() || table.materialized_view().populated())
        .Set("relnatts", LiveColumns(table))
        .Set("reltype", table.has_sequence() ? int64_t{0} : int64_t{sql::RowTypeOid(id)})
        .Set("relchecks", static_cast<int64_t>(table.checks_size()))
        .SetBool("relhasrules", view || table.has_materialized_view())
        // Foreign keys are triggers in PostgreSQL; psql asks for them only where there are some.
        .SetBool("relhastriggers", table.triggers_size() > 0 || table.foreign_keys_size() > 0 ||
                                       !source.catalog->ReferencesTo(id).empty());
    rows->SetBool("relrowsecurity", table.row_security())
        .SetBool("relforcerowsecurity", table.force_row_security());
    if (view) SetViewOptions(table.view_rules(), rows);
    if (const auto* bound = BoundOf(*source.catalog, table); bound != nullptr)
      rows->Set("relpartbound", sql::partition::BoundText(*bound));
    const std::string acl =
        lists.Of(table.has_sequence() ? AclKind::kSequence : AclKind::kTable, id, table.owner());
    if (!acl.empty()) rows->Set("relacl", acl);
    if (table.primary_key_oid() != 0) {
      IndexClassRow(source, *entry, table.primary_key_oid(), table.primary_key_name(), nullptr,
                    table.primary_key_size(), PrimaryKeyAbove(*source.catalog, table) != 0, rows);
    }
    for (const IndexDescriptor& index : table.indexes()) {
      IndexClassRow(source, *entry, index.index_id(), index.name(), &index,
                    index.columns_size() + index.include_size(), index.parent_index_id() != 0,
                    rows);
    }
  }
  for (const auto& [oid, type] : source.catalog->types()) {
    const common::v1::DeclaredType& declared = type->declared();
    if (declared.kind() != common::v1::DeclaredType::KIND_COMPOSITE) continue;
    rows->Row();
    SetClassDefaults(rows);
    rows->Set("oid", declared.relation_oid())
        .Set("relname", declared.name())
        .Set("relnamespace", SchemaOid(source, declared.schema()))
        .Set("reltype", oid)
        .Set("relowner", RoleOid(type->owner()))
        .Set("relam", int64_t{0})
        .Set("relfilenode", int64_t{0})
        .Set("relkind", "c")
        .Set("relreplident", "n")
        .Set("relnatts", int64_t{declared.fields_size()})
        .SetFloat("reltuples", 0);
  }
}

void AttributeRow(int64_t relation, int64_t number, const std::string& name,
                  const types::Type& type, bool not_null, bool has_default, bool dropped,
                  RowBuilder* rows) {
  const types::Type base = types::BaseOf(type);
  const TypeRow* info = FindType(types::OidOf(base.id));
  const bool is_enum = types::IsEnum(base);
  rows->Row()
      .Set("attrelid", relation)
      .Set("attname", name)
      .Set("atttypid", dropped ? 0 : static_cast<int64_t>(types::OidOf(type)))
      .Set("attstattarget", -1)
      .Set("attlen", types::PgTypeLength(type.id))
      .Set("attnum", number)
      .Set("attndims", types::IsArray(type.id) ? 1 : 0)
      .Set("attcacheoff", -1)
      .Set("atttypmod", types::IsDomain(type) ? -1 : types::PgTypmod(type))
      .SetBool("attbyval", info != nullptr ? info->by_value : is_enum)
      .Set("attalign", info == nullptr || types::HoldsEnum(base.id) ? "i"
                       : types::HoldsRow(base.id)                   ? "d"
                                                                    : info->align)
      .Set("attstorage", is_enum           ? "p"
                         : info == nullptr ? "x"
                                           : info->storage)
      .Set("attcompression", "")
      .SetBool("attnotnull", not_null)
      .SetBool("atthasdef", has_default)
      .SetBool("atthasmissing", false)
      .Set("attidentity", "")
      .Set("attgenerated", "")
      .SetBool("attisdropped", dropped)
      .SetBool("attislocal", true)
      .Set("attinhcount", int64_t{0})
      .Set("attcollation", info == nullptr ? 0 : CollationOid(base, info->collation));
}

void FillAttribute(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    int64_t number = 0;
    for (const auto& column : table.columns()) {
      AttributeRow(id, ++number, column.name(), types::FromProto(column.type()), column.not_null(),
                   HasStoredDefault(column) || column.has_generated(), column.dropped(), rows);
      if (column.has_generated()) rows->Set("attgenerated", "s");
      const std::string acl = lists.OfColumn(id, static_cast<uint32_t>(number - 1), table.owner());
      if (!acl.empty()) rows->Set("attacl", acl);
      if (column.identity() != common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED) {
        const bool always = column.identity() == common::v1::ColumnDescriptor::IDENTITY_ALWAYS;
        rows->Set("attidentity", always ? "a" : "d");
      }
      if (table.partition_of() != 0 && !column.dropped())
        rows->SetBool("attislocal", false).Set("attinhcount", int64_t{1});
    }
    const auto index_columns = [&](int64_t oid, const auto& ordinals, int64_t first,
                                   const IndexDescriptor* index) {
      int next = 0;
      for (uint32_t ordinal : ordinals) {
        if (index != nullptr && ordinal == sql::kExpressionKey) {
          const auto& expression = index->expressions(next++);
          AttributeRow(oid, ++first, next == 1 ? "expr" : "expr" + std::to_string(next - 1),
                       types::FromProto(expression.type()), false, false, false, rows);
          continue;
        }
        const auto& column = table.columns(static_cast<int>(ordinal));
        AttributeRow(oid, ++first, column.name(), types::FromProto(column.type()), false, false,
                     false, rows);
      }
    };
    if (table.primary_key_oid() != 0)
      index_columns(table.primary_key_oid(), table.primary_key(), 0, nullptr);
    for (const IndexDescriptor& index : table.indexes()) {
      index_columns(index.index_id(), index.columns(), 0, &index);
      index_columns(index.index_id(), index.include(), index.columns_size(), &index);
    }
  }
  for (const auto& [oid, type] : source.catalog->types()) {
    int64_t number = 0;
    for (const auto& field : type->declared().fields())
      AttributeRow(type->declared().relation_oid(), ++number, field.name(),
                   types::FromProto(field.type()), false, false, false, rows);
  }
}

template <typename Ordinals>
std::string Numbers(const Ordinals& ordinals, const char* separator) {
  std::string text;
  for (uint32_t ordinal : ordinals) {
    if (!text.empty()) text += separator;
    text += std::to_string(ordinal == sql::kExpressionKey ? 0 : ordinal + 1);
  }
  return text;
}

std::string Repeated(int count, const std::string& word) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i > 0 ? " " : "") + word;
  return text;
}

std::string OperatorClassOids(const IndexDescriptor& index) {
  std::string text;
  for (const std::string& name : index.operator_classes()) {
    const sql::OperatorClass* found = sql::FindOperatorClass(name);
    text += (text.empty() ? "" : " ") + std::to_string(found == nullptr ? 0 : found->oid);
  }
  return text;
}

// Of a btree's key: the class that was named, or its type's own.
std::string OrderingClassOid(const std::string& named, const types::Type& type) {
  const sql::OrderingClass* found =
      named.empty() ? sql::DefaultOrderingClass(type) : sql::FindOrderingClass(named);
  return std::to_string(found == nullptr ? 0 : found->oid);
}

std::string OrderingClassOids(const TableDescriptor& table,
                              const google::protobuf::RepeatedField<uint32_t>& columns) {
  std::string text;
  for (const uint32_t ordinal : columns) {
    const auto& column = table.columns(static_cast<int>(ordinal));
    text += (text.empty() ? "" : " ") + OrderingClassOid({}, types::FromProto(column.type()));
  }
  return text;
}

std::string OrderingClassOids(const TableDescriptor& table, const IndexDescriptor& index) {
  std::string text;
  int expressions = 0;
  for (int i = 0; i < index.columns_size(); ++i) {
    const bool computed = index.columns(i) == sql::kExpressionKey;
    const common::v1::DataType& type =
        computed ? index.expressions(expressions++).type()
                 : table.columns(static_cast<int>(index.columns(i))).type();
    text += (text.empty() ? "" : " ") +
            OrderingClassOid(i < index.ordering_classes_size() ? index.ordering_classes(i) : "",
                             types::FromProto(type));
  }
  return text;
}

void FillIndex(const RowSource& source, RowBuilder* rows) {
  const auto row = [&](int64_t oid, int64_t table, bool unique, bool primary, bool immediate,
                       bool valid, const std::string& key, int keys, int all,
                       const std::string& classes, const std::string& options) {
    rows->Row()
        .Set("indexrelid", oid)
        .Set("indrelid", table)
        .Set("indnatts", all)
        .Set("indnkeyatts", keys)
        .SetBool("indisunique", unique)
        .SetBool("indnullsnotdistinct", false)
        .SetBool("indisprimary", primary)
        .SetBool("indisexclusion", false)
        .SetBool("indimmediate", immediate)
        .SetBool("indisclustered", false)
        .SetBool("indisvalid", valid)
        .SetBool("indcheckxmin", false)
        .SetBool("indisready", true)
        .SetBool("indislive", true)
        .SetBool("indisreplident", false)
        .Set("indkey", key)
        .Set("indcollation", Repeated(keys, "0"))
        .Set("indclass", classes)
        .Set("indoption", options);
  };
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.primary_key_oid() != 0) {
      row(table.primary_key_oid(), id, true, true, true, true, Numbers(table.primary_key(), " "),
          table.primary_key_size(), table.primary_key_size(),
          OrderingClassOids(table, table.primary_key()), Repeated(table.primary_key_size(), "0"));
    }
    for (const IndexDescriptor& index : table.indexes()) {
      std::string key = Numbers(index.columns(), " ");
      if (index.include_size() > 0) key += " " + Numbers(index.include(), " ");
      std::string options;
      for (int i = 0; i < index.columns_size(); ++i) {
        options += (i > 0 ? " " : "") + std::string(index.descending(i) ? "3" : "0");
      }
      row(index.index_id(), id, IsUnique(index), index.is_primary(),
          index.deferral() == common::v1::DEFERRAL_UNSPECIFIED,
          index.state() == IndexDescriptor::STATE_PUBLIC && !index.is_incomplete(), key,
          index.columns_size(), index.columns_size() + index.include_size(),
          sql::IsInverted(index) ? OperatorClassOids(index) : OrderingClassOids(table, index),
          options);
      if (index.expressions_size() > 0) rows->Set("indexprs", ExpressionDefinitions(table, index));
      if (index.has_predicate()) rows->Set("indpred", PredicateDefinition(table, index));
    }
  }
}

const char* ActionLetter(common::v1::ReferentialAction action) {
  switch (action) {
    case common::v1::REFERENTIAL_ACTION_RESTRICT:
      return "r";
    case common::v1::REFERENTIAL_ACTION_CASCADE:
      return "c";
    case common::v1::REFERENTIAL_ACTION_SET_NULL:
      return "n";
    case common::v1::REFERENTIAL_ACTION_SET_DEFAULT:
      return "d";
    default:
      return "a";
  }
}

RowBuilder& ConstraintRow(const RowSource& source, const TableEntry& table, int64_t oid,
                          const std::string& name, const char* kind, common::v1::Deferral deferral,
                          RowBuilder* rows) {
  return rows->Row()
      .Set("oid", oid)
      .Set("conname", name)
      .Set("connamespace", SchemaOid(source, ShownSchema(table.descriptor.schema())))
      .Set("contype", kind)
      .SetBool("condeferrable", deferral != common::v1::DEFERRAL_UNSPECIFIED)
      .SetBool("condeferred", deferral == common::v1::DEFERRAL_DEFERRED)
      .SetBool("convalidated", true)
      .Set("conrelid", table.descriptor.table_id())
      .Set("contypid", int64_t{0})
      .Set("conindid", int64_t{0})
      .Set("conparentid", int64_t{0})
      .Set("confrelid", int64_t{0})
      .Set("confupdtype", " ")
      .Set("confdeltype", " ")
      .Set("confmatchtype", " ")
      .SetBool("conislocal", true)
      .Set("coninhcount", int64_t{0})
      .SetBool("connoinherit", true);
}

// A constraint that a partition has because the table above it has.
void Inherited(int64_t parent_oid, RowBuilder* rows) {
  rows->SetBool("conislocal", false).Set("coninhcount", int64_t{1}).Set("conparentid", parent_oid);
}

void FillConstraint(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.primary_key_size() > 0) {
      ConstraintRow(source, *entry, PrimaryKeyConstraintOid(*entry), table.primary_key_name(), "p",
                    common::v1::DEFERRAL_UNSPECIFIED, rows)
          .Set("conindid", table.primary_key_oid())
          .Set("conkey", "{" + Numbers(table.primary_key(), ",") + "}");
      if (const catalog::TableEntryPtr* above = source.catalog->Find(table.partition_of());
          above != nullptr && PrimaryKeyAbove(*source.catalog, table) != 0)
        Inherited(PrimaryKeyConstraintOid(**above), rows);
    }
    for (const IndexDescriptor& index : table.indexes()) {
      if (!index.is_constraint()) continue;
      ConstraintRow(source, *entry, UniqueConstraintOid(index), index.name(),
                    index.is_primary() ? "p"
                    : Excludes(index)  ? "x"
                                       : "u",
                    index.deferral(), rows)
          .Set("conindid", index.index_id())
          .Set("conkey", "{" + Numbers(index.columns(), ",") + "}");
      if (const auto above = source.catalog->FindIndex(index.parent_index_id());
          index.parent_index_id() != 0 && above.index != nullptr)
        Inherited(UniqueConstraintOid(*above.index), rows);
    }
    for (int i = 0; i < table.checks_size(); ++i) {
      ConstraintRow(source, *entry, CheckConstraintOid(*entry, i), table.checks(i).name(), "c",
                    common::v1::DEFERRAL_UNSPECIFIED, rows)
          .SetBool("convalidated", !table.checks(i).not_valid())
          .SetBool("connoinherit", false)
          .Set("conbin", table.checks(i).sql());
      std::vector<uint32_t> columns;
      for (int c = 0; c < table.columns_size(); ++c) {
        if (!table.columns(c).dropped() &&
            catalog::MentionsIdentifier(table.checks(i).sql(), table.columns(c).name()))
          columns.push_back(static_cast<uint32_t>(c));
      }
      if (!columns.empty()) rows->Set("conkey", "{" + Numbers(columns, ",") + "}");
      if (const catalog::TableEntryPtr* above = source.catalog->Find(table.partition_of());
          above != nullptr) {
        for (const auto& check : (*above)->descriptor.checks()) {
          if (check.name() == table.checks(i).name()) Inherited(0, rows);
        }
      }
    }
    for (int i = 0; i < table.foreign_keys_size(); ++i) {
      const auto& key = table.foreign_keys(i);
      ConstraintRow(source, *entry, ForeignKeyConstraintOid(*entry, i), key.name(), "f",
                    key.deferral(), rows)
          .SetBool("convalidated", !key.not_valid())
          .Set("confrelid", key.referenced_table_id())
          .Set("conindid", ReferencedIndexOid(*source.catalog, key))
          .Set("conkey", "{" + Numbers(key.columns(), ",") + "}")
          .Set("confkey", "{" + Numbers(key.referenced_columns(), ",") + "}")
          .Set("confupdtype", ActionLetter(key.on_update()))
          .Set("confdeltype", ActionLetter(key.on_delete()))
          .Set("confmatchtype", key.match_full() ? "f" : "s");
      if (const catalog::TableEntryPtr* above = source.catalog->Find(table.partition_of());
          above != nullptr) {
        for (int j = 0; j < (*above)->descriptor.foreign_keys_size(); ++j) {
          if (sql::InheritedKey(table, (*above)->descriptor.foreign_keys(j)) == &key)
            Inherited(ForeignKeyConstraintOid(**above, j), rows);
        }
      }
      if (!key.delete_set_columns().empty())
        rows->Set("confdelsetcols", "{" + Numbers(key.delete_set_columns(), ",") + "}");
    }
    for (const auto& trigger : table.triggers()) {
      if (trigger.is_constraint())
        ConstraintRow(source, *entry, trigger.trigger_id(), trigger.name(), "t", trigger.deferral(),
                      rows);
    }
  }
}

void FillAllConstraints(const RowSource& source, RowBuilder* rows) {
  FillConstraint(source, rows);
  AddDomainConstraintRows(source, rows);
}

void FillAttributeDefault(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    int64_t number = 0;
    for (const auto& column : entry->descriptor.columns()) {
      ++number;
      if (!HasStoredDefault(column) && !column.has_generated()) continue;
      rows->Row()
          .Set("oid", AttributeDefaultOid(id, static_cast<int>(number) - 1))
          .Set("adrelid", id)
          .Set("adnum", number)
          .Set("adbin", column.has_generated()
                            ? GeneratedDefinition(entry->descriptor, column)
                            : DefaultDefinition(*source.catalog, PathOf(*source.session), column));
    }
  }
}

void FillNamespace(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [id, schema] : source.catalog->schemas()) {
    rows->Row()
        .Set("oid", id)
        .Set("nspname", schema.name())
        .Set("nspowner", RoleOid(schema.owner()));
    const std::string acl = lists.OfSchema(*source.catalog, schema);
    if (!acl.empty()) rows->Set("nspacl", acl);
  }
}

void FillTables(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (std::string_view(catalog::KindOf(table)) != "table") continue;
    rows->Row()
        .Set("schemaname", ShownSchema(table.schema()))
        .Set("tablename", table.name())
        .Set("tableowner", table.owner())
        .SetBool("hasindexes", table.primary_key_oid() != 0 || table.indexes_size() > 0)
        .SetBool("hasrules", false)
        .SetBool("hastriggers", false)
        .SetBool("rowsecurity", table.row_security());
  }
}

void FillIndexes(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, listed] : source.catalog->tables()) {
    const catalog::TableEntryPtr& entry = listed;
    const TableDescriptor& table = entry->descriptor;
    const auto row = [&](const std::string& name, const IndexDescriptor* index) {
      rows->Row()
          .Set("schemaname", ShownSchema(table.schema()))
          .Set("tablename", table.name())
          .Set("indexname", name)
          .Set("indexdef", IndexDefinition(*entry, PathOf(*source.session), index));
    };
    if (table.primary_key_oid() != 0) row(table.primary_key_name(), nullptr);
    for (const IndexDescriptor& index : table.indexes()) row(index.name(), &index);
  }
}

void FillViews(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.view_sql().empty()) continue;
    rows->Row()
        .Set("schemaname", ShownSchema(table.schema()))
        .Set("viewname", table.name())
        .Set("viewowner", table.owner())
        .Set("definition", table.view_sql());
  }
}

void FillMaterializedViews(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (!table.has_materialized_view()) continue;
    rows->Row()
        .Set("schemaname", ShownSchema(table.schema()))
        .Set("matviewname", table.name())
        .Set("matviewowner", table.owner())
        .SetBool("hasindexes", table.indexes_size() > 0)
        .SetBool("ispopulated", table.materialized_view().populated())
        .Set("definition", DefiningQuery(table));
  }
}

void FillRewrite(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    if (DefiningQuery(entry->descriptor).empty()) continue;
    rows->Row()
        .Set("oid", RuleOid(id))
        .Set("rulename", "_RETURN")
        .Set("ev_class", id)
        .Set("ev_type", "1")
        .Set("ev_enabled", "O")
        .SetBool("is_instead", true);
  }
}

}  // namespace

void AddRelationFills(RowFillMap* fills) {
  fills->insert({{"pg_catalog.pg_class", FillClass},
                 {"pg_catalog.pg_attribute", FillAttribute},
                 {"pg_catalog.pg_index", FillIndex},
                 {"pg_catalog.pg_constraint", FillAllConstraints},
                 {"pg_catalog.pg_attrdef", FillAttributeDefault},
                 {"pg_catalog.pg_namespace", FillNamespace},
                 {"pg_catalog.pg_tables", FillTables},
                 {"pg_catalog.pg_indexes", FillIndexes},
                 {"pg_catalog.pg_views", FillViews},
                 {"pg_catalog.pg_matviews", FillMaterializedViews},
                 {"pg_catalog.pg_rewrite", FillRewrite}});
}

}  // namespace adbms::storage::server
