// A storage with two tables, indexes and rows, that targets which speak to storage share.
#pragma once

#include <memory>

#include "common/sql/sql.h"
#include "services/storage/server/storage_server.h"
#include "services/storage/testing/plans.h"

namespace adbms::fuzz {

class Database {
 public:
  Database();
  // What planning `statement` needs to know.
  sql::PlanningInput InputFor(const char* statement);
  // The statement's default plan.
  absl::StatusOr<common::v1::Plan> PlanOf(const char* statement);
  // Runs a plan for a moment, its parameters NULL.
  absl::Status Run(storage::api::Session* session, const common::v1::Plan& plan);

  storage::testing::TempDir directory;
  std::unique_ptr<storage::server::StorageServer> storage;
  rpc::CallContext context;

 private:
  void Change(const char* statement);
};

// The one of this process; lives as long.
Database& TheDatabase();

}  // namespace adbms::fuzz
