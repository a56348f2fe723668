#include "services/storage/server/resolution.h"

#include <utility>

#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::server {
namespace {

using common::v1::ResolvedObject;

// What the name or number of the object means now: number and version, 0 for nothing.
std::pair<uint32_t, uint64_t> Lookup(const ResolvedObject& object,
                                     const catalog::CatalogState& catalog) {
  // A name that nothing on the search path had is looked for where the change will do so.
  const std::string schema = catalog::SchemaOrPublic(object.schema());
  const auto of_table = [](const catalog::TableEntry& table) {
    return std::pair<uint32_t, uint64_t>(table.descriptor.table_id(),
                                         table.descriptor.schema_version());
  };
  switch (object.kind()) {
    case ResolvedObject::KIND_RELATION: {
      if (object.name().empty()) {
        const catalog::TableEntryPtr* entry = catalog.Find(object.object_id());
        return entry == nullptr ? std::pair<uint32_t, uint64_t>() : of_table(**entry);
      }
      const catalog::TableEntry* table = catalog.FindByName(schema, object.name());
      if (table == nullptr && object.schema().empty())
        table = catalog.FindByName("adbms", object.name());
      return table == nullptr ? std::pair<uint32_t, uint64_t>() : of_table(*table);
    }
    case ResolvedObject::KIND_INDEX: {
      auto ref = catalog.FindIndexByName(schema, object.name());
      if (ref.table == nullptr && object.schema().empty())
        ref = catalog.FindIndexByName("adbms", object.name());
      if (ref.table == nullptr) return {};
      return {
          ref.index != nullptr ? ref.index->index_id() : ref.table->descriptor.primary_key_oid(),
          ref.table->descriptor.schema_version()};
    }
    case ResolvedObject::KIND_FUNCTION: {
      const catalog::FunctionPtr found = catalog.FindFunctionByName(schema, object.name());
      return found == nullptr
                 ? std::pair<uint32_t, uint64_t>()
                 : std::pair<uint32_t, uint64_t>(found->function_id(), found->version());
    }
    case ResolvedObject::KIND_TYPE: {
      const common::v1::TypeDescriptor* type = object.name().empty()
                                                   ? catalog.FindType(object.object_id())
                                                   : catalog.FindTypeByName(schema, object.name());
      if (type == nullptr) return {};
      return {type->declared().oid(), type->schema_version()};
    }
    case ResolvedObject::KIND_SCHEMA: {
      const common::v1::SchemaDescriptor* found = catalog.FindSchema(object.name());
      return {found == nullptr ? 0 : found->schema_id(), 0};
    }
    default:
      return {};
  }
}

}  // namespace

absl::Status CheckResolution(const common::v1::DdlStatement& statement,
                             const catalog::CatalogState& catalog) {
  for (const ResolvedObject& object : statement.resolution().objects()) {
    const auto [id, version] = Lookup(object, catalog);
    if (id == object.object_id() && (object.version() == 0 || version == object.version()))
      continue;
    return status::Error(
        status::sqlstate::kStalePlan,
        "the statement was authorized for another version of " +
            (object.name().empty() ? std::to_string(object.object_id()) : object.name()));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::server
