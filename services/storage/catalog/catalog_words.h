// Words and checks that drafts of the catalog share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adbms/common/v1/catalog.pb.h"

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

// What another process sends may name columns that are not there.
template <typename Ordinals>
absl::Status CheckColumns(common::v1::TableDescriptor* table, const Ordinals& ordinals) {
  for (const uint32_t ordinal : ordinals) {
    if (ColumnAt(table, ordinal) == nullptr) return NoColumn(*table, ordinal);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
