// One running execution of a plan: pulls rows, ends the statement and, for a statement of its own,
// the transaction. Not thread-safe.
#pragma once

#include <chrono>
#include <memory>

#include "services/storage/api/storage.h"
#include "services/storage/executor/operator.h"

namespace adbms::storage::server {

class SessionState;

class QueryStream : public api::ResultStream {
 public:
  // `own_transaction`: the statement's own, to be committed at its end; null inside a transaction
  // or for a plain read. `transaction`: the one it runs in, null for a plain read.
  QueryStream(SessionState* session, const rpc::CallContext& call, txn::Shared* shared,
              std::shared_ptr<const executor::CompiledPlan> plan, txn::Transaction* transaction,
              std::unique_ptr<txn::Transaction> own_transaction);
  ~QueryStream() override;

  absl::StatusOr<bool> Next(types::Batch* batch) override;
  const v1::ExecutionSummary& summary() const override { return summary_; }

  executor::ExecutionContext* context() { return &context_; }
  // After the context is set up.
  void Open() { root_ = plan_->root->Open(&context_); }

 private:
  // What a statement's functions add to what is told of it.
  virtual void Complete(v1::ExecutionSummary* summary) = 0;
  // What comes before the root's first row.
  absl::Status RunEagerCtes();
  // What WITH queries have left to the end of all writing.
  absl::Status RunEnds();
  absl::Status End();
  void Fail();
  void Summarize();

  SessionState* const session_;
  const rpc::CallContext call_;
  const std::shared_ptr<const executor::CompiledPlan> plan_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  txn::Transaction* transaction_;
  std::unique_ptr<txn::Transaction> own_transaction_;
  executor::ExecutionContext context_;
  executor::OperatorPtr root_;
  bool counts_output_ = true;  // The command tag counts rows handed out, not written.
  bool ran_eager_ = false;
  bool finished_ = false;
  v1::ExecutionSummary summary_;
};

}  // namespace adbms::storage::server
