// Reading JSON text (RFC 8259) with PostgreSQL's errors. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace adbms::types {

// Is told what is read, in order. An error that it answers ends the reading.
class JsonSink {
 public:
  virtual ~JsonSink() = default;
  virtual absl::Status BeginObject() = 0;
  virtual absl::Status EndObject() = 0;
  virtual absl::Status BeginArray() = 0;
  virtual absl::Status EndArray() = 0;
  // Texts without quotes and escapes; gone after the call. After a key comes its value.
  virtual absl::Status Key(std::string_view key) = 0;
  virtual absl::Status String(std::string_view text) = 0;
  virtual absl::Status Number(std::string_view token) = 0;
  virtual absl::Status Bool(bool value) = 0;
  virtual absl::Status Null() = 0;
};

// Reads one JSON value. Without a sink escapes are only looked at, as PostgreSQL's json does; with
// one they must stand for characters. Errors: 22P02, 22P05 for \u0000, 54001 when nested too deep,
// and the sink's. REQUIRES: valid UTF-8.
absl::Status ReadJson(std::string_view text, JsonSink* sink);

// A string literal of `text`.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace adbms::types
