// Words that catalog messages share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"

namespace adbms::storage::catalog {

inline std::string Quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

inline std::string SchemaOrPublic(const std::string& schema) {
  return schema.empty() ? "public" : schema;
}

inline const char* KindOf(const common::v1::TableDescriptor& table) {
  if (table.has_sequence()) return "sequence";
  return table.view_sql().empty() ? "table" : "view";
}

// Part of the system: nobody changes its definition. Sequences are computed too, but users'.
inline bool IsSystemTable(const common::v1::TableDescriptor& table) {
  return table.is_virtual() && !table.has_sequence();
}

inline bool Contains(const google::protobuf::RepeatedField<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// What another process sends may name columns that are not there, or not any more.
// Errors: INVALID_ARGUMENT.
template <typename Ordinals>
absl::Status CheckColumns(const common::v1::TableDescriptor& table, const Ordinals& ordinals) {
  for (const uint32_t ordinal : ordinals) {
    if (ordinal >= static_cast<uint32_t>(table.columns_size()) ||
        table.columns(static_cast<int>(ordinal)).dropped()) {
      return absl::InvalidArgumentError("table " + table.name() + " has no column " +
                                        std::to_string(ordinal));
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
