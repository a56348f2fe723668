// The command line: commands with flags and positional arguments, and the help made of the same
// descriptions. Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::clients::cli {

struct Flag {
  std::string name;   // "--limit"
  std::string value;  // Name of its value in the help; empty: a switch.
  std::string help;
  bool repeated = false;
};

// What was given. Numbers are checked when asked for.
class Arguments {
 public:
  std::map<std::string, std::vector<std::string>> flags;  // By name; switches have an empty value.
  std::vector<std::string> positional;

  bool Has(const std::string& flag) const { return flags.contains(flag); }
  // The last value given.
  std::string Get(const std::string& flag, const std::string& otherwise = "") const;
  std::vector<std::string> All(const std::string& flag) const;
  // Errors: INVALID_ARGUMENT when it is not a number within the bounds.
  absl::StatusOr<int64_t> GetInt(const std::string& flag, int64_t otherwise, int64_t minimum,
                                 int64_t maximum) const;
  absl::StatusOr<double> GetDouble(const std::string& flag, double otherwise, double minimum,
                                   double maximum) const;
};

struct Command {
  std::string name;        // One or two words: "status", "workload load".
  std::string positional;  // As in the help: "[set NAME LEVEL]"; empty: none.
  std::string summary;     // One line.
  std::string details;     // More for its own help; may be empty.
  std::vector<Flag> flags;
  size_t minimum_positional = 0;
  size_t maximum_positional = 0;
  bool uses_server = true;  // Takes the global flags.
  // INVALID_ARGUMENT is wrong use (exit status 2), any other error exit status 1.
  std::function<absl::Status(const Arguments&)> run;
};

// Result of parsing: a command with its arguments, or a help text.
struct Parsed {
  const Command* command = nullptr;  // Null: print `help` and end well.
  Arguments arguments;
  std::string help;
};

// Flags that every command with uses_server takes, before or behind the command's name.
const std::vector<Flag>& GlobalFlags();
// Errors: INVALID_ARGUMENT, one line.
absl::StatusOr<Parsed> Parse(const std::vector<Command>& commands,
                             const std::vector<std::string>& words);

std::string GeneralHelp(const std::vector<Command>& commands);
std::string CommandHelp(const Command& command);

}  // namespace adbms::clients::cli
