// Runs one script against a server and compares, or records.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/sql/script.h"
#include "tests/sql/server.h"

namespace adbms::sql_test {

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
};

struct RunOptions {
  bool record = false;
  // The answers to compare with are this server's, not the script's.
  Server* reference = nullptr;
  // Failures printed in full; the rest is only counted.
  size_t max_reports = 1000;
  // Prints the records that the server says it does not support.
  bool show_skipped = false;
};

class Runner {
 public:
  // Both are borrowed and outlive the runner.
  Runner(Server* server, const RunOptions& options) : server_(*server), options_(options) {}

  // Fresh schema, all records, schema dropped. A lost connection ends the script as an error;
  // wrong answers are counted and printed.
  absl::StatusOr<Counts> Run(const std::string& path);

 private:
  absl::Status RunRecords(const Script& script);
  absl::Status RunRecord(const Script& script, size_t index);
  absl::Status Compare(const Script& script, const Record& record, const Answer& answer);
  absl::Status CompareWithReference(const Script& script, const Record& record,
                                    const Answer& answer);
  void CompareStatement(const Script& script, const Record& record, const Answer& answer);
  void CompareQuery(const Script& script, const Record& record, const Answer& answer);
  void RecordAnswer(const Script& script, size_t index, const Answer& answer);
  void Pass() { ++counts_.passed; }
  void Fail(const Script& script, const Record& record, const std::string& what);
  void Report(const Script& script, const Record& record, const std::string& what);

  Server& server_;
  const RunOptions options_;
  // Of the script that runs.
  Counts counts_;
  std::string session_;
  std::map<std::string, std::vector<std::string>> labels_;
  std::vector<Recorded> recorded_;
  bool halted_ = false;
};

}  // namespace adbms::sql_test
