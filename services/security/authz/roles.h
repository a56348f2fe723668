// What roles there are and what they may do.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "adbms/security/v1/security.pb.h"

namespace adbms::security::authz {

struct Role {
  uint64_t identity = 0;  // See Policy.identity.
  bool superuser = false;
  bool can_login = false;
  bool create_role = false;
  bool create_db = false;
  bool bypasses = false;  // BYPASSRLS
  bool inherits = true;   // Has the rights of the roles that it is a member of.
  std::string verifier;   // Empty: no password.
  // Until when the password holds; microseconds since 2000-01-01 UTC, INT64_MAX: for ever.
  int64_t valid_until_us = INT64_MAX;
};

// The value of a setting that is kept.
struct KeptValue {
  std::string value;
  int64_t position = 0;  // Among those of the same role and database: in the order of their coming.
};

// One version of everything. Immutable.
struct Roles {
  uint64_t version = 0;
  std::map<std::string, Role> roles;
  std::map<std::string, std::set<std::string>> member_of;
  // (grantee, object); "" is PUBLIC. A column's number is above the 32 bits of its table's.
  std::map<std::pair<std::string, uint64_t>, std::set<int>> grants;
  // What sessions begin with: (role, database), "" for all; by name.
  std::map<std::pair<std::string, std::string>, std::map<std::string, KeptValue>> settings;

  // What others get on what a role makes.
  struct DefaultGrant {
    std::string maker;
    uint32_t schema_id = 0;
    std::string kind;
    std::string grantee;
    int privilege = 0;
    auto operator<=>(const DefaultGrant&) const = default;
  };
  std::set<DefaultGrant> default_grants;

  // The role itself and those that it is a member of, at whatever distance; `inherited`: only those
  // whose rights it has without SET ROLE.
  std::set<std::string> MembershipsOf(const std::string& role, bool inherited) const;
  // What a role may do. REQUIRES: the role exists.
  security::v1::Policy PolicyOf(const std::string& role) const;
};
using RolesPtr = std::shared_ptr<const Roles>;

// The object of a grant, as Roles.grants has it, and back.
uint64_t ObjectOf(const security::v1::TableGrant& grant);
uint32_t TableOf(uint64_t object);

}  // namespace adbms::security::authz
