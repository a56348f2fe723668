// What is created with a schema: CREATE SCHEMA … CREATE TABLE … and so on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::ddl {

// The elements' texts in the order in which they are made: sequences, tables, views, indexes,
// triggers, and what is left. REQUIRES: `text` parses as CREATE SCHEMA.
std::vector<std::string> SchemaElements(std::string_view text);

// The changes of the element at this place, whose names without a schema are in the new one. The
// catalog has that by now. Errors: as BindDdl; 42P15 for a name of another schema, 0A000 for GRANT.
absl::StatusOr<std::vector<common::v1::DdlStatement>> BindSchemaElement(
    const PlanningInput& input, const parser::StatementTree& tree, size_t element);

}  // namespace adbms::sql::ddl
