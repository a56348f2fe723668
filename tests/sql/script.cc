#include "tests/sql/script.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"

namespace adbms::sql_test {
namespace {

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (word[0] == '#') break;
    words.push_back(word);
  }
  return words;
}

// The words from the n-th on, as they stand in the line.
std::string Tail(const std::string& line, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n; ++i) {
    at = line.find_first_not_of(" \t", at);
    if (at == std::string::npos) return "";
    at = line.find_first_of(" \t", at);
    if (at == std::string::npos) return "";
  }
  at = line.find_first_not_of(" \t", at);
  return at == std::string::npos ? "" : line.substr(at);
}

class Parser {
 public:
  explicit Parser(Script* script) : script_(*script) {}

  absl::Status Run() {
    std::vector<Condition> conditions;
    while (line_ < script_.lines.size()) {
      const std::vector<std::string> words = Words(script_.lines[line_]);
      if (words.empty()) {
        ++line_;
        continue;
      }
      if (words[0] == "skipif" || words[0] == "onlyif") {
        if (words.size() < 2) return Error("an engine name is missing");
        conditions.push_back({words[0] == "onlyif", words[1]});
        ++line_;
        continue;
      }
      Record record;
      record.conditions = std::move(conditions);
      conditions.clear();
      record.head_line = line_;
      RETURN_IF_ERROR(ParseRecord(words, &record));
      script_.records.push_back(std::move(record));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Error(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(script_.path, ":", line_ + 1, ": ", what));
  }

  absl::Status ParseRecord(const std::vector<std::string>& words, Record* record) {
    const std::string& line = script_.lines[line_];
    if (words[0] == "statement") {
      if (words.size() < 2 || (words[1] != "ok" && words[1] != "error")) {
        return Error("a statement is expected to be ok or error");
      }
      record->kind = RecordKind::kStatement;
      record->expects_error = words[1] == "error";
      if (record->expects_error && words.size() > 2) record->sqlstate = words[2];
      record->detail = Tail(line, record->expects_error ? 3 : 2);
      ++line_;
      ReadSql(record, false);
      return absl::OkStatus();
    }
    if (words[0] == "query") return ParseQuery(words, record);
    if (words[0] == "session" || words[0] == "hash-threshold") {
      if (words.size() < 2) return Error("a word is missing");
      record->kind = words[0] == "session" ? RecordKind::kSession : RecordKind::kHashThreshold;
      record->argument = words[1];
      ++line_;
      return absl::OkStatus();
    }
    if (words[0] == "halt") {
      record->kind = RecordKind::kHalt;
      ++line_;
      return absl::OkStatus();
    }
    return Error(absl::StrCat("unknown record: ", words[0]));
  }

  absl::Status ParseQuery(const std::vector<std::string>& words, Record* record) {
    record->kind = RecordKind::kQuery;
    if (words.size() < 2) return Error("the column types are missing");
    record->types = words[1];
    for (size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "nosort") {
        record->sort = SortMode::kNone;
      } else if (words[i] == "rowsort") {
        record->sort = SortMode::kRows;
      } else if (words[i] == "valuesort") {
        record->sort = SortMode::kValues;
      } else if (words[i] == "names") {
        record->with_names = true;
      } else {
        record->label = words[i];
      }
    }
    ++line_;
    ReadSql(record, true);
    record->answer_begin = line_;
    if (line_ < script_.lines.size() && script_.lines[line_] == "----") {
      ++line_;
      while (line_ < script_.lines.size() && !script_.lines[line_].empty()) {
        record->expected.push_back(script_.lines[line_++]);
      }
    }
    record->answer_end = line_;
    return absl::OkStatus();
  }

  void ReadSql(Record* record, bool up_to_answer) {
    while (line_ < script_.lines.size() && !script_.lines[line_].empty() &&
           !(up_to_answer && script_.lines[line_] == "----")) {
      if (!record->sql.empty()) record->sql += '\n';
      record->sql += script_.lines[line_++];
    }
  }

  Script& script_;
  size_t line_ = 0;
};

}  // namespace

absl::StatusOr<Script> ReadScript(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  Script script;
  script.path = path;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    script.lines.push_back(std::move(line));
  }
  RETURN_IF_ERROR(Parser(&script).Run());
  return script;
}

bool AppliesTo(const Record& record, const std::set<std::string>& engines) {
  for (const Condition& condition : record.conditions) {
    if ((engines.count(condition.engine) > 0) != condition.only) return false;
  }
  return true;
}

absl::Status Rewrite(const Script& script, const std::vector<Recorded>& answers) {
  std::string text;
  size_t line = 0;
  const auto copy_up_to = [&](size_t end) {
    for (; line < end; ++line) absl::StrAppend(&text, script.lines[line], "\n");
  };
  for (const Recorded& answer : answers) {
    const Record& record = script.records[answer.record];
    copy_up_to(record.head_line);
    absl::StrAppend(&text, answer.head, "\n");
    ++line;
    if (record.kind != RecordKind::kQuery) continue;
    copy_up_to(record.answer_begin);
    text += "----\n";
    for (const std::string& value : answer.answer) absl::StrAppend(&text, value, "\n");
    line = record.answer_end;
  }
  copy_up_to(script.lines.size());
  std::ofstream file(script.path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", script.path));
  return absl::OkStatus();
}

}  // namespace adbms::sql_test
