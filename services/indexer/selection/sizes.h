// How large indexes would be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/sql.h"
#include "services/indexer/candidates/candidates.h"
#include "services/optimizer/api/optimizer.h"

namespace adbms::indexer::selection {

// A database as it is looked at.
struct Scene {
  std::string database;  // Empty: adbms.
  sql::CatalogPtr catalog;
  std::shared_ptr<const common::v1::StatisticsSnapshot> statistics;
};

class Sizes {
 public:
  // `scene` must outlive this.
  explicit Sizes(const Scene& scene) : scene_(scene) {}

  // Asks the optimizer how many rows the candidates' predicates choose. Errors: the optimizer's.
  absl::Status Learn(const rpc::CallContext& context, optimizer::api::Optimizer* optimizer,
                     const std::vector<candidates::Bundle>& candidates);
  // The part of the table's rows that have entries, 0 to 1.
  double Fraction(const candidates::Candidate& candidate) const;
  // From the widths of columns and the number of rows; 0 for what was never analyzed.
  uint64_t Bytes(const candidates::Candidate& candidate) const;

 private:
  const common::v1::TableStatistics* StatisticsOf(uint32_t table_id) const;
  double EntriesPerRow(const candidates::Candidate& candidate, double key_bytes) const;

  const Scene& scene_;
  std::map<std::pair<uint32_t, std::string>, double> fractions_;  // By table and predicate.
};

}  // namespace adbms::indexer::selection
