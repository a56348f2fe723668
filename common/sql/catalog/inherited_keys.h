// The foreign keys that a partition has because its table has them. They are known by what they
// say: a table that becomes a partition keeps the name that a key has in it.
#pragma once

#include <algorithm>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql {

inline bool SaysTheSame(const common::v1::ForeignKeyDescriptor& a,
                        const common::v1::ForeignKeyDescriptor& b) {
  const auto same = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return a.referenced_table_id() == b.referenced_table_id() && same(a.columns(), b.columns()) &&
         same(a.referenced_columns(), b.referenced_columns()) && a.on_delete() == b.on_delete() &&
         a.on_update() == b.on_update() && a.match_full() == b.match_full() &&
         a.deferral() == b.deferral() && same(a.delete_set_columns(), b.delete_set_columns());
}

// The key of the partition that stands for `key` of its table; of several the one with its name, or
// the first. Null: there is none.
inline const common::v1::ForeignKeyDescriptor* InheritedKey(
    const common::v1::TableDescriptor& partition, const common::v1::ForeignKeyDescriptor& key) {
  const common::v1::ForeignKeyDescriptor* found = nullptr;
  for (const common::v1::ForeignKeyDescriptor& own : partition.foreign_keys()) {
    if (!SaysTheSame(own, key)) continue;
    if (own.name() == key.name()) return &own;
    if (found == nullptr) found = &own;
  }
  return found;
}

}  // namespace adbms::sql
