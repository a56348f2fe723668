// The partitions of a table, whatever they are partitioned by themselves.
#pragma once

#include <functional>

#include "common/sql/sql.h"

namespace adbms::sql {

// All levels, partitioned ones included; those above before those below them.
void ForEachPartition(const Catalog& catalog, const common::v1::TableDescriptor& table,
                      const std::function<void(const common::v1::TableDescriptor&)>& visit);

}  // namespace adbms::sql
