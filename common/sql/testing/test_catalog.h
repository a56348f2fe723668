// A small in-memory catalog for tests of common/sql.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/sql/sql.h"
#include "common/types/type.h"

namespace adbms::sql::testing {

struct TestColumn {
  std::string name;
  types::Type type;
  bool not_null = false;
  std::string default_sql;
};

// Adds a table to the schema public and returns it for further changes. Ids count from 16384.
common::v1::TableDescriptor* AddTable(common::v1::CatalogSnapshot* snapshot,
                                      const std::string& name,
                                      const std::vector<TestColumn>& columns,
                                      const std::vector<uint32_t>& primary_key = {});
common::v1::IndexDescriptor* AddIndex(common::v1::TableDescriptor* table, const std::string& name,
                                      const std::vector<uint32_t>& columns, bool unique = false);

// emp(id pk, name, dept_id, sal numeric(10,2), hired date, note), dept(id pk, name unique, city),
// with indexes emp_dept_id_idx and emp_hired_idx; big(k pk bigint, a, b); j(id pk, doc json); view
// v over emp.
CatalogPtr SampleCatalog();

}  // namespace adbms::sql::testing
