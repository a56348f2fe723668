// How large indexes would be.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "adbms/common/v1/catalog.pb.h"
#include "services/indexer/candidates/candidates.h"
#include "services/optimizer/api/optimizer.h"

namespace adbms::indexer::selection {

class Sizes {
 public:
  // Both must outlive this.
  Sizes(const sql::Catalog& catalog, const common::v1::StatisticsSnapshot& statistics);

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

  const sql::Catalog& catalog_;
  const common::v1::StatisticsSnapshot& statistics_;
  std::map<std::pair<uint32_t, std::string>, double> fractions_;  // By table and predicate.
};

}  // namespace adbms::indexer::selection
