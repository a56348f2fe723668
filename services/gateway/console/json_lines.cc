#include "services/gateway/console/json_lines.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/types/declared_type.h"
#include "common/types/json_reader.h"
#include "common/types/text_io.h"

namespace adbms::gateway::console {
namespace {

constexpr size_t kPageBytes = 64 << 10;
// More are dropped while nobody takes them: they are told all at once.
constexpr size_t kMostNotices = 1000;

absl::Status NoCopy() {
  return status::Error(status::sqlstate::kFeatureNotSupported,
                       "COPY in the console is not supported", "",
                       "Use psql's \\copy, or COPY with a file.");
}

void Member(std::string_view name, std::string_view value, std::string* out) {
  if (value.empty()) return;
  if (out->back() != '{') out->push_back(',');
  types::AppendJsonString(name, out);
  out->push_back(':');
  types::AppendJsonString(value, out);
}

void Fields(const status::SqlError& error, std::string* out) {
  Member("code", error.sqlstate, out);
  Member("message", error.message.empty() ? "unknown error" : error.message, out);
  Member("detail", error.detail, out);
  Member("hint", error.hint, out);
  Member("schema", error.schema, out);
  Member("table", error.table, out);
  Member("column", error.column, out);
  Member("constraint", error.constraint, out);
  if (error.position > 0) absl::StrAppend(out, ",\"position\":", error.position);
}

}  // namespace

std::string ErrorObject(const status::SqlError& error) {
  std::string object = "{";
  Fields(error, &object);
  object.push_back('}');
  return object;
}

std::string ErrorLine(const status::SqlError& error) {
  return absl::StrCat("{\"error\":", ErrorObject(error), "}");
}

JsonLines::JsonLines(const session::Settings& settings, uint64_t max_rows, Write write)
    : settings_(settings), max_rows_(max_rows), write_(std::move(write)) {}

absl::Status JsonLines::BeginRows(const session::OutputColumns& columns) {
  rows_ = 0;
  lines_.append("{\"columns\":[");
  for (int i = 0; i < columns.size(); ++i) {
    types::Type type = types::FromProto(columns[i].type());
    if (type.id == types::TypeId::kUnknown) type = {types::TypeId::kText, 0};
    // A domain is described as what it is over.
    type = types::BaseOf(type);
    if (i > 0) lines_.push_back(',');
    lines_.append("{\"name\":");
    types::AppendJsonString(columns[i].name(), &lines_);
    lines_.append(",\"type\":");
    types::AppendJsonString(types::Format(type), &lines_);
    absl::StrAppend(&lines_, ",\"oid\":", types::OidOf(type), "}");
  }
  lines_.append("]}\n");
  return absl::OkStatus();
}

absl::Status JsonLines::Rows(const types::Batch& batch) {
  for (uint32_t row = 0; row < batch.row_count; ++row) {
    ++rows_;
    // What was asked for goes on to its end: it may be what writes.
    if (max_rows_ > 0 && rows_ > max_rows_) continue;
    lines_.append(std::exchange(in_rows_, true) ? ",[" : "{\"rows\":[[");
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      if (c > 0) lines_.push_back(',');
      const types::Vector& vector = *batch.columns[c];
      if (vector.is_null(row)) {
        lines_.append("null");
        continue;
      }
      cell_.clear();
      types::FormatText(vector, row, settings_.text_options(), &cell_);
      types::AppendJsonString(cell_, &lines_);
    }
    lines_.push_back(']');
    RETURN_IF_ERROR(FlushIfLarge());
  }
  // What a statement has found so far is shown while it looks for more.
  return Flush();
}

absl::Status JsonLines::Complete(std::string_view command_tag) {
  EndRows();
  lines_.append("{\"complete\":");
  types::AppendJsonString(command_tag, &lines_);
  if (max_rows_ > 0 && rows_ > max_rows_) lines_.append(",\"truncated\":true");
  lines_.append("}\n");
  rows_ = 0;
  return FlushIfLarge();
}

absl::Status JsonLines::Suspend() {
  EndRows();
  absl::StrAppend(&lines_, "{\"complete\":\"SELECT ", max_rows_, "\",\"truncated\":true}\n");
  rows_ = 0;
  return FlushIfLarge();
}

absl::Status JsonLines::Empty() {
  lines_.append("{\"complete\":\"\"}\n");
  return absl::OkStatus();
}

void JsonLines::Notice(std::string_view severity, const status::SqlError& notice) {
  if (!settings_.Wants(severity) || held_notices_ >= kMostNotices) return;
  EndRows();
  ++held_notices_;
  lines_.append("{\"notice\":{");
  Member("severity", severity, &lines_);
  Fields(notice, &lines_);
  lines_.append("}}\n");
  // Who cannot be told any more is found out with the next rows.
  (void)FlushIfLarge();
}

void JsonLines::EndRows() {
  if (std::exchange(in_rows_, false)) lines_.append("]}\n");
}

absl::Status JsonLines::FlushIfLarge() {
  return lines_.size() >= kPageBytes ? Flush() : absl::OkStatus();
}

absl::Status JsonLines::Flush() {
  EndRows();
  held_notices_ = 0;
  return lines_.empty() ? absl::OkStatus() : write_(std::exchange(lines_, {}));
}

absl::Status JsonLines::BeginCopyIn(int, bool) { return NoCopy(); }
absl::StatusOr<bool> JsonLines::ReadCopyData(std::string*) { return NoCopy(); }
absl::Status JsonLines::BeginCopyOut(int, bool) { return NoCopy(); }
absl::Status JsonLines::CopyData(std::string_view) { return NoCopy(); }
absl::Status JsonLines::EndCopyOut() { return NoCopy(); }

}  // namespace adbms::gateway::console
