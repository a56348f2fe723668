#include "common/sql/functions/find.h"

#include <cstring>

namespace adbms::sql::functions {

// The standard library's own takes the product of the lengths in the worst case, glibc's memmem
// their sum (two-way string matching).
size_t Find(std::string_view text, std::string_view part, size_t from) {
  if (part.size() <= 1 || from > text.size()) return text.find(part, from);
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace adbms::sql::functions
