// What values have to meet to be of a domain, or of a type that has domains in it: NOT NULL and the
// checks, those of the domains that the domain is over first, and of each part of a value (elements
// of arrays, fields of rows, bounds of ranges) the same. Immutable; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/expression/evaluator.h"
#include "common/types/type.h"
#include "common/types/vector.h"

namespace adbms::sql::expression {

class DomainConstraints {
 public:
  // `parts_hold`: the values come from where what is in them has been checked.
  // Errors: 54001 for domains that stand in one another's checks too deep, INTERNAL for checks that
  // are no conditions.
  static absl::StatusOr<std::unique_ptr<const DomainConstraints>> Of(const types::Type& type,
                                                                     bool parts_hold);

  // Errors: 23502, 23514, and those of the checks.
  absl::Status Hold(EvaluationState& state, const types::VectorPtr& values) const;

 private:
  struct Check {
    std::string domain;
    std::string name;
    CompiledExpressionPtr condition;
  };
  // Elements or bounds, or one field of a row.
  struct Part {
    uint32_t field = 0;
    types::Type type;
    std::unique_ptr<const DomainConstraints> constraints;
  };

  absl::Status AddChecks();
  absl::Status AddParts();
  absl::Status AddPart(uint32_t field, const types::Type& type);
  absl::Status HoldParts(EvaluationState& state, const types::Vector& values) const;
  // The parts of all the values that there are.
  types::VectorPtr PartsOf(const types::Vector& values, const Part& part) const;

  types::Type type_;
  types::Type base_;  // What it is over in the end.
  bool not_null_ = false;
  std::vector<Check> checks_;
  std::vector<Part> parts_;
};

}  // namespace adbms::sql::expression
