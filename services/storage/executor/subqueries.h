// Subqueries inside expressions: an uncorrelated one runs once and is kept (hashed for = ANY), a
// correlated one is remembered by its arguments. One execution, one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

class SubqueryExecution : public sql::expression::SubqueryRunner {
 public:
  explicit SubqueryExecution(ExecutionContext* context) : context_(context) {}

  absl::StatusOr<types::Value> Run(const common::v1::SubqueryExpression& subquery,
                                   const types::Type& result_type,
                                   const std::vector<types::Value>& correlation,
                                   const std::vector<types::Value>& operands) override;

 private:
  // Rows of one uncorrelated sub-plan.
  struct Rows {
    bool computed = false;
    types::Batch batch;
    bool hashed = false;
    absl::flat_hash_set<std::string> hashes;  // Of rows without NULLs.
    bool has_null = false;
  };
  absl::Status Load(const common::v1::SubqueryExpression& subquery,
                    const std::vector<types::Value>& correlation, uint64_t limit,
                    types::Batch* rows);
  absl::StatusOr<types::Value> Answer(const common::v1::SubqueryExpression& subquery,
                                      const types::Type& result_type, const types::Batch& rows,
                                      const std::vector<types::Value>& operands);
  absl::StatusOr<types::Value> Quantified(const common::v1::SubqueryExpression& subquery,
                                          const types::Batch& rows,
                                          const std::vector<types::Value>& operands);
  // ARRAY(…).
  absl::StatusOr<types::Value> ArrayOf(const types::Batch& rows, types::Type result_type);
  absl::StatusOr<types::Value> HashedAny(Rows* rows, const std::vector<types::Value>& operands);

  ExecutionContext* const context_;
  std::map<uint32_t, OperatorPtr> operators_;  // By sub-plan.
  std::map<uint32_t, Rows> uncorrelated_;
  std::map<const common::v1::SubqueryExpression*, absl::flat_hash_map<std::string, types::Value>>
      memo_;
};

}  // namespace adbms::storage::executor
