// Regular expressions with what is not regular in them (back references, look-around), on PCRE2.
// Its work is bounded.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// Not thread-safe.
class BacktrackingRegex {
 public:
  enum class Wish { kAny, kLongest, kShortest };

  // `definition`: a named group that the pattern calls, which is none of its own; or empty. Errors:
  // 2201B.
  static absl::StatusOr<std::unique_ptr<BacktrackingRegex>> Compile(const std::string& pattern,
                                                                    const std::string& definition,
                                                                    bool ignore_case);
  ~BacktrackingRegex();

  size_t groups() const;  // That capture.
  // The leftmost match that begins at or after `start`, of those that begin there the one of that
  // length: of several the one that prefers what `pattern` does. All of it, then the groups, data()
  // null for one that took no part. Errors: 2201B when it is too much work.
  // `context`, which may be null, is told of the work.
  absl::StatusOr<bool> Find(std::string_view text, size_t start, Wish wish,
                            std::vector<std::string_view>* groups,
                            const EvaluationContext* context);

 private:
  struct Compiled;
  explicit BacktrackingRegex(std::unique_ptr<Compiled> compiled);

  // The first match, by places where it may begin, a number of them at a time. PCRE2's code.
  absl::StatusOr<int> Search(std::string_view text, size_t start, const EvaluationContext* context);

  const std::unique_ptr<Compiled> compiled_;
};

}  // namespace adbms::sql::functions
