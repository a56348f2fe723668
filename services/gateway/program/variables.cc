#include "services/gateway/program/variables.h"

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::program {

namespace sqlstate = status::sqlstate;

std::optional<size_t> Record::Find(const std::string& name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  return std::nullopt;
}

void Variables::Push(std::string label) {
  Frame& frame = frames_.emplace_back();
  frame.label = std::move(label);
  frame.first_slot = slots_.size();
}

void Variables::Pop() {
  slots_.resize(frames_.back().first_slot);
  frames_.pop_back();
}

size_t Variables::Add(const std::string& name, Variable variable) {
  slots_.push_back(std::move(variable));
  AddName(name, slots_.size() - 1);
  return slots_.size() - 1;
}

void Variables::AddName(const std::string& name, size_t slot) {
  frames_.back().names.push_back({name, slot});
}

std::optional<size_t> Variables::FindIn(const Frame& frame, const std::string& name) const {
  for (auto known = frame.names.rbegin(); known != frame.names.rend(); ++known) {
    if (known->name == name) return known->slot;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<Place>> Variables::Find(const std::vector<std::string>& name) const {
  const auto field_of = [&](size_t slot,
                            const std::string& field) -> absl::StatusOr<std::optional<Place>> {
    const Record& record = slots_[slot].record;
    if (record.names.empty())
      return status::Error(
          sqlstate::kObjectNotInPrerequisiteState,
          absl::StrCat("record \"", name[name.size() - 2], "\" is not assigned yet"),
          "The tuple structure of a not-yet-assigned record is indeterminate.");
    const std::optional<size_t> number = record.Find(field);
    if (!number.has_value())
      return status::Error(
          sqlstate::kUndefinedColumn,
          absl::StrCat("record \"", name[name.size() - 2], "\" has no field \"", field, "\""));
    return std::optional<Place>(Place{slot, number});
  };
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    if (const auto slot = FindIn(*frame, name[0]); slot.has_value()) {
      if (name.size() == 1) return std::optional<Place>(Place{*slot, std::nullopt});
      if (slots_[*slot].is_record && name.size() == 2) return field_of(*slot, name[1]);
      // Something else hides the record or block that may have been meant.
      if (name.size() == 2 && frame->label != name[0]) continue;
    }
    if (name.size() < 2 || frame->label != name[0]) continue;
    const auto slot = FindIn(*frame, name[1]);
    if (!slot.has_value()) continue;
    if (name.size() == 2) return std::optional<Place>(Place{*slot, std::nullopt});
    if (slots_[*slot].is_record) return field_of(*slot, name[2]);
  }
  return std::optional<Place>();
}

}  // namespace adbms::gateway::program
