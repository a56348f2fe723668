// Which of the system's own indexes have become superfluous: those that no plan uses, and those
// that another one can serve for. Never what a constraint rests on, nor what a person made.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/storage/v1/storage.pb.h"

namespace adbms::indexer::upkeep {

// Whether `index` may be dropped by the system at all.
bool IsOwn(const common::v1::IndexDescriptor& index);

// The table's index, or the name of its primary key, that serves for `index` whatever a plan can
// want of it: the same leading columns in the same directions, and the included ones; of two alike
// the older one. Empty: none.
std::string ServedBy(const common::v1::IndexDescriptor& index,
                     const common::v1::TableDescriptor& table);

// Since when indexes have not been scanned. Not thread-safe.
class UnusedSince {
 public:
  // Takes the use of all indexes as it is at `now_us`.
  void Note(const storage::v1::EngineMetrics& metrics, int64_t now_us);
  // For how long the index has been seen unused; 0: not known.
  int64_t UnusedForUs(uint32_t index_id, int64_t now_us) const;

 private:
  struct Seen {
    uint64_t scans = 0;
    int64_t since_us = 0;
  };
  std::map<uint32_t, Seen> seen_;
};

}  // namespace adbms::indexer::upkeep
