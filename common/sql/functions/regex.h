// Regular expressions in PostgreSQL's syntax and with its rules for what matches. They run on RE2,
// in time linear in the text; those with back references and look-around on PCRE2, with a bound.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/functions/regex_pattern.h"

namespace adbms::sql::functions {

// A compiled expression, reused while pattern and flags stay. Not thread-safe.
class Regex {
 public:
  Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Errors: 2201B, 0A000.
  absl::Status Prepare(std::string_view pattern, const RegexFlags& flags);
  size_t groups() const;  // That capture. Prepared.
  // The text of what follows. Both are borrowed; `context`, which may be null, is told of long
  // work.
  void SetText(std::string_view text, const EvaluationContext* context);
  // The leftmost match in it that begins at or after `start`, a byte: all of it, then the groups,
  // data() null for one that took no part. `groups` null: whether there is one. Errors: 2201B when
  // it is too much work; those of interrupts.
  absl::StatusOr<bool> Find(size_t start, std::vector<std::string_view>* groups);
  absl::StatusOr<bool> Matches(std::string_view text, const EvaluationContext* context) {
    SetText(text, context);
    return Find(0, nullptr);
  }

 private:
  struct Program;

  absl::StatusOr<std::unique_ptr<Program>> Compile(bool ascii) const;

  std::unique_ptr<Program> ascii_;    // For texts of nothing else, or for all.
  std::unique_ptr<Program> unicode_;  // Made when it is first needed.
  std::string pattern_;
  RegexFlags flags_;
  std::string_view text_;
  bool is_ascii_ = true;
  const EvaluationContext* context_ = nullptr;
};

}  // namespace adbms::sql::functions
