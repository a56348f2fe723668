#include "tests/sql/result_text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace adbms::sql_test {
namespace {

constexpr char kHashing[] = " values hashing to ";

std::string Md5(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) absl::StrAppend(&text, value, "\n");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  const std::string bytes(reinterpret_cast<const char*>(digest), size);
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

std::vector<std::string> Flatten(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return values;
}

std::string Hashed(const std::vector<std::string>& values) {
  return absl::StrCat(values.size(), kHashing, Md5(values));
}

}  // namespace

std::string FormatValue(const std::optional<std::string>& value, char type) {
  if (!value.has_value()) return "NULL";
  if (type == 'R') {
    char text[400];
    std::snprintf(text, sizeof(text), "%.3f", std::strtod(value->c_str(), nullptr));
    return text;
  }
  if (type == 'I') {
    std::string text = value->substr(0, value->find('.'));
    return text == "-0" || text.empty() ? "0" : text;
  }
  if (value->empty()) return "(empty)";
  std::string text = *value;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '@';
  }
  return text;
}

std::vector<std::vector<std::string>> FormatRows(const Answer& answer, const Record& record) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : answer.rows) {
    std::vector<std::string> values;
    for (size_t i = 0; i < row.size(); ++i) {
      values.push_back(FormatValue(row[i], i < record.types.size() ? record.types[i] : 'T'));
    }
    rows.push_back(std::move(values));
  }
  if (record.sort == SortMode::kRows) {
    std::sort(rows.begin(), rows.end());
  } else if (record.sort == SortMode::kValues) {
    std::vector<std::string> values = Flatten(rows);
    std::sort(values.begin(), values.end());
    auto next = values.begin();
    for (auto& row : rows) {
      for (std::string& value : row) value = *next++;
    }
  }
  if (record.with_names) rows.insert(rows.begin(), answer.names);
  return rows;
}

std::vector<std::string> ValueLines(const std::vector<std::vector<std::string>>& rows,
                                    size_t hash_threshold) {
  const std::vector<std::string> values = Flatten(rows);
  if (hash_threshold == 0 || values.size() <= hash_threshold) return values;
  return {Hashed(values)};
}

std::vector<std::string> RowLines(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> lines;
  for (const auto& row : rows) lines.push_back(absl::StrJoin(row, "\t"));
  return lines;
}

std::vector<std::string> LinesLike(const std::vector<std::string>& expected,
                                   const std::vector<std::vector<std::string>>& rows) {
  if (expected.size() == 1 &&
      absl::StrContains(absl::string_view(expected[0].data(), expected[0].size()), kHashing)) {
    return {Hashed(Flatten(rows))};
  }
  const bool row_wise = std::any_of(expected.begin(), expected.end(), [](const std::string& line) {
    return line.find('\t') != std::string::npos;
  });
  return row_wise ? RowLines(rows) : ValueLines(rows, 0);
}

}  // namespace adbms::sql_test
