// nextval, currval, lastval, setval and their kin.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "services/storage/server/privilege_functions.h"

namespace adbms::storage::server {

// What a session knows of the sequences that it took values from. Not thread-safe.
struct SequenceMemory {
  std::map<uint32_t, int64_t> current;  // By sequence.
  uint32_t last = 0;                    // The one of the latest nextval; 0: none yet.
};

// One statement's use of sequences. Not thread-safe.
struct SequenceUse {
  SequenceMemory* memory = nullptr;
  txn::Transaction* transaction = nullptr;  // Null outside of one.
  // Found to be allowed: sequence and what for.
  std::set<std::pair<uint32_t, int>> allowed;
};

// The argument is a sequence's number. Errors: 42P01, 42809 no sequence, 42501, 25006 in a
// read-only transaction, 55000 not yet defined, 2200H at its end, 22003 out of bounds.
absl::StatusOr<types::Value> NextValue(const PrivilegeQuestion& question, SequenceUse* use);
// The same for the default of an identity column: whoever may insert into its table may ask.
absl::StatusOr<types::Value> NextIdentityValue(const PrivilegeQuestion& question, SequenceUse* use);
absl::StatusOr<types::Value> CurrentValue(const PrivilegeQuestion& question, SequenceUse* use);
absl::StatusOr<types::Value> LastValue(const PrivilegeQuestion& question, SequenceUse* use);
// sequence, value[, is_called]
absl::StatusOr<types::Value> SetValue(const PrivilegeQuestion& question, SequenceUse* use);
// pg_sequence_last_value: NULL before the first.
absl::StatusOr<types::Value> LastValueOf(const PrivilegeQuestion& question, SequenceUse* use);

}  // namespace adbms::storage::server
