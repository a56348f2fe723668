// SQL for the services' own use: text, default plan, storage. What security, orchestrator, tuner
// and indexer keep is read and written through this, in the schema adbms. Thread-safe: each call
// takes a storage session of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"
#include "common/sql/sql.h"
#include "common/types/value.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<types::Value>> rows;
  uint64_t rows_affected = 0;
};

class SqlClient {
 public:
  // `storage` must outlive this; `user` owns what it creates.
  SqlClient(Storage* storage, std::string user) : storage_(storage), user_(std::move(user)) {}

  // One statement: SELECT, INSERT, UPDATE, DELETE or DDL; durable when it returns. $n take
  // `parameters`.
  absl::StatusOr<SqlResult> Run(const rpc::CallContext& context, std::string_view sql,
                                const std::vector<types::Value>& parameters = {});
  // Statements that stand or fall together.
  struct Step {
    std::string sql;
    std::vector<types::Value> parameters;
  };
  // In a session that the caller has; as Run.
  absl::StatusOr<SqlResult> RunIn(const rpc::CallContext& context, Session* session,
                                  std::string_view sql,
                                  const std::vector<types::Value>& parameters) {
    return RunOn(context, session, sql, parameters);
  }
  absl::Status RunTransaction(const rpc::CallContext& context, const std::vector<Step>& steps);

 private:
  absl::StatusOr<sql::CatalogPtr> GetCatalog(const rpc::CallContext& context);
  absl::StatusOr<SqlResult> RunOn(const rpc::CallContext& context, Session* session,
                                  std::string_view sql,
                                  const std::vector<types::Value>& parameters);
  absl::StatusOr<SqlResult> Attempt(const rpc::CallContext& context, Session* session,
                                    std::string_view sql,
                                    const std::vector<types::Value>& parameters);

  Storage* const storage_;
  const std::string user_;
  absl::Mutex mutex_;
  sql::CatalogPtr catalog_ ABSL_GUARDED_BY(mutex_);
};

// Text of a value, empty for NULL; for reports.
std::string ToText(const types::Value& value);

}  // namespace adbms::storage::api
