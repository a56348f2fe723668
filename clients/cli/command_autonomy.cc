// adbms actions, approve, revert, modules.
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/action_text.h"
#include "clients/cli/commands.h"
#include "clients/cli/server_access.h"
#include "clients/terminal/text_table.h"
#include "common/status/macros.h"

namespace adbms::clients::cli {
namespace {

using orchestrator::v1::Action;
using terminal::Align;

absl::Status Actions(const Arguments& arguments) {
  orchestrator::v1::ListActionsRequest request;
  ASSIGN_OR_RETURN(const int64_t limit, arguments.GetInt("--limit", 50, 1, 100000));
  request.set_limit(static_cast<uint32_t>(limit));
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  const auto listed = orchestrator->ListActions(server.Context(), request);
  RETURN_IF_ERROR(server.Explain(listed.status()));
  if (arguments.Has("--json")) {
    for (const Action& action : listed->actions()) std::cout << ActionJson(action) << "\n";
    return absl::OkStatus();
  }
  std::cout << ActionTable({listed->actions().begin(), listed->actions().end()});
  return absl::OkStatus();
}

absl::StatusOr<int64_t> IdOf(const Arguments& arguments) {
  int64_t id = 0;
  if (!absl::SimpleAtoi(arguments.positional[0], &id) || id <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", arguments.positional[0], "\" is not the id of an action"));
  }
  return id;
}

void Print(const Action& action) {
  std::cout << "action " << action.id() << " (" << action.proposal().subject() << ") is "
            << StateText(action.state()) << ": " << action.verdict() << "\n";
}

absl::Status Approve(const Arguments& arguments) {
  orchestrator::v1::ApproveActionRequest request;
  ASSIGN_OR_RETURN(const int64_t id, IdOf(arguments));
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  request.set_action_id(id);
  request.set_initiator(server.user());
  const auto response = orchestrator->ApproveAction(server.Context(), request);
  RETURN_IF_ERROR(server.Explain(response.status()));
  Print(response->action());
  return absl::OkStatus();
}

absl::Status Revert(const Arguments& arguments) {
  orchestrator::v1::RevertActionRequest request;
  ASSIGN_OR_RETURN(const int64_t id, IdOf(arguments));
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  request.set_action_id(id);
  request.set_initiator(server.user());
  const auto response = orchestrator->RevertAction(server.Context(), request);
  RETURN_IF_ERROR(server.Explain(response.status()));
  Print(response->action());
  return absl::OkStatus();
}

constexpr char kModulesUsage[] =
    "usage: adbms modules [set NAME off|observe|recommend|auto|default | remove NAME]";

absl::Status RemoveModule(const Arguments& arguments) {
  orchestrator::v1::UnregisterModuleRequest request;
  request.set_name(arguments.positional[1]);
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  RETURN_IF_ERROR(
      server.Explain(orchestrator->UnregisterModule(server.Context(), request).status()));
  std::cout << request.name() << " is removed\n";
  return absl::OkStatus();
}

absl::Status SetModule(const Arguments& arguments) {
  orchestrator::v1::SetAutonomyRequest request;
  if (arguments.positional.size() == 2 && arguments.positional[0] == "remove")
    return RemoveModule(arguments);
  if (arguments.positional.size() != 3 || arguments.positional[0] != "set")
    return absl::InvalidArgumentError(kModulesUsage);
  request.set_module(arguments.positional[1]);
  request.set_autonomy(AutonomyOf(arguments.positional[2]));
  const bool follows = arguments.positional[2] == "default";
  if (request.autonomy() == orchestrator::v1::AUTONOMY_UNSPECIFIED && !follows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", arguments.positional[2], "\" is not one of off, observe, recommend, auto, default"));
  }
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  RETURN_IF_ERROR(server.Explain(orchestrator->SetAutonomy(server.Context(), request).status()));
  std::cout << request.module() << (follows ? " follows the configuration" : " is set to ")
            << (follows ? "" : AutonomyText(request.autonomy())) << "\n";
  return absl::OkStatus();
}

absl::Status Modules(const Arguments& arguments) {
  if (!arguments.positional.empty()) return SetModule(arguments);
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto orchestrator = server.Orchestrator();
  const auto listed = orchestrator->ListModules(server.Context(), {});
  RETURN_IF_ERROR(server.Explain(listed.status()));
  terminal::TextTable table({{"module"},
                             {"autonomy"},
                             {"state"},
                             {"where"},
                             {"kept", Align::kRight},
                             {"reverted", Align::kRight},
                             {"what it does"}});
  for (const auto& module : listed->modules()) {
    table.Add({module.description().name(), AutonomyText(module.autonomy()),
               module.healthy() ? "healthy" : "failed at its last call",
               module.address().empty() ? "in process" : module.address(),
               absl::StrCat(module.kept()), absl::StrCat(module.reverted()),
               module.description().description()});
  }
  std::cout << table.ToString();
  return absl::OkStatus();
}

}  // namespace

void AddAutonomyCommands(std::vector<Command>* commands) {
  Command actions;
  actions.name = "actions";
  actions.summary = "list what the autonomous modules did and propose, newest first";
  actions.details =
      "Predicted and measured gains are fractions of the affected statements' time; a negative "
      "one is a loss.";
  actions.flags = {{"--limit", "N", "at most so many (50)"},
                   {"--json", "", "one JSON object a line, with every field"}};
  actions.run = Actions;
  commands->push_back(std::move(actions));
  Command approve;
  approve.name = "approve";
  approve.positional = "ID";
  approve.summary = "let a proposed action go ahead";
  approve.minimum_positional = approve.maximum_positional = 1;
  approve.run = Approve;
  commands->push_back(std::move(approve));
  Command revert;
  revert.name = "revert";
  revert.positional = "ID";
  revert.summary = "undo an action";
  revert.minimum_positional = revert.maximum_positional = 1;
  revert.run = Revert;
  commands->push_back(std::move(revert));
  Command modules;
  modules.name = "modules";
  modules.positional = "[set NAME off|observe|recommend|auto|default | remove NAME]";
  modules.summary = "list the autonomous modules, set how far one may go, or remove your own";
  modules.details =
      "off: nothing. observe: learns, proposes nothing. recommend: proposes, a person approves.\n"
      "auto: acts, measures, and takes back what does not pay.";
  modules.maximum_positional = 3;
  modules.run = Modules;
  commands->push_back(std::move(modules));
}

}  // namespace adbms::clients::cli
