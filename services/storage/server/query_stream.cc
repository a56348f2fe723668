#include "services/storage/server/query_stream.h"

#include <optional>

#include "common/sql/functions/setting_changes.h"
#include "common/status/macros.h"
#include "services/storage/executor/plan_shape.h"
#include "services/storage/server/session.h"

namespace adbms::storage::server {

QueryStream::QueryStream(SessionState* session, const rpc::CallContext& call, txn::Shared* shared,
                         std::shared_ptr<const executor::CompiledPlan> plan,
                         txn::Transaction* transaction,
                         std::unique_ptr<txn::Transaction> own_transaction)
    : session_(session),
      call_(call),
      plan_(std::move(plan)),
      transaction_(transaction),
      own_transaction_(std::move(own_transaction)),
      context_(shared) {
  counts_output_ = !executor::Writes(plan_->plan->root());
  context_.call = &call_;
  context_.memory.SetCall(&call_);
  context_.plan = plan_.get();
  context_.transaction = transaction_;
  context_.actuals.resize(plan_->operator_count);
}

QueryStream::~QueryStream() {
  const SessionState::Call call(session_);
  if (!finished_ && !call.Check().ok()) Fail();
  if (!finished_) {
    // Stopped early by the caller: a read is simply over, a write is undone.
    root_.reset();
    // What WITH has written stays: it does not depend on how many rows are asked for.
    if (plan_->writes && !(ran_eager_ && counts_output_)) {
      Fail();
    } else if (own_transaction_ != nullptr) {
      const absl::Status status = own_transaction_->Commit(call_);
      (void)status;  // Nobody is left to tell.
      session_->Recycle(own_transaction_.get());
    } else if (transaction_ != nullptr) {
      const absl::Status status = transaction_->FinishStatement();
      (void)status;  // Only releases the savepoint.
    }
  }
  uint64_t skipped = 0;
  for (const executor::Actuals& actuals : context_.actuals) skipped += actuals.deletions_skipped;
  context_.shared->engine->NoteSkipped(skipped);
  session_->ExecutionEnded();
}

absl::StatusOr<bool> QueryStream::Next(types::Batch* batch) {
  std::optional<SessionState::Call> call;
  absl::Status eager;
  if (transaction_ != nullptr) eager = call.emplace(session_).Check();
  if (eager.ok()) eager = RunEagerCtes();
  absl::StatusOr<bool> more = eager.ok() ? root_->Next(batch) : absl::StatusOr<bool>(eager);
  // A root that writes has written all rows before it emits the first.
  if (more.ok() && !context_.ends.empty()) {
    if (absl::Status ended = RunEnds(); !ended.ok()) more = ended;
  }
  if (more.ok() && *more) {
    if (counts_output_) context_.rows_affected += batch->row_count;
    return true;
  }
  absl::Status status = more.status();
  if (status.ok()) status = End();
  if (!status.ok()) {
    if (memory::IsMemoryRefusal(status)) {
      context_.shared->query_memory.CountRefusal();
    }
    Fail();
    return status;
  }
  Summarize();
  return false;
}

absl::Status QueryStream::RunEagerCtes() {
  if (ran_eager_) return absl::OkStatus();
  ran_eager_ = true;
  context_.puts_off_ends = true;
  for (const uint32_t cte : plan_->plan->eager_ctes())
    RETURN_IF_ERROR(executor::ComputeCte(&context_, cte));
  context_.puts_off_ends = false;
  // The statement counts its own rows only.
  context_.rows_affected = 0;
  return counts_output_ ? RunEnds() : absl::OkStatus();
}

absl::Status QueryStream::RunEnds() {
  for (const auto& end : std::exchange(context_.ends, {})) RETURN_IF_ERROR(end());
  return absl::OkStatus();
}

absl::Status QueryStream::End() {
  root_.reset();
  if (transaction_ == nullptr) {
    finished_ = true;
    return absl::OkStatus();  // The view was the durable one.
  }
  if (own_transaction_ != nullptr) {
    RETURN_IF_ERROR(own_transaction_->Commit(call_));
    session_->Recycle(own_transaction_.get());
  } else {
    RETURN_IF_ERROR(transaction_->FinishStatement());
  }
  finished_ = true;
  return absl::OkStatus();
}

void QueryStream::Fail() {
  finished_ = true;
  root_.reset();
  if (own_transaction_ != nullptr) {
    own_transaction_->Rollback();
    session_->Recycle(own_transaction_.get());
  } else if (transaction_ != nullptr && !transaction_->ended()) {
    const absl::Status status = transaction_->FailStatement();
    if (!status.ok()) transaction_->MarkBroken();
  }
}

void QueryStream::Summarize() {
  summary_.set_rows_affected(context_.rows_affected);
  summary_.set_rows_scanned(context_.rows_scanned);
  summary_.set_spilled_bytes(context_.spilled_bytes);
  if (const auto& changes = context_.state.context.setting_changes; changes != nullptr) {
    for (const common::v1::SettingChange& change : changes->all())
      *summary_.add_setting_changes() = change;
  }
  Complete(&summary_);
  summary_.set_elapsed_us(std::chrono::duration_cast<std::chrono::microseconds>(
                              std::chrono::steady_clock::now() - start_)
                              .count());
  for (uint32_t id = 0; id < context_.actuals.size(); ++id) {
    const executor::Actuals& actuals = context_.actuals[id];
    if (actuals.loops == 0) continue;
    v1::OperatorActuals* out = summary_.add_operators();
    out->set_operator_id(id);
    out->set_rows(actuals.rows);
    out->set_loops(actuals.loops);
    out->set_rows_removed(actuals.rows_removed);
    out->set_deletions_skipped(actuals.deletions_skipped);
    out->set_elapsed_us(actuals.elapsed_ns / 1000);
    out->set_workers(actuals.workers);
  }
  context_.shared->rows_read.fetch_add(context_.rows_scanned, std::memory_order_relaxed);
  context_.shared->spilled_bytes.fetch_add(context_.spilled_bytes, std::memory_order_relaxed);
}

}  // namespace adbms::storage::server
