#include "services/gateway/session/copy_format.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

absl::Status BadFormat(uint64_t line, absl::string_view message) {
  return status::Error(status::sqlstate::kBadCopyFileFormat,
                       absl::StrCat(message, " (COPY, line ", line, ")"));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One escape sequence of the text format at text[i] (behind the backslash); appends, returns the
// next index.
size_t Unescape(std::string_view text, size_t i, std::string* out) {
  const char c = text[i];
  switch (c) {
    case 'b':
      *out += '\b';
      return i + 1;
    case 'f':
      *out += '\f';
      return i + 1;
    case 'n':
      *out += '\n';
      return i + 1;
    case 'r':
      *out += '\r';
      return i + 1;
    case 't':
      *out += '\t';
      return i + 1;
    case 'v':
      *out += '\v';
      return i + 1;
    default:
      break;
  }
  if (c >= '0' && c <= '7') {
    int value = 0;
    size_t end = i;
    while (end < text.size() && end < i + 3 && text[end] >= '0' && text[end] <= '7') {
      value = value * 8 + (text[end++] - '0');
    }
    *out += static_cast<char>(value);
    return end;
  }
  if (c == 'x' && i + 1 < text.size() && HexDigit(text[i + 1]) >= 0) {
    int value = 0;
    size_t end = i + 1;
    while (end < text.size() && end < i + 3 && HexDigit(text[end]) >= 0) {
      value = value * 16 + HexDigit(text[end++]);
    }
    *out += static_cast<char>(value);
    return end;
  }
  *out += c;
  return i + 1;
}

void AppendEscaped(std::string_view text, char delimiter, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      case '\v':
        *out += "\\v";
        break;
      default:
        if (c == delimiter) *out += '\\';
        *out += c;
    }
  }
}

void AppendCsv(const CopyFormat& format, std::string_view text, bool alone, bool forced,
               std::string* out) {
  const bool quote = forced || text == format.null_text || (alone && text == "\\.") ||
                     text.find_first_of("\n\r") != std::string_view::npos ||
                     text.find(format.delimiter) != std::string_view::npos ||
                     text.find(format.quote) != std::string_view::npos;
  if (!quote) {
    out->append(text);
    return;
  }
  *out += format.quote;
  for (const char c : text) {
    if (c == format.quote || c == format.escape) *out += format.escape;
    *out += c;
  }
  *out += format.quote;
}

// Errors: 42703 when there is no such column at all.
absl::Status CheckColumn(const std::string& name, const common::v1::TableDescriptor* table) {
  if (table == nullptr)
    return status::Error(status::sqlstate::kUndefinedColumn,
                         absl::StrCat("column \"", name, "\" does not exist"));
  const auto& columns = table->columns();
  const bool exists = std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
    return !column.dropped() && column.name() == name;
  });
  return exists ? absl::OkStatus()
                : status::Error(status::sqlstate::kUndefinedColumn,
                                absl::StrCat("column \"", name, "\" of relation \"", table->name(),
                                             "\" does not exist"));
}

}  // namespace

