// Temporary tables, views and sequences: each session that makes one has a schema pg_temp_N of its
// own, which goes with the session. What a crash leaves of one, the next start does not load.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class SessionState;

// Which N are in use. Thread-safe.
class TemporarySchemaNumbers {
 public:
  // The lowest that is free.
  uint32_t Take();
  void Release(uint32_t number);

 private:
  absl::Mutex mutex_;
  std::set<uint32_t> taken_ ABSL_GUARDED_BY(mutex_);
};

// One session's. Not thread-safe.
class TemporaryObjects {
 public:
  // Both outlive it.
  TemporaryObjects(TemporarySchemaNumbers* numbers, SessionState* session)
      : numbers_(numbers), session_(session) {}
  TemporaryObjects(const TemporaryObjects&) = delete;
  TemporaryObjects& operator=(const TemporaryObjects&) = delete;

  // pg_temp_N; empty: there never was any.
  const std::string& schema() const { return schema_; }

  // Puts what a statement makes in "pg_temp" into the session's schema, and the schema into the
  // draft. Errors: 0A000 for the schema of another session.
  absl::Status Place(txn::Transaction* transaction, common::v1::DdlStatement* statement);
  // A transaction of the session begins: what is declared ON COMMIT will happen.
  void Join(txn::Transaction* transaction);
  // DISCARD TEMP. The schema is gone until something is made in it again.
  absl::Status Drop(const rpc::CallContext& context);
  // The session is over. REQUIRES: no transaction is open.
  void End();

 private:
  absl::Status BeforeCommit(const rpc::CallContext& context, txn::Transaction* transaction);

  TemporarySchemaNumbers* const numbers_;
  SessionState* const session_;
  uint32_t number_ = 0;
  std::string schema_;
  bool acts_on_commit_ = false;  // Something has been declared ON COMMIT.
};

}  // namespace adbms::storage::server
