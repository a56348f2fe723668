#include "services/adbmsd/options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace adbms::adbmsd {

const std::vector<std::string>& AllServices() {
  static const std::vector<std::string> kAll = {"storage", "security",     "optimizer", "tuner",
                                                "indexer", "orchestrator", "gateway"};
  return kAll;
}

std::string HelpText() {
  return R"(adbmsd - the ADBMS daemon

usage: adbmsd [options]

  --target=LIST          services to run in this process: all (default), or some of
                         gateway,security,optimizer,storage,tuner,indexer,orchestrator
  --config FILE          YAML configuration
  --data-dir DIR         data directory (the setting data.directory)
  --set KEY=VALUE        one setting, for example --set gateway.pgwire.listen=127.0.0.1:5433;
                         may be repeated, the last one counts
  --print-config         print the resulting configuration and exit
  --print-settings-reference
                          print every setting of a session as Markdown and exit
  --print-config-reference
                         print every setting with default, bounds and meaning, and exit
  --version              print the version and exit
  --help                 print this and exit

Settings come from the defaults, the file, the environment
(ADBMS_GATEWAY__PGWIRE__LISTEN=…) and --set, each winning over the ones before.
ADBMS_PASSWORD is the password of the superuser adbms when a new database is made;
without it one is generated and written to <data directory>/initial_password.

Ready when it prints a line that starts with "adbmsd ready". SIGHUP reads the settings
again: live ones change, the log names the others. SIGTERM drains and stops; a second
one stops at once.
)";
}

absl::StatusOr<Options> ParseCommandLine(int argc, char** argv, char** environment) {
  Options options;
  options.targets.insert(AllServices().begin(), AllServices().end());
  for (char** variable = environment; *variable != nullptr; ++variable) {
    options.sources.environment.emplace_back(*variable);
  }
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    std::string value;
    bool has_value = false;
    const size_t equals = name.find('=');
    if (name.rfind("--", 0) == 0 && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
      has_value = true;
    }
    const bool takes_value =
        name == "--target" || name == "--config" || name == "--data-dir" || name == "--set";
    if (takes_value && !has_value) {
      if (i + 1 >= argc) return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
      value = argv[++i];
    }
    if (name == "--help" || name == "-h") {
      options.help = true;
    } else if (name == "--version") {
      options.version = true;
    } else if (name == "--print-config") {
      options.print_config = true;
    } else if (name == "--print-config-reference") {
      options.print_config_reference = true;
    } else if (name == "--print-settings-reference") {
      options.print_settings_reference = true;
    } else if (name == "--config") {
      options.sources.file = value;
    } else if (name == "--data-dir") {
      options.sources.overrides.push_back(absl::StrCat("data.directory=", value));
    } else if (name == "--set") {
      options.sources.overrides.push_back(value);
    } else if (name == "--target") {
      options.targets.clear();
      for (absl::string_view part : absl::StrSplit(value, ',')) {
        const std::string target(part.data(), part.size());
        if (target == "all") {
          options.targets.insert(AllServices().begin(), AllServices().end());
        } else if (std::find(AllServices().begin(), AllServices().end(), target) !=
                   AllServices().end()) {
          options.targets.insert(target);
        } else {
          return absl::InvalidArgumentError(absl::StrCat("--target: there is no service \"", target,
                                                         "\"; known are all, ",
                                                         absl::StrJoin(AllServices(), ", ")));
        }
      }
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown argument ", argv[i]));
    }
  }
  return options;
}

}  // namespace adbms::adbmsd
