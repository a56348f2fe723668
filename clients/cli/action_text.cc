#include "clients/cli/action_text.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/terminal/text_table.h"

namespace adbms::clients::cli {
namespace {

using terminal::Align;

std::string WithoutPrefix(const std::string& name, size_t prefix) {
  return absl::AsciiStrToLower(name.substr(prefix));
}

std::string Percent(double fraction) { return absl::StrFormat("%.1f %%", fraction * 100); }

// Until there is a verdict on the effect, the reason tells more.
const std::string& Why(const orchestrator::v1::Action& action) {
  const bool decided = action.state() == orchestrator::v1::ACTION_STATE_KEPT ||
                       action.state() == orchestrator::v1::ACTION_STATE_REVERTED ||
                       action.state() == orchestrator::v1::ACTION_STATE_FAILED;
  return decided && !action.verdict().empty() ? action.verdict() : action.proposal().reason();
}

}  // namespace

std::string StateText(orchestrator::v1::ActionState state) {
  return WithoutPrefix(orchestrator::v1::ActionState_Name(state), sizeof("ACTION_STATE_") - 1);
}

std::string AutonomyText(orchestrator::v1::Autonomy autonomy) {
  return WithoutPrefix(orchestrator::v1::Autonomy_Name(autonomy), sizeof("AUTONOMY_") - 1);
}

orchestrator::v1::Autonomy AutonomyOf(const std::string& text) {
  orchestrator::v1::Autonomy autonomy = orchestrator::v1::AUTONOMY_UNSPECIFIED;
  orchestrator::v1::Autonomy_Parse(absl::StrCat("AUTONOMY_", absl::AsciiStrToUpper(text)),
                                   &autonomy);
  return autonomy;
}

std::string ActionTable(const std::vector<orchestrator::v1::Action>& actions) {
  terminal::TextTable table({{"id", Align::kRight},
                             {"module"},
                             {"state"},
                             {"subject"},
                             {"predicted", Align::kRight},
                             {"measured", Align::kRight},
                             {"reason or verdict"}});
  for (const auto& action : actions) {
    table.Add({absl::StrCat(action.id()), action.module(), StateText(action.state()),
               action.proposal().subject(), Percent(action.proposal().predicted_gain()),
               action.has_measured_gain() ? Percent(action.measured_gain()) : "-", Why(action)});
  }
  return table.ToString();
}

std::string ActionJson(const orchestrator::v1::Action& action) {
  orchestrator::v1::Action shown = action;
  shown.mutable_proposal()->clear_payload();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(shown, &json, options);
  return json;
}

}  // namespace adbms::clients::cli
