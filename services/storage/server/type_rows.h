// The types of pg_type, with PostgreSQL's own numbers.
#pragma once

#include <cstdint>
#include <span>

#include "common/types/type.h"

namespace adbms::storage::server {

struct TypeRow {
  int64_t oid;
  const char* name;
  int64_t length;
  bool by_value;
  const char* kind;
  const char* category;
  bool preferred;
  int64_t element;
  int64_t array;
  const char* align;
  const char* storage;
  int64_t collation;
  int64_t input;  // Its input function, in pg_proc.
  int64_t output;
};

std::span<const TypeRow> AllTypes();
// Null when there is none.
const TypeRow* FindType(int64_t oid);

// The oid of the type's collation; `by_default`: where none was written.
int64_t CollationOid(const types::Type& type, int64_t by_default);

}  // namespace adbms::storage::server
