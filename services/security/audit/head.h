// The head of the audit log: how many records there are and the hash of the last one, signed with a
// key that only the daemon's user reads. Kept apart from the log, it shows what the chain alone
// cannot: a cut end, an emptied file, a chain that somebody computed anew.
//
// One line: <records> <bytes> <hash> <microseconds since the Unix epoch> <HMAC-SHA-256 of all
// before, separated by blanks, in hexadecimal>.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::security::audit {

struct Head {
  uint64_t records = 0;
  uint64_t bytes = 0;  // Of the file, with the last record's newline.
  std::string hash;
  int64_t at_us = 0;
};

std::string Sign(const Head& head, const std::string& key);
// Errors: DATA_LOSS when the line is none or the signature is not of this key.
absl::StatusOr<Head> ParseHead(const std::string& line, const std::string& key);

// Replaces the file at once, durably. Errors: UNAVAILABLE.
absl::Status WriteHead(const std::string& path, const Head& head, const std::string& key);
// Errors: NOT_FOUND, DATA_LOSS.
absl::StatusOr<Head> ReadHead(const std::string& path, const std::string& key);

}  // namespace adbms::security::audit
