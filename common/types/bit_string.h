// bit and bit varying. A value is carried as its digits, a byte '0' or '1' for each bit, whose
// order is that of bit strings. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/type.h"

namespace adbms::types {

// bit(n), bit varying(n). The modifier is n.
Type BitType(TypeId id, int length);
inline bool IsBitString(TypeId id) { return id == TypeId::kBit || id == TypeId::kVarbit; }

// "101", "b101" or "x1f". Errors: 22P02.
absl::StatusOr<std::string> ParseBits(std::string_view text);
// As the type's modifier asks for; an explicit cast cuts, and fills up with zeros on the right.
// May point into `bits` or `scratch`. Errors: 22026, 22001.
absl::StatusOr<std::string_view> FitBits(std::string_view bits, const Type& type, bool is_explicit,
                                         std::string* scratch);
// Whether these are digits of a bit string.
bool AreBits(std::string_view bytes);

// On the wire: how many bits, and the bits from the highest of the first byte on.
void AppendBitsBinary(std::string_view bits, std::string* out);
// Errors: 22P03.
absl::StatusOr<std::string> ParseBitsBinary(std::string_view bytes);

}  // namespace adbms::types
