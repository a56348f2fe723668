#include "common/sql/testing/test_catalog.h"

namespace adbms::sql::testing {

using common::v1::TableDescriptor;
using types::TypeId;

TableDescriptor* AddTable(common::v1::CatalogSnapshot* snapshot, const std::string& name,
                          const std::vector<TestColumn>& columns,
                          const std::vector<uint32_t>& primary_key) {
  const uint32_t id = 16384 + static_cast<uint32_t>(snapshot->tables_size());
  TableDescriptor* table = snapshot->add_tables();
  table->set_table_id(id);
  table->set_schema_version(1);
  table->set_schema("public");
  table->set_name(name);
  for (const TestColumn& column : columns) {
    auto* proto = table->add_columns();
    proto->set_name(column.name);
    *proto->mutable_type() = types::ToProto(column.type);
    proto->set_not_null(column.not_null);
    proto->set_default_sql(column.default_sql);
  }
  for (const uint32_t ordinal : primary_key) {
    table->add_primary_key(ordinal);
    table->mutable_columns(static_cast<int>(ordinal))->set_not_null(true);
  }
  if (!primary_key.empty()) table->set_primary_key_name(name + "_pkey");
  return table;
}

common::v1::IndexDescriptor* AddIndex(TableDescriptor* table, const std::string& name,
                                      const std::vector<uint32_t>& columns, bool unique) {
  auto* index = table->add_indexes();
  index->set_index_id(table->table_id() * 100 + static_cast<uint32_t>(table->indexes_size()));
  index->set_name(name);
  for (const uint32_t ordinal : columns) {
    index->add_columns(ordinal);
    index->add_descending(false);
  }
  index->set_unique(unique);
  index->set_state(common::v1::IndexDescriptor::STATE_PUBLIC);
  return index;
}

CatalogPtr SampleCatalog() {
  auto snapshot = std::make_shared<common::v1::CatalogSnapshot>();
  snapshot->set_version(1);
  for (const char* name : {"public", "pg_catalog"}) snapshot->add_schemas()->set_name(name);
  auto* emp = AddTable(snapshot.get(), "emp",
                       {{"id", {TypeId::kInt4, 0}, true},
                        {"name", types::StringType(TypeId::kVarchar, 20), true},
                        {"dept_id", {TypeId::kInt4, 0}},
                        {"sal", types::NumericType(10, 2), false, "0"},
                        {"hired", {TypeId::kDate, 0}, true, "CURRENT_DATE"},
                        {"note", {TypeId::kText, 0}}},
                       {0});
  AddIndex(emp, "emp_dept_id_idx", {2});
  AddIndex(emp, "emp_hired_idx", {4});
  auto* check = emp->add_checks();
  check->set_name("emp_sal_check");
  check->set_sql("sal >= 0");
  auto* dept = AddTable(snapshot.get(), "dept",
                        {{"id", {TypeId::kInt4, 0}, true},
                         {"name", {TypeId::kText, 0}, true},
                         {"city", {TypeId::kText, 0}}},
                        {0});
  AddIndex(dept, "dept_name_key", {1}, true)->set_is_constraint(true);
  AddTable(snapshot.get(), "big",
           {{"k", {TypeId::kInt8, 0}, true}, {"a", {TypeId::kInt4, 0}}, {"b", {TypeId::kText, 0}}},
           {0});
  AddTable(snapshot.get(), "j", {{"id", {TypeId::kInt4, 0}, true}, {"doc", {TypeId::kJson, 0}}},
           {0});
  auto* view =
      AddTable(snapshot.get(), "v", {{"id", {TypeId::kInt4, 0}}, {"boss", {TypeId::kVarchar, 0}}});
  view->set_view_sql("SELECT id, name FROM emp WHERE dept_id = 1");
  *view->mutable_columns(1)->mutable_type() =
      types::ToProto(types::StringType(TypeId::kVarchar, 20));
  return std::make_shared<const Catalog>(snapshot);
}

}  // namespace adbms::sql::testing
