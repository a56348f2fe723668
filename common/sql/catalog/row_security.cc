#include "common/sql/catalog/row_security.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::sql {

using common::v1::RoleFacts;
using common::v1::TableDescriptor;

bool HasRightsOf(const RoleFacts& facts, const std::string& role) {
  return std::find(facts.member_of().begin(), facts.member_of().end(), role) !=
         facts.member_of().end();
}

bool IsSecuredFor(const TableDescriptor& table, const RoleFacts& facts) {
  return table.row_security() && !facts.bypasses() &&
         (table.force_row_security() || !HasRightsOf(facts, table.owner()));
}

absl::Status WouldBeFiltered(const TableDescriptor& table, const RoleFacts& facts) {
  return status::Error(
      status::sqlstate::kInsufficientPrivilege,
      absl::StrCat("query would be affected by row-level security policy for table \"",
                   table.name(), "\""),
      {},
      HasRightsOf(facts, table.owner()) ? "To disable the policy for the table's owner, use ALTER "
                                          "TABLE NO FORCE ROW LEVEL SECURITY."
                                        : "");
}

}  // namespace adbms::sql
