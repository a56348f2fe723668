// The command line adbms.
#include <iostream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "clients/cli/arguments.h"
#include "clients/cli/commands.h"

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const auto commands = adbms::clients::cli::AllCommands();
  const auto parsed = adbms::clients::cli::Parse(commands, {argv + 1, argv + argc});
  absl::Status status = parsed.status();
  if (status.ok() && parsed->command == nullptr) {
    std::cout << parsed->help;
    return 0;
  }
  if (status.ok()) status = parsed->command->run(parsed->arguments);
  if (status.ok()) return 0;
  std::cerr << "adbms: " << status.message() << std::endl;
  return absl::IsInvalidArgument(status) ? 2 : 1;
}
