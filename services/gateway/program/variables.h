// The variables of a running program: what names mean, block by block. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/program/program.h"
#include "common/types/value.h"

namespace adbms::gateway::program {

// A record's fields; no names: it has never been assigned.
struct Record {
  std::vector<std::string> names;
  std::vector<types::Type> types;
  std::vector<types::Value> values;
  bool missing =
      false;  // It is NULL, and so are its fields; NEW or OLD where there is no such row.

  std::optional<size_t> Find(const std::string& name) const;
};

struct Variable {
  types::Type type;
  types::Value value;
  bool is_record = false;
  bool fixed_fields = false;  // A table's row: it keeps its fields.
  Record record;
  bool constant = false;
  bool not_null = false;
  const sql::program::Variable* cursor = nullptr;  // A bound cursor's declaration.
};

// A variable, or a field of a record.
struct Place {
  size_t slot = 0;
  std::optional<size_t> field;
};

class Variables {
 public:
  struct Name {
    std::string name;
    size_t slot = 0;
  };
  struct Frame {
    std::string label;
    std::vector<Name> names;
    size_t first_slot = 0;
  };

  void Push(std::string label);
  // The innermost frame and its variables are gone.
  void Pop();
  // Into the innermost frame; its slot. Slots are as many as variables are alive: the same
  // variable of a program always has the same one.
  size_t Add(const std::string& name, Variable variable);
  // Another name in the innermost frame.
  void AddName(const std::string& name, size_t slot);

  Variable& at(size_t slot) { return slots_[slot]; }
  const Variable& at(size_t slot) const { return slots_[slot]; }
  // [label.] variable [.field]. Empty: there is none; a field that a record lacks is 42703.
  absl::StatusOr<std::optional<Place>> Find(const std::vector<std::string>& name) const;
  const std::vector<Frame>& frames() const { return frames_; }

 private:
  std::optional<size_t> FindIn(const Frame& frame, const std::string& name) const;

  std::vector<Frame> frames_;
  std::vector<Variable> slots_;
};

}  // namespace adbms::gateway::program
