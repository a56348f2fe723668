// PostgreSQL's operator classes of btree indexes. Here every one orders as its type does; the table
// is what clients see and name. Constant.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/types/type.h"

namespace adbms::sql {

struct OrderingClass {
  std::string_view name;
  // In pg_opclass: its oid, its family's, and that of its input.
  uint32_t oid = 0;
  uint32_t family_oid = 0;
  uint32_t input_oid = 0;
  bool is_default = true;
};

std::span<const OrderingClass> OrderingClasses();
// Null: there is none of this name.
const OrderingClass* FindOrderingClass(std::string_view name);
// What keys of the type have where none is named; null: there is none.
const OrderingClass* DefaultOrderingClass(const types::Type& type);
// Whether keys of the type can have it.
bool Accepts(const OrderingClass& ordering, const types::Type& type);

}  // namespace adbms::sql
