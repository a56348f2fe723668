#include "services/storage/server/access_lists.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/sql/catalog_numbers.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/text_io.h"

namespace adbms::storage::server {
namespace {

using common::v1::Privilege;

// In PostgreSQL's order of letters.
constexpr std::pair<Privilege, char> kLetters[] = {
    {common::v1::PRIVILEGE_INSERT, 'a'},   {common::v1::PRIVILEGE_SELECT, 'r'},
    {common::v1::PRIVILEGE_UPDATE, 'w'},   {common::v1::PRIVILEGE_DELETE, 'd'},
    {common::v1::PRIVILEGE_TRUNCATE, 'D'}, {common::v1::PRIVILEGE_REFERENCES, 'x'},
    {common::v1::PRIVILEGE_EXECUTE, 'X'},  {common::v1::PRIVILEGE_USAGE, 'U'},
    {common::v1::PRIVILEGE_CREATE, 'C'},   {common::v1::PRIVILEGE_TEMPORARY, 'T'},
    {common::v1::PRIVILEGE_CONNECT, 'c'}};

struct Defaults {
  AclKind kind;
  const char* owner;
  const char* everybody;
};
constexpr Defaults kDefaults[] = {
    {AclKind::kTable, "arwdDxt", ""},
    {AclKind::kColumn, "", ""},
    {AclKind::kSequence, "rwU", ""},
    {AclKind::kSchema, "UC", ""},
    {AclKind::kDatabase, "CTc", "Tc"},
    {AclKind::kFunction, "X", "X"},
    {AclKind::kType, "U", "U"},
    {AclKind::kLanguage, "U", "U"},
    {AclKind::kLargeObject, "rw", ""},
    {AclKind::kTablespace, "C", ""},
    {AclKind::kForeignDataWrapper, "U", ""},
    {AclKind::kForeignServer, "U", ""},
    {AclKind::kParameter, "sA", ""},
};

const Defaults* DefaultsOf(char kind) {
  const auto* const found =
      std::find_if(std::begin(kDefaults), std::end(kDefaults),
                   [kind](const Defaults& one) { return static_cast<char>(one.kind) == kind; });
  return found == std::end(kDefaults) ? nullptr : found;
}

const char* OwnersLetters(AclKind kind) { return DefaultsOf(static_cast<char>(kind))->owner; }

// A role's name as aclitem writes it.
std::string NameOf(const std::string& role) {
  const bool plain = std::all_of(role.begin(), role.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain) return role;
  std::string quoted = "\"";
  for (const char c : role) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string Item(const std::string& grantee, const std::string& letters, const std::string& owner) {
  return NameOf(grantee) + "=" + letters + "/" + NameOf(owner);
}

std::string LettersOf(const std::set<int64_t>& privileges) {
  std::string letters;
  for (const auto& [privilege, letter] : kLetters) {
    if (privileges.contains(privilege)) letters.push_back(letter);
  }
  return letters;
}

std::string ArrayOf(const std::vector<std::string>& items) {
  std::vector<types::ArrayElement> elements;
  for (const std::string& item : items) elements.push_back({item, false});
  std::string text;
  types::FormatArray(types::TextArray(elements), {types::TypeId::kTextArray, 0}, {}, &text);
  return text;
}

std::vector<std::string> Items(const std::map<std::string, std::set<int64_t>>& grants,
                               const std::string& owner) {
  std::vector<std::string> items;
  for (const auto& [grantee, privileges] : grants) {
    const std::string letters = LettersOf(privileges);
    if (grantee != owner && !letters.empty()) items.push_back(Item(grantee, letters, owner));
  }
  return items;
}

}  // namespace

AccessLists::AccessLists(txn::Shared* shared) {
  for (const auto& row : ReadSystemTable(shared, "grants", {"grantee", "table_id", "privilege"})) {
    // A column's number is above the 32 bits of its table's.
    grants_[static_cast<uint64_t>(row[1].int_value())][std::string(row[0].bytes())].insert(
        row[2].int_value());
  }
}

const std::map<std::string, AccessLists::Privileges>& AccessLists::On(uint64_t object) const {
  static const auto* const kNone = new std::map<std::string, Privileges>();
  const auto found = grants_.find(object);
  return found == grants_.end() ? *kNone : found->second;
}

std::string AccessLists::Of(AclKind kind, uint32_t object, const std::string& owner) const {
  std::vector<std::string> items = Items(On(object), owner);
  if (items.empty()) return "";
  items.insert(items.begin(), Item(owner, OwnersLetters(kind), owner));
  return ArrayOf(items);
}

std::string AccessLists::OfOpen(AclKind kind, uint32_t object, const std::string& owner) const {
  auto grants = On(object);
  if (grants.empty()) return "";
  const bool function = kind == AclKind::kFunction;
  Privileges& everybody = grants[""];
  if (!everybody.contains(function ? common::v1::PRIVILEGE_NO_PUBLIC_EXECUTE
                                   : common::v1::PRIVILEGE_NO_PUBLIC_USAGE))
    everybody.insert(function ? common::v1::PRIVILEGE_EXECUTE : common::v1::PRIVILEGE_USAGE);
  std::vector<std::string> items = Items(grants, owner);
  items.insert(items.begin() + (items.empty() || items.front()[0] != '=' ? 0 : 1),
               Item(owner, OwnersLetters(kind), owner));
  return ArrayOf(items);
}

std::string AccessLists::OfColumn(uint32_t table, uint32_t ordinal,
                                  const std::string& owner) const {
  const std::vector<std::string> items = Items(On((uint64_t{ordinal + 1} << 32) | table), owner);
  return items.empty() ? "" : ArrayOf(items);
}

std::string AccessLists::OfSchema(const catalog::CatalogState& catalog,
                                  const common::v1::SchemaDescriptor& schema) const {
  const common::v1::DatabaseDescriptor* const database = catalog.database();
  const bool is_public = database != nullptr && schema.schema_id() == database->public_schema_id();
  if (!is_public) return Of(AclKind::kSchema, schema.schema_id(), schema.owner());
  auto grants = On(schema.schema_id());
  if (schema.schema_id() != sql::kPublicSchemaOid &&
      !grants[""].contains(common::v1::PRIVILEGE_NO_PUBLIC_USAGE))
    grants[""].insert(common::v1::PRIVILEGE_USAGE);
  std::vector<std::string> items = Items(grants, schema.owner());
  items.insert(items.begin(),
               Item(schema.owner(), OwnersLetters(AclKind::kSchema), schema.owner()));
  return ArrayOf(items);
}

std::string AccessLists::OfDatabase(const common::v1::DatabaseDescriptor& database) const {
  auto grants = On(database.database_id());
  if (grants.empty()) return "";
  Privileges& everybody = grants[""];
  if (!everybody.contains(common::v1::PRIVILEGE_NO_PUBLIC_CONNECT))
    everybody.insert(common::v1::PRIVILEGE_CONNECT);
  if (!everybody.contains(common::v1::PRIVILEGE_NO_PUBLIC_TEMPORARY))
    everybody.insert(common::v1::PRIVILEGE_TEMPORARY);
  std::vector<std::string> items = Items(grants, database.owner());
  // PostgreSQL lists PUBLIC first, as it was there first.
  items.insert(items.begin() + (items.empty() || items.front()[0] != '=' ? 0 : 1),
               Item(database.owner(), OwnersLetters(AclKind::kDatabase), database.owner()));
  return ArrayOf(items);
}

absl::StatusOr<std::string> DefaultAcl(char kind, const std::string& owner) {
  const Defaults* const defaults = DefaultsOf(kind);
  if (defaults == nullptr)
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         std::string("unrecognized object type abbreviation: ") + kind);
  std::vector<std::string> items;
  if (*defaults->everybody != '\0') items.push_back(Item("", defaults->everybody, owner));
  if (*defaults->owner != '\0') items.push_back(Item(owner, defaults->owner, owner));
  return ArrayOf(items);
}

}  // namespace adbms::storage::server
