#include "common/settings/setting_table.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace adbms::settings {
namespace {

constexpr SettingDefinition kDefinitions[] = {
#include "common/settings/own_settings.inc"
#include "common/settings/postgres_settings.inc"
};

using ByName = std::unordered_map<std::string, const SettingDefinition*>;

const ByName& Index() {
  static const auto* const kIndex = [] {
    auto* index = new ByName();
    for (const SettingDefinition& definition : kDefinitions)
      index->emplace(absl::AsciiStrToLower(definition.name), &definition);
    return index;
  }();
  return *kIndex;
}

}  // namespace

const std::vector<const SettingDefinition*>& AllSettings() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<const SettingDefinition*>();
    for (const SettingDefinition& definition : kDefinitions) all->push_back(&definition);
    return all;
  }();
  return *kAll;
}

const SettingDefinition* FindSetting(std::string_view name) {
  const auto found =
      Index().find(absl::AsciiStrToLower(absl::string_view(name.data(), name.size())));
  return found == Index().end() ? nullptr : found->second;
}

const char* TypeName(SettingType type) {
  switch (type) {
    case SettingType::kBool:
      return "bool";
    case SettingType::kInteger:
      return "integer";
    case SettingType::kReal:
      return "real";
    case SettingType::kString:
      return "string";
    case SettingType::kEnum:
      return "enum";
  }
  return "";
}

const char* ContextName(SettingContext context) {
  switch (context) {
    case SettingContext::kInternal:
      return "internal";
    case SettingContext::kPostmaster:
      return "postmaster";
    case SettingContext::kSighup:
      return "sighup";
    case SettingContext::kSuperuserBackend:
      return "superuser-backend";
    case SettingContext::kBackend:
      return "backend";
    case SettingContext::kSuperuser:
      return "superuser";
    case SettingContext::kUser:
      return "user";
  }
  return "";
}

std::string Reference() {
  std::string out =
      "# Settings of a session\n\n"
      "Made from `common/settings/*.inc` by `make config-reference`; a test compares. Every "
      "setting of\n"
      "PostgreSQL 15 is known with its type, bounds and context: `SET`, `SHOW`, `pg_settings`, "
      "`current_setting()`,\n"
      "`set_config()`, start-up parameters and `PGOPTIONS` agree on them. Settings of the server "
      "itself are in\n"
      "REFERENCE.md.\n\n## With a meaning here\n\n| setting | initial | what it does "
      "|\n|---|---|---|\n";
  for (const SettingDefinition& definition : kDefinitions) {
    if (definition.effect == nullptr) continue;
    const std::string initial = ShowValue(definition, definition.initial);
    absl::StrAppend(&out, "| `", definition.name, "` | ",
                    initial.empty() ? "" : "`" + initial + "`", " | ", definition.effect, " |\n");
  }
  absl::StrAppend(
      &out,
      "\n## Accepted and without effect\n\nThey can be set where PostgreSQL lets a session set "
      "them, "
      "keep their value and are shown; nothing here\ndepends on them.\n\n| setting | context | "
      "initial |\n|---|---|---|\n");
  for (const SettingDefinition& definition : kDefinitions) {
    if (definition.effect != nullptr) continue;
    const std::string initial = ShowValue(definition, definition.initial);
    absl::StrAppend(&out, "| `", definition.name, "` | ", ContextName(definition.context), " | ",
                    initial.empty() ? "" : "`" + initial + "`", " |\n");
  }
  return out;
}

}  // namespace adbms::settings
