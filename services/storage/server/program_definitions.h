// Functions and triggers as PostgreSQL writes them. Pure functions over one version of the catalog.
#pragma once

#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

// Whether the unqualified name, with these input types, means the function.
bool IsVisible(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
               const common::v1::FunctionDescriptor& function);
// Its name, with the schema where it must be.
std::string FunctionName(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                         const common::v1::FunctionDescriptor& function);

// "a integer, OUT b text DEFAULT 'x'::text"; without the columns of RETURNS TABLE.
std::string FunctionArguments(const common::v1::FunctionDescriptor& function, bool defaults);
// "SETOF integer", "TABLE(a integer)"; empty for a procedure.
std::string FunctionResult(const common::v1::FunctionDescriptor& function);
// The defaults, "5, 'x'::text", as pg_get_expr prints pg_proc.proargdefaults.
std::string ArgumentDefaults(const common::v1::FunctionDescriptor& function);
std::string ArgumentDefault(const common::v1::FunctionArgument& argument);
// The oid of pg_proc.prorettype.
uint32_t ResultOid(const common::v1::FunctionDescriptor& function);
// CREATE OR REPLACE FUNCTION …, ending in a newline.
std::string FunctionDefinition(const common::v1::FunctionDescriptor& function);

// CREATE TRIGGER …; `pretty`: the table under `path`, without parentheses around WHEN.
std::string TriggerDefinition(const catalog::CatalogState& catalog,
                              const std::vector<std::string>& path,
                              const common::v1::TableDescriptor& table,
                              const common::v1::TriggerDescriptor& trigger, bool pretty);
// "EXECUTE FUNCTION f('a')".
std::string TriggerAction(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path,
                          const common::v1::TriggerDescriptor& trigger);

}  // namespace adbms::storage::server
