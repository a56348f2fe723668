// The commands of the command line; each file command_*.cc adds its own.
#pragma once

#include <vector>

#include "clients/cli/arguments.h"

namespace adbms::clients::cli {

// All, in the order of the help.
std::vector<Command> AllCommands();

void AddStatusCommands(std::vector<Command>* commands);    // status, sql
void AddAutonomyCommands(std::vector<Command>* commands);  // actions, approve, revert, modules
void AddRunAllTables(std::vector<Command>* commands);      // run-all-tables
void AddWorkloadCommands(std::vector<Command>* commands);  // workload load, workload run
void AddLocalCommands(std::vector<Command>* commands);
void AddUserCommands(std::vector<Command>* commands);
void AddCertificateCommands(std::vector<Command>* commands);  // playground, demo, verify-audit

}  // namespace adbms::clients::cli
