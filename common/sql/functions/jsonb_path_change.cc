#include "common/sql/functions/jsonb_path_change.h"

#include "common/sql/functions/jsonb_path.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::ArrayElement;
using types::Jsonb;
using types::JsonbBuilder;
using types::JsonbKind;
namespace sqlstate = status::sqlstate;

// A change at a path, step by step as PostgreSQL's setPath.
class Changer {
 public:
  Changer(PathChange change, const std::vector<ArrayElement>& path, std::optional<Jsonb> value)
      : change_(change), path_(path), value_(value) {}

  absl::StatusOr<std::string> Apply(const Jsonb& target) {
    if (path_.empty() || (target.size() == 0 && !Creates())) return std::string(target.bytes());
    JsonbBuilder out;
    RETURN_IF_ERROR(Set(target, 0, &out));
    return out.Take();
  }

 private:
  bool Inserts() const {
    return change_ == PathChange::kInsertBefore || change_ == PathChange::kInsertAfter;
  }
  bool Assigns() const { return change_ == PathChange::kAssign; }
  bool Creates() const { return change_ == PathChange::kCreate || Assigns() || Inserts(); }
  bool IsLast(size_t level) const { return level + 1 == path_.size(); }

  absl::Status Set(const Jsonb& target, size_t level, JsonbBuilder* out) {
    if (path_[level].null) {
      return Error(sqlstate::kNullNotAllowed,
                   "path element at position " + std::to_string(level + 1) + " is null");
    }
    if (target.kind() == JsonbKind::kArray) return SetElement(target, level, out);
    if (target.kind() == JsonbKind::kObject) return SetMember(target, level, out);
    if (Assigns()) {
      return Error(sqlstate::kInvalidParameterValue, "cannot replace existing key",
                   "The path assumes key is a composite object, but it is a scalar value.");
    }
    return out->Add(target);
  }

  // What an assignment makes where its path leads on into nothing.
  absl::Status MakeRest(size_t level, JsonbBuilder* out) {
    if (level == path_.size()) return out->Add(*value_);
    const std::optional<int32_t> index = PathIndex(path_[level].text);
    if (!index.has_value()) {
      RETURN_IF_ERROR(out->BeginObject());
      RETURN_IF_ERROR(out->Key(path_[level].text));
      RETURN_IF_ERROR(MakeRest(level + 1, out));
      return out->EndObject();
    }
    RETURN_IF_ERROR(out->BeginArray());
    RETURN_IF_ERROR(AddNulls(*index, out));
    RETURN_IF_ERROR(MakeRest(level + 1, out));
    return out->EndArray();
  }

  static absl::Status AddNulls(int64_t count, JsonbBuilder* out) {
    for (int64_t i = 0; i < count; ++i) RETURN_IF_ERROR(out->Null());
    return absl::OkStatus();
  }

  absl::Status SetMember(const Jsonb& target, size_t level, JsonbBuilder* out) {
    RETURN_IF_ERROR(out->BeginObject());
    const std::string& key = path_[level].text;
    const std::optional<uint32_t> position = target.Position(key);
    if (!position.has_value() && Creates() && (IsLast(level) || Assigns())) {
      RETURN_IF_ERROR(out->Key(key));
      RETURN_IF_ERROR(MakeRest(level + 1, out));
    }
    for (uint32_t i = 0; i < target.size(); ++i) {
      const bool here = position == i;
      if (here && IsLast(level) && Inserts()) {
        return Error(sqlstate::kInvalidParameterValue, "cannot replace existing key", {},
                     "Try using the function jsonb_set to replace key value.");
      }
      if (here && IsLast(level) && change_ == PathChange::kDelete) continue;
      RETURN_IF_ERROR(out->Key(target.Key(i)));
      RETURN_IF_ERROR(!here           ? out->Add(target.At(i))
                      : IsLast(level) ? out->Add(*value_)
                                      : Set(target.At(i), level + 1, out));
    }
    return out->EndObject();
  }

  absl::Status SetElement(const Jsonb& target, size_t level, JsonbBuilder* out) {
    const std::optional<int32_t> step = PathIndex(path_[level].text);
    if (!step.has_value()) {
      return Error(sqlstate::kInvalidTextRepresentation,
                   "path element at position " + std::to_string(level + 1) +
                       " is not an integer: \"" + path_[level].text + "\"");
    }
    const int64_t size = target.size();
    const int64_t index = *step < 0 ? *step + size : *step;
    const bool creates = Creates() && (IsLast(level) || Assigns());
    if (index < 0 && Assigns()) {
      return Error(sqlstate::kInvalidParameterValue,
                   "path element at position " + std::to_string(level + 1) +
                       " is out of range: " + std::to_string(*step));
    }
    RETURN_IF_ERROR(out->BeginArray());
    if (index < 0 && creates) RETURN_IF_ERROR(out->Add(*value_));
    for (uint32_t i = 0; i < size; ++i) {
      if (i != index) {
        RETURN_IF_ERROR(out->Add(target.At(i)));
      } else if (!IsLast(level)) {
        RETURN_IF_ERROR(Set(target.At(i), level + 1, out));
      } else {
        if (change_ == PathChange::kInsertAfter) RETURN_IF_ERROR(out->Add(target.At(i)));
        if (change_ != PathChange::kDelete) RETURN_IF_ERROR(out->Add(*value_));
        if (change_ == PathChange::kInsertBefore) RETURN_IF_ERROR(out->Add(target.At(i)));
      }
    }
    if (index >= size && creates) {
      if (Assigns()) RETURN_IF_ERROR(AddNulls(index - size, out));
      RETURN_IF_ERROR(MakeRest(level + 1, out));
    }
    return out->EndArray();
  }

  const PathChange change_;
  const std::vector<ArrayElement>& path_;
  const std::optional<Jsonb> value_;
};

}  // namespace

absl::StatusOr<std::string> ChangeAtPath(PathChange change, const std::vector<ArrayElement>& path,
                                         std::optional<Jsonb> value, const Jsonb& target) {
  return Changer(change, path, value).Apply(target);
}

}  // namespace adbms::sql::functions
