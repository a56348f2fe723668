// The indexer's proposals, as they go to the orchestrator. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/module/v1/module.pb.h"
#include "services/indexer/candidates/candidates.h"
#include "services/indexer/selection/selection.h"

namespace adbms::indexer::server {

inline constexpr char kCreateKind[] = "create_index";
inline constexpr char kDropKind[] = "drop_index";

// What the ledger knows of indexes that are not to be proposed. Borrows the request.
class Refusals {
 public:
  explicit Refusals(const module::v1::ProposeRequest& request);

  // Whether the very subject was refused, is being judged or was done.
  bool Has(const std::string& subject) const;
  // Whether what made the index is among these, alone or with others.
  bool Concerns(const std::string& subject) const;
  // Whether a person does not want an index of the table whose first key is about the same.
  bool IsUnwanted(const candidates::Candidate& candidate) const;

 private:
  const module::v1::ProposeRequest& request_;
  std::set<std::pair<uint32_t, std::vector<uint32_t>>> unwanted_;
};

// "orders(a) and orders(b)", with the database before it where that is not adbms.
std::string SubjectOf(const candidates::Bundle& bundle, const common::v1::TableDescriptor& table,
                      const std::string& database);

// A column that statements search by and that no index can hold.
module::v1::Proposal Unindexable(const common::v1::TableDescriptor& table, uint32_t column,
                                 const std::string& database,
                                 const std::vector<uint64_t>& fingerprints);
// `calls`: executions by statement.
module::v1::Proposal Creation(const selection::Choice& choice,
                              const common::v1::TableDescriptor& table, const std::string& database,
                              const std::map<uint64_t, double>& calls);
// "unused public.name", or superfluous.
std::string DropSubject(const common::v1::TableDescriptor& table, const std::string& index,
                        const std::string& database, bool superfluous);
// Without its reason.
module::v1::Proposal Drop(const common::v1::IndexDescriptor& index,
                          const common::v1::TableDescriptor& table, const std::string& database);

}  // namespace adbms::indexer::server
