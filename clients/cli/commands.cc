#include "clients/cli/commands.h"

namespace adbms::clients::cli {

std::vector<Command> AllCommands() {
  std::vector<Command> commands;
  AddStatusCommands(&commands);
  AddAutonomyCommands(&commands);
  AddRunAllTables(&commands);
  AddWorkloadCommands(&commands);
  AddLocalCommands(&commands);
  AddUserCommands(&commands);
  AddCertificateCommands(&commands);
  return commands;
}

}  // namespace adbms::clients::cli
