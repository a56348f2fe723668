// DECLARE, FETCH, MOVE, CLOSE.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using sql::StatementClass;

}  // namespace

absl::Status Session::RunCursor(const sql::Statement& statement, ResultSink* sink) {
  const sql::CursorStatement& cursor = statement.cursor;
  using Kind = sql::CursorStatement::Kind;
  if (cursor.kind == Kind::kClose && cursor.name.empty()) {
    cursors_.clear();
    return sink->Complete("CLOSE CURSOR ALL");
  }
  const auto found = cursors_.find(cursor.name);
  if (cursor.kind == Kind::kDeclare) {
    if (cursor.hold) return status::NotSupported("DECLARE CURSOR … WITH HOLD");
    if (state_ != TransactionState::kExplicit) {
      return status::Error(status::sqlstate::kNoActiveTransaction,
                           "DECLARE CURSOR can only be used in transaction blocks");
    }
    if (found != cursors_.end()) {
      return status::Error(status::sqlstate::kDuplicateCursor,
                           absl::StrCat("cursor \"", cursor.name, "\" already exists"));
    }
    ASSIGN_OR_RETURN(const auto inner, sql::Parse(cursor.query));
    if (inner.size() != 1 || inner.front().statement_class != StatementClass::kPlannable) {
      return status::NotSupported("a cursor over this kind of statement");
    }
    auto prepared = std::make_shared<PreparedStatement>();
    prepared->sql = inner.front().text;
    prepared->statement = inner.front();
    PlanQuery query;
    query.sql = prepared->sql;
    query.statement = &prepared->statement;
    query.cacheable = false;
    ASSIGN_OR_RETURN(prepared->plan, MakePlan(query));
    Portal portal;
    portal.name = cursor.name;
    Portal& target = cursors_[cursor.name] = std::move(portal);
    target.statement = prepared;
    auto stream = StartPlan(&prepared->plan, query, {}, &target.options);
    if (!stream.ok()) {
      cursors_.erase(cursor.name);
      return stream.status();
    }
    target.stream = *std::move(stream);
    return sink->Complete("DECLARE CURSOR");
  }
  if (found == cursors_.end()) {
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", cursor.name, "\" does not exist"));
  }
  if (cursor.kind == Kind::kClose) {
    cursors_.erase(found);
    return sink->Complete("CLOSE CURSOR");
  }
  if (cursor.backward || cursor.count < 0) {
    return status::NotSupported("fetching backward");
  }
  // Rows are counted and tagged as FETCH or MOVE.
  class Tagged : public ResultSink {
   public:
    Tagged(ResultSink* sink, bool move) : sink_(sink), move_(move) {}
    absl::Status BeginRows(const OutputColumns& columns) override {
      return move_ ? absl::OkStatus() : sink_->BeginRows(columns);
    }
    absl::Status Rows(const types::Batch& batch) override {
      rows_ += batch.row_count;
      return move_ ? absl::OkStatus() : sink_->Rows(batch);
    }
    absl::Status Complete(std::string_view) override { return absl::OkStatus(); }
    absl::Status Empty() override { return absl::OkStatus(); }
    void Notice(std::string_view severity, std::string_view sqlstate,
                std::string_view message) override {
      sink_->Notice(severity, sqlstate, message);
    }
    void ParameterStatus(std::string_view, std::string_view) override {}
    absl::Status BeginCopyIn(int) override { return absl::InternalError("no COPY here"); }
    absl::StatusOr<bool> ReadCopyData(std::string*) override {
      return absl::InternalError("no COPY here");
    }
    absl::Status BeginCopyOut(int) override { return absl::InternalError("no COPY here"); }
    absl::Status CopyData(std::string_view) override { return absl::InternalError("no COPY here"); }
    absl::Status EndCopyOut() override { return absl::InternalError("no COPY here"); }
    std::string Tag() const { return absl::StrCat(move_ ? "MOVE " : "FETCH ", rows_); }

   private:
    ResultSink* const sink_;
    const bool move_;
    uint64_t rows_ = 0;
  };
  Tagged tagged(sink, cursor.kind == Kind::kMove);
  bool suspended = false;
  if (cursor.count > 0) {
    RETURN_IF_ERROR(
        FetchPortal(&found->second, static_cast<uint64_t>(cursor.count), &tagged, &suspended));
  }
  return sink->Complete(tagged.Tag());
}

}  // namespace adbms::gateway::session
