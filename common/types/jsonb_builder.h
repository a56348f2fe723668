// Makes the binary form of jsonb (jsonb.h) piece by piece, in one buffer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/json_reader.h"
#include "common/types/jsonb.h"

namespace adbms::types {

// Takes the pieces of one value in order; of equal keys the last one counts. Calls must nest as
// JSON does. Not thread-safe. Errors: 54000 for what is too large, 54001 for what is too deep,
// 22003 for a number outside numeric's range; what was made is then not to be used.
class JsonbBuilder : public JsonSink {
 public:
  absl::Status BeginObject() override;
  absl::Status EndObject() override;
  absl::Status BeginArray() override;
  absl::Status EndArray() override;
  absl::Status Key(std::string_view key) override;
  absl::Status String(std::string_view text) override;
  absl::Status Number(std::string_view token) override;
  absl::Status Bool(bool value) override;
  absl::Status Null() override;
  // A whole value.
  absl::Status Add(const Jsonb& value);

  // The value. REQUIRES: exactly one was added, and everything begun has ended.
  std::string Take();
  // So far.
  size_t bytes() const { return out_.size() + keys_.size() + 8 * value_ends_.size(); }

 private:
  struct Frame {
    bool object;
    uint16_t depth;
    size_t first_byte;     // In out_.
    size_t first_key;      // In keys_.
    size_t first_end;      // In value_ends_.
    size_t first_key_end;  // In key_ends_.
  };
  absl::Status Begin(bool object);
  absl::Status Close(JsonbTag tag, uint32_t count, const Frame& frame);
  absl::Status EndValue();
  void SortMembers(Frame& frame);
  std::string_view KeyAt(const Frame& frame, size_t member) const;

  std::string out_;
  std::string keys_;                  // Of the objects that are open, one after another.
  std::vector<uint32_t> value_ends_;  // From the container's first byte; of all that are open.
  std::vector<uint32_t> key_ends_;    // From the object's first key; of the objects that are open.
  std::vector<Frame> frames_;
  std::string digits_;
};

// jsonb of JSON text. Errors: as ReadJson and the builder.
absl::StatusOr<std::string> ParseJsonb(std::string_view text);
// PostgreSQL's output, with `indent` as jsonb_pretty's.
void FormatJsonb(const Jsonb& value, bool indent, std::string* out);

}  // namespace adbms::types
