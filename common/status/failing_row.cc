#include "common/status/failing_row.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace adbms::status {
namespace {

// Bytes that no UTF-8 text contains.
constexpr char kColumnEnd = '\xfe';
constexpr char kNameEnd = '\xfd';

}  // namespace

absl::Status WithFailingRow(absl::Status status, const FailingRow& row) {
  std::string text;
  for (const auto& [name, value] : row)
    absl::StrAppend(&text, name, std::string(1, kNameEnd), value, std::string(1, kColumnEnd));
  status.SetPayload(kFailingRowUrl, absl::Cord(text));
  return status;
}

FailingRow FailingRowOf(const absl::Status& status) {
  FailingRow row;
  const auto payload = status.GetPayload(kFailingRowUrl);
  if (!payload.has_value()) return row;
  for (const auto column : absl::StrSplit(std::string(*payload), kColumnEnd, absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(column, absl::MaxSplits(kNameEnd, 1));
    row.push_back(parts);
  }
  return row;
}

}  // namespace adbms::status
