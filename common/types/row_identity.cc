#include "common/types/row_identity.h"

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

constexpr std::string_view kPrefix = "(0x";

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

void FormatRowIdentity(std::string_view key, std::string* out) {
  out->append(kPrefix);
  out->append(absl::BytesToHexString(absl::string_view(key.data(), key.size())));
  out->push_back(')');
}

absl::StatusOr<std::string> ParseRowIdentity(std::string_view text) {
  const auto invalid = [&] {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         "invalid input syntax for type tid: \"" + std::string(text) + "\"");
  };
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return invalid();
  if (!text.starts_with(kPrefix)) {
    if (text.find(',') == std::string_view::npos) return invalid();
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "a row's block and offset are not supported", {},
                         "Rows are known by their keys: take what ctid gives as it is.");
  }
  const std::string_view digits = text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1);
  if (digits.size() % 2 != 0) return invalid();
  for (const char c : digits) {
    if (!IsHex(c)) return invalid();
  }
  return absl::HexStringToBytes(absl::string_view(digits.data(), digits.size()));
}

}  // namespace adbms::types
