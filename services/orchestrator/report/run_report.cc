#include "services/orchestrator/report/run_report.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/telemetry/log.h"
#include "services/orchestrator/ledger/ledger.h"

namespace adbms::orchestrator::report {
namespace {

using telemetry::JsonQuote;

constexpr size_t kStatementsShown = 20;

std::string Time(int64_t unix_us) {
  if (unix_us == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

std::string Gain(const v1::Action& action) {
  if (!action.has_measured_gain()) return "-";
  return absl::StrFormat("%.1f %%", action.measured_gain() * 100);
}

std::string Predicted(const v1::Action& action) {
  return absl::StrFormat("%.1f %%", action.proposal().predicted_gain() * 100);
}

std::string JsonAction(const v1::Action& action) {
  const module::v1::Proposal& proposal = action.proposal();
  return absl::StrCat(
      "{\"id\":", action.id(), ",\"proposed_at\":", JsonQuote(Time(action.proposed_at_us())),
      ",\"module\":", JsonQuote(action.module()), ",\"kind\":", JsonQuote(proposal.kind()),
      ",\"subject\":", JsonQuote(proposal.subject()),
      ",\"state\":", JsonQuote(ledger::StateName(action.state())),
      ",\"statement\":", JsonQuote(proposal.statement()), ",\"undo\":", JsonQuote(proposal.undo()),
      ",\"reason\":", JsonQuote(proposal.reason()),
      ",\"predicted_gain\":", proposal.predicted_gain(), ",\"measured_gain\":",
      action.has_measured_gain() ? absl::StrCat(action.measured_gain()) : "null",
      ",\"initiator\":", JsonQuote(action.initiator()),
      ",\"verdict\":", JsonQuote(action.verdict()), ",\"hash\":", JsonQuote(action.hash()), "}");
}

std::string JsonStatement(const intake::Statement& statement) {
  return absl::StrCat(
      "{\"fingerprint\":", JsonQuote(absl::StrFormat("%016x", statement.fingerprint)),
      ",\"sql\":", JsonQuote(statement.normalized_sql), ",\"calls\":", statement.calls,
      ",\"errors\":", statement.errors, ",\"total_ms\":", statement.total_us / 1e3,
      ",\"mean_ms\":", statement.calls == 0 ? 0 : statement.total_us / 1e3 / statement.calls,
      ",\"rows\":", statement.rows, ",\"rows_scanned\":", statement.rows_scanned, "}");
}

template <typename Items, typename Format>
std::string JsonList(const Items& items, const Format& format) {
  std::vector<std::string> parts;
  for (const auto& item : items) parts.push_back(format(item));
  return absl::StrCat("[", absl::StrJoin(parts, ",\n  "), "]");
}

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string HtmlRow(const std::vector<std::string>& cells, const char* tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) {
    absl::StrAppend(&row, "<", tag, ">", Escape(cell), "</", tag, ">");
  }
  return row + "</tr>\n";
}

std::string HtmlActions(const std::vector<v1::Action>& actions) {
  if (actions.empty()) return "<p>None.</p>\n";
  std::string table = "<table>\n" + HtmlRow({"id", "module", "state", "statement", "reason",
                                             "predicted", "measured", "verdict"},
                                            "th");
  for (const v1::Action& action : actions) {
    table += HtmlRow({absl::StrCat(action.id()), action.module(), ledger::StateName(action.state()),
                      action.proposal().statement(), action.proposal().reason(), Predicted(action),
                      Gain(action), action.verdict()},
                     "td");
  }
  return table + "</table>\n";
}

void TextActions(const std::vector<v1::Action>& actions, std::string* out) {
  if (actions.empty()) absl::StrAppend(out, "  none\n");
  for (const v1::Action& action : actions) {
    absl::StrAppend(out, "  #", action.id(), " [", ledger::StateName(action.state()), "] ",
                    action.module(), ": ", action.proposal().statement(),
                    "\n      why: ", action.proposal().reason(), "\n      predicted ",
                    Predicted(action), ", measured ", Gain(action), "; ", action.verdict(), "\n");
    if (!action.proposal().undo().empty()) {
      absl::StrAppend(out, "      undo: ", action.proposal().undo(), "\n");
    }
  }
}

}  // namespace

std::string ToJson(const RunReport& report) {
  const auto statements = report.statements;
  return absl::StrCat(
      "{\"started_at\":", JsonQuote(Time(report.started_at_us)),
      ",\n \"ended_at\":", JsonQuote(Time(report.ended_at_us)),
      ",\n \"initiator\":", JsonQuote(report.initiator),
      ",\n \"dry_run\":", report.dry_run ? "true" : "false",
      ",\n \"ledger_intact\":", report.first_broken_ledger_entry == 0 ? "true" : "false",
      ",\n \"tables\":",
      JsonList(report.tables, [](const std::string& name) { return JsonQuote(name); }),
      ",\n \"findings\":",
      JsonList(report.findings,
               [](const ModuleFindings& findings) {
                 return absl::StrCat("{\"module\":", JsonQuote(findings.module), ",\"findings\":",
                                     JsonList(findings.findings,
                                              [](const module::v1::Finding& finding) {
                                                return absl::StrCat(
                                                    "{\"severity\":", JsonQuote(finding.severity()),
                                                    ",\"table_id\":", finding.table_id(),
                                                    ",\"text\":", JsonQuote(finding.text()), "}");
                                              }),
                                     "}");
               }),
      ",\n \"actions\":", JsonList(report.actions, JsonAction),
      ",\n \"history\":", JsonList(report.history, JsonAction),
      ",\n \"statements\":", JsonList(statements, JsonStatement), "}\n");
}

std::string ToText(const RunReport& report) {
  std::string out = absl::StrCat(
      "ADBMS summary report\n====================\n\nrun       ", Time(report.started_at_us),
      " to ", Time(report.ended_at_us), " UTC, by ", report.initiator,
      report.dry_run ? " (dry run: nothing was changed)" : "", "\ntables    ", report.tables.size(),
      ": ", absl::StrJoin(report.tables, ", "), "\nledger    ",
      report.first_broken_ledger_entry == 0
          ? std::string("hash chain intact")
          : absl::StrCat("BROKEN at action ", report.first_broken_ledger_entry),
      "\n\nActions of this run\n-------------------\n");
  TextActions(report.actions, &out);
  absl::StrAppend(&out, "\nFindings\n--------\n");
  for (const ModuleFindings& findings : report.findings) {
    for (const module::v1::Finding& finding : findings.findings) {
      absl::StrAppend(&out, "  ", findings.module, " [", finding.severity(), "] ", finding.text(),
                      "\n");
    }
  }
  absl::StrAppend(&out, "\nAll actions so far\n------------------\n");
  TextActions(report.history, &out);
  absl::StrAppend(&out, "\nStatements by time\n------------------\n");
  for (size_t i = 0; i < report.statements.size() && i < kStatementsShown; ++i) {
    const intake::Statement& statement = report.statements[i];
    absl::StrAppendFormat(&out, "  %10d calls  %10.3f ms mean  %s\n", statement.calls,
                          statement.calls == 0
                              ? 0.0
                              : statement.total_us / 1e3 / static_cast<double>(statement.calls),
                          statement.normalized_sql.substr(0, 120));
  }
  return out;
}

std::string ToHtml(const RunReport& report) {
  std::string out = absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ADBMS summary "
      "report</title>\n<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:"
      "75rem;padding:0 1rem;color:#1d2433}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}"
      "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #d9dee8;padding:"
      ".4rem .6rem;text-align:left;vertical-align:top}th{background:#f3f5f9}</style></head><body>\n"
      "<h1>ADBMS summary report</h1>\n<p>",
      Time(report.started_at_us), " to ", Time(report.ended_at_us), " UTC, by ",
      Escape(report.initiator), report.dry_run ? " (dry run)" : "", ". ", report.tables.size(),
      " tables. Ledger: ",
      report.first_broken_ledger_entry == 0
          ? std::string("hash chain intact")
          : absl::StrCat("broken at action ", report.first_broken_ledger_entry),
      ".</p>\n<h2>Actions of this run</h2>\n", HtmlActions(report.actions), "<h2>Findings</h2>\n");
  std::string rows;
  for (const ModuleFindings& findings : report.findings) {
    for (const module::v1::Finding& finding : findings.findings) {
      rows += HtmlRow({findings.module, finding.severity(), finding.text()}, "td");
    }
  }
  absl::StrAppend(
      &out, rows.empty()
                ? "<p>None.</p>\n"
                : absl::StrCat("<table>\n", HtmlRow({"module", "severity", "finding"}, "th"), rows,
                               "</table>\n"));
  absl::StrAppend(&out, "<h2>All actions so far</h2>\n", HtmlActions(report.history),
                  "<h2>Statements by time</h2>\n<table>\n",
                  HtmlRow({"calls", "mean ms", "rows", "statement"}, "th"));
  for (size_t i = 0; i < report.statements.size() && i < kStatementsShown; ++i) {
    const intake::Statement& statement = report.statements[i];
    const double mean =
        statement.calls == 0 ? 0 : statement.total_us / 1e3 / static_cast<double>(statement.calls);
    out += HtmlRow({absl::StrCat(statement.calls), absl::StrFormat("%.3f", mean),
                    absl::StrCat(statement.rows), statement.normalized_sql},
                   "td");
  }
  return out + "</table>\n</body></html>\n";
}

absl::StatusOr<std::string> Write(const RunReport& report, const std::string& log_directory) {
  const std::string name = absl::FormatTime(
      "summary_%Y%m%dT%H%M%E6S", absl::FromUnixMicros(report.started_at_us), absl::UTCTimeZone());
  const std::string directory = absl::StrCat(log_directory, "/", name);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::pair<const char*, std::string> files[] = {
      {"json", ToJson(report)}, {"txt", ToText(report)}, {"html", ToHtml(report)}};
  for (const auto& [extension, text] : files) {
    const std::string path = absl::StrCat(directory, "/summary_report.", extension);
    std::ofstream out(path, std::ios::trunc);
    out << text;
    out.close();
    if (!out) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  }
  return directory;
}

}  // namespace adbms::orchestrator::report
