// The "id" that keyvalue() gives with each member: where the object would be in PostgreSQL's own
// binary jsonb (its jsonb.h), so that the numbers are the same. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {

class JsonbObjectIds {
 public:
  // How many bytes behind `base` its part `container` begins. Takes time in proportion to the base
  // when that is not the last one asked for. `context` must outlive this. Errors: 53200, 57014.
  absl::StatusOr<int64_t> Offset(const EvaluationContext& context, const types::Jsonb& base,
                                 const types::Jsonb& container);
  // Of the last base: its bytes are no more.
  void Forget() { base_ = nullptr; }

 private:
  absl::StatusOr<int64_t> Walk(const EvaluationContext& context, const types::Jsonb& container,
                               int64_t at);

  const char* base_ = nullptr;
  absl::flat_hash_map<const char*, int64_t> offsets_;  // By the end of the container's bytes.
  std::optional<ScratchMemory> scratch_;               // Counts them.
};

}  // namespace adbms::sql::functions
