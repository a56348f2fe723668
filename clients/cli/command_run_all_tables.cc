// adbms run-all-tables.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/server_access.h"
#include "clients/terminal/live_line.h"
#include "common/status/macros.h"

namespace adbms::clients::cli {
namespace {

absl::Status RunAllTables(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  orchestrator::v1::RunAllTablesRequest request;
  request.set_initiator(server.user());
  request.set_dry_run(arguments.Has("--dry-run"));
  terminal::LiveLine line;
  orchestrator::v1::RunAllTablesResponse last;
  const absl::Status status = orchestrator->RunAllTables(
      server.Context(), request, [&](const orchestrator::v1::RunAllTablesResponse& step) {
        const double share =
            step.total() == 0 ? 1 : static_cast<double>(step.done()) / step.total();
        line.Show(line.in_place()
                      ? absl::StrCat(terminal::ProgressBar(share), "  ", step.message())
                      : absl::StrCat(step.done(), "/", step.total(), " ", step.message()));
        last = step;
      });
  line.Finish();
  RETURN_IF_ERROR(server.Explain(status));
  std::cout << "report: " << last.report_directory() << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddRunAllTables(std::vector<Command>* commands) {
  Command run;
  run.name = "run-all-tables";
  run.summary = "let every module look at every table now, and write a report";
  run.details =
      "Modules set to auto apply what they find; with --dry-run everything is only proposed.";
  run.flags = {{"--dry-run", "", "propose and report, change nothing"}};
  run.run = RunAllTables;
  commands->push_back(std::move(run));
}

}  // namespace adbms::clients::cli