absl::StatusOr<CopyFormat> CopyFormat::From(const sql::CopyStatement& statement,
                                            const std::vector<std::string>& fields,
                                            const common::v1::TableDescriptor* table) {
  CopyFormat format;
  format.binary = statement.binary;
  format.csv = statement.csv;
  format.header = statement.header;
  if (statement.header_match) format.header_names = fields;
  if (format.csv) {
    format.delimiter = ',';
    format.null_text = "";
  }
  if (statement.delimiter.has_value()) format.delimiter = *statement.delimiter;
  if (statement.null_text.has_value()) format.null_text = *statement.null_text;
  if (statement.quote.has_value()) format.quote = *statement.quote;
  format.escape = statement.escape.value_or(format.quote);
  const auto resolve = [&](const sql::CopyStatement::Force& force, absl::string_view option,
                           std::vector<bool>* flags) -> absl::Status {
    if (!force.given) return absl::OkStatus();
    flags->assign(fields.size(), force.all);
    for (const std::string& name : force.columns) {
      const size_t field = std::find(fields.begin(), fields.end(), name) - fields.begin();
      if (field == fields.size()) RETURN_IF_ERROR(CheckColumn(name, table));
      if (field == fields.size())
        return status::Error(status::sqlstate::kInvalidColumnReference,
                             absl::StrCat(option, " column \"", name, "\" not referenced by COPY"));
      if ((*flags)[field])
        return status::Error(status::sqlstate::kDuplicateColumn,
                             absl::StrCat("column \"", name, "\" specified more than once"));
      (*flags)[field] = true;
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(resolve(statement.force_quote, "FORCE_QUOTE", &format.force_quote));
  RETURN_IF_ERROR(resolve(statement.force_not_null, "FORCE_NOT_NULL", &format.force_not_null));
  RETURN_IF_ERROR(resolve(statement.force_null, "FORCE_NULL", &format.force_null));
  return format;
}

CopyReader::CopyReader(const CopyFormat& format, size_t columns)
    : format_(format), columns_(columns), skip_header_(format.header) {}

void CopyReader::Append(std::string_view data) {
  if (position_ > 0) {
    buffer_.erase(0, position_);
    searched_ -= std::min(searched_, position_);
    position_ = 0;
  }
  buffer_.append(data);
}

absl::Status CopyReader::CheckCount(size_t count) const {
  if (count > columns_) return BadFormat(line_, "extra data after last expected column");
  return absl::OkStatus();
}

absl::StatusOr<bool> CopyReader::Next(std::vector<std::optional<std::string_view>>* fields) {
  for (;;) {
    if (ended_) return false;
    ASSIGN_OR_RETURN(const bool found, format_.csv ? NextCsv(fields) : NextText(fields));
    if (!found) return false;
    if (!skip_header_) return true;
    RETURN_IF_ERROR(CheckHeader(*fields));
    skip_header_ = false;
  }
}

absl::Status CopyReader::CheckHeader(const Fields& fields) const {
  const std::vector<std::string>& names = format_.header_names;
  if (names.empty()) return absl::OkStatus();
  if (fields.size() != names.size())
    return BadFormat(line_, absl::StrCat("wrong number of fields in header line: got ",
                                         fields.size(), ", expected ", names.size()));
  for (size_t i = 0; i < names.size(); ++i) {
    if (fields[i] == names[i]) continue;
    const std::string got = fields[i].has_value()
                                ? absl::StrCat("got \"", std::string(*fields[i]), "\"")
                                : absl::StrCat("got null value (\"", format_.null_text, "\")");
    return BadFormat(line_, absl::StrCat("column name mismatch in header line field ", i + 1, ": ",
                                         got, ", expected \"", names[i], "\""));
  }
  return absl::OkStatus();
}

void CopyReader::AddField(std::string_view text, bool is_null, Fields* fields) const {
  const size_t field = fields->size();
  if (is_null && field < format_.force_not_null.size() && format_.force_not_null[field]) {
    is_null = false;
    text = format_.null_text;
  }
  if (!is_null && field < format_.force_null.size() && format_.force_null[field])
    is_null = text == format_.null_text;
  if (is_null) {
    fields->push_back(std::nullopt);
  } else {
    fields->push_back(text);
  }
}

absl::StatusOr<bool> CopyReader::NeedMore() const {
  if (buffer_.size() - position_ <= kLongestLine) return false;
  return status::Error(status::sqlstate::kProgramLimitExceeded, "a line of the data is too long",
                       absl::StrCat("COPY, line ", line_ + 1, ": more than ", kLongestLine,
                                    " bytes without an end."));
}

absl::StatusOr<bool> CopyReader::NextText(std::vector<std::optional<std::string_view>>* fields) {
  // The end of the line: a newline that no backslash hides. What has been looked at is not looked
  // at again when more has come: a line may come in many pieces.
  size_t end = std::max(position_, searched_);
  size_t next = 0;
  for (;;) {
    const char* newline =
        static_cast<const char*>(std::memchr(buffer_.data() + end, '\n', buffer_.size() - end));
    if (newline == nullptr) {
      searched_ = buffer_.size();
      if (!finished_ || position_ == buffer_.size()) return NeedMore();
      end = buffer_.size();
      next = end;
      break;
    }
    end = newline - buffer_.data();
    size_t backslashes = 0;
    while (backslashes < end - position_ && buffer_[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) {
      next = end + 1;
      break;
    }
    ++end;
  }
  if (end > position_ && buffer_[end - 1] == '\r') --end;
  const std::string_view line(buffer_.data() + position_, end - position_);
  line_bytes_ = next - position_;
  position_ = next;
  ++line_;
  if (line == "\\.") {
    ended_ = true;
    return false;
  }
  fields->clear();
  const bool escapes = std::memchr(line.data(), '\\', line.size()) != nullptr;
  if (!escapes) {
    size_t start = 0;
    for (;;) {
      const size_t stop = std::min(line.find(format_.delimiter, start), line.size());
      const std::string_view field = line.substr(start, stop - start);
      if (field == format_.null_text) {
        fields->push_back(std::nullopt);
      } else {
        fields->push_back(field);
      }
      if (stop == line.size()) break;
      start = stop + 1;
    }
    if (columns_ == 0 && line.empty()) fields->clear();
    RETURN_IF_ERROR(CheckCount(skip_header_ ? columns_ : fields->size()));
    return true;
  }
  scratch_.clear();
  spans_.clear();
  std::vector<bool> nulls;
  size_t raw_start = 0;
  size_t start = 0;
  for (size_t i = 0;;) {
    if (i == line.size() || line[i] == format_.delimiter) {
      nulls.push_back(line.substr(raw_start, i - raw_start) == format_.null_text);
      spans_.emplace_back(start, scratch_.size() - start);
      if (i == line.size()) break;
      start = scratch_.size();
      raw_start = ++i;
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      i = Unescape(line, i + 1, &scratch_);
    } else {
      const size_t plain = i++;  // A backslash at the end is one too.
      while (i < line.size() && line[i] != format_.delimiter && line[i] != '\\') ++i;
      scratch_.append(line.substr(plain, i - plain));
    }
  }
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (nulls[i]) {
      fields->push_back(std::nullopt);
    } else {
      fields->push_back(std::string_view(scratch_).substr(spans_[i].first, spans_[i].second));
    }
  }
  RETURN_IF_ERROR(CheckCount(skip_header_ ? columns_ : fields->size()));
  return true;
}

bool CopyReader::FindCsvEnd(size_t* end, size_t* next) {
  if (searched_ <= position_) {
    searched_ = position_;
    searched_quoted_ = false;
  }
  bool& quoted = searched_quoted_;
  for (; searched_ < buffer_.size(); ++searched_) {
    const char c = buffer_[searched_];
    if (quoted && c == format_.escape && format_.escape != format_.quote) {
      ++searched_;
    } else if (c == format_.quote) {
      quoted = !quoted;
    } else if (c == '\n' && !quoted) {
      *end = searched_;
      *next = searched_ + 1;
      return true;
    }
  }
  if (!finished_ || position_ == buffer_.size()) return false;
  *end = *next = buffer_.size();
  return true;
}

absl::StatusOr<bool> CopyReader::NextCsv(std::vector<std::optional<std::string_view>>* fields) {
  size_t end = 0;
  size_t next = 0;
  if (!FindCsvEnd(&end, &next)) return NeedMore();
  if (end > position_ && buffer_[end - 1] == '\r') --end;
  const std::string_view line(buffer_.data() + position_, end - position_);
  line_bytes_ = next - position_;
  position_ = next;
  ++line_;
  if (line == "\\.") {
    ended_ = true;
    return false;
  }
  fields->clear();
  scratch_.clear();
  spans_.clear();
  std::vector<bool> nulls;
  bool quoted = false;
  bool was_quoted = false;
  size_t start = 0;
  for (size_t i = 0;; ++i) {
    const bool at_end = i >= line.size();
    if (at_end && quoted) return BadFormat(line_, "unterminated CSV quoted field");
    if (at_end || (line[i] == format_.delimiter && !quoted)) {
      const std::string_view field = std::string_view(scratch_).substr(start);
      nulls.push_back(!was_quoted && field == format_.null_text);
      spans_.emplace_back(start, scratch_.size() - start);
      if (at_end) break;
      start = scratch_.size();
      was_quoted = false;
    } else if (quoted && line[i] == format_.escape && i + 1 < line.size() &&
               (line[i + 1] == format_.quote || line[i + 1] == format_.escape)) {
      scratch_ += line[++i];
    } else if (line[i] == format_.quote) {
      quoted = !quoted;
      was_quoted = true;
    } else {
      scratch_ += line[i];
    }
  }
  for (size_t i = 0; i < spans_.size(); ++i) {
    AddField(std::string_view(scratch_).substr(spans_[i].first, spans_[i].second), nulls[i],
             fields);
  }
  RETURN_IF_ERROR(CheckCount(skip_header_ ? columns_ : fields->size()));
  return true;
}

void FormatCopyRow(const CopyFormat& format, const types::TextOptions& options,
                   const types::Batch& batch, uint32_t row, std::string* out) {
  std::string text;
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    if (c > 0) *out += format.delimiter;
    if (batch.columns[c]->is_null(row)) {
      *out += format.null_text;
      continue;
    }
    text.clear();
    types::FormatText(*batch.columns[c], row, options, &text);
    if (format.csv) {
      AppendCsv(format, text, batch.columns.size() == 1,
                c < format.force_quote.size() && format.force_quote[c], out);
    } else {
      AppendEscaped(text, format.delimiter, out);
    }
  }
  *out += '\n';
}

void FormatCopyHeader(const CopyFormat& format, const std::vector<std::string>& names,
                      std::string* out) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) *out += format.delimiter;
    if (format.csv) {
      AppendCsv(format, names[i], names.size() == 1, /*forced=*/false, out);
    } else {
      AppendEscaped(names[i], format.delimiter, out);
    }
  }
  *out += '\n';
}

}  // namespace adbms::gateway::session
