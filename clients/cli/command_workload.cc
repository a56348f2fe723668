// adbms workload load, adbms workload run.
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/server_access.h"
#include "clients/terminal/live_line.h"
#include "clients/workload/loader.h"
#include "clients/workload/report.h"
#include "clients/workload/runner.h"
#include "clients/workload/statements.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::clients::cli {
namespace {

constexpr char kDefaultPgwire[] = "127.0.0.1:5433";
constexpr int64_t kMaxSeed = INT64_MAX;

const Flag kPgwire = {"--pgwire", "HOST:PORT",
                      "PostgreSQL wire address, or DIRECTORY:PORT of a unix socket "
                      "(127.0.0.1:5433)"};

// Errors that came over the PostgreSQL wire.
absl::Status Explain(const absl::Status& status, const std::string& address) {
  if (status.ok()) return status;
  const std::string message = status::FromStatus(status).message;
  if (!absl::IsUnavailable(status)) return absl::UnknownError(message);
  return absl::UnavailableError(absl::StrCat("no database at ", address, ": ", message));
}

absl::StatusOr<workload::ConnectionOptions> Connection(const Arguments& arguments) {
  const std::string address = arguments.Get(kPgwire.name, kDefaultPgwire);
  if (address.find(':') == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pgwire is HOST:PORT or DIRECTORY:PORT, not \"", address, "\""));
  }
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  return server.Postgres(address);
}

absl::Status Load(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const double scale, arguments.GetDouble("--scale", 0.1, 0.0001, 1000));
  ASSIGN_OR_RETURN(const int64_t seed, arguments.GetInt("--seed", 1, 0, kMaxSeed));
  workload::LoadOptions options;
  ASSIGN_OR_RETURN(options.connection, Connection(arguments));
  options.replace = arguments.Has("--replace");
  const workload::Dataset dataset(scale, static_cast<uint64_t>(seed));
  terminal::LiveLine line;
  double seconds = 0;
  int64_t rows = 0;
  const absl::Status status =
      workload::Load(dataset, options, [&](const workload::LoadProgress& progress) {
        line.Show(workload::ToLine(progress));
        if (progress.table_done) line.Finish();
        seconds = progress.seconds_in_all;
        rows = progress.rows_in_all;
      });
  line.Finish();
  RETURN_IF_ERROR(Explain(status, options.connection.address));
  std::cout << absl::StrFormat("loaded %s rows in %.1f s (scale %g, seed %d)\n",
                               terminal::WithThousands(rows), seconds, scale, seed);
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (file.fail()) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

absl::Status RunWorkload(const Arguments& arguments) {
  workload::RunOptions options;
  ASSIGN_OR_RETURN(options.seconds, arguments.GetDouble("--seconds", 30, 0.1, 1e7));
  ASSIGN_OR_RETURN(const int64_t connections, arguments.GetInt("--connections", 4, 1, 1000));
  ASSIGN_OR_RETURN(const int64_t seed, arguments.GetInt("--seed", 1, 0, kMaxSeed));
  options.connections = static_cast<int>(connections);
  options.seed = static_cast<uint64_t>(seed);
  options.mix = arguments.Get("--mix", "mixed");
  options.statement = arguments.Get("--statement");
  RETURN_IF_ERROR(workload::WeightsOf(options.mix, options.statement).status());
  ASSIGN_OR_RETURN(options.connection, Connection(arguments));
  terminal::LiveLine line;
  const auto result = workload::Run(
      options, [&](const workload::Sample& sample) { line.Show(workload::ToLine(sample)); });
  line.Finish();
  RETURN_IF_ERROR(Explain(result.status(), options.connection.address));
  std::cout << "\n" << workload::ToTable(*result);
  if (arguments.Has("--json")) {
    RETURN_IF_ERROR(WriteFile(arguments.Get("--json"), workload::ToJson(*result)));
  }
  if (result->calls() == 0) return absl::UnknownError("no statement succeeded");
  return absl::OkStatus();
}

std::string ListOfStatements() {
  std::string text = "\nStatements, with their share of the mixes read / mixed / analytic in %:\n";
  for (const workload::StatementType& type : workload::StatementTypes()) {
    absl::StrAppendFormat(&text, "  %-20s %5.1f %5.1f %5.1f  %s\n", type.name, type.read / 10.0,
                          type.mixed / 10.0, type.analytic / 10.0, type.description);
  }
  return text;
}

}  // namespace

void AddWorkloadCommands(std::vector<Command>* commands) {
  Command load;
  load.name = "workload load";
  load.summary = "load the order-processing data set through COPY";
  load.details =
      "Tables suppliers, products, customers, orders, order_items, shipments, with primary keys\n"
      "and no other index. The same scale and seed give the same rows.";
  load.flags = {kPgwire,
                {"--scale", "F", "1 is about a million order items, 1.5 million rows in all (0.1)"},
                {"--seed", "N", "which data (1)"},
                {"--replace", "", "drop the tables first"}};
  load.run = Load;
  commands->push_back(std::move(load));
  Command run;
  run.name = "workload run";
  run.summary = "run the order-processing workload and measure each statement";
  run.details = ListOfStatements();
  run.flags = {kPgwire,
               {"--seconds", "N", "how long (30)"},
               {"--connections", "C", "how many at once (4)"},
               {"--seed", "N", "which sequence of statements and parameters (1)"},
               {"--mix", "MIX", "read, mixed or analytic (mixed)"},
               {"--statement", "NAME", "only this statement"},
               {"--json", "FILE", "write the results there too"}};
  run.run = RunWorkload;
  commands->push_back(std::move(run));
}

}  // namespace adbms::clients::cli
