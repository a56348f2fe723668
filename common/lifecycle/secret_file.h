// Secrets in files that only the owner reads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::lifecycle {

// The file's content without the final newline. Errors: NOT_FOUND, PERMISSION_DENIED when others
// may read it: anybody but the owner, or, where the file is root's and this process is not, anybody
// but its group (PostgreSQL's rule for keys, manual chapter 19.9).
absl::StatusOr<std::string> ReadSecret(const std::string& path);
// Writes atomically with mode 0600. Errors: UNAVAILABLE.
absl::Status WriteSecret(const std::string& path, const std::string& secret);
// Reads the file, or makes it with 32 random bytes in hexadecimal. Two processes that start at once
// agree.
absl::StatusOr<std::string> ReadOrMakeSecret(const std::string& path);
// `bytes` random bytes in hexadecimal.
std::string RandomHex(int bytes);

}  // namespace adbms::lifecycle
