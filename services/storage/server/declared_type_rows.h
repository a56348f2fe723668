// Types that users have declared, as the catalog relations show them, and their names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {

// The rows of pg_type for them and their arrays.
void AddDeclaredTypeRows(const RowSource& source, RowBuilder* rows);
// The rows of pg_constraint for the checks of domains.
void AddDomainConstraintRows(const RowSource& source, RowBuilder* rows);
// Its definition, for pg_get_constraintdef; nullopt for no such constraint.
std::optional<std::string> DomainConstraintDefinition(const catalog::CatalogState& catalog,
                                                      uint32_t constraint_oid);

// The name of the declared type, or of the arrays of one; with its schema where the path does not
// lead to it. nullopt: there is none.
std::optional<std::string> DeclaredTypeName(const catalog::CatalogState& catalog,
                                            const std::vector<std::string>& path, uint32_t oid);
// Whether an unqualified name means it; nullopt: there is none.
std::optional<bool> IsTypeVisible(const catalog::CatalogState& catalog,
                                  const std::vector<std::string>& path, uint32_t oid);
// The oid of what a name of SQL means, "schema.name[]"; 0 for none.
uint32_t FindDeclaredType(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path, std::vector<std::string> parts,
                          bool array);

// The same of a type that may be built in.
uint32_t TypeNamed(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                   std::string_view name);

void AddDeclaredTypeFills(RowFillMap* fills);

}  // namespace adbms::storage::server
