// What the information schema shows to a user: what is his, or what he has a right on, as
// PostgreSQL 15's views have it. Reads roles and grants once. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

class RelationViewer {
 public:
  // Borrows the source.
  explicit RelationViewer(const RowSource& source);

  // It is a role's that he is, or is a member of; superusers own everything.
  bool Owns(const std::string& owner) const { return superuser_ || roles_.contains(owner); }
  bool OwnsRelation(const catalog::TableEntry& table) const {
    return Owns(table.descriptor.owner());
  }
  // He owns it, or has any right on it or on one of its columns.
  bool Sees(const catalog::TableEntry& table) const;
  // The same, but for SELECT: what is to be known of what he may write.
  bool SeesConstraints(const catalog::TableEntry& table) const;
  bool SeesColumn(const catalog::TableEntry& table, uint32_t ordinal) const;
  bool SeesFunction(const common::v1::FunctionDescriptor& function) const;
  bool SeesSchema(const common::v1::SchemaDescriptor& schema) const;

 private:
  using Privileges = std::set<int64_t>;
  const Privileges& On(uint64_t object) const;
  bool ReadsAsEverybody(const catalog::TableEntry& table) const;
  bool MayColumns(const catalog::TableEntry& table, bool select) const;

  const RowSource& source_;
  bool superuser_ = false;
  std::set<std::string> roles_;
  // By the object's number; of a column, its number above the 32 bits of its table's.
  std::map<uint64_t, Privileges> held_;
};

}  // namespace adbms::storage::server
