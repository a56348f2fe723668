// Access lists as PostgreSQL's catalogs show them (pg_class.relacl and its like): arrays of aclitem
// in text form, from what adbms.grants has.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

enum class AclKind { kTable, kSequence, kSchema, kDatabase, kFunction, kType };

// All grants, read once.
class AccessLists {
 public:
  explicit AccessLists(txn::Shared* shared);

  // Empty where the object has what its kind has by default (PostgreSQL: NULL).
  std::string Of(AclKind kind, uint32_t object, const std::string& owner) const;
  // Of a schema; a database's public has a list from its beginning.
  std::string OfSchema(const catalog::CatalogState& catalog,
                       const common::v1::SchemaDescriptor& schema) const;
  std::string OfDatabase(const common::v1::DatabaseDescriptor& database) const;

 private:
  using Privileges = std::set<int64_t>;
  const std::map<std::string, Privileges>& On(uint32_t object) const;

  std::map<uint32_t, std::map<std::string, Privileges>> grants_;  // By object and grantee.
};

}  // namespace adbms::storage::server
