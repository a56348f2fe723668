// Words and checks that drafts of the catalog share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/status/sql_error.h"

namespace adbms::storage::catalog {

inline std::string Quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

inline std::string SchemaOrPublic(const std::string& schema) {
  return schema.empty() ? "public" : schema;
}

inline const char* KindOf(const common::v1::TableDescriptor& table) {
  if (table.has_sequence()) return "sequence";
  if (table.has_materialized_view()) return "materialized view";
  return table.view_sql().empty() ? "table" : "view";
}

// Part of the system: nobody changes its definition. Sequences are computed too, but users'.
inline bool IsSystemTable(const common::v1::TableDescriptor& table) {
  return table.is_virtual() && !table.has_sequence();
}

inline bool Contains(const google::protobuf::RepeatedField<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Null when the table has no such column, or not any more.
inline common::v1::ColumnDescriptor* ColumnAt(common::v1::TableDescriptor* table,
                                              uint32_t ordinal) {
  if (ordinal >= static_cast<uint32_t>(table->columns_size())) return nullptr;
  common::v1::ColumnDescriptor* const column = table->mutable_columns(static_cast<int>(ordinal));
  return column->dropped() ? nullptr : column;
}

inline absl::Status NoColumn(const common::v1::TableDescriptor& table, uint32_t ordinal) {
  return absl::InvalidArgumentError(
      absl::StrCat("table ", table.name(), " has no column ", ordinal));
}

// Whether the table has a constraint of that name, of whatever kind.
inline bool HasConstraint(const common::v1::TableDescriptor& table, std::string_view name) {
  const auto named = [name](const auto& one) { return one.name() == name; };
  return (table.primary_key_size() > 0 && table.primary_key_name() == name) ||
         std::any_of(table.checks().begin(), table.checks().end(), named) ||
         std::any_of(table.foreign_keys().begin(), table.foreign_keys().end(), named) ||
         std::any_of(table.indexes().begin(), table.indexes().end(),
                     [&](const auto& index) { return index.is_constraint() && named(index); });
}

// Errors: 42710 when there is one.
inline absl::Status CheckNewConstraint(const common::v1::TableDescriptor& table,
                                       const std::string& name) {
  if (!HasConstraint(table, name)) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kDuplicateObject,
      "constraint " + Quoted(name) + " for relation " + Quoted(table.name()) + " already exists");
}

// What another process sends may name columns that are not there.
template <typename Ordinals>
absl::Status CheckColumns(common::v1::TableDescriptor* table, const Ordinals& ordinals) {
  for (const uint32_t ordinal : ordinals) {
    if (ColumnAt(table, ordinal) == nullptr) return NoColumn(*table, ordinal);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
