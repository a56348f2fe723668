// DECLARE, FETCH, MOVE, CLOSE.
#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/cursor_sink.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using sql::CursorStatement;
using sql::StatementClass;

constexpr int64_t kPostgresEpochUs = 946684800000000;

// Counts the rows for the command tag; MOVE shows none.
class FetchSink : public InnerSink {
 public:
  FetchSink(ResultSink* sink, bool move) : InnerSink(sink), move_(move) {}
  absl::Status BeginRows(const OutputColumns& columns) override {
    return move_ ? absl::OkStatus() : sink()->BeginRows(columns);
  }
  absl::Status Rows(const types::Batch& batch) override {
    rows_ += batch.row_count;
    return move_ ? absl::OkStatus() : sink()->Rows(batch);
  }
  uint64_t rows() const { return rows_; }
  std::string Tag() const { return absl::StrCat(move_ ? "MOVE " : "FETCH ", rows_); }

 private:
  const bool move_;
  uint64_t rows_ = 0;
};

absl::Status OnlyForward() {
  return status::Error(status::sqlstate::kObjectNotInPrerequisiteState,
                       "cursor can only scan forward", {},
                       "Declare it with SCROLL option to enable backward scan.");
}

// The rows to return, [begin, end) counted from 0, and where the cursor then stands.
struct Span {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool backward = false;
  uint64_t position = 0;
};

// `position`: 0 before the first of `size` rows, size + 1 behind the last.
Span ForwardSpan(uint64_t position, uint64_t size, uint64_t count) {
  Span span;
  span.begin = std::min(position, size);
  const uint64_t left = size - span.begin;
  span.end = span.begin + std::min(left, count);
  span.position = count > left ? size + 1 : span.end;
  return span;
}

Span BackwardSpan(uint64_t position, uint64_t count) {
  Span span;
  span.backward = true;
  span.end = position == 0 ? 0 : position - 1;
  const uint64_t taken = std::min(span.end, count);
  span.begin = span.end - taken;
  span.position = count > span.end ? 0 : span.begin + 1;
  return span;
}

// To one row; beside the result nothing is returned.
Span SingleSpan(int64_t row, uint64_t size) {
  Span span;
  if (row < 1) return span;
  span.position = std::min(static_cast<uint64_t>(row), size + 1);
  if (span.position > size) return span;
  span.begin = span.position - 1;
  span.end = span.position;
  return span;
}

Span SpanOf(const CursorStatement& fetch, uint64_t position, uint64_t size) {
  const auto here = static_cast<int64_t>(position);
  const auto rows = static_cast<int64_t>(size);
  // Far enough to be beside any result.
  const int64_t count = std::clamp<int64_t>(fetch.count, -rows - 2, rows + 2);
  switch (fetch.direction) {
    case CursorStatement::Direction::kAbsolute:
      return SingleSpan(count >= 0 ? count : rows + 1 + count, size);
    case CursorStatement::Direction::kRelative:
      return SingleSpan(here + count, size);
    case CursorStatement::Direction::kForward:
      break;
  }
  if (count == 0) return SingleSpan(here, size);
  return count > 0 ? ForwardSpan(position, size, static_cast<uint64_t>(count))
                   : BackwardSpan(position, static_cast<uint64_t>(-count));
}

// Whether PostgreSQL's plan of this kind can be read backward.
bool ReadsBackward(const common::v1::Operator& op) {
  switch (op.body_case()) {
    case common::v1::Operator::kSeqScan:
    case common::v1::Operator::kIndexScan:
    case common::v1::Operator::kValues:
    case common::v1::Operator::kFunctionScan:
    case common::v1::Operator::kSystemScan:
    case common::v1::Operator::kCteScan:
    case common::v1::Operator::kSort:
      return true;
    case common::v1::Operator::kFilter:
    case common::v1::Operator::kProject:
    case common::v1::Operator::kLimit:
    case common::v1::Operator::kAppend:
      return absl::c_all_of(sql::plan::ChildrenOf(op), [](const common::v1::Operator* child) {
        return ReadsBackward(*child);
      });
    default:
      return false;
  }
}

bool MayTurn(const common::v1::Plan& plan) {
  const bool locks = absl::c_any_of(plan.cursor_rows(),
                                    [](const common::v1::CursorRow& row) { return row.locked(); });
  return plan.read_only() && !locks && ReadsBackward(plan.root());
}

}  // namespace

absl::Status Session::CheckLazy(const common::v1::Plan& plan) {
  if (!sql::plan::RunsPrograms(plan) || plan.read_only()) return absl::OkStatus();
  return status::Error(status::sqlstate::kFeatureNotSupported,
                       "a cursor over a volatile function is not supported", {},
                       "Its body runs statements or loops, and would before the first row is asked "
                       "for. Declare it STABLE if it changes nothing, or call it in a statement of "
                       "its own.");
}

