// A connection over the PostgreSQL wire protocol; the only place that knows libpq. Not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::clients::workload {

struct ConnectionOptions {
  std::string address = "127.0.0.1:5433";  // host:port, or directory:port of a unix socket.
  std::string user = "adbms";
  std::string password;
  std::string database = "adbms";
};

struct QueryResult {
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string command_tag;
};

class PgConnection {
 public:
  // Errors: UNAVAILABLE with libpq's message.
  static absl::StatusOr<std::unique_ptr<PgConnection>> Open(const ConnectionOptions& options);

  // Errors carry the server's SQLSTATE and message; UNAVAILABLE when the connection broke.
  absl::StatusOr<QueryResult> Query(const std::string& sql);
  absl::Status Prepare(const std::string& name, const std::string& sql);
  absl::StatusOr<QueryResult> Execute(const std::string& name,
                                      const std::vector<std::string>& parameters);
  // COPY table FROM STDIN of one batch of text lines.
  absl::Status CopyIn(const std::string& table, const std::string& lines);
  bool broken() const { return PQstatus(connection_.get()) != CONNECTION_OK; }

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  explicit PgConnection(PGconn* connection) : connection_(connection) {}
  absl::StatusOr<QueryResult> Take(PGresult* result);
  absl::Status ErrorOf(const PGresult* result) const;

  std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace adbms::clients::workload
