// The ledger's lines as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "adbms/orchestrator/v1/orchestrator.pb.h"

namespace adbms::clients::cli {

// "kept", "off": the enum's name without its prefix, in lower case.
std::string StateText(orchestrator::v1::ActionState state);
std::string AutonomyText(orchestrator::v1::Autonomy autonomy);
// AUTONOMY_UNSPECIFIED when it is none.
orchestrator::v1::Autonomy AutonomyOf(const std::string& text);

// id, module, state, subject, predicted, measured, reason or verdict; as given.
std::string ActionTable(const std::vector<orchestrator::v1::Action>& actions);
// One object a line, every field but opaque payloads.
std::string ActionJson(const orchestrator::v1::Action& action);

}  // namespace adbms::clients::cli
