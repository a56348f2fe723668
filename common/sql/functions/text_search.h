// Registers the functions and operators of text search.
#pragma once

#include "common/sql/functions/catalog_builder.h"

namespace adbms::sql::functions {

void AddTextSearch(CatalogBuilder& builder);
void AddTextSearchValues(CatalogBuilder& builder);
void AddTextSearchRanks(CatalogBuilder& builder);
void AddTextSearchSets(CatalogBuilder& builder);

}  // namespace adbms::sql::functions
