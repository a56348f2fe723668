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
  bool PrefersHashed(const common::v1::SubqueryExpression& exists) const override;
  void GiveUpHashed(const common::v1::SubqueryExpression& exists) override;

 private:
  // Rows of one uncorrelated sub-plan.
  struct Rows {
    bool computed = false;
    types::Batch batch;  // Of one column: without it once it is hashed.
    int64_t bytes = 0;   // Counted for all of it.
    bool hashed = false;
    absl::flat_hash_set<std::string> hashes;  // Of rows without NULLs.
    bool has_null = false;
  };
  // A correlated one, by what it was asked.
  struct Asked {
    absl::flat_hash_map<std::string, types::Value> memo;
    uint64_t runs = 0;
    bool hashed_fails = false;
  };
  // `bytes`: counted for the rows; nothing is after an error.
  absl::Status Load(const common::v1::SubqueryExpression& subquery,
                    const std::vector<types::Value>& correlation, uint64_t limit,
                    types::Batch* rows, int64_t* bytes);
  absl::Status Hash(Rows* rows);
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
  std::map<const common::v1::SubqueryExpression*, Asked> asked_;
};

}  // namespace adbms::storage::executor
