#include "services/storage/server/declared_type_rows.h"

#include "common/sql/row_types.h"
#include "common/types/declared_type.h"
#include "common/types/type_name.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/access_lists.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/object_names.h"
#include "services/storage/server/type_rows.h"

namespace adbms::storage::server {
namespace {

using common::v1::DeclaredType;
using common::v1::TypeDescriptor;

// Numbers of the checks of domains, made from those of the domains.
constexpr uint32_t kDomainCheckBase = 0x68000000;
constexpr int64_t kArrayIn = 750;
constexpr int64_t kArrayOut = 751;

uint32_t CheckOid(const TypeDescriptor& type, int position) {
  return kDomainCheckBase + ((type.declared().oid() & 0x7ffff) << 8) +
         static_cast<uint32_t>(position);
}

int64_t SchemaOidOf(const RowSource& source, const std::string& name) {
  const auto* schema = source.catalog->FindSchema(name);
  return schema == nullptr ? 0 : int64_t{schema->schema_id()};
}

std::string Database(const RowSource& source) {
  return source.session->current_database.empty() ? "postgres" : source.session->current_database;
}

std::string CheckText(const std::string& sql) {
  return sql.starts_with("(") ? "CHECK (" + sql + ")" : "CHECK ((" + sql + "))";
}

RowBuilder& TypeRowOf(const RowSource& source, const TypeDescriptor& type, int64_t oid,
                      const std::string& name, RowBuilder* rows) {
  return rows->Row()
      .Set("oid", oid)
      .Set("typname", name)
      .Set("typnamespace", SchemaOidOf(source, type.declared().schema()))
      .Set("typowner", RoleOid(type.owner()))
      .SetBool("typispreferred", false)
      .SetBool("typisdefined", true)
      .Set("typdelim", ",")
      .Set("typrelid", int64_t{0})
      .Set("typsubscript", int64_t{0})
      .Set("typelem", int64_t{0})
      .Set("typarray", int64_t{0})
      .Set("typreceive", int64_t{0})
      .Set("typsend", int64_t{0})
      .Set("typmodin", int64_t{0})
      .Set("typmodout", int64_t{0})
      .Set("typanalyze", int64_t{0})
      .SetBool("typnotnull", false)
      .Set("typbasetype", int64_t{0})
      .Set("typtypmod", -1)
      .Set("typndims", int64_t{0})
      .Set("typcollation", int64_t{0});
}

void EnumRow(const RowSource& source, const TypeDescriptor& type, RowBuilder* rows) {
  TypeRowOf(source, type, type.declared().oid(), type.declared().name(), rows)
      .Set("typlen", 4)
      .SetBool("typbyval", true)
      .Set("typtype", "e")
      .Set("typcategory", "E")
      .Set("typarray", type.declared().array_oid())
      .Set("typinput", 3504)
      .Set("typoutput", 3505)
      .Set("typreceive", 3532)
      .Set("typsend", 3533)
      .Set("typalign", "i")
      .Set("typstorage", "p");
}

void DomainRow(const RowSource& source, const TypeDescriptor& type, RowBuilder* rows) {
  const types::Type base = types::FromProto(type.declared().base());
  const types::Type plain = types::BaseOf(base);
  const TypeRow* info = FindType(types::OidOf(types::WithoutDomain(base)));
  const bool is_enum = types::IsEnum(plain);
  TypeRowOf(source, type, type.declared().oid(), type.declared().name(), rows)
      .Set("typlen", types::PgTypeLength(plain.id))
      .SetBool("typbyval", info != nullptr ? info->by_value : is_enum)
      .Set("typtype", "d")
      .Set("typcategory", std::string(1, types::CategoryOf(plain.id)))
      .Set("typarray", type.declared().array_oid())
      .Set("typinput", 2597)
      .Set("typoutput", info != nullptr ? info->output : 3505)
      .Set("typalign", info != nullptr ? info->align : "i")
      .Set("typstorage", info != nullptr ? info->storage : "p")
      .SetBool("typnotnull", type.declared().not_null())
      .Set("typbasetype", types::OidOf(base))
      .Set("typtypmod", types::PgTypmod({base.id, base.declared == nullptr ? base.modifier : 0}))
      .Set("typcollation", info != nullptr ? info->collation : 0);
  if (type.default_sql().empty()) return;
  common::v1::ColumnDescriptor column;
  *column.mutable_type() = type.declared().base();
  column.set_default_sql(type.default_sql());
  const std::string text = DefaultDefinition(*source.catalog, PathOf(*source.session), column);
  rows->Set("typdefault", text).Set("typdefaultbin", text);
}

// Composite types, and the row types of tables.
void CompositeRow(const RowSource& source, const TypeDescriptor& type, RowBuilder* rows) {
  TypeRowOf(source, type, type.declared().oid(), type.declared().name(), rows)
      .Set("typlen", -1)
      .SetBool("typbyval", false)
      .Set("typtype", "c")
      .Set("typcategory", "C")
      .Set("typrelid", type.declared().relation_oid())
      .Set("typarray", type.declared().array_oid())
      .Set("typinput", 2290)
      .Set("typoutput", 2291)
      .Set("typreceive", 2402)
      .Set("typsend", 2403)
      .Set("typalign", "d")
      .Set("typstorage", "x");
}

bool HasWideBounds(const DeclaredType& range) {
  const TypeRow* info =
      FindType(types::OidOf(types::WithoutDomain(types::FromProto(range.range().subtype()))));
  return info == nullptr || std::string_view(info->align) == "d";
}

void RangeRow(const RowSource& source, const TypeDescriptor& type, RowBuilder* rows) {
  TypeRowOf(source, type, type.declared().oid(), type.declared().name(), rows)
      .Set("typlen", -1)
      .SetBool("typbyval", false)
      .Set("typtype", "r")
      .Set("typcategory", "R")
      .Set("typarray", type.declared().array_oid())
      .Set("typinput", 3834)
      .Set("typoutput", 3835)
      .Set("typreceive", 3836)
      .Set("typsend", 3837)
      .Set("typalign", HasWideBounds(type.declared()) ? "d" : "i")
      .Set("typstorage", "x");
}

// The multirange that comes with a range: a type as any other, but for what it is.
TypeDescriptor MultirangeOf(const TypeDescriptor& range) {
  TypeDescriptor made;
  made.set_owner(range.owner());
  *made.mutable_declared() =
      types::DeclaredMultirangeOf(*types::Intern(range.declared())).declared->definition;
  return made;
}

void MultirangeRow(const RowSource& source, const TypeDescriptor& type, bool wide,
                   RowBuilder* rows) {
  TypeRowOf(source, type, type.declared().oid(), type.declared().name(), rows)
      .Set("typlen", -1)
      .SetBool("typbyval", false)
      .Set("typtype", "m")
      .Set("typcategory", "R")
      .Set("typarray", type.declared().array_oid())
      .Set("typinput", 4231)
      .Set("typoutput", 4232)
      .Set("typreceive", 4233)
      .Set("typsend", 4234)
      .Set("typalign", wide ? "d" : "i")
      .Set("typstorage", "x");
}

void ArrayRow(const RowSource& source, const TypeDescriptor& type, RowBuilder* rows) {
  const bool row = type.declared().kind() == DeclaredType::KIND_COMPOSITE;
  TypeRowOf(source, type, type.declared().array_oid(), type.declared().array_name(), rows)
      .Set("typlen", -1)
      .SetBool("typbyval", false)
      .Set("typtype", "b")
      .Set("typcategory", "A")
      .Set("typelem", type.declared().oid())
      .Set("typinput", kArrayIn)
      .Set("typoutput", kArrayOut)
      .Set("typalign", row ? "d" : "i")
      .Set("typstorage", "x");
}

// The row type of the table with the number; nothing for what has none.
std::optional<DeclaredType> RowTypeWithOid(const catalog::CatalogState& catalog, uint32_t oid) {
  const auto table_id = sql::TableOfRowType(oid);
  const catalog::TableEntryPtr* table = table_id ? catalog.Find(*table_id) : nullptr;
  if (table == nullptr || (*table)->descriptor.has_sequence()) return std::nullopt;
  DeclaredType type = sql::RowTypeOf((*table)->descriptor);
  type.set_schema(ShownSchema(type.schema()));
  return type;
}

// The types that a descriptor stands for: a range comes with its multirange.
std::vector<DeclaredType> DefinitionsOf(const TypeDescriptor& type) {
  std::vector<DeclaredType> all = {type.declared()};
  if (type.declared().has_range()) all.push_back(MultirangeOf(type).declared());
  return all;
}

struct KeptType {
  DeclaredType declared;
  bool array = false;  // The number is that of its arrays.
};
std::optional<KeptType> KeptTypeWithOid(const catalog::CatalogState& catalog, uint32_t oid) {
  for (const auto& [known, type] : catalog.types()) {
    for (DeclaredType& declared : DefinitionsOf(*type)) {
      const bool array = declared.array_oid() == oid;
      if (array || declared.oid() == oid) return KeptType{std::move(declared), array};
    }
  }
  return std::nullopt;
}

void FillEnum(const RowSource& source, RowBuilder* rows) {
  for (const auto& [oid, type] : source.catalog->types()) {
    for (const auto& label : type->declared().labels()) {
      rows->Row()
          .Set("oid", label.oid())
          .Set("enumtypid", oid)
          .SetFloat("enumsortorder", label.sort_order())
          .Set("enumlabel", label.name());
    }
  }
}

bool IsDomain(const TypeDescriptor& type) {
  return type.declared().kind() == DeclaredType::KIND_DOMAIN;
}

void FillDomains(const RowSource& source, RowBuilder* rows) {
  for (const auto& [oid, type] : source.catalog->types()) {
    if (!IsDomain(*type)) continue;
    const types::Type base = types::FromProto(type->declared().base());
    const bool declared = base.declared != nullptr;
    rows->Row()
        .Set("domain_catalog", Database(source))
        .Set("domain_schema", type->declared().schema())
        .Set("domain_name", type->declared().name())
        .Set("data_type", types::IsArray(base.id) ? "ARRAY"
                          : declared              ? "USER-DEFINED"
                                                  : types::Format({base.id, 0}))
        .Set("udt_catalog", Database(source))
        .Set("udt_schema", declared ? base.declared->definition.schema() : "pg_catalog")
        .Set("udt_name", types::CatalogName(base))
        .Set("dtd_identifier", "1");
    if (const auto length = types::LengthModifierOf(base))
      rows->Set("character_maximum_length", *length);
    if (const auto numeric = types::NumericModifierOf(base))
      rows->Set("numeric_precision", numeric->precision).Set("numeric_scale", numeric->scale);
    if (type->default_sql().empty()) continue;
    common::v1::ColumnDescriptor column;
    *column.mutable_type() = type->declared().base();
    column.set_default_sql(type->default_sql());
    rows->Set("domain_default",
              DefaultDefinition(*source.catalog, PathOf(*source.session), column));
  }
}

void FillDomainConstraints(const RowSource& source, RowBuilder* rows) {
  for (const auto& [oid, type] : source.catalog->types()) {
    for (const auto& check : type->checks()) {
      rows->Row()
          .Set("constraint_catalog", Database(source))
          .Set("constraint_schema", type->declared().schema())
          .Set("constraint_name", check.name())
          .Set("domain_catalog", Database(source))
          .Set("domain_schema", type->declared().schema())
          .Set("domain_name", type->declared().name())
          .Set("is_deferrable", "NO")
          .Set("initially_deferred", "NO");
    }
  }
}

}  // namespace

void AddDeclaredTypeRows(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [oid, type] : source.catalog->types()) {
    switch (type->declared().kind()) {
      case DeclaredType::KIND_DOMAIN:
        DomainRow(source, *type, rows);
        break;
      case DeclaredType::KIND_COMPOSITE:
        CompositeRow(source, *type, rows);
        break;
      case DeclaredType::KIND_RANGE: {
        RangeRow(source, *type, rows);
        const TypeDescriptor multirange = MultirangeOf(*type);
        MultirangeRow(source, multirange, HasWideBounds(type->declared()), rows);
        ArrayRow(source, multirange, rows);
        break;
      }
      default:
        EnumRow(source, *type, rows);
    }
    const std::string acl = lists.OfOpen(AclKind::kType, oid, type->owner());
    if (!acl.empty()) rows->Set("typacl", acl);
    ArrayRow(source, *type, rows);
  }
  for (const auto& [id, entry] : source.catalog->tables()) {
    if (entry->descriptor.has_sequence()) continue;
    TypeDescriptor type;
    *type.mutable_declared() = sql::RowTypeOf(entry->descriptor);
    type.mutable_declared()->set_schema(ShownSchema(entry->descriptor.schema()));
    type.set_owner(entry->descriptor.owner());
    CompositeRow(source, type, rows);
    ArrayRow(source, type, rows);
  }
}

