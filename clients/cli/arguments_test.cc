#include "clients/cli/arguments.h"

#include <gtest/gtest.h>

#include "clients/cli/commands.h"

namespace adbms::clients::cli {
namespace {

absl::StatusOr<Parsed> ParseLine(const std::vector<std::string>& words) {
  static const std::vector<Command> kCommands = AllCommands();
  return Parse(kCommands, words);
}

TEST(Parse, GlobalFlagsStandBeforeOrBehindTheCommand) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--host", "db:1", "actions", "--limit", "3"},
                                             {"--host=db:1", "actions", "--limit=3"},
                                             {"actions", "--limit", "3", "--host", "db:1"}}) {
    const auto parsed = ParseLine(words);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_NE(parsed->command, nullptr);
    EXPECT_EQ(parsed->command->name, "actions");
    EXPECT_EQ(parsed->arguments.Get("--host"), "db:1");
    EXPECT_EQ(*parsed->arguments.GetInt("--limit", 50, 1, 100), 3);
  }
}

TEST(Parse, CommandsOfTwoWords) {
  const auto parsed = ParseLine({"workload", "run", "--mix", "read"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->command->name, "workload run");
  EXPECT_TRUE(parsed->arguments.positional.empty());
}

TEST(Parse, HelpAtEveryLevel) {
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"--help"},
                                                                 {"workload", "--help"},
                                                                 {"workload", "run", "--help"},
                                                                 {"status", "-h"},
                                                                 {"modules", "set", "--help"}}) {
    const auto parsed = ParseLine(words);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->command, nullptr);
    EXPECT_NE(parsed->help.find("usage: adbms"), std::string::npos);
  }
}

TEST(Parse, EveryCommandExplainsItsOptions) {
  for (const Command& command : AllCommands()) {
    const std::string help = CommandHelp(command);
    EXPECT_FALSE(command.summary.empty()) << command.name;
    for (const Flag& flag : command.flags) {
      EXPECT_NE(help.find(flag.name), std::string::npos) << command.name;
      EXPECT_FALSE(flag.help.empty()) << command.name << flag.name;
    }
  }
}

TEST(Parse, WrongUseIsOneLineAndAnInvalidArgument) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"nothing"},
                                             {"status", "--nothing"},
                                             {"status", "more"},
                                             {"revert"},
                                             {"actions", "--limit"},
                                             {"actions", "--json=1"},
                                             {"workload"},
                                             {"workload", "walk"},
                                             {"--host", "db:1"},
                                             {"playground", "--host", "db:1"}}) {
    const auto parsed = ParseLine(words);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(parsed.status().message().find('\n'), absl::string_view::npos);
  }
}

TEST(Arguments, NumbersAreChecked) {
  Arguments arguments;
  arguments.flags["--limit"] = {"x"};
  arguments.flags["--scale"] = {"-1"};
  arguments.flags["--seconds"] = {"1", "2.5"};
  EXPECT_FALSE(arguments.GetInt("--limit", 1, 0, 10).ok());
  EXPECT_FALSE(arguments.GetDouble("--scale", 1, 0, 10).ok());
  EXPECT_EQ(*arguments.GetDouble("--seconds", 1, 0, 10), 2.5);
  EXPECT_EQ(*arguments.GetInt("--absent", 7, 0, 10), 7);
}

}  // namespace
}  // namespace adbms::clients::cli
