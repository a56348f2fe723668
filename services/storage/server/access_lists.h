// Access lists as PostgreSQL's catalogs show them (pg_class.relacl and its like): arrays of aclitem
// in text form, from what adbms.grants has.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

// As acldefault() names them.
enum class AclKind : char {
  kTable = 'r',
  kColumn = 'c',
  kSequence = 's',
  kSchema = 'n',
  kDatabase = 'd',
  kFunction = 'f',
  kType = 'T',
  kLanguage = 'l',
  kLargeObject = 'L',
  kTablespace = 't',
  kForeignDataWrapper = 'F',
  kForeignServer = 'S',
  kParameter = 'p',
};

// All grants, read once.
class AccessLists {
 public:
  explicit AccessLists(txn::Shared* shared);

  // Empty where the object has what its kind has by default (PostgreSQL: NULL).
  std::string Of(AclKind kind, uint32_t object, const std::string& owner) const;
  // Of what PUBLIC may use unless that was revoked: functions and types.
  std::string OfOpen(AclKind kind, uint32_t object, const std::string& owner) const;
  // Of a column. Empty where nobody was granted anything on it alone.
  std::string OfColumn(uint32_t table, uint32_t ordinal, const std::string& owner) const;
  // Of a schema; a database's public has a list from its beginning.
  std::string OfSchema(const catalog::CatalogState& catalog,
                       const common::v1::SchemaDescriptor& schema) const;
  std::string OfDatabase(const common::v1::DatabaseDescriptor& database) const;

 private:
  using Privileges = std::set<int64_t>;
  const std::map<std::string, Privileges>& On(uint64_t object) const;

  // By object and grantee; a column's number is above the 32 bits of its table's.
  std::map<uint64_t, std::map<std::string, Privileges>> grants_;
};

// acldefault(): what an object of the kind has when nobody has granted anything. Errors: 22023 for
// a letter that names no kind.
absl::StatusOr<std::string> DefaultAcl(char kind, const std::string& owner);

}  // namespace adbms::storage::server
