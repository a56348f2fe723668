#include "services/gateway/console/sql_run.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/lifecycle/thread.h"
#include "common/status/macros.h"

namespace adbms::gateway::console {
namespace {

// What a run is ahead of the browser, at most, before it waits.
constexpr size_t kAheadBytes = 256 << 10;
constexpr absl::Duration kLook = absl::Milliseconds(20);

absl::StatusOr<std::vector<types::Value>> ParametersOf(const v1::RunSqlRequest& request,
                                                       const session::PreparedStatement& prepared,
                                                       session::Session* session) {
  const size_t given = static_cast<size_t>(request.parameters_size());
  if (given != prepared.parameter_types.size()) {
    return status::Error(status::sqlstate::kProtocolViolation,
                         absl::StrCat("the statement has ", prepared.parameter_types.size(),
                                      " parameters, and ", given, " were given"));
  }
  std::vector<types::Value> values;
  for (size_t i = 0; i < given; ++i) {
    const v1::SqlParameter& parameter = request.parameters(static_cast<int>(i));
    if (!parameter.has_text()) {
      values.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(types::Value value,
                     session->ReadParameter(parameter.text(), prepared.parameter_types[i]));
    values.push_back(std::move(value));
  }
  return values;
}

absl::Status RunOne(session::Session* session, const v1::RunSqlRequest& request, JsonLines* lines) {
  session->CloseStatement("");
  RETURN_IF_ERROR(session->Prepare("", request.sql(), {}));
  ASSIGN_OR_RETURN(const session::PreparedStatement* const prepared, session->FindStatement(""));
  if (prepared->empty) return lines->Empty();
  // What is wrong with $1 in a text without parameters is the simple protocol's to say.
  if (request.parameters().empty() && !prepared->parameter_types.empty())
    return session->Query(request.sql(), lines);
  ASSIGN_OR_RETURN(std::vector<types::Value> parameters, ParametersOf(request, *prepared, session));
  session->ClosePortal("");
  RETURN_IF_ERROR(session->Bind("", "", std::move(parameters)));
  // One row more than is wanted tells whether there are more.
  const uint64_t most = request.max_rows() == 0 ? 0 : uint64_t{request.max_rows()} + 1;
  bool suspended = false;
  RETURN_IF_ERROR(session->Execute("", most, /*alone=*/most == 0, lines, &suspended));
  if (!suspended) return absl::OkStatus();
  session->ClosePortal("");
  return lines->Suspend();
}

// Several statements go the way of a script. Errors: 42601.
absl::StatusOr<bool> IsScript(const std::string& sql) {
  ASSIGN_OR_RETURN(const std::vector<sql::Statement> statements, sql::Parse(sql));
  return statements.size() != 1;
}

}  // namespace

absl::Status RunSql(session::Session* session, const v1::RunSqlRequest& request, JsonLines* lines) {
  std::optional<session::Settings::Override> timeout;
  if (request.timeout_ms() > 0) {
    ASSIGN_OR_RETURN(timeout, session->settings().BeginOverride(
                                  "statement_timeout", absl::StrCat(request.timeout_ms())));
  }
  const auto run = [&]() -> absl::Status {
    if (request.parameters().empty()) {
      // What cannot be read is the session's to refuse: it knows what its transaction makes of it.
      const auto script = IsScript(request.sql());
      if (!script.ok() || *script) return session->Query(request.sql(), lines);
    }
    const absl::Status status = RunOne(session, request, lines);
    if (!status.ok()) session->Fail();
    const absl::Status synced = session->Sync();
    return status.ok() ? synced : status;
  };
  const absl::Status status = run();
  if (timeout.has_value()) session->settings().EndOverride(*timeout);
  return status;
}

SqlRun::SqlRun(v1::RunSqlRequest request, Open open, std::function<void()> done)
    : request_(std::move(request)), open_(std::move(open)), done_(std::move(done)) {}

absl::StatusOr<std::shared_ptr<SqlRun>> SqlRun::Start(v1::RunSqlRequest request, Open open,
                                                      std::function<void()> done) {
  auto run =
      std::shared_ptr<SqlRun>(new SqlRun(std::move(request), std::move(open), std::move(done)));
  ASSIGN_OR_RETURN(run->thread_, lifecycle::StartThread([raw = run.get()] { raw->Run(); }));
  return run;
}

SqlRun::~SqlRun() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    gone_ = true;
    while (thread_.joinable() && !over_) {
      CancelIfStopped();
      mutex_.AwaitWithTimeout(absl::Condition(&over_), kLook);
    }
  }
  if (thread_.joinable()) thread_.join();
}

void SqlRun::Run() {
  const absl::Time start = absl::Now();
  char transaction = 'I';
  absl::Status status;
  auto session = open_();
  if (session.ok()) {
    {
      absl::MutexLock lock(&mutex_);
      session_ = *session;
    }
    JsonLines lines((*session)->settings(), request_.max_rows(),
                    [this](std::string text) { return Put(std::move(text)); });
    status = RunSql(*session, request_, &lines);
    transaction = (*session)->transaction_status();
    (void)lines.Flush();
    absl::MutexLock lock(&mutex_);
    session_ = nullptr;
  } else {
    status = session.status();
  }
  std::string end;
  if (!status.ok()) absl::StrAppend(&end, ErrorLine(status::FromStatus(status)), "\n");
  absl::StrAppend(&end, "{\"end\":{\"transaction\":\"", std::string(1, transaction),
                  "\",\"ms\":", absl::ToDoubleMilliseconds(absl::Now() - start), "}}\n");
  done_();
  absl::MutexLock lock(&mutex_);
  lines_.append(end);
  over_ = true;
}

absl::Status SqlRun::Put(std::string lines) {
  absl::MutexLock lock(&mutex_);
  const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return gone_ || stopped_ || lines_.size() < kAheadBytes;
  };
  mutex_.Await(absl::Condition(&room));
  if (gone_) return absl::CancelledError("the browser is gone");
  if (stopped_) {
    return status::Error(status::sqlstate::kQueryCanceled,
                         "canceling statement due to user request");
  }
  lines_.append(lines);
  return absl::OkStatus();
}

bool SqlRun::Take(absl::Duration wait, std::string* lines) {
  absl::MutexLock lock(&mutex_);
  CancelIfStopped();
  const auto some = [this]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return over_ || !lines_.empty(); };
  mutex_.AwaitWithTimeout(absl::Condition(&some), stopped_ ? kLook : wait);
  *lines = std::exchange(lines_, {});
  return !over_;
}

bool SqlRun::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (over_) return false;
  stopped_ = true;
  CancelIfStopped();
  return true;
}

void SqlRun::CancelIfStopped() {
  if (stopped_ && session_ != nullptr) session_->Cancel();
}

}  // namespace adbms::gateway::console