void AddDomainConstraintRows(const RowSource& source, RowBuilder* rows) {
  for (const auto& [oid, type] : source.catalog->types()) {
    for (int i = 0; i < type->checks_size(); ++i) {
      rows->Row()
          .Set("oid", CheckOid(*type, i))
          .Set("conname", type->checks(i).name())
          .Set("connamespace", SchemaOidOf(source, type->declared().schema()))
          .Set("contype", "c")
          .SetBool("condeferrable", false)
          .SetBool("condeferred", false)
          .SetBool("convalidated", !type->checks(i).not_valid())
          .Set("conrelid", int64_t{0})
          .Set("contypid", oid)
          .Set("conindid", int64_t{0})
          .Set("conparentid", int64_t{0})
          .Set("confrelid", int64_t{0})
          .Set("confupdtype", " ")
          .Set("confdeltype", " ")
          .Set("confmatchtype", " ")
          .SetBool("conislocal", true)
          .Set("coninhcount", int64_t{0})
          .SetBool("connoinherit", false)
          .Set("conbin", type->checks(i).sql());
    }
  }
}

std::optional<std::string> DomainConstraintDefinition(const catalog::CatalogState& catalog,
                                                      uint32_t constraint_oid) {
  for (const auto& [oid, type] : catalog.types()) {
    for (int i = 0; i < type->checks_size(); ++i) {
      if (CheckOid(*type, i) != constraint_oid) continue;
      return CheckText(type->checks(i).sql()) + (type->checks(i).not_valid() ? " NOT VALID" : "");
    }
  }
  return std::nullopt;
}

