#include "adbms/session.h"

#include "src/rpc.h"

namespace adbms {
namespace {

using internal::Key;
using internal::SessionCore;
using internal::StreamCore;
using internal::Stub;
namespace pb = internal::pb;

pb::ExecuteRequest RequestOf(const SessionCore& core, const Statement& statement,
                             const Values& parameters, const StatementOptions& options) {
  pb::ExecuteRequest request;
  request.set_session_id(core.id());
  if (statement.prepared() != nullptr) {
    request.set_statement(statement.prepared()->name());
  } else {
    request.set_sql(statement.sql());
  }
  for (const Value& value : parameters)
    internal::Fill(value, statement.prepared() == nullptr, request.add_parameters());
  internal::Fill(options, request.mutable_options());
  return request;
}

// The results of the stream's statements; the last one's rows may be left in a portal.
std::vector<Result> ReadAll(StreamCore* stream, bool* suspended) {
  std::vector<Result> results;
  std::optional<Result> current;
  while (auto part = stream->Next()) {
    if (part->begins) {
      current.emplace();
      current->columns = stream->columns();
    }
    if (part->page.has_value() && current.has_value())
      current->pages.push_back(std::move(*part->page));
    if (!part->completion.has_value()) continue;
    if (!current.has_value()) current.emplace();
    current->command = part->completion->command_tag();
    if (part->completion->has_rows()) current->count = part->completion->rows();
    *suspended = part->completion->suspended();
    results.push_back(std::move(*current));
    current.reset();
  }
  return results;
}

pb::TransactionOptions OptionsOf(const TransactionOptions& options) {
  pb::TransactionOptions made;
  switch (options.isolation) {
    case Isolation::kDefault:
      break;
    case Isolation::kReadCommitted:
      made.set_isolation(pb::ISOLATION_READ_COMMITTED);
      break;
    case Isolation::kRepeatableRead:
      made.set_isolation(pb::ISOLATION_REPEATABLE_READ);
      break;
    case Isolation::kSerializable:
      made.set_isolation(pb::ISOLATION_SERIALIZABLE);
      break;
  }
  if (options.read_only.has_value()) made.set_read_only(*options.read_only);
  made.set_deferrable(options.deferrable);
  return made;
}

}  // namespace

Prepared::~Prepared() {
  if (core_ == nullptr) return;
  try {
    pb::ClosePreparedRequest request;
    request.set_name(name_);
    core_->Call("ClosePrepared", &Stub::ClosePrepared, std::move(request), true);
  } catch (const Error&) {
    // It ends with its session.
  }
}

Session::~Session() = default;

std::vector<Result> Session::ExecuteAll(const Statement& statement, const Values& parameters,
                                        const StatementOptions& options) {
  pb::ExecuteRequest request = RequestOf(*core_, statement, parameters, options);
  std::optional<Key> key;
  if (core_->keyed()) key.emplace(core_->instance());
  for (int attempt = 0;; ++attempt) {
    if (key.has_value()) key->Fill(request.mutable_options()->mutable_idempotency());
    try {
      StreamCore stream(core_, request);
      bool suspended = false;
      return ReadAll(&stream, &suspended);
    } catch (const Error& error) {
      if (!key.has_value() || !core_->client()->Again(error.fields(), attempt)) throw;
    }
  }
}

Result Session::Execute(const Statement& statement, const Values& parameters,
                        const StatementOptions& options) {
  std::vector<Result> results = ExecuteAll(statement, parameters, options);
  return results.empty() ? Result() : std::move(results.back());
}

RowStream Session::Stream(const Statement& statement, const Values& parameters,
                          const StatementOptions& options) {
  return RowStream(
      std::make_unique<StreamCore>(core_, RequestOf(*core_, statement, parameters, options)));
}

Cursor Session::OpenCursor(const Statement& statement, const Values& parameters,
                           std::uint32_t fetch_size, const StatementOptions& options) {
  Cursor cursor;
  cursor.core_ = core_;
  cursor.portal_ = core_->NextName();
  cursor.fetch_size_ = fetch_size;
  pb::ExecuteRequest request = RequestOf(*core_, statement, parameters, options);
  request.set_portal(cursor.portal_);
  request.set_max_rows(fetch_size);
  StreamCore stream(core_, request);
  std::vector<Result> results = ReadAll(&stream, &cursor.suspended_);
  cursor.first_ = results.empty() ? Result() : std::move(results.back());
  cursor.columns_ = cursor.first_->columns;
  return cursor;
}

std::vector<std::uint64_t> Session::ExecuteBatch(const Statement& statement,
                                                 const std::vector<Values>& rows,
                                                 const StatementOptions& options) {
  if (rows.empty()) return {};
  pb::ExecuteBatchRequest request;
  *request.mutable_parameters() = internal::PageOfRows(rows);
  if (statement.prepared() != nullptr) {
    request.set_statement(statement.prepared()->name());
  } else {
    request.set_sql(statement.sql());
    for (std::size_t i = 0; i < rows.front().size(); ++i)
      request.add_parameter_types(internal::CommonOid(rows, i));
  }
  internal::Fill(options, request.mutable_options());
  std::optional<Key> key;
  if (core_->keyed()) key.emplace(core_->instance());
  const std::function<void(pb::ExecuteBatchRequest*)> fill = [&key](pb::ExecuteBatchRequest* one) {
    if (key.has_value()) key->Fill(one->mutable_options()->mutable_idempotency());
  };
  const auto response = core_->Call("ExecuteBatch", &Stub::ExecuteBatch, std::move(request),
                                    key.has_value(), fill, statement.sql());
  core_->Tell(response.notices());
  core_->set_status(internal::StatusOf(response.transaction_status()));
  return {response.rows().begin(), response.rows().end()};
}

Prepared Session::Prepare(std::string_view sql, const std::vector<std::uint32_t>& types) {
  Prepared prepared;
  prepared.name_ = core_->NextName();
  pb::PrepareRequest request;
  request.set_name(prepared.name_);
  request.set_sql(std::string(sql));
  for (const std::uint32_t type : types) request.add_parameter_types(type);
  const auto response = core_->Call("Prepare", &Stub::Prepare, std::move(request), false, {}, sql);
  for (const pb::Parameter& parameter : response.description().parameters())
    prepared.parameters_.push_back({parameter.type_oid(), parameter.type_name()});
  prepared.columns_ = internal::ColumnsOf(response.description().columns());
  prepared.returns_rows_ = response.description().returns_rows();
  prepared.core_ = core_;
  return prepared;
}

void Session::Begin(const TransactionOptions& options) {
  pb::BeginRequest request;
  *request.mutable_transaction() = OptionsOf(options);
  const auto response = core_->Call("Begin", &Stub::Begin, std::move(request), false);
  core_->set_status(internal::StatusOf(response.transaction_status()));
}

void Session::Commit() {
  Key key(core_->instance());
  const std::function<void(pb::CommitRequest*)> fill = [&key](pb::CommitRequest* one) {
    key.Fill(one->mutable_idempotency());
  };
  try {
    const auto response = core_->Call("Commit", &Stub::Commit, pb::CommitRequest(), true, fill);
    core_->Tell(response.notices());
    core_->set_status(internal::StatusOf(response.transaction_status()));
  } catch (const ConnectionError& lost) {
    if (lost.sqlstate() != "08006" && lost.sqlstate() != "08003") throw;
    Throw("08007", "it is not known whether the transaction was committed");
  }
}

void Session::Rollback() {
  const auto response = core_->Call("Rollback", &Stub::Rollback, pb::RollbackRequest(), true);
  core_->set_status(internal::StatusOf(response.transaction_status()));
}

void Session::RollbackQuietly() noexcept {
  try {
    if (in_transaction()) Rollback();
  } catch (const Error&) {
    // What was thrown before says more.
  }
}

void Session::Pause(int attempt) { core_->client()->Pause(attempt); }

bool Session::Cancel() {
  pb::CancelRequest request;
  request.set_session_id(core_->id());
  return core_->client()
      ->Call(core_->stub(), "Cancel", &Stub::Cancel, std::move(request), true)
      .running();
}

bool Session::in_transaction() const { return core_->status() != TransactionStatus::kIdle; }

std::map<std::string, std::string> Session::settings() const { return core_->settings(); }

}  // namespace adbms
