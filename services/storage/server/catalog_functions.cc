#include "services/storage/server/catalog_functions.h"

#include <algorithm>
#include <map>

#include "common/sql/functions/postgres_names.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"
#include "common/types/type_name.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/access_lists.h"
#include "services/storage/server/declared_type_rows.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/object_names.h"
#include "services/storage/server/partition_definitions.h"
#include "services/storage/server/privilege_functions.h"
#include "services/storage/server/program_functions.h"
#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {
namespace {

using catalog::QuoteIdentifier;
using catalog::TableEntry;
using common::v1::TableDescriptor;
using types::TypeId;
using types::Value;

// The schema that a qualified name gives: pg_temp is the session's own.
std::string SchemaNamed(const std::string& name, const sql::functions::EvaluationContext& session) {
  return name == sql::kTemporaryAlias ? std::string(sql::TemporarySchemaOf(session.search_path))
                                      : name;
}

Value NullText() { return Value::Null({TypeId::kText, 0}); }

uint32_t OidArgument(const std::vector<Value>& arguments) {
  return arguments.empty() || types::PhysicalOf(arguments[0].type().id) != types::Physical::kInt64
             ? 0
             : static_cast<uint32_t>(arguments[0].int_value());
}

// One call's surroundings.
struct Call {
  txn::Shared* shared;
  const catalog::CatalogState& catalog;
  const sql::functions::EvaluationContext& session;
  const std::vector<Value>& arguments;
  uint32_t oid;
  SequenceUse* sequences;
};

absl::StatusOr<Value> RegclassOut(const Call& call) {
  std::string text = std::to_string(call.oid);
  if (const catalog::TableEntryPtr* table = call.catalog.Find(call.oid); table != nullptr) {
    text = QualifiedName(call.catalog, PathOf(call.session), (*table)->descriptor.schema(),
                         (*table)->descriptor.name());
  } else if (const auto ref = call.catalog.FindIndex(call.oid); ref.table != nullptr) {
    text = QualifiedName(
        call.catalog, PathOf(call.session), ref.table->descriptor.schema(),
        ref.index == nullptr ? ref.table->descriptor.primary_key_name() : ref.index->name());
  } else if (call.oid == 0) {
    text = "-";
  }
  return Value::Text(text);
}

absl::StatusOr<Value> RegnamespaceOut(const Call& call) {
  for (const auto& schema : call.catalog.Snapshot()->schemas()) {
    if (schema.schema_id() == call.oid) return Value::Text(schema.name());
  }
  return Value::Text(call.oid == 0 ? "-" : std::to_string(call.oid));
}

absl::StatusOr<Value> ToRegnamespace(const Call& call) {
  const Value none = Value::Null({TypeId::kRegnamespace, 0});
  std::vector<std::string> parts;
  if (!SplitName(call.arguments[0].bytes(), &parts) || parts.size() != 1) return none;
  const auto* schema = call.catalog.FindSchema(parts[0]);
  return schema == nullptr ? none : Value::Int(TypeId::kRegnamespace, schema->schema_id());
}

absl::StatusOr<Value> ToRegclass(const Call& call) {
  const Value none = Value::Null({TypeId::kRegclass, 0});
  std::vector<std::string> parts;
  if (!SplitName(call.arguments[0].bytes(), &parts)) return none;
  const auto look_up = [&](const std::string& schema) -> uint32_t {
    if (const TableEntry* table = call.catalog.FindByName(schema, parts.back()); table != nullptr) {
      return table->descriptor.table_id();
    }
    const auto ref = call.catalog.FindIndexByName(schema, parts.back());
    if (ref.table == nullptr) return 0;
    return ref.index == nullptr ? ref.table->descriptor.primary_key_oid() : ref.index->index_id();
  };
  uint32_t oid = 0;
  if (parts.size() > 1) {
    oid = look_up(SchemaNamed(parts[parts.size() - 2], call.session));
  } else {
    for (const std::string& schema : PathOf(call.session)) {
      if (oid == 0) oid = look_up(schema);
    }
  }
  return oid == 0 ? none : Value::Int(TypeId::kRegclass, oid);
}

std::string RoleNamed(const Call& call, uint32_t oid) {
  for (const Role& role : ReadRoles(call.shared)) {
    if (role.oid == oid) return role.name;
  }
  if (oid == RoleOid(std::string(catalog::kDatabaseOwnerRole)))
    return std::string(catalog::kDatabaseOwnerRole);
  for (const auto& [id, table] : call.catalog.tables()) {
    if (RoleOid(table->descriptor.owner()) == oid) return table->descriptor.owner();
  }
  return "unknown (OID=" + std::to_string(oid) + ")";
}

absl::StatusOr<Value> UserById(const Call& call) {
  return Value::String({TypeId::kName, 0}, RoleNamed(call, call.oid));
}

absl::StatusOr<Value> AclDefault(const Call& call) {
  const std::string_view kind = call.arguments[0].bytes();
  const auto owner = static_cast<uint32_t>(call.arguments[1].int_value());
  ASSIGN_OR_RETURN(const std::string text,
                   DefaultAcl(kind.empty() ? '\0' : kind[0], RoleNamed(call, owner)));
  return types::ParseText(text, {TypeId::kTextArray, 0}, {});
}

absl::StatusOr<Value> IndexDef(const Call& call) {
  const auto ref = call.catalog.FindIndex(call.oid);
  if (ref.table == nullptr) return NullText();
  const bool pretty = call.arguments.size() > 2 && call.arguments[2].bool_value();
  if (call.arguments.size() > 1 && call.arguments[1].int_value() > 0) {
    const auto position = static_cast<int>(call.arguments[1].int_value()) - 1;
    const auto& columns =
        ref.index == nullptr ? ref.table->descriptor.primary_key() : ref.index->columns();
    int ordinal = -1;
    if (position < columns.size() && ref.index != nullptr) {
      return Value::Text(KeyDefinition(ref.table->descriptor, *ref.index, position, pretty));
    } else if (position < columns.size()) {
      ordinal = static_cast<int>(columns.Get(position));
    } else if (ref.index != nullptr && position - columns.size() < ref.index->include_size()) {
      ordinal = static_cast<int>(ref.index->include(position - columns.size()));
    }
    if (ordinal < 0) return Value::Text("");
    return Value::Text(QuoteIdentifier(ref.table->descriptor.columns(ordinal).name()));
  }
  return Value::Text(IndexDefinition(*ref.table, PathOf(call.session), ref.index, pretty));
}

absl::StatusOr<Value> ConstraintDef(const Call& call) {
  const bool pretty = call.arguments.size() > 1 && call.arguments[1].bool_value();
  for (const auto& [id, table] : call.catalog.tables()) {
    bool found = false;
    std::string text =
        ConstraintDefinition(call.catalog, *table, PathOf(call.session), call.oid, pretty, &found);
    if (found) return Value::Text(std::move(text));
  }
  if (auto text = DomainConstraintDefinition(call.catalog, call.oid)) {
    if (pretty && text->starts_with("CHECK ((") && text->ends_with("))"))
      *text = "CHECK (" + text->substr(8, text->size() - 10) + ")";
    return Value::Text(*std::move(text));
  }
  return NullText();
}

absl::StatusOr<Value> Expression(const Call& call) {
  return Value::Text(std::string(call.arguments[0].bytes()));
}

absl::StatusOr<Value> PartKeyDef(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  if (table == nullptr || !(*table)->descriptor.has_partition_key()) return NullText();
  return Value::Text(PartitionKeyDefinition((*table)->descriptor));
}

absl::StatusOr<Value> PartConstraintDef(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  if (table == nullptr || (*table)->descriptor.partition_of() == 0) return NullText();
  const std::string text = PartitionConstraintDefinition(call.catalog, (*table)->descriptor);
  return text.empty() ? NullText() : Value::Text(text);
}

absl::StatusOr<Value> PartitionRootOf(const Call& call) {
  const std::vector<uint32_t> ancestors = PartitionAncestors(call.catalog, call.oid);
  return ancestors.empty() ? Value::Null({TypeId::kRegclass, 0})
                           : Value::Int(TypeId::kRegclass, ancestors.back());
}

absl::StatusOr<Value> PartitionTreeOf(const Call& call) {
  std::string rows;
  for (const PartitionTreeRow& row : PartitionTree(call.catalog, call.oid)) {
    rows += std::to_string(row.relation) + "\t" +
            (row.parent == 0 ? std::string() : std::to_string(row.parent)) + "\t" +
            (row.is_leaf ? "1" : "0") + "\t" + std::to_string(row.level) + "\n";
  }
  return Value::Text(rows);
}

absl::StatusOr<Value> PartitionAncestorsOf(const Call& call) {
  std::string rows;
  for (const uint32_t id : PartitionAncestors(call.catalog, call.oid))
    rows += std::to_string(id) + "\n";
  return Value::Text(rows);
}

absl::StatusOr<Value> ViewDef(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  if (table == nullptr || DefiningQuery((*table)->descriptor).empty()) return NullText();
  std::string sql = ShownQuery(call.catalog, PathOf(call.session), (*table)->descriptor);
  if (!sql.ends_with(";")) sql += ";";
  return Value::Text(std::move(sql));
}

absl::StatusOr<Value> TableVisible(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  const auto index = call.catalog.FindIndex(call.oid);
  if (table == nullptr && index.table == nullptr) return Value::Null({TypeId::kBool, 0});
  const TableDescriptor& owner = (table != nullptr ? table->get() : index.table)->descriptor;
  const std::string& name = table != nullptr         ? owner.name()
                            : index.index == nullptr ? owner.primary_key_name()
                                                     : index.index->name();
  return Value::Bool(IsVisible(call.catalog, PathOf(call.session), owner.schema(), name));
}

int64_t SpaceSize(const Call& call, uint32_t space) {
  return static_cast<int64_t>(
      call.shared->engine->ApproximateSize(codec::SpaceBegin(space), codec::SpaceEnd(space)));
}

int64_t RelationSize(const Call& call) {
  if (const catalog::TableEntryPtr* table = call.catalog.Find(call.oid); table != nullptr) {
    return (*table)->layout.storage_id == 0 ? 0 : SpaceSize(call, (*table)->layout.storage_id);
  }
  const auto ref = call.catalog.FindIndex(call.oid);
  return ref.index == nullptr ? 0 : SpaceSize(call, ref.index->index_id());
}

int64_t IndexesSize(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  if (table == nullptr) return 0;
  int64_t size = 0;
  for (const auto& index : (*table)->layout.indexes) size += SpaceSize(call, index.index_id);
  return size;
}

absl::StatusOr<Value> RelationSizeValue(const Call& call) {
  return Value::Int(TypeId::kInt8, RelationSize(call));
}
absl::StatusOr<Value> IndexesSizeValue(const Call& call) {
  return Value::Int(TypeId::kInt8, IndexesSize(call));
}
absl::StatusOr<Value> TotalSizeValue(const Call& call) {
  return Value::Int(TypeId::kInt8, RelationSize(call) + IndexesSize(call));
}
absl::StatusOr<Value> DatabaseSize(const Call& call) {
  return Value::Int(TypeId::kInt8, static_cast<int64_t>(call.shared->engine->ApproximateSize(
                                       codec::SpaceBegin(0), "\xff\xff\xff\xff")));
}

template <absl::StatusOr<Value> (*kFunction)(const PrivilegeQuestion&)>
absl::StatusOr<Value> Ask(const Call& call) {
  return kFunction({call.shared, call.catalog, call.session, call.arguments});
}

template <absl::StatusOr<Value> (*kFunction)(const PrivilegeQuestion&, SequenceUse*)>
absl::StatusOr<Value> Sequence(const Call& call) {
  return kFunction({call.shared, call.catalog, call.session, call.arguments}, call.sequences);
}

Value TextOrNull(const std::optional<std::string>& text) {
  return text.has_value() ? Value::Text(*text) : NullText();
}
absl::StatusOr<Value> ObjectDescription(const Call& call) {
  const std::string_view of = call.arguments.size() > 1 ? call.arguments[1].bytes() : "";
  return TextOrNull(CommentOn(call.catalog, call.oid, of, 0));
}
absl::StatusOr<Value> ColumnDescription(const Call& call) {
  const int64_t column = call.arguments[1].int_value();
  return TextOrNull(CommentOn(call.catalog, call.oid, "pg_class", column));
}

// Of a table and one of its columns, by name.
absl::StatusOr<Value> SerialSequence(const Call& call) {
  const TableEntry* table = FindRelation(call.catalog, call.session, call.arguments[0].bytes());
  if (table == nullptr) {
    return status::Error(
        status::sqlstate::kUndefinedTable,
        "relation \"" + std::string(call.arguments[0].bytes()) + "\" does not exist");
  }
  const std::string_view name = call.arguments[1].bytes();
  for (uint32_t i = 0; i < table->layout.names.size(); ++i) {
    if (!table->layout.live[i] || table->layout.names[i] != name) continue;
    for (const auto& [id, entry] : call.catalog.tables()) {
      const auto& sequence = entry->descriptor.sequence();
      if (sequence.owner_table_id() != table->descriptor.table_id() || sequence.owner_column() != i)
        continue;
      return Value::Text(QuoteIdentifier(entry->descriptor.schema()) + "." +
                         QuoteIdentifier(entry->descriptor.name()));
    }
    return NullText();
  }
  return status::Error(status::sqlstate::kUndefinedColumn,
                       "column \"" + std::string(name) + "\" of relation \"" +
                           table->descriptor.name() + "\" does not exist");
}

absl::StatusOr<Value> EmptyText(const Call&) { return Value::Text(""); }
absl::StatusOr<Value> True(const Call&) { return Value::Bool(true); }
absl::StatusOr<Value> NoText(const Call&) { return NullText(); }
absl::StatusOr<Value> Publishable(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  return Value::Bool(table != nullptr && !(*table)->descriptor.is_virtual() &&
                     catalog::KindOf((*table)->descriptor) == std::string_view("table"));
}
absl::StatusOr<Value> Updatable(const Call& call) {
  const catalog::TableEntryPtr* table = call.catalog.Find(call.oid);
  // Bits of PostgreSQL's commands.
  constexpr int kUpdate = 1 << 2;
  constexpr int kInsert = 1 << 3;
  constexpr int kDelete = 1 << 4;
  if (table == nullptr) return Value::Int(TypeId::kInt4, 0);
  const common::v1::TableDescriptor& descriptor = (*table)->descriptor;
  const bool stored =
      !descriptor.is_virtual() && catalog::KindOf(descriptor) == std::string_view("table");
  const auto& rules = descriptor.view_rules();
  const bool writable = stored || (rules.updatable() && rules.updatable_columns_size() > 0);
  return Value::Int(TypeId::kInt4, (writable ? kUpdate | kInsert : 0) |
                                       (stored || rules.updatable() ? kDelete : 0));
}
absl::StatusOr<Value> ToRegtype(const Call& call) {
  const uint32_t oid = TypeNamed(call.catalog, PathOf(call.session), call.arguments[0].bytes());
  return oid == 0 ? Value::Null({TypeId::kRegtype, 0}) : Value::Int(TypeId::kRegtype, oid);
}
// NULL for a type that is built in.
absl::StatusOr<Value> RegtypeOut(const Call& call) {
  const auto name = DeclaredTypeName(call.catalog, PathOf(call.session), call.oid);
  return name.has_value() ? Value::Text(*name) : NullText();
}
absl::StatusOr<Value> TypeVisible(const Call& call) {
  return Value::Bool(IsTypeVisible(call.catalog, PathOf(call.session), call.oid).value_or(true));
}

// Whether the schema exists, for the effective search path.
absl::StatusOr<Value> SchemaExists(const Call& call) {
  const auto* schema = call.catalog.FindSchema(std::string(call.arguments[0].bytes()));
  return Value::Bool(schema != nullptr);
}

absl::StatusOr<Value> MyTemporarySchema(const Call& call) {
  const auto* schema =
      call.catalog.FindSchema(std::string(sql::TemporarySchemaOf(call.session.search_path)));
  return Value::Int(TypeId::kOid, schema == nullptr ? 0 : schema->schema_id());
}
absl::StatusOr<Value> IsOtherTemporarySchema(const Call& call) {
  const auto found = call.catalog.schemas().find(call.oid);
  return Value::Bool(found != call.catalog.schemas().end() &&
                     sql::IsOtherTemporarySchema(found->second.name(), call.session.search_path));
}

using Handler = absl::StatusOr<Value> (*)(const Call& call);
const std::map<std::string_view, Handler>& Handlers() {
  static const auto* const kHandlers = new std::map<std::string_view, Handler>{
      {"regclassout", RegclassOut},
      {"regnamespaceout", RegnamespaceOut},
      {"schema_exists", SchemaExists},
      {"to_regclass", ToRegclass},
      {"to_regnamespace", ToRegnamespace},
      {"to_regtype", ToRegtype},
      {"pg_get_userbyid", UserById},
      {"acldefault", AclDefault},
      {"pg_get_indexdef", IndexDef},
      {"pg_get_constraintdef", ConstraintDef},
      {"pg_get_expr", Expression},
      {"pg_get_viewdef", ViewDef},
      {"pg_table_is_visible", TableVisible},
      {"pg_my_temp_schema", MyTemporarySchema},
      {"pg_is_other_temp_schema", IsOtherTemporarySchema},
      {"pg_type_is_visible", TypeVisible},
      {"regtypeout", RegtypeOut},
      {"pg_operator_is_visible", True},
      {"pg_opclass_is_visible", True},
      {"pg_collation_is_visible", True},
      {"pg_statistics_obj_is_visible", True},
      {"pg_ts_config_is_visible", True},
      {"pg_ts_dict_is_visible", True},
      {"pg_ts_parser_is_visible", True},
      {"pg_ts_template_is_visible", True},
      {"pg_tablespace_location", EmptyText},
      {"pg_relation_is_publishable", Publishable},
      {"pg_relation_is_updatable", Updatable},
      {"nextval", Sequence<NextValue>},
      {sql::functions::kIdentityNextval, Sequence<NextIdentityValue>},
      {"currval", Sequence<CurrentValue>},
      {"lastval", Sequence<LastValue>},
      {"setval", Sequence<SetValue>},
      {"pg_sequence_last_value", Sequence<LastValueOf>},
      {"has_sequence_privilege", Ask<HasSequencePrivilege>},
      {"has_table_privilege", Ask<HasTablePrivilege>},
      {"has_schema_privilege", Ask<HasSchemaPrivilege>},
      {"has_function_privilege", Ask<HasFunctionPrivilege>},
      {"has_type_privilege", Ask<HasTypePrivilege>},
      {"has_database_privilege", Ask<HasDatabasePrivilege>},
      {"has_any_column_privilege", Ask<HasAnyColumnPrivilege>},
      {"has_column_privilege", Ask<HasColumnPrivilege>},
      {"pg_has_role", Ask<HasRole>},
      {"row_security_active", Ask<RowSecurityActive>},
      {"pg_relation_size", RelationSizeValue},
      {"pg_table_size", RelationSizeValue},
      {"pg_indexes_size", IndexesSizeValue},
      {"pg_total_relation_size", TotalSizeValue},
      {"pg_database_size", DatabaseSize},
      {"obj_description", ObjectDescription},
      {"col_description", ColumnDescription},
      {"shobj_description", ObjectDescription},
      {"pg_get_ruledef", NoText},
      {"pg_get_partkeydef", PartKeyDef},
      {"pg_partition_root", PartitionRootOf},
      {"pg_partition_tree", PartitionTreeOf},
      {"pg_partition_ancestors", PartitionAncestorsOf},
      {"pg_get_partition_constraintdef", PartConstraintDef},
      {"pg_get_serial_sequence", SerialSequence},
      {"pg_get_statisticsobjdef_columns", NoText},
  };
  return *kHandlers;
}

}  // namespace

const TableEntry* FindRelation(const catalog::CatalogState& catalog,
                               const sql::functions::EvaluationContext& session,
                               std::string_view name) {
  std::vector<std::string> parts;
  if (!SplitName(name, &parts)) return nullptr;
  if (parts.size() > 1)
    return catalog.FindByName(SchemaNamed(parts[parts.size() - 2], session), parts.back());
  for (const std::string& schema : PathOf(session)) {
    if (const TableEntry* table = catalog.FindByName(schema, parts[0]); table != nullptr)
      return table;
  }
  return nullptr;
}

absl::StatusOr<Value> CatalogFunctionsImpl::Call(std::string_view name,
                                                 const std::vector<Value>& arguments) const {
  const auto it = Handlers().find(name);
  if (it == Handlers().end() && IsSessionFunction(name))
    return CallSessionFunction(name, arguments, session_use_);
  if (it == Handlers().end() && IsProgramFunction(name))
    return CallProgramFunction(name, {catalog_, session_, arguments});
  if (it == Handlers().end()) return status::NotSupported("function " + std::string(name));
  return it->second({shared_, catalog_, session_, arguments, OidArgument(arguments), sequences_});
}

}  // namespace adbms::storage::server