std::optional<bool> IsTypeVisible(const catalog::CatalogState& catalog,
                                  const std::vector<std::string>& path, uint32_t oid) {
  if (const std::optional<KeptType> kept = KeptTypeWithOid(catalog, oid)) {
    const DeclaredType& declared = kept->declared;
    const std::string& name = kept->array ? declared.array_name() : declared.name();
    if (types::FromName(name).has_value()) return false;
    for (const std::string& schema : path) {
      if (catalog.HasType(schema, name)) return schema == declared.schema();
    }
    return false;
  }
  if (const auto row = RowTypeWithOid(catalog, oid)) {
    if (row->schema() == "pg_catalog") return true;
    for (const std::string& schema : path) {
      if (catalog.HasType(schema, row->name())) return false;
      const catalog::TableEntry* table = catalog.FindByName(schema, row->name());
      if (table != nullptr) return table->descriptor.table_id() == row->relation_oid();
    }
    return false;
  }
  return std::nullopt;
}

std::optional<std::string> DeclaredTypeName(const catalog::CatalogState& catalog,
                                            const std::vector<std::string>& path, uint32_t oid) {
  if (const std::optional<KeptType> kept = KeptTypeWithOid(catalog, oid)) {
    const DeclaredType& declared = kept->declared;
    const std::string name = catalog::QuoteIdentifier(declared.name());
    const bool visible = IsTypeVisible(catalog, path, declared.oid()).value_or(false);
    return (visible ? name : catalog::QuoteIdentifier(declared.schema()) + "." + name) +
           (kept->array ? "[]" : "");
  }
  if (const auto row = RowTypeWithOid(catalog, oid)) {
    const std::string name = catalog::QuoteIdentifier(row->name());
    const bool visible = IsTypeVisible(catalog, path, oid).value_or(false);
    return (visible ? name : catalog::QuoteIdentifier(row->schema()) + "." + name) +
           (row->oid() == oid ? "" : "[]");
  }
  return std::nullopt;
}

