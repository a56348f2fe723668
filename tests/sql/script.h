// A test script in the format of SQLite's sqllogictest, with the extensions that README.md lists.
// Plain values, no threading. A Script keeps every line of its file, so that Rewrite can put
// recorded answers in place and leave the rest untouched.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace adbms::sql_test {

enum class RecordKind { kStatement, kQuery, kSession, kHashThreshold, kHalt };

enum class SortMode { kNone, kRows, kValues };

struct Condition {
  bool only = false;  // onlyif, otherwise skipif
  std::string engine;
};

struct Record {
  RecordKind kind = RecordKind::kStatement;
  std::vector<Condition> conditions;
  std::string sql;

  // kStatement
  bool expects_error = false;
  std::string sqlstate;  // empty: any
  std::string detail;    // after the SQLSTATE: the message; after "ok": the command tag

  // kQuery
  std::string types;  // one letter a column: I, R or T
  SortMode sort = SortMode::kNone;
  bool with_names = false;  // the first line of the answer holds the columns' names
  std::string label;
  std::vector<std::string> expected;

  std::string argument;  // kSession: its name; kHashThreshold: the number

  // Lines of the file: of the head, and the half-open range of the answer (with "----").
  size_t head_line = 0;
  size_t answer_begin = 0;
  size_t answer_end = 0;
};

struct Script {
  std::string path;
  std::vector<std::string> lines;
  std::vector<Record> records;
};

// Reads and parses; InvalidArgument names file and line.
absl::StatusOr<Script> ReadScript(const std::string& path);

// Whether the record is for a server that goes by these engine names.
bool AppliesTo(const Record& record, const std::set<std::string>& engines);

// What a run answered to one record.
struct Recorded {
  size_t record = 0;
  std::string head;                 // replaces the head line
  std::vector<std::string> answer;  // replaces the answer of a query
};

// Writes the script back with these answers.
absl::Status Rewrite(const Script& script, const std::vector<Recorded>& answers);

}  // namespace adbms::sql_test
