// Keeps planner statistics fresh: a module that proposes ANALYZE for tables without statistics or
// whose size has changed by a fifth since. Thread-safe.
#pragma once

#include "services/orchestrator/api/module.h"
#include "services/storage/api/storage.h"

namespace adbms::optimizer::statistics_upkeep {

class StatisticsModule : public orchestrator::api::Module {
 public:
  // `storage` must outlive this.
  explicit StatisticsModule(storage::api::Storage* storage) : storage_(storage) {}

  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) override;
  absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) override;
  absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) override;
  absl::StatusOr<module::v1::ApplyResponse> Apply(const rpc::CallContext& context,
                                                  const module::v1::ApplyRequest& request) override;
  absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) override;
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  struct DatabaseCatalog {
    std::string database;
    std::shared_ptr<const common::v1::CatalogSnapshot> catalog;
  };
  // Of all databases.
  absl::StatusOr<std::vector<DatabaseCatalog>> Catalogs(const rpc::CallContext& context);

  storage::api::Storage* const storage_;
};

}  // namespace adbms::optimizer::statistics_upkeep
