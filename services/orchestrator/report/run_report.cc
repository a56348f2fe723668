#include "services/orchestrator/report/run_report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/telemetry/log.h"
#include "services/orchestrator/ledger/ledger.h"
#include "services/orchestrator/report/charts.h"

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

std::string JsonSavings(const Savings& savings) {
  return absl::StrCat("{\"kept\":", savings.kept, ",\"reverted\":", savings.reverted,
                      ",\"statements_seconds\":", savings.statements_seconds,
                      ",\"without_seconds\":", savings.without_seconds, "}");
}

// In words, as a newcomer reads it.
std::string SavingsText(const RunReport& report) {
  const Savings savings = SavingsOf(report);
  if (savings.kept + savings.reverted == 0) return "No change has been measured yet.";
  std::string text = absl::StrFormat("%d change%s measured and kept, %d taken back.", savings.kept,
                                     savings.kept == 1 ? " was" : "s were", savings.reverted);
  if (savings.without_seconds > savings.statements_seconds) {
    absl::StrAppendFormat(
        &text,
        " In the last %s the statements that those kept are for took %.1f s; by what was measured "
        "they would have taken %.1f s without them, %.1f times as long.",
        absl::FormatDuration(absl::Trunc(
            absl::Seconds(report.load_step_seconds * static_cast<double>(report.load.size())),
            absl::Seconds(1))),
        savings.statements_seconds, savings.without_seconds,
        savings.without_seconds / std::max(1e-3, savings.statements_seconds));
  }
  return text;
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

// Nothing without a chart.
std::string Section(const char* title, const std::string& chart) {
  return chart.empty() ? std::string() : absl::StrCat("<h2>", title, "</h2>\n", chart);
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

Savings SavingsOf(const RunReport& report) {
  Savings savings;
  // Several changes may be for one statement.
  std::map<uint64_t, double> left;
  for (const v1::Action& action : report.history) {
    if (!action.has_measured_gain()) continue;
    if (action.state() == v1::ACTION_STATE_REVERTED) ++savings.reverted;
    if (action.state() != v1::ACTION_STATE_KEPT) continue;
    ++savings.kept;
    const bool of_time = action.proposal().measure() != module::v1::MEASURE_ESTIMATES;
    if (!of_time || action.measured_gain() <= 0) continue;
    for (const uint64_t fingerprint : action.proposal().affected_fingerprints())
      left.try_emplace(fingerprint, 1).first->second *=
          1 - std::min(action.measured_gain(), 0.9999);
  }
  for (const auto& [fingerprint, part] : left) {
    const auto recent = report.recent_us.find(fingerprint);
    if (recent == report.recent_us.end()) continue;
    savings.statements_seconds += recent->second / 1e6;
    savings.without_seconds += recent->second / 1e6 / part;
  }
  return savings;
}

std::string ToJson(const RunReport& report) {
  const auto statements = report.statements;
  return absl::StrCat(
      "{\"started_at\":", JsonQuote(Time(report.started_at_us)),
      ",\n \"ended_at\":", JsonQuote(Time(report.ended_at_us)),
      ",\n \"initiator\":", JsonQuote(report.initiator),
      ",\n \"dry_run\":", report.dry_run ? "true" : "false",
      ",\n \"ledger_intact\":", report.first_broken_ledger_entry == 0 ? "true" : "false",
      ",\n \"savings\":", JsonSavings(SavingsOf(report)), ",\n \"load\":",
      JsonList(report.load,
               [&](const intake::LoadPoint& point) {
                 return absl::StrCat("{\"at\":", JsonQuote(Time(point.start_us)),
                                     ",\"seconds\":", report.load_step_seconds,
                                     ",\"calls\":", point.calls,
                                     ",\"total_ms\":", point.total_us / 1e3, "}");
               }),
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
      "\nin sum    ", SavingsText(report), "\n\nActions of this run\n-------------------\n");
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
      ".4rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f3f5f9;"
      "overflow-wrap:normal}svg{width:100%;height:auto;font:13px system-ui,sans-serif}"
      "svg text{fill:#5a6478}.grid{stroke:#d9dee8}path{fill:none;stroke-width:2}"
      "path.rate{stroke:#1f6feb}path.time{stroke:#b45309}line.kept{stroke:#15803d;stroke-width:2}"
      "line.reverted{stroke:#b91c1c;stroke-width:2}line.open{stroke:#8a93a5;stroke-width:2;"
      "stroke-dasharray:4}rect.predicted{fill:#a9b4c8}rect.gain{fill:#15803d}rect.loss{fill:#"
      "b91c1c}"
      ".key span{margin-right:1.2rem;border-left:.9rem solid;padding-left:.4rem}"
      ".key .rate{border-color:#1f6feb}.key .time{border-color:#b45309}.key .kept,.key .gain"
      "{border-color:#15803d}.key .reverted,.key .loss{border-color:#b91c1c}.key .open"
      "{border-color:#8a93a5}.key .predicted{border-color:#a9b4c8}.sum{font-size:1.1rem}"
      "</style></head><body>\n"
      "<h1>ADBMS summary report</h1>\n<p>",
      Time(report.started_at_us), " to ", Time(report.ended_at_us), " UTC, by ",
      Escape(report.initiator), report.dry_run ? " (dry run)" : "", ". ", report.tables.size(),
      report.tables.size() == 1 ? " table" : " tables", ". Ledger: ",
      report.first_broken_ledger_entry == 0
          ? std::string("hash chain intact")
          : absl::StrCat("broken at action ", report.first_broken_ledger_entry),
      ".</p>\n<p class=\"sum\">", SavingsText(report), "</p>\n",
      Section("The load, and what was done", LoadChart(report)),
      Section("What was promised and what came of it", GainChart(report)),
      "<h2>Actions of this run</h2>\n", HtmlActions(report.actions), "<h2>Findings</h2>\n");
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
