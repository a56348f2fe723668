// The row type of a table, view or sequence, which follows from its descriptor. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/type.pb.h"

namespace adbms::sql {

// Its oid and that of its arrays, made from the table's.
uint32_t RowTypeOid(uint32_t table_id);
uint32_t RowArrayOid(uint32_t table_id);
// The table whose row type, or whose arrays of rows, have the oid; nullopt: it is none.
std::optional<uint32_t> TableOfRowType(uint32_t type_oid);

// Its live columns as fields.
common::v1::DeclaredType RowTypeOf(const common::v1::TableDescriptor& table);

}  // namespace adbms::sql
