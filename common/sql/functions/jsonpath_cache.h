// Paths that have been read, for as long as a statement runs: a constant one is read once.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/functions/regex.h"
#include "common/types/jsonpath.h"

namespace adbms::sql::functions {

// A path with its regular expressions. Not thread-safe.
class CompiledJsonpath {
 public:
  explicit CompiledJsonpath(types::Jsonpath path);

  const types::Jsonpath& path() const { return path_; }
  // Of a string's node: the string in jsonb's form.
  std::string_view StringAt(int32_t node) const { return strings_.at(node); }
  // Of a like_regex. Errors: 2201B, 0A000.
  absl::StatusOr<Regex*> RegexOf(int32_t node);

 private:
  const types::Jsonpath path_;
  absl::flat_hash_map<int32_t, std::string> strings_;             // By node.
  absl::flat_hash_map<int32_t, std::unique_ptr<Regex>> regexes_;  // Made when first needed.
};

// Not thread-safe.
class JsonpathCache {
 public:
  // The context's own.
  static JsonpathCache& Of(const EvaluationContext& context);
  // Errors: as types::ParseJsonpath.
  absl::StatusOr<std::shared_ptr<CompiledJsonpath>> Find(std::string_view text);

 private:
  absl::flat_hash_map<std::string, std::shared_ptr<CompiledJsonpath>> paths_;
  size_t bytes_ = 0;  // Of the paths' texts.
};

// Whether all regular expressions of a path can be compiled, which reading it does not tell.
// Errors: 2201B, 0A000, and as types::ParseJsonpath.
absl::Status CheckJsonpathRegexes(std::string_view canonical);

}  // namespace adbms::sql::functions
