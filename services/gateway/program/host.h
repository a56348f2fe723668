// What runs the SQL of a program: a session implements it, the interpreter calls it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"
#include "common/status/sql_error.h"
#include "common/types/vector.h"

namespace adbms::gateway::program {

// One SQL text of a program, with the variables that its names may mean as parameters.
struct SqlText {
  std::string text;
  std::vector<types::Type> parameter_types;
  std::vector<sql::ParameterName> parameter_names;  // None: $n are numbers.
  std::shared_ptr<void> state;                      // The host's own, for the next time.
};

// Column names and types, and rows.
struct Rows {
  std::vector<std::string> names;
  std::vector<types::Type> types;
  std::vector<types::Batch> batches;
  uint64_t size = 0;
  uint64_t bytes = 0;

  std::vector<types::Value> Row(uint64_t number) const;
};

struct Outcome {
  bool returned_rows = false;
  bool wrote = false;      // INSERT, UPDATE or DELETE.
  uint64_t row_count = 0;  // Of the command tag.
  std::string command_tag;
};

// Not thread-safe. Errors of all methods: SQL's, those of a lost connection, 57014.
class Host {
 public:
  virtual ~Host() = default;

  // Runs one statement of any kind; rows that it returns go to `rows`. Errors: 53200 beyond what
  // one result may take.
  virtual absl::StatusOr<Outcome> Run(SqlText* text, const std::vector<types::Value>& values,
                                      Rows* rows) = 0;
  // The value of the one expression that "SELECT expression" yields; NULL for no row.
  virtual absl::StatusOr<types::Value> Evaluate(SqlText* text,
                                                const std::vector<types::Value>& values) = 0;
  // As an assignment does, else through the text of it. Errors: the type's input's.
  virtual absl::StatusOr<types::Value> Convert(const types::Value& value,
                                               const types::Type& type) = 0;
  virtual std::string TextOf(const types::Value& value) = 0;
  // `array` with `value`, which is of its elements' type, at the position.
  virtual absl::StatusOr<types::Value> WithElement(const types::Value& array,
                                                   const types::Value& value,
                                                   const std::vector<int32_t>& position) = 0;
  // Errors: 42704.
  virtual absl::StatusOr<types::Type> TypeNamed(const std::string& text) = 0;
  // [schema,] table. Errors: 42P01. Valid until the next statement.
  virtual absl::StatusOr<const common::v1::TableDescriptor*> FindTable(
      const std::vector<std::string>& names) = 0;

  // Nested; each ends with a release or a rollback.
  virtual absl::Status Savepoint() = 0;
  virtual absl::Status ReleaseSavepoint() = 0;
  virtual absl::Status RollbackSavepoint() = 0;
  // COMMIT or ROLLBACK in a procedure, after which a new transaction is open. Errors: 2D000 where
  // it is not the procedure's to end.
  virtual absl::Status EndTransaction(bool commit) = 0;

  // Cursors of the session.
  virtual absl::Status OpenCursor(const std::string& name, SqlText* text,
                                  const std::vector<types::Value>& values) = 0;
  // A name that no cursor has.
  virtual std::string NewCursorName() = 0;
  // `direction` as FETCH has it. Errors: 34000.
  virtual absl::Status FetchCursor(const std::string& name, const std::string& direction, bool move,
                                   Rows* rows) = 0;
  virtual absl::Status CloseCursor(const std::string& name) = 0;

  // `level`: "NOTICE", "WARNING", "INFO", "LOG" or "DEBUG".
  virtual void Notice(std::string_view level, const status::SqlError& notice) = 0;
  // Errors: 57014 when it is cancelled or out of time.
  virtual absl::Status Check() = 0;
};

}  // namespace adbms::gateway::program
