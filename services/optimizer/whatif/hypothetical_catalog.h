// A catalog in which indexes come and go without anybody building them, for what-if plans. Made
// once for many of them: a set of indexes costs what its descriptors cost. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/optimizer/v1/optimizer.pb.h"
#include "common/sql/sql.h"

namespace adbms::optimizer::whatif {

class HypotheticalCatalog {
 public:
  using Indexes = google::protobuf::RepeatedPtrField<optimizer::v1::HypotheticalIndex>;
  // How many indexes were assumed, by table.
  using Assumption = std::map<uint32_t, int>;

  // Begins as a copy of the snapshot.
  explicit HypotheticalCatalog(const common::v1::CatalogSnapshot& snapshot);

  // Sees what is assumed at any time; not to be used while that changes.
  const sql::CatalogPtr& catalog() const { return catalog_; }
  void Hide(const std::set<uint32_t>& index_ids);
  // Indexes of tables that are not there are left out.
  Assumption Assume(const Indexes& indexes);
  // Takes the latest assumption back. REQUIRES: it was not yet.
  void Forget(const Assumption& assumption);

 private:
  std::shared_ptr<common::v1::CatalogSnapshot> snapshot_;
  sql::CatalogPtr catalog_;
  std::map<uint32_t, common::v1::TableDescriptor*> tables_;
};

}  // namespace adbms::optimizer::whatif
