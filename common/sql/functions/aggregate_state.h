// Aggregates over a plain struct as state. An aggregate is described by a policy:
//   using State = …;                             trivially copyable, zero-initialized
//   using Input = …;                             C++ type of the argument's physical form
//   static absl::Status or void Add(State&, const Input&);
//   static absl::Status Finish(const State&, types::Vector* result, uint32_t row);
//   static bool Remove(State&, const Input&);              where Add can be undone; see Retract
//   static absl::Status or void Combine(State&, State& other);   where states can be put together
//   static int64_t GrowthOf(const State&, const Input&);   where a state has variable size
// NULL inputs are skipped.
#pragma once

#include <cstring>
#include <type_traits>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// A 128-bit integer that may lie on any 8-byte boundary: states have no stricter alignment.
typedef __int128 PackedInt128 __attribute__((aligned(8)));

// Whether all rows go to one group.
inline bool IsOneGroup(char* const* states, uint32_t rows) {
  if (rows == 0) return false;
  bool one = true;
  for (uint32_t i = 1; i < rows; ++i) one &= states[i] == states[0];
  return one;
}

template <typename Policy>
class PolicyAggregate : public Aggregate {
 public:
  using State = typename Policy::State;
  using Input = typename Policy::Input;

  size_t state_size() const override { return sizeof(State); }
  void Initialize(char* state) const override { std::memset(state, 0, sizeof(State)); }
  absl::Status Update(const std::vector<const types::Vector*>& arguments, uint32_t rows,
                      char* const* states) const override {
    const types::Vector& column = *arguments[0];
    const Input* values = column.template data<Input>();
    const bool has_nulls = column.may_have_nulls();
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && column.is_null(row)) continue;
      auto& state = *reinterpret_cast<State*>(states[row]);
      if constexpr (std::is_same_v<decltype(Policy::Add(state, values[row])), absl::Status>) {
        absl::Status status = Policy::Add(state, values[row]);
        if (!status.ok()) return status;
      } else {
        Policy::Add(state, values[row]);
      }
    }
    return absl::OkStatus();
  }
  bool Retract(const std::vector<const types::Vector*>& arguments, uint32_t rows,
               char* const* states) const override {
    if constexpr (requires(State & s, const Input& v) { Policy::Remove(s, v); }) {
      const Input* values = arguments[0]->template data<Input>();
      for (uint32_t row = 0; row < rows; ++row) {
        if (arguments[0]->is_null(row)) continue;
        if (!Policy::Remove(*reinterpret_cast<State*>(states[row]), values[row])) return false;
      }
      return true;
    }
    return false;
  }
  bool combinable() const override {
    return requires(State & a, State & b) { Policy::Combine(a, b); };
  }
  absl::Status Combine(char* const* others, uint32_t count, char* const* states) const override {
    if constexpr (requires(State & a, State & b) { Policy::Combine(a, b); }) {
      for (uint32_t i = 0; i < count; ++i) {
        auto& state = *reinterpret_cast<State*>(states[i]);
        auto& other = *reinterpret_cast<State*>(others[i]);
        if constexpr (std::is_same_v<decltype(Policy::Combine(state, other)), absl::Status>) {
          absl::Status status = Policy::Combine(state, other);
          if (!status.ok()) return status;
        } else {
          Policy::Combine(state, other);
        }
      }
      return absl::OkStatus();
    }
    return Aggregate::Combine(others, count, states);
  }
  absl::Status Finalize(const char* state, types::Vector* result, uint32_t row) const override {
    return Policy::Finish(*reinterpret_cast<const State*>(state), result, row);
  }
  int64_t GrowthOf(const std::vector<const types::Vector*>& arguments, uint32_t rows,
                   char* const* states) const override {
    int64_t bytes = 0;
    if constexpr (requires(const State& s, const Input& v) { Policy::GrowthOf(s, v); }) {
      const Input* values = arguments[0]->template data<Input>();
      for (uint32_t row = 0; row < rows; ++row) {
        if (arguments[0]->is_null(row)) continue;
        bytes += Policy::GrowthOf(*reinterpret_cast<const State*>(states[row]), values[row]);
      }
    }
    return bytes;
  }
  void Destroy(char* state) const override {
    if constexpr (requires(State & s) { Policy::Destroy(s); }) {
      Policy::Destroy(*reinterpret_cast<State*>(state));
    }
  }
};

template <typename A>
std::unique_ptr<Aggregate> Make() {
  return std::make_unique<A>();
}

}  // namespace adbms::sql::functions
