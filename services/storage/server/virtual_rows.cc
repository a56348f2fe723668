#include "services/storage/server/virtual_rows.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"
#include "common/types/text_io.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {

std::string ArrayText(const std::vector<std::string>& items) {
  return absl::StrCat("{", absl::StrJoin(items, ","), "}");
}

RowBuilder::RowBuilder(const catalog::TableEntry& table) {
  batch_ = executor::NewBatch(table.layout.types, 0);
  for (size_t i = 0; i < table.layout.names.size(); ++i) columns_.emplace(table.layout.names[i], i);
}

RowBuilder& RowBuilder::Row() {
  for (const types::VectorPtr& column : batch_.columns) column->AppendNull();
  ++batch_.row_count;
  return *this;
}

types::Vector* RowBuilder::At(const char* column) {
  const auto it = columns_.find(std::string_view(column));
  return it == columns_.end() ? nullptr : batch_.columns[it->second].get();
}

RowBuilder& RowBuilder::Set(const char* column, std::string_view text) {
  types::Vector* vector = At(column);
  if (vector == nullptr) return *this;
  vector->SetValid(batch_.row_count - 1);
  if (!types::IsArray(vector->type().id)) {
    vector->Set(batch_.row_count - 1, types::Value::String(vector->type(), std::string(text)));
  } else if (const auto array = types::ParseText(text, vector->type(), {}); array.ok()) {
    vector->Set(batch_.row_count - 1, *array);
  }
  return *this;
}

RowBuilder& RowBuilder::Set(const char* column, int64_t value) {
  if (types::Vector* vector = At(column); vector != nullptr) {
    vector->SetValid(batch_.row_count - 1);
    vector->Set(batch_.row_count - 1, types::Value::Int(vector->type().id, value));
  }
  return *this;
}

RowBuilder& RowBuilder::SetBool(const char* column, bool value) {
  if (types::Vector* vector = At(column); vector != nullptr) {
    vector->SetValid(batch_.row_count - 1);
    vector->Set(batch_.row_count - 1, types::Value::Bool(value));
  }
  return *this;
}

RowBuilder& RowBuilder::SetFloat(const char* column, double value) {
  if (types::Vector* vector = At(column); vector != nullptr) {
    vector->SetValid(batch_.row_count - 1);
    vector->Set(batch_.row_count - 1, types::Value::Float(vector->type().id, value));
  }
  return *this;
}

types::Batch RowBuilder::Finish() { return std::move(batch_); }

uint32_t RoleOid(const std::string& name) {
  if (name == "postgres" || name.empty()) return 10;
  if (name == catalog::kDatabaseOwnerRole) return 6171;
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return 0x40000000u | (hash & 0x3fffffffu);
}

std::string ShownSchema(const std::string& schema) {
  return schema == "adbms" ? "pg_catalog" : schema;
}

std::vector<std::vector<types::Value>> ReadSystemTable(txn::Shared* shared, const char* name,
                                                       const std::vector<const char*>& columns) {
  std::vector<std::vector<types::Value>> rows;
  const catalog::CatalogStatePtr catalog = shared->catalog->System()->Current();
  const catalog::TableEntry* table = catalog->FindByName("adbms", name);
  if (table == nullptr || table->descriptor.is_virtual()) return rows;
  std::vector<uint32_t> ordinals;
  for (const char* column : columns) {
    for (uint32_t i = 0; i < table->layout.names.size(); ++i) {
      if (table->layout.live[i] && table->layout.names[i] == column) ordinals.push_back(i);
    }
  }
  const auto scanned = executor::ScanColumns::Make(table, ordinals);
  if (ordinals.size() != columns.size() || !scanned.ok()) return rows;
  auto it = shared->engine->NewIterator(shared->log->DurableSnapshot(),
                                        {table->layout.Begin(), table->layout.End()}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    executor::RowSink sink(&*scanned);
    sink.Start(1);
    if (!sink.Add(engine::ToView(it->key()), engine::ToView(it->value())).ok()) continue;
    const types::Batch batch = sink.Finish();
    std::vector<types::Value>& row = rows.emplace_back();
    for (const types::VectorPtr& column : batch.columns) row.push_back(column->Get(0));
  }
  return rows;
}

std::vector<Role> ReadRoles(txn::Shared* shared) {
  std::vector<Role> roles;
  for (const auto& row : ReadSystemTable(shared, "roles",
                                         {"name", "is_superuser", "can_login", "create_role",
                                          "create_db", "inherits", "bypasses"})) {
    const auto flag = [&row](size_t i) {
      return !row[i].is_null() && row[i].type().id == types::TypeId::kBool && row[i].bool_value();
    };
    if (row[0].is_null()) continue;
    Role role{0, std::string(row[0].bytes()), flag(1), flag(2), flag(3), flag(4), flag(5), flag(6)};
    role.oid = RoleOid(role.name);
    roles.push_back(std::move(role));
  }
  for (const Role& role : roles) {
    if (role.name == "postgres") return roles;
  }
  roles.insert(roles.begin(), Role{10, "postgres", true, true, true, true, true, true});
  return roles;
}

VirtualRows::VirtualRows(txn::Shared* shared, statistics::StatisticsStore* statistics,
                         const knobs::Knobs* knobs, const SessionRegistry* sessions)
    : shared_(shared), statistics_(statistics), knobs_(knobs), sessions_(sessions) {}

absl::StatusOr<types::Batch> VirtualRows::Rows(
    const catalog::TableEntry& table, const catalog::CatalogState& catalog,
    const sql::functions::EvaluationContext& session) const {
  RowBuilder rows(table);
  if (table.descriptor.has_sequence()) {
    ASSIGN_OR_RETURN(const txn::SequenceStore::State state,
                     shared_->sequences->Get(table.descriptor));
    rows.Row()
        .Set("last_value", state.last_value)
        .Set("log_cnt", int64_t{0})
        .SetBool("is_called", state.is_called);
    return rows.Finish();
  }
  const RowSource source{shared_, statistics_, knobs_, sessions_, &catalog, &session};
  const auto& fills = RowFills();
  const auto it = fills.find(table.descriptor.schema() + "." + table.descriptor.name());
  if (it != fills.end()) it->second(source, &rows);
  return rows.Finish();
}

}  // namespace adbms::storage::server
