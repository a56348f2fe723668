// Rows of the computed tables, from descriptors, counters and settings. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/sql/catalog_numbers.h"
#include "services/storage/catalog/virtual_tables.h"
#include "services/storage/knobs/knobs.h"
#include "services/storage/server/session_activity.h"
#include "services/storage/statistics/statistics_store.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

using sql::kDatabaseOid;

// A role, from adbms.roles.
struct Role {
  uint32_t oid = 0;
  std::string name;
  bool is_superuser = false;
  bool can_login = false;
  bool create_role = false;
  bool create_db = false;
  bool inherits = true;
  bool bypasses = false;
};

// Rows of a stored table of schema adbms, these columns; none when there is no such table. They are
// in the database adbms, whichever asks.
std::vector<std::vector<types::Value>> ReadSystemTable(txn::Shared* shared, const char* table,
                                                       const std::vector<const char*>& columns);

// All roles; always with the superuser postgres. Role oids are stable for a name.
std::vector<Role> ReadRoles(txn::Shared* shared);
uint32_t RoleOid(const std::string& name);

// The schema that catalog relations say a relation is in. The system's own tables in schema adbms
// are said to be in pg_catalog: what looks for a user's tables leaves that out, and would take
// those for the user's.
std::string ShownSchema(const std::string& schema);

// The items, quoted where they need it, as the text of an array.
std::string ArrayText(const std::vector<std::string>& items);

// Rows under construction: values by column name, the others NULL.
class RowBuilder {
 public:
  explicit RowBuilder(const catalog::TableEntry& table);
  // Starts a row.
  RowBuilder& Row();
  RowBuilder& Set(const char* column, std::string_view text);
  RowBuilder& Set(const char* column, const char* text) {
    return Set(column, std::string_view(text));
  }
  RowBuilder& Set(const char* column, int64_t value);
  RowBuilder& SetBool(const char* column, bool value);
  RowBuilder& SetFloat(const char* column, double value);
  types::Batch Finish();

 private:
  types::Vector* At(const char* column);
  types::Batch batch_;
  std::map<std::string, size_t, std::less<>> columns_;
};

// What the rows are computed from.
struct RowSource {
  txn::Shared* shared;
  statistics::StatisticsStore* statistics;
  const knobs::Knobs* knobs;
  const SessionRegistry* sessions;
  const catalog::CatalogState* catalog;
  const sql::functions::EvaluationContext* session;
};

class VirtualRows : public catalog::VirtualTables {
 public:
  VirtualRows(txn::Shared* shared, statistics::StatisticsStore* statistics,
              const knobs::Knobs* knobs, const SessionRegistry* sessions);
  absl::StatusOr<types::Batch> Rows(
      const catalog::TableEntry& table, const catalog::CatalogState& catalog,
      const sql::functions::EvaluationContext& session) const override;

 private:
  txn::Shared* const shared_;
  statistics::StatisticsStore* const statistics_;
  const knobs::Knobs* const knobs_;
  const SessionRegistry* const sessions_;
};

}  // namespace adbms::storage::server
