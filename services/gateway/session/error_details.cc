// What errors tell of rows and keys: nothing that the session's user may not read.
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/row_security.h"
#include "common/status/failing_row.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

constexpr char kViewCheck[] = "44000";
constexpr absl::string_view kNotPresent = " is not present in table ";
constexpr absl::string_view kStillReferenced = " is still referenced from table ";

// A key that a message names: of which table, and its columns; none: an expression.
struct NamedKey {
  const TableDescriptor* table = nullptr;
  std::vector<uint32_t> columns;
};

NamedKey UniqueKey(const TableDescriptor& table, const std::string& constraint) {
  if (constraint == table.primary_key_name())
    return {&table, {table.primary_key().begin(), table.primary_key().end()}};
  for (const auto& index : table.indexes()) {
    if (index.name() == constraint && index.expressions_size() == 0)
      return {&table, {index.columns().begin(), index.columns().end()}};
  }
  return {&table, {}};
}

NamedKey ReferencingKey(const sql::Catalog& catalog, const TableDescriptor& table,
                        const status::SqlError& error) {
  for (const auto& key : table.foreign_keys()) {
    if (key.name() != error.constraint) continue;
    const TableDescriptor* parent = catalog.FindTable(key.referenced_table_id());
    if (absl::string_view(error.detail).find(kNotPresent) == absl::string_view::npos &&
        parent != nullptr)
      return {parent, {key.referenced_columns().begin(), key.referenced_columns().end()}};
    return {&table, {key.columns().begin(), key.columns().end()}};
  }
  return {&table, {}};
}

// "Key (a)=(1) is not present in table "t"." without the key.
std::string WithoutKey(const std::string& detail) {
  for (const absl::string_view words : {kNotPresent, kStillReferenced}) {
    const size_t at = absl::string_view(detail).rfind(words);
    if (at != absl::string_view::npos) return absl::StrCat("Key", detail.substr(at));
  }
  return "";
}

bool MayRead(const security::v1::Policy& policy, const TableDescriptor& table,
             const std::vector<uint32_t>& columns, bool whole) {
  if (whole) return policy::AuthorizeTable(policy, table, common::v1::PRIVILEGE_SELECT).ok();
  common::v1::ColumnUse use;
  use.set_privilege(common::v1::PRIVILEGE_SELECT);
  use.mutable_columns()->Assign(columns.begin(), columns.end());
  return policy::AuthorizeColumns(policy, table, use).ok();
}

// The columns that the statement itself gives values.
std::set<uint32_t> WrittenBy(const common::v1::Plan* plan, const TableDescriptor& table) {
  std::set<uint32_t> written;
  if (plan == nullptr) return written;
  for (const common::v1::TableUse& use : plan->tables()) {
    if (use.table_id() != table.table_id()) continue;
    for (const common::v1::ColumnUse& columns : use.columns()) {
      if (columns.privilege() != common::v1::PRIVILEGE_SELECT)
        written.insert(columns.columns().begin(), columns.columns().end());
    }
  }
  return written;
}

// The detail with the values that the user may read or has given.
std::string ReadableRow(const security::v1::Policy& policy, const TableDescriptor& table,
                        const status::FailingRow& row, const common::v1::Plan* plan) {
  const std::set<uint32_t> written = WrittenBy(plan, table);
  std::string names, values;
  for (const auto& [name, value] : row) {
    const std::optional<uint32_t> ordinal = sql::ColumnNamed(table, name);
    if (!ordinal.has_value() ||
        (!written.contains(*ordinal) && !MayRead(policy, table, {*ordinal}, /*whole=*/false)))
      continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
    absl::StrAppend(&values, values.empty() ? "" : ", ", value);
  }
  if (names.empty()) return "";
  return absl::StrCat("Failing row contains (", names, ") = (", values, ").");
}

}  // namespace

absl::Status Session::WithoutHidden(const absl::Status& status, const common::v1::Plan* plan) {
  if (status.ok()) return status;
  status::SqlError error = status::FromStatus(status);
  const bool of_row = error.sqlstate == sqlstate::kCheckViolation ||
                      error.sqlstate == sqlstate::kNotNullViolation || error.sqlstate == kViewCheck;
  const bool of_key = error.sqlstate == sqlstate::kUniqueViolation ||
                      error.sqlstate == sqlstate::kForeignKeyViolation;
  if ((!of_row && !of_key) || error.detail.empty()) return status;
  const auto policy = policy_->Get();
  if (!policy.ok() || !(*policy)->superuser()) {
    const auto catalog = CurrentCatalog();
    const auto facts = FactsOf(current_user_);
    const TableDescriptor* table =
        catalog.ok() ? (*catalog)->FindTable(error.schema, error.table) : nullptr;
    if (!policy.ok() || !facts.ok() || table == nullptr) {
      error.detail.clear();
    } else if (of_key) {
      const NamedKey key = error.sqlstate == sqlstate::kUniqueViolation
                               ? UniqueKey(*table, error.constraint)
                               : ReferencingKey(**catalog, *table, error);
      if (sql::IsSecuredFor(*key.table, *facts) ||
          !MayRead(**policy, *key.table, key.columns, key.columns.empty()))
        error.detail =
            error.sqlstate == sqlstate::kForeignKeyViolation ? WithoutKey(error.detail) : "";
    } else if (sql::IsSecuredFor(*table, *facts)) {
      error.detail.clear();
    } else if (!MayRead(**policy, *table, {}, /*whole=*/true)) {
      error.detail = ReadableRow(**policy, *table, status::FailingRowOf(status), plan);
    }
  }
  // Of a view's check PostgreSQL names no table.
  if (error.sqlstate == kViewCheck) {
    error.schema.clear();
    error.table.clear();
  }
  return status::ToStatus(error);
}

}  // namespace adbms::gateway::session
