#include "clients/workload/pg_connection.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::clients::workload {
namespace {

constexpr char kConnectSeconds[] = "10";
constexpr size_t kCopyChunk = 256 << 10;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

std::string Trimmed(const char* message) {
  return std::string(absl::StripSuffix(message == nullptr ? "" : message, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PgConnection>> PgConnection::Open(const ConnectionOptions& options) {
  const size_t colon = options.address.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", options.address, "\" is not HOST:PORT or DIRECTORY:PORT"));
  }
  const std::string host = options.address.substr(0, colon);
  const std::string port = options.address.substr(colon + 1);
  const char* const names[] = {"host",
                               "port",
                               "user",
                               "dbname",
                               "connect_timeout",
                               "application_name",
                               options.password.empty() ? nullptr : "password",
                               nullptr};
  const char* const values[] = {
      host.c_str(),    port.c_str(),     options.user.c_str(),     options.database.c_str(),
      kConnectSeconds, "adbms workload", options.password.c_str(), nullptr};
  auto connection =
      std::unique_ptr<PgConnection>(new PgConnection(PQconnectdbParams(names, values, 0)));
  if (connection->broken()) {
    return absl::UnavailableError(Trimmed(PQerrorMessage(connection->connection_.get())));
  }
  PQsetNoticeProcessor(
      connection->connection_.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

absl::Status PgConnection::ErrorOf(const PGresult* result) const {
  const char* const sqlstate =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (sqlstate == nullptr || broken()) {
    return absl::UnavailableError(Trimmed(PQerrorMessage(connection_.get())));
  }
  return status::Error(sqlstate, Trimmed(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

absl::StatusOr<QueryResult> PgConnection::Take(PGresult* taken) {
  const Result result(taken);
  const ExecStatusType state = PQresultStatus(result.get());
  if (state != PGRES_TUPLES_OK && state != PGRES_COMMAND_OK) return ErrorOf(result.get());
  QueryResult answer;
  answer.command_tag = PQcmdStatus(result.get());
  const int columns = PQnfields(result.get());
  answer.rows.resize(static_cast<size_t>(PQntuples(result.get())));
  for (size_t row = 0; row < answer.rows.size(); ++row) {
    for (int column = 0; column < columns; ++column) {
      const int at = static_cast<int>(row);
      if (PQgetisnull(result.get(), at, column)) {
        answer.rows[row].emplace_back();
      } else {
        answer.rows[row].emplace_back(PQgetvalue(result.get(), at, column));
      }
    }
  }
  return answer;
}

absl::StatusOr<QueryResult> PgConnection::Query(const std::string& sql) {
  return Take(PQexec(connection_.get(), sql.c_str()));
}

absl::Status PgConnection::Prepare(const std::string& name, const std::string& sql) {
  return Take(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr)).status();
}

absl::StatusOr<QueryResult> PgConnection::Execute(const std::string& name,
                                                  const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  return Take(PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()),
                             values.data(), nullptr, nullptr, 0));
}

absl::Status PgConnection::CopyIn(const std::string& table, const std::string& lines) {
  PGconn* const connection = connection_.get();
  const Result start(PQexec(connection, absl::StrCat("COPY ", table, " FROM STDIN").c_str()));
  if (PQresultStatus(start.get()) != PGRES_COPY_IN) return ErrorOf(start.get());
  for (size_t at = 0; at < lines.size(); at += kCopyChunk) {
    const size_t length = std::min(kCopyChunk, lines.size() - at);
    if (PQputCopyData(connection, lines.data() + at, static_cast<int>(length)) != 1) break;
  }
  PQputCopyEnd(connection, nullptr);
  absl::Status status;
  for (Result result(PQgetResult(connection)); result != nullptr;
       result.reset(PQgetResult(connection))) {
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) status.Update(ErrorOf(result.get()));
  }
  return status;
}

}  // namespace adbms::clients::workload
