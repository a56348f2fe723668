#include "common/sql/row_types.h"

namespace adbms::sql {
namespace {

constexpr uint32_t kRowBase = 0x40000000;
constexpr uint32_t kArrayBase = 0x48000000;
constexpr uint32_t kNumber = 0x07ffffff;

}  // namespace

uint32_t RowTypeOid(uint32_t table_id) { return kRowBase | (table_id & kNumber); }

uint32_t RowArrayOid(uint32_t table_id) { return kArrayBase | (table_id & kNumber); }

std::optional<uint32_t> TableOfRowType(uint32_t type_oid) {
  const uint32_t base = type_oid & ~kNumber;
  if (base != kRowBase && base != kArrayBase) return std::nullopt;
  return type_oid & kNumber;
}

common::v1::DeclaredType RowTypeOf(const common::v1::TableDescriptor& table) {
  common::v1::DeclaredType type;
  type.set_kind(common::v1::DeclaredType::KIND_COMPOSITE);
  type.set_oid(RowTypeOid(table.table_id()));
  type.set_array_oid(RowArrayOid(table.table_id()));
  type.set_relation_oid(table.table_id());
  type.set_schema(table.schema());
  type.set_name(table.name());
  type.set_array_name("_" + table.name().substr(0, 62));
  for (const common::v1::ColumnDescriptor& column : table.columns()) {
    if (column.dropped()) continue;
    common::v1::CompositeField* const field = type.add_fields();
    field->set_name(column.name());
    *field->mutable_type() = column.type();
  }
  return type;
}

}  // namespace adbms::sql