absl::Status Session::DeclareCursor(const CursorStatement& cursor, ResultSink* sink) {
  if (!cursor.hold && state_ != TransactionState::kExplicit) {
    return status::Error(status::sqlstate::kNoActiveTransaction,
                         "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (FindCursor(cursor.name) != nullptr) {
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
  query.for_cursor = true;
  ASSIGN_OR_RETURN(prepared->plan, MakePlan(query));
  if (prepared->plan->plan->eager_ctes_size() > 0)
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "DECLARE CURSOR must not contain data-modifying statements in WITH");
  RETURN_IF_ERROR(CheckLazy(*prepared->plan->plan));
  prepared->columns = prepared->plan->columns;
  prepared->returns_rows = true;
  Portal portal;
  portal.name = cursor.name;
  portal.statement = prepared;
  portal.scroll = cursor.scroll;
  portal.hold = cursor.hold;
  portal.turns = !cursor.scroll && cursor.count != 0 && MayTurn(*prepared->plan->plan);
  portal.source = source_;
  portal.created_us = absl::ToUnixMicros(statement_start_) - kPostgresEpochUs;
  portal.serial = ++serial_;
  const bool alone = !in_transaction();
  ASSIGN_OR_RETURN(portal.stream, StartPlan(&prepared->plan, query, {}, &portal.options));
  // Outside a transaction block the statement's own one ends here.
  if (alone) {
    BufferRest(&portal);
    RETURN_IF_ERROR(portal.failure);
    portal.held = true;
  }
  cursors_.emplace(cursor.name, std::move(portal));
  return sink->Complete("DECLARE CURSOR");
}

absl::Status Session::FetchForward(Portal* cursor, uint64_t count, ResultSink* sink) {
  // The current row again would be a step back.
  if (count == 0) return OnlyForward();
  bool suspended = false;
  const absl::Status status = FetchPortal(cursor, count, sink, &suspended);
  if (!status.ok()) {
    cursor->failure = status;
    cursor->stream = nullptr;
    cursor->rows.emplace();
  }
  return status;
}

absl::Status Session::FetchScroll(const CursorStatement& fetch, Portal* cursor, ResultSink* sink) {
  BufferRest(cursor);
  RETURN_IF_ERROR(cursor->failure);
  const Span span = SpanOf(fetch, cursor->position, cursor->rows->size());
  RETURN_IF_ERROR(sink->BeginRows(cursor->statement->plan->columns));
  reads_->Add(span.end - span.begin);
  CursorSink client(sink, cursor);
  RETURN_IF_ERROR(cursor->rows->Send(span.begin, span.end, span.backward, &client));
  cursor->position = span.position;
  cursor->on_row = span.position >= 1 && span.position <= cursor->rows->size();
  return absl::OkStatus();
}

void Session::TurnRound(Portal* cursor) {
  const bool behind = cursor->done;
  BufferRest(cursor);
  if (!cursor->rows.has_value()) {
    cursor->position = cursor->passed.size();
    cursor->rows = std::exchange(cursor->passed, RowBuffer());
  }
  if (behind) cursor->position = cursor->rows->size() + 1;
  cursor->scroll = true;
}

absl::Status Session::RunCursor(const sql::Statement& statement, ResultSink* sink) {
  const CursorStatement& cursor = statement.cursor;
  using Kind = CursorStatement::Kind;
  if (cursor.kind == Kind::kDeclare) return DeclareCursor(cursor, sink);
  if (cursor.kind == Kind::kClose && cursor.name.empty()) {
    cursors_.clear();
    portals_.clear();
    return sink->Complete("CLOSE CURSOR ALL");
  }
  Portal* const found = FindCursor(cursor.name);
  if (found == nullptr) {
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", cursor.name, "\" does not exist"));
  }
  if (cursor.kind == Kind::kClose) {
    ClosePortal(cursor.name);
    return sink->Complete("CLOSE CURSOR");
  }
  if (found->failed)
    return status::Error(status::sqlstate::kObjectNotInPrerequisiteState,
                         absl::StrCat("portal \"", cursor.name, "\" cannot be run"));
  // A portal of the protocol's that has not been executed yet.
  if (found->stream == nullptr && !found->rows.has_value() && !found->done) {
    if (found->statement->plan == nullptr)
      return status::NotSupported("FETCH of this kind of portal");
    RETURN_IF_ERROR(OpenPortal(found));
  }
  FetchSink fetched(sink, cursor.kind == Kind::kMove);
  if (found->scroll) {
    const absl::Status status = FetchScroll(cursor, found, &fetched);
    found->failed = !status.ok();
    RETURN_IF_ERROR(status);
    return sink->Complete(fetched.Tag());
  }
  const bool one = cursor.direction == CursorStatement::Direction::kRelative;
  if (cursor.direction == CursorStatement::Direction::kAbsolute || cursor.count <= 0 ||
      (one && cursor.count != 1)) {
    if (!found->turns) return OnlyForward();
    TurnRound(found);
    const absl::Status status = FetchScroll(cursor, found, &fetched);
    found->failed = !status.ok();
    RETURN_IF_ERROR(status);
    return sink->Complete(fetched.Tag());
  }
  const absl::Status status = FetchForward(found, static_cast<uint64_t>(cursor.count), &fetched);
  found->failed = !status.ok();
  RETURN_IF_ERROR(status);
  return sink->Complete(fetched.Tag());
}

void Session::EndCursors(bool commit) {
  std::erase_if(cursors_, [commit](const auto& entry) {
    return !entry.second.held && !(commit && entry.second.hold);
  });
  for (auto& [name, cursor] : cursors_) {
    BufferRest(&cursor);
    cursor.held = true;
  }
}

}  // namespace adbms::gateway::session
