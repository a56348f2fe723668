#include "clients/cli/arguments.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status/macros.h"

namespace adbms::clients::cli {
namespace {

const Flag* FindFlag(const std::vector<Flag>& flags, const std::string& name) {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& one) { return one.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

bool IsHelp(const std::string& word) { return word == "--help" || word == "-h"; }

const Command* FindCommand(const std::vector<Command>& commands, const std::string& first,
                           const std::string& second) {
  for (const Command& command : commands) {
    if (command.name == first || command.name == absl::StrCat(first, " ", second)) return &command;
  }
  return nullptr;
}

// Commands that share their first word.
std::vector<const Command*> Group(const std::vector<Command>& commands, const std::string& first) {
  std::vector<const Command*> group;
  for (const Command& command : commands) {
    if (absl::StartsWith(command.name, first + " ")) group.push_back(&command);
  }
  return group;
}

std::string UsageOf(const Command& command) {
  return absl::StrCat("adbms ", command.name, command.positional.empty() ? "" : " ",
                      command.positional, " [options]");
}

void AppendFlags(const std::string& title, const std::vector<Flag>& flags, std::string* text) {
  if (flags.empty()) return;
  absl::StrAppend(text, "\n", title, "\n");
  for (const Flag& flag : flags) {
    const std::string left = absl::StrCat(flag.name, flag.value.empty() ? "" : " ", flag.value);
    absl::StrAppendFormat(text, "  %-24s %s%s\n", left, flag.help,
                          flag.repeated ? "; may be repeated" : "");
  }
}

std::string GroupHelp(const std::vector<const Command*>& group, const std::string& first) {
  std::string text = absl::StrCat("usage: adbms ", first, " COMMAND [options]\n\n");
  for (const Command* command : group) {
    absl::StrAppendFormat(&text, "  %-18s %s\n", command->name.substr(first.size() + 1),
                          command->summary);
  }
  absl::StrAppend(&text, "\nadbms ", first, " COMMAND --help tells more.\n");
  return text;
}

absl::Status WrongUse(const std::string& message) { return absl::InvalidArgumentError(message); }

// Reads flags out of `words`; what remains is returned.
absl::StatusOr<std::vector<std::string>> TakeFlags(const std::vector<std::string>& words,
                                                   const std::vector<Flag>& known,
                                                   Arguments* arguments) {
  std::vector<std::string> rest;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      rest.insert(rest.end(), words.begin() + static_cast<int64_t>(i) + 1, words.end());
      break;
    }
    if (!absl::StartsWith(words[i], "--")) {
      rest.push_back(words[i]);
      continue;
    }
    const size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const Flag* const flag = FindFlag(known, name);
    if (flag == nullptr) return WrongUse(absl::StrCat("unknown option ", name));
    std::string value;
    if (flag->value.empty()) {
      if (equals != std::string::npos) return WrongUse(absl::StrCat(name, " takes no value"));
    } else if (equals != std::string::npos) {
      value = words[i].substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return WrongUse(absl::StrCat(name, " needs a value: ", flag->value));
    }
    arguments->flags[name].push_back(value);
  }
  return rest;
}

}  // namespace

std::string Arguments::Get(const std::string& flag, const std::string& otherwise) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? otherwise : found->second.back();
}

