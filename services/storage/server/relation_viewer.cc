#include "services/storage/server/relation_viewer.h"

#include <algorithm>

#include "common/sql/system_relations.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/server/privilege_functions.h"

namespace adbms::storage::server {
namespace {

using catalog::TableEntry;

// REFERENCES too, where a column is asked about.
bool HasColumnRight(const std::set<int64_t>& held, bool select) {
  return held.contains(common::v1::PRIVILEGE_INSERT) ||
         held.contains(common::v1::PRIVILEGE_UPDATE) ||
         held.contains(common::v1::PRIVILEGE_REFERENCES) ||
         (select && held.contains(common::v1::PRIVILEGE_SELECT));
}

}  // namespace

RelationViewer::RelationViewer(const RowSource& source) : source_(source) {
  const std::string& user = source.session->current_user;
  for (const Role& role : ReadRoles(source.shared))
    superuser_ |= role.name == user && role.is_superuser;
  if (superuser_) return;
  roles_ = RolesOf(source.shared, user);
  for (const auto& row :
       ReadSystemTable(source.shared, "grants", {"grantee", "table_id", "privilege"})) {
    const std::string grantee(row[0].bytes());
    if (grantee.empty() || roles_.contains(grantee))
      held_[static_cast<uint64_t>(row[1].int_value())].insert(row[2].int_value());
  }
}

const RelationViewer::Privileges& RelationViewer::On(uint64_t object) const {
  static const auto* const none = new Privileges();
  const auto found = held_.find(object);
  return found == held_.end() ? *none : found->second;
}

bool RelationViewer::ReadsAsEverybody(const TableEntry& table) const {
  const common::v1::TableDescriptor& descriptor = table.descriptor;
  if (descriptor.schema() != sql::kSystemSchema && !catalog::IsSystemTable(descriptor))
    return false;
  const sql::Audience audience = sql::AudienceOf(descriptor);
  return audience == sql::Audience::kEverybody ||
         (audience == sql::Audience::kMonitors && roles_.contains(std::string(sql::kMonitorRole)));
}

bool RelationViewer::MayColumns(const TableEntry& table, bool select) const {
  for (size_t i = 0; i < table.layout.live.size(); ++i) {
    if (table.layout.live[i] &&
        HasColumnRight(On(((uint64_t{i} + 1) << 32) | table.descriptor.table_id()), select))
      return true;
  }
  return false;
}

bool RelationViewer::Sees(const TableEntry& table) const {
  return OwnsRelation(table) || !On(table.descriptor.table_id()).empty() ||
         ReadsAsEverybody(table) || MayColumns(table, /*select=*/true);
}

bool RelationViewer::SeesConstraints(const TableEntry& table) const {
  if (OwnsRelation(table)) return true;
  const Privileges& held = On(table.descriptor.table_id());
  return std::any_of(held.begin(), held.end(),
                     [](int64_t one) { return one != common::v1::PRIVILEGE_SELECT; }) ||
         MayColumns(table, /*select=*/false);
}

bool RelationViewer::SeesColumn(const TableEntry& table, uint32_t ordinal) const {
  const uint32_t id = table.descriptor.table_id();
  return OwnsRelation(table) || HasColumnRight(On(id), /*select=*/true) ||
         HasColumnRight(On(((uint64_t{ordinal} + 1) << 32) | id), /*select=*/true) ||
         ReadsAsEverybody(table);
}

bool RelationViewer::SeesFunction(const common::v1::FunctionDescriptor& function) const {
  const Privileges& held = On(function.function_id());
  return Owns(function.owner()) || held.contains(common::v1::PRIVILEGE_EXECUTE) ||
         !held.contains(common::v1::PRIVILEGE_NO_PUBLIC_EXECUTE);
}

bool RelationViewer::SeesSchema(const common::v1::SchemaDescriptor& schema) const {
  if (superuser_) return true;
  const std::vector<types::Value> question = {
      types::Value::Int(types::TypeId::kOid, schema.schema_id()),
      types::Value::Text("CREATE, USAGE")};
  const auto may =
      HasSchemaPrivilege({source_.shared, *source_.catalog, *source_.session, question});
  return may.ok() && !may->is_null() && may->bool_value();
}

}  // namespace adbms::storage::server
