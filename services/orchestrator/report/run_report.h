// The report of one run over all tables: summary_report.{json,txt,html} in logs/summary_<time>/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/module/v1/module.pb.h"
#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "services/orchestrator/intake/workload_store.h"

namespace adbms::orchestrator::report {

struct ModuleFindings {
  std::string module;
  std::vector<module::v1::Finding> findings;
};

struct RunReport {
  int64_t started_at_us = 0;
  int64_t ended_at_us = 0;
  std::string initiator;
  bool dry_run = false;
  std::vector<std::string> tables;  // schema.name, in order.
  std::vector<ModuleFindings> findings;
  std::vector<v1::Action> actions;            // Of this run.
  std::vector<v1::Action> history;            // The ledger, newest first.
  std::vector<intake::Statement> statements;  // Most time first.
  std::vector<intake::LoadPoint> load;        // Of the last while, in order.
  double load_step_seconds = 0;               // Length of one of these.
  // By fingerprint: what the statements of kept actions took in that while, microseconds.
  std::map<uint64_t, double> recent_us;
  int64_t first_broken_ledger_entry = 0;
};

// What the changes that stand are worth, by what was measured when they were made.
struct Savings {
  int kept = 0;
  int reverted = 0;
  double statements_seconds = 0;  // That their statements took in the report's while.
  double without_seconds = 0;     // That these would have taken without the changes.
};
Savings SavingsOf(const RunReport& report);

std::string ToJson(const RunReport& report);
std::string ToText(const RunReport& report);
std::string ToHtml(const RunReport& report);

// Writes the three files; returns their directory.
absl::StatusOr<std::string> Write(const RunReport& report, const std::string& log_directory);

}  // namespace adbms::orchestrator::report