std::vector<std::string> Arguments::All(const std::string& flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<int64_t> Arguments::GetInt(const std::string& flag, int64_t otherwise,
                                          int64_t minimum, int64_t maximum) const {
  if (!Has(flag)) return otherwise;
  int64_t value = 0;
  if (!absl::SimpleAtoi(Get(flag), &value) || value < minimum || value > maximum) {
    return WrongUse(absl::StrCat(flag, " is a whole number from ", minimum, " to ", maximum,
                                 ", not \"", Get(flag), "\""));
  }
  return value;
}

absl::StatusOr<double> Arguments::GetDouble(const std::string& flag, double otherwise,
                                            double minimum, double maximum) const {
  if (!Has(flag)) return otherwise;
  double value = 0;
  if (!absl::SimpleAtod(Get(flag), &value) || !(value >= minimum && value <= maximum)) {
    return WrongUse(absl::StrCat(flag, " is a number from ", minimum, " to ", maximum, ", not \"",
                                 Get(flag), "\""));
  }
  return value;
}

const std::vector<Flag>& GlobalFlags() {
  static const std::vector<Flag> kFlags = {
      {"--host", "HOST:PORT", "gateway's gRPC front (127.0.0.1:7433)"},
      {"--grpc", "HOST:PORT", "the same as --host"},
      {"--user", "NAME", "role (adbms)"},
      {"--password", "PASSWORD", "its password; better given in ADBMS_PASSWORD"},
      {"--token", "TOKEN", "a token in its place; better given in ADBMS_TOKEN"},
      {"--tls-ca", "FILE", "TLS, believing the authorities in this PEM file (ADBMS_TLS_CA)"},
      {"--tls-cert", "FILE", "the certificate to show, where the server asks for one"},
      {"--tls-key", "FILE", "its private key"},
      {"--data-dir", "DIR", "data directory, to read initial_password from"},
  };
  return kFlags;
}

absl::StatusOr<Parsed> Parse(const std::vector<Command>& commands,
                             const std::vector<std::string>& words) {
  Parsed parsed;
  // The command's name comes first but for global flags and their values.
  size_t at = 0;
  while (at < words.size() && absl::StartsWith(words[at], "--") && !IsHelp(words[at])) {
    const Flag* const flag = FindFlag(GlobalFlags(), words[at].substr(0, words[at].find('=')));
    if (flag == nullptr) return WrongUse(absl::StrCat("unknown option ", words[at]));
    at += words[at].find('=') == std::string::npos ? 2 : 1;
  }
  if (at >= words.size() && at > 0) return WrongUse("no command given");
  if (words.empty() || IsHelp(words[at]) || words[at] == "help") {
    parsed.help = GeneralHelp(commands);
    return parsed;
  }
  const std::string& first = words[at];
  const std::string second = at + 1 < words.size() ? words[at + 1] : "";
  const Command* const command = FindCommand(commands, first, second);
  if (command == nullptr) {
    const auto group = Group(commands, first);
    if (group.empty()) return WrongUse(absl::StrCat("there is no command \"", first, "\""));
    if (!IsHelp(second)) {
      return WrongUse(second.empty()
                          ? absl::StrCat(first, " needs a command")
                          : absl::StrCat("there is no command \"", first, " ", second, "\""));
    }
    parsed.help = GroupHelp(group, first);
    return parsed;
  }
  std::vector<std::string> rest(words.begin(), words.begin() + static_cast<int64_t>(at));
  const size_t name_words = command->name == first ? 1 : 2;
  rest.insert(rest.end(), words.begin() + static_cast<int64_t>(at + name_words), words.end());
  if (std::any_of(rest.begin(), rest.end(), IsHelp)) {
    parsed.help = CommandHelp(*command);
    return parsed;
  }
  std::vector<Flag> known = command->flags;
  if (command->uses_server) {
    for (const Flag& flag : GlobalFlags()) {
      if (FindFlag(known, flag.name) == nullptr) known.push_back(flag);
    }
  }
  ASSIGN_OR_RETURN(parsed.arguments.positional, TakeFlags(rest, known, &parsed.arguments));
  const size_t count = parsed.arguments.positional.size();
  if (count < command->minimum_positional || count > command->maximum_positional) {
    return WrongUse(absl::StrCat("usage: ", UsageOf(*command)));
  }
  parsed.command = command;
  return parsed;
}

std::string GeneralHelp(const std::vector<Command>& commands) {
  std::string text =
      "adbms - operate a database and its autonomous modules\n\n"
      "usage: adbms COMMAND [options]\n\ncommands\n";
  for (const Command& command : commands) {
    absl::StrAppendFormat(&text, "  %-18s %s\n", command.name, command.summary);
  }
  AppendFlags("options of commands that talk to a running database", GlobalFlags(), &text);
  absl::StrAppend(&text,
                  "\nadbms COMMAND --help tells more. Exit status: 0 done, 1 it could not "
                  "be done, 2 wrong use.\n");
  return text;
}

std::string CommandHelp(const Command& command) {
  std::string text = absl::StrCat("usage: ", UsageOf(command), "\n\n", command.summary, "\n");
  if (!command.details.empty()) absl::StrAppend(&text, command.details, "\n");
  AppendFlags("options", command.flags, &text);
  if (command.uses_server) AppendFlags("connection", GlobalFlags(), &text);
  return text;
}

}  // namespace adbms::clients::cli
