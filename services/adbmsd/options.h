// The daemon's command line.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/config.h"

namespace adbms::adbmsd {

struct Options {
  std::set<std::string> targets;  // Services to run.
  config::Sources sources;
  bool help = false;
  bool version = false;
  bool print_config = false;
  bool print_config_reference = false;
  bool print_settings_reference = false;
};

// All services, in the order they start.
const std::vector<std::string>& AllServices();
// Errors: INVALID_ARGUMENT that names the argument.
absl::StatusOr<Options> ParseCommandLine(int argc, char** argv, char** environment);
std::string HelpText();

}  // namespace adbms::adbmsd
