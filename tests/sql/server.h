// A PostgreSQL-protocol server under test, over libpq. Not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace adbms::sql_test {

enum class Protocol {
  kSimple,    // one Query message
  kExtended,  // Parse, Bind, Execute of an unnamed statement
  kPrepared,  // a named statement, executed twice when it only reads
};

// What one statement answered: an error, or a command tag and rows. No value means NULL.
struct Answer {
  std::string sqlstate;  // empty: success
  std::string message;
  std::string tag;
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> rows;

  bool ok() const { return sqlstate.empty(); }
};

class Server {
 public:
  // `connection` is a libpq connection string.
  static absl::StatusOr<std::unique_ptr<Server>> Connect(const std::string& connection,
                                                         Protocol protocol);

  // Runs one statement on the session of that name, which is opened at its first use with
  // `search_path` set to the schema of UseSchema. Unavailable when the connection is lost.
  absl::StatusOr<Answer> Run(const std::string& session, const std::string& sql);

  // Drops the schema and makes it anew; closes all sessions but the first.
  absl::Status UseSchema(const std::string& schema);
  // Drops the schema that UseSchema made, and closes all sessions but the first.
  absl::Status DropSchema();

  // "postgresql", and "adbms" where the server is one.
  const std::set<std::string>& engines() const { return engines_; }

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Session = std::unique_ptr<PGconn, Closer>;

  Server(std::string connection, Protocol protocol);
  absl::StatusOr<PGconn*> SessionOf(const std::string& name);
  absl::StatusOr<Answer> Simple(PGconn* session, const std::string& sql);

  const std::string connection_;
  const Protocol protocol_;
  std::set<std::string> engines_ = {"postgresql"};
  std::string schema_;
  std::map<std::string, Session> sessions_;
  size_t statements_ = 0;
};

}  // namespace adbms::sql_test
