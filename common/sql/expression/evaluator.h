// Compiled expressions: a plan's Expression turned once into a tree of kernels, then evaluated over
// batches. Used by storage's executor and, on no columns, by constant folding.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/vector.h"

namespace adbms::sql::expression {

// Runs sub-plans for SubqueryExpression; the executor implements it. Not thread-safe.
class SubqueryRunner {
 public:
  virtual ~SubqueryRunner() = default;
  // One outer row's answer. `correlation` in the sub-plan's slot order; `operands` for ANY and ALL.
  virtual absl::StatusOr<types::Value> Run(const common::v1::SubqueryExpression& subquery,
                                           const types::Type& result_type,
                                           const std::vector<types::Value>& correlation,
                                           const std::vector<types::Value>& operands) = 0;
  // Whether an EXISTS has been run so often that its hashed form is to answer from here on.
  virtual bool PrefersHashed(const common::v1::SubqueryExpression& exists) const = 0;
  // The hashed form has failed, for want of memory or on a row that nobody asked for: never again.
  virtual void GiveUpHashed(const common::v1::SubqueryExpression& exists) = 0;
};

// What an evaluation sees besides its input. Borrowed for the call; one for each execution, whose
// parameters and context stay as they are.
struct EvaluationState {
  functions::EvaluationContext context;
  const std::vector<types::Value>* parameters = nullptr;
  std::vector<types::Value> correlation_slots;  // By slot number.
  SubqueryRunner* subqueries = nullptr;
  // What nodes made of the parameters once for the execution, by node.
  std::unordered_map<const void*, std::shared_ptr<const void>> prepared;
};

// Immutable after compilation; thread-safe.
class CompiledExpression {
 public:
  virtual ~CompiledExpression() = default;
  virtual types::Type type() const = 0;
  // One value for each row of `input`. A column reference returns the input's own vector.
  // AND, OR, CASE and COALESCE evaluate their later arguments only on rows that need them, so that
  // errors there appear exactly where PostgreSQL raises them.
  virtual absl::StatusOr<types::VectorPtr> Evaluate(EvaluationState& state,
                                                    const types::Batch& input) const = 0;
  // For a boolean: the rows that are true, ascending, into `selection`.
  virtual absl::Status Select(EvaluationState& state, const types::Batch& input,
                              std::vector<uint32_t>* selection) const = 0;
  // The value on no input row (constants, parameters, correlation slots).
  virtual absl::StatusOr<types::Value> EvaluateScalar(EvaluationState& state) const = 0;
  // Whether evaluating it again does no harm: no volatile function, no subquery.
  virtual bool repeatable() const = 0;
  // Set when the expression is just this input column, or this parameter; -1 otherwise.
  virtual int column() const = 0;
  virtual int parameter() const = 0;
};
using CompiledExpressionPtr = std::unique_ptr<const CompiledExpression>;

// Errors: INTERNAL for an unknown signature or a malformed tree; 54001 when nested too deep.
absl::StatusOr<CompiledExpressionPtr> Compile(const common::v1::Expression& expression);

}  // namespace adbms::sql::expression
