// adbms.run_all_tables() and friends, which the orchestrator answers.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunControl(std::string_view sql, bool* handled, ResultSink* sink) {
  *handled = false;
  absl::string_view text = absl::StripAsciiWhitespace(absl::string_view(sql.data(), sql.size()));
  if (text.size() > 100 || !absl::StartsWithIgnoreCase(text, "select")) return absl::OkStatus();
  text = absl::StripLeadingAsciiWhitespace(text.substr(6));
  if (!absl::StartsWithIgnoreCase(text, "adbms.")) return absl::OkStatus();
  const size_t open = text.find('(');
  const size_t close = text.find(')');
  if (open == absl::string_view::npos || close == absl::string_view::npos || close < open) {
    return absl::OkStatus();
  }
  const absl::string_view rest = absl::StripAsciiWhitespace(text.substr(close + 1));
  if (!rest.empty() && rest != ";") return absl::OkStatus();
  const std::string function =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(text.substr(6, open - 6)));
  const absl::string_view argument =
      absl::StripAsciiWhitespace(text.substr(open + 1, close - open - 1));
  const bool known = function == "run_all_tables" || function == "revert" || function == "approve";
  if (!known) return absl::OkStatus();
  *handled = true;
  RETURN_IF_ERROR(CheckNotFailed(nullptr));
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  if (!policy->superuser()) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for function adbms.", function));
  }
  if (services_.orchestrator == nullptr) return status::NotSupported("the autonomous cycle here");
  if (function == "run_all_tables") {
    orchestrator::v1::RunAllTablesRequest request;
    request.set_initiator(options_.user);
    std::vector<std::string> lines;
    RETURN_IF_ERROR(services_.orchestrator->RunAllTables(
        Context(), request, [&](const orchestrator::v1::RunAllTablesResponse& step) {
          if (!step.message().empty()) lines.push_back(step.message());
          if (!step.report_directory().empty()) {
            lines.push_back(absl::StrCat("report: ", step.report_directory()));
          }
        }));
    return SendText("run_all_tables", lines, absl::StrCat("SELECT ", lines.size()), sink);
  }
  int64_t id = 0;
  if (!absl::SimpleAtoi(argument, &id)) {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         absl::StrCat("adbms.", function, " takes the id of an action"));
  }
  std::string verdict;
  if (function == "revert") {
    orchestrator::v1::RevertActionRequest request;
    request.set_action_id(id);
    request.set_initiator(options_.user);
    ASSIGN_OR_RETURN(const auto response, services_.orchestrator->RevertAction(Context(), request));
    verdict = response.action().verdict();
  } else {
    orchestrator::v1::ApproveActionRequest request;
    request.set_action_id(id);
    request.set_initiator(options_.user);
    ASSIGN_OR_RETURN(const auto response,
                     services_.orchestrator->ApproveAction(Context(), request));
    verdict = response.action().verdict();
  }
  return SendText(function, {verdict}, "SELECT 1", sink);
}

}  // namespace adbms::gateway::session
