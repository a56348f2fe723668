// Aggregates that users have made, from their parts in the plan: a state is a value, and an
// expression makes the next one of it and a row.
//
// A compiled one is immutable and thread-safe, but keeps no rows: an execution has one of its own
// by ForExecution, which is as the execution not thread-safe.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/functions/function_catalog.h"

namespace adbms::storage::executor {

class DeclaredAggregate : public sql::functions::Aggregate {
 public:
  // Errors: INVALID_ARGUMENT for a malformed plan, and those of expressions.
  static absl::StatusOr<std::unique_ptr<DeclaredAggregate>> Compile(
      const common::v1::DeclaredAggregate& plan);
  ~DeclaredAggregate() override;

  // The same, whose expressions see `state`, which is borrowed.
  std::unique_ptr<sql::functions::Aggregate> ForExecution(
      sql::expression::EvaluationState* state) const;
  // Whether arguments of these types are what it takes, and `result` what it gives.
  bool Takes(const std::vector<types::Type>& arguments, const types::Type& result) const;

  size_t state_size() const override { return sizeof(void*); }
  void Initialize(char* state) const override;
  // REQUIRES for these two: made by ForExecution.
  absl::Status Update(const std::vector<const types::Vector*>& arguments, uint32_t rows,
                      char* const* states) const override;
  absl::Status Finalize(const char* state, types::Vector* result, uint32_t row) const override;
  void Destroy(char* state) const override;
  int64_t GrowthOf(const std::vector<const types::Vector*>& arguments, uint32_t rows,
                   char* const* states) const override;

 private:
  struct Parts;
  explicit DeclaredAggregate(std::shared_ptr<const Parts> parts,
                             sql::expression::EvaluationState* execution = nullptr);
  // Rows of states that all differ.
  absl::Status Step(const std::vector<const types::Vector*>& arguments,
                    const std::vector<uint32_t>& rows, char* const* states) const;

  const std::shared_ptr<const Parts> parts_;
  sql::expression::EvaluationState* const execution_;
};

}  // namespace adbms::storage::executor
