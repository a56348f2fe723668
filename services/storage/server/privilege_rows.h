// information_schema.table_privileges and its kin: who was granted what on tables and columns.
#pragma once

#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

void FillTablePrivileges(const RowSource& source, RowBuilder* rows);
void FillRoleTableGrants(const RowSource& source, RowBuilder* rows);
void FillColumnPrivileges(const RowSource& source, RowBuilder* rows);
void FillRoleColumnGrants(const RowSource& source, RowBuilder* rows);

}  // namespace adbms::storage::server
