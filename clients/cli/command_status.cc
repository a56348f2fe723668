// adbms status, adbms sql.
#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/server_access.h"
#include "clients/terminal/text_table.h"
#include "common/status/macros.h"
#include "common/types/text_io.h"
#include "services/gateway/api/pages.h"

namespace adbms::clients::cli {
namespace {

using terminal::Align;
using terminal::TextTable;

constexpr absl::Duration kStatusTimeout = absl::Seconds(10);

absl::Status Status(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  rpc::CallContext context = server.Context();
  context.deadline = absl::Now() + kStatusTimeout;
  const auto response = server.Gateway()->GetStatus(context, {});
  RETURN_IF_ERROR(server.Explain(response.status()));
  std::cout << "version " << response->version() << ", up "
            << absl::FormatDuration(
                   absl::Trunc(absl::Microseconds(response->uptime_us()), absl::Seconds(1)))
            << ", " << response->sessions() << " session" << (response->sessions() == 1 ? "" : "s")
            << "\n\n";
  TextTable table({{"service"}, {"where"}, {"state"}});
  bool all_serving = true;
  for (const auto& service : response->services()) {
    const bool absent = service.address() == "not configured";
    all_serving &= service.serving() || absent;
    table.Add({service.name(), service.address(),
               service.serving() ? "serving"
               : absent          ? "absent"
                                 : "does not answer"});
  }
  std::cout << table.ToString();
  for (const std::string& warning : response->warnings())
    std::cout << "warning: " << warning << "\n";
  if (!all_serving) return absl::UnavailableError("not every service answers");
  return absl::OkStatus();
}

// Prints results as they come.
class ResultPrinter {
 public:
  absl::Status Add(const gateway::v1::ExecuteResponse& response) {
    if (response.has_header()) {
      std::vector<TextTable::Column> columns;
      for (const auto& column : response.header().columns())
        columns.push_back({column.name(), IsNumber(column) ? Align::kRight : Align::kLeft});
      table_ = std::make_unique<TextTable>(std::move(columns));
    }
    ASSIGN_OR_RETURN(const types::Batch rows, gateway::api::DecodePage(response.page()));
    for (uint32_t row = 0; row < rows.row_count && table_ != nullptr; ++row) {
      std::vector<std::string> cells;
      for (const auto& column : rows.columns) {
        std::string& cell = cells.emplace_back();
        if (!column->is_null(row)) types::FormatText(*column, row, types::TextOptions(), &cell);
      }
      table_->Add(std::move(cells));
    }
    if (response.has_completion()) {
      if (table_ != nullptr) std::cout << table_->ToString();
      std::cout << response.completion().command_tag() << std::endl;
      table_ = nullptr;
    }
    return absl::OkStatus();
  }

 private:
  static bool IsNumber(const gateway::v1::Column& column) {
    return types::IsNumber(types::FromOid(column.type_oid()).value_or(types::TypeId::kText));
  }
  std::unique_ptr<TextTable> table_;
};

absl::Status Sql(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  gateway::v1::ExecuteRequest request;
  request.set_sql(arguments.positional[0]);
  ResultPrinter printer;
  return server.Explain(server.Gateway()->Execute(
      server.Context(), request,
      [&](const gateway::v1::ExecuteResponse& part) { return printer.Add(part); }));
}

}  // namespace

void AddStatusCommands(std::vector<Command>* commands) {
  Command status;
  status.name = "status";
  status.summary = "show the services and whether they answer";
  status.details = "Exit status 1 when a configured service does not answer.";
  status.run = Status;
  commands->push_back(std::move(status));
  Command sql;
  sql.name = "sql";
  sql.positional = "STATEMENT";
  sql.summary = "run SQL and print the results";
  sql.details = "Several statements may be separated by semicolons. NULL prints as nothing.";
  sql.minimum_positional = sql.maximum_positional = 1;
  sql.run = Sql;
  commands->push_back(std::move(sql));
}

}  // namespace adbms::clients::cli
