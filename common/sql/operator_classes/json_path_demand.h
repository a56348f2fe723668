// What jsonpath asks of a jsonb's items, and items of paths. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/sql/operator_classes/operator_class.h"
#include "common/types/jsonb.h"

namespace adbms::sql {

// Hash of the keys on the way to a value. Elements of arrays have the array's.
class JsonPathHash {
 public:
  // At the top.
  JsonPathHash() = default;
  // Of the member of an object that is here.
  JsonPathHash Under(std::string_view key) const;
  // The item of a scalar that is here.
  void AddScalar(const types::Jsonb& scalar, ItemSink* sink) const;

 private:
  uint64_t hash_ = 0;
};

// Of `@?` and, with `matches`, `@@`: adds the items that a value for which it is true has, whether
// those of jsonb_path_ops, `paths`, or of jsonb_ops. Understands members, elements, equality, &&
// and filters of these; the rest asks for nothing.
ItemDemand JsonPathDemand(std::string_view path, bool matches, bool paths, ItemSink* sink);

}  // namespace adbms::sql
