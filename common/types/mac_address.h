// macaddr and macaddr8. The physical form is the address's 6 or 8 bytes, which compare bytewise.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::types {

inline constexpr size_t kMacaddrSize = 6;
inline constexpr size_t kMacaddr8Size = 8;

// The input functions. macaddr8 takes 6 bytes too and puts ff:fe between. Errors: 22P02, 22003.
absl::StatusOr<std::string> ParseMacaddr(std::string_view text);
absl::StatusOr<std::string> ParseMacaddr8(std::string_view text);
// "08:00:2b:01:02:03", of either.
void FormatMacaddr(std::string_view bytes, std::string* out);

// As PostgreSQL's casts. Errors of the second: 22003. They take what has the right size.
std::string MacaddrToMacaddr8(std::string_view bytes);
absl::StatusOr<std::string> Macaddr8ToMacaddr(std::string_view bytes);

}  // namespace adbms::types