uint32_t FindDeclaredType(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path, std::vector<std::string> parts,
                          bool array) {
  if (parts.empty()) return 0;
  const std::vector<std::string> schemas =
      parts.size() > 1 ? std::vector<std::string>{parts[parts.size() - 2]} : path;
  for (const std::string& schema : schemas) {
    for (const auto& [oid, type] : catalog.types()) {
      for (const DeclaredType& declared : DefinitionsOf(*type)) {
        if (declared.schema() != schema) continue;
        if (declared.name() == parts.back()) return array ? declared.array_oid() : declared.oid();
        if (!array && declared.array_name() == parts.back()) return declared.array_oid();
      }
    }
    const catalog::TableEntry* table = catalog.FindByName(schema, parts.back());
    if (table != nullptr && !table->descriptor.has_sequence()) {
      const uint32_t id = table->descriptor.table_id();
      return array ? sql::RowArrayOid(id) : sql::RowTypeOid(id);
    }
  }
  return 0;
}

uint32_t TypeNamed(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                   std::string_view name) {
  if (const auto id = types::FromSqlName(name)) return types::OidOf(*id);
  const bool array = name.ends_with("[]");
  if (array) name.remove_suffix(2);
  std::vector<std::string> parts;
  return SplitName(name, &parts) ? FindDeclaredType(catalog, path, std::move(parts), array) : 0;
}

void AddDeclaredTypeFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_enum", FillEnum);
  fills->emplace("information_schema.domains", FillDomains);
  fills->emplace("information_schema.domain_constraints", FillDomainConstraints);
}

}  // namespace adbms::storage::server
