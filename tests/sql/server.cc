#include "tests/sql/server.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace adbms::sql_test {
namespace {

constexpr char kFirstSession[] = "default";

struct Clearer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clearer>;

void IgnoreNotice(void*, const PGresult*) {}

Answer AnswerOf(const PGresult* result) {
  Answer answer;
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    answer.sqlstate = state == nullptr ? "none" : state;
    answer.message = message == nullptr ? PQresultErrorMessage(result) : message;
    return answer;
  }
  answer.tag = PQcmdStatus(const_cast<PGresult*>(result));
  for (int column = 0; column < PQnfields(result); ++column) {
    answer.names.emplace_back(PQfname(result, column));
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<std::optional<std::string>> values;
    for (int column = 0; column < PQnfields(result); ++column) {
      if (PQgetisnull(result, row, column)) {
        values.emplace_back();
      } else {
        values.emplace_back(std::string(PQgetvalue(result, row, column),
                                        static_cast<size_t>(PQgetlength(result, row, column))));
      }
    }
    answer.rows.push_back(std::move(values));
  }
  return answer;
}

bool OnlyReads(const std::string& sql) {
  return absl::StartsWithIgnoreCase(absl::string_view(sql.data(), sql.size()), "select ") &&
         !absl::StrContains(absl::string_view(sql.data(), sql.size()), "nextval");
}

Result Prepared(PGconn* session, const std::string& name, const std::string& sql) {
  Result result(PQprepare(session, name.c_str(), sql.c_str(), 0, nullptr));
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return result;
  const int times = OnlyReads(sql) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    result.reset(PQexecPrepared(session, name.c_str(), 0, nullptr, nullptr, nullptr, 0));
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) break;
  }
  // Fails in a failed transaction, which is why every statement has a name of its own.
  Result closed(PQexec(session, absl::StrCat("DEALLOCATE ", name).c_str()));
  return result;
}

}  // namespace

Server::Server(std::string connection, Protocol protocol)
    : connection_(std::move(connection)), protocol_(protocol) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Connect(const std::string& connection,
                                                        Protocol protocol) {
  auto server = std::unique_ptr<Server>(new Server(connection, protocol));
  ASSIGN_OR_RETURN(PGconn* const session, server->SessionOf(kFirstSession));
  ASSIGN_OR_RETURN(const Answer version, server->Simple(session, "SELECT version()"));
  if (!version.ok()) return absl::UnavailableError(version.message);
  if (absl::StrContains(version.rows[0][0].value_or(""), "ADBMS")) server->engines_.insert("adbms");
  return server;
}

absl::StatusOr<PGconn*> Server::SessionOf(const std::string& name) {
  Session& session = sessions_[name];
  if (session != nullptr) return session.get();
  session.reset(PQconnectdb(connection_.c_str()));
  if (PQstatus(session.get()) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(session.get());
    sessions_.erase(name);
    return absl::UnavailableError(message);
  }
  PQsetNoticeReceiver(session.get(), IgnoreNotice, nullptr);
  if (!schema_.empty()) {
    RETURN_IF_ERROR(Simple(session.get(), absl::StrCat("SET search_path = ", schema_)).status());
  }
  return session.get();
}

absl::StatusOr<Answer> Server::Simple(PGconn* session, const std::string& sql) {
  const Result result(PQexec(session, sql.c_str()));
  if (PQstatus(session) != CONNECTION_OK) {
    return absl::UnavailableError(
        absl::StrCat("the connection is lost: ", PQerrorMessage(session)));
  }
  return AnswerOf(result.get());
}

absl::StatusOr<Answer> Server::Run(const std::string& session_name, const std::string& sql) {
  ASSIGN_OR_RETURN(PGconn* const session, SessionOf(session_name));
  if (protocol_ == Protocol::kSimple) return Simple(session, sql);
  const Result result =
      protocol_ == Protocol::kExtended
          ? Result(PQexecParams(session, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0))
          : Prepared(session, absl::StrCat("sql_test_", ++statements_), sql);
  if (PQstatus(session) != CONNECTION_OK) {
    return absl::UnavailableError(
        absl::StrCat("the connection is lost: ", PQerrorMessage(session)));
  }
  return AnswerOf(result.get());
}

absl::Status Server::UseSchema(const std::string& schema) {
  schema_ = schema;
  RETURN_IF_ERROR(DropSchema());
  schema_ = schema;
  ASSIGN_OR_RETURN(PGconn* const session, SessionOf(kFirstSession));
  for (const std::string& sql :
       {absl::StrCat("CREATE SCHEMA ", schema), absl::StrCat("SET search_path = ", schema)}) {
    ASSIGN_OR_RETURN(const Answer answer, Simple(session, sql));
    if (!answer.ok()) return absl::InternalError(absl::StrCat(sql, ": ", answer.message));
  }
  return absl::OkStatus();
}

absl::Status Server::DropSchema() {
  const std::string schema = std::exchange(schema_, "");
  if (schema.empty()) return absl::OkStatus();
  // A new session has neither a transaction nor settings that the script left behind.
  sessions_.clear();
  ASSIGN_OR_RETURN(PGconn* const session, SessionOf(kFirstSession));
  const std::string sql = absl::StrCat("DROP SCHEMA IF EXISTS ", schema, " CASCADE");
  ASSIGN_OR_RETURN(const Answer answer, Simple(session, sql));
  if (!answer.ok()) return absl::InternalError(absl::StrCat(sql, ": ", answer.message));
  return absl::OkStatus();
}

}  // namespace adbms::sql_test
