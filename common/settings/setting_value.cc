// Values of settings: PostgreSQL's words, numbers and units (manual, 20.1.1).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/settings/setting_table.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::settings {
namespace {

namespace sqlstate = status::sqlstate;

struct Unit {
  const char* name;
  double factor;  // In bytes, or in microseconds.
};
constexpr Unit kMemory[] = {{"TB", 1024.0 * 1024 * 1024 * 1024},
                            {"GB", 1024.0 * 1024 * 1024},
                            {"MB", 1024.0 * 1024},
                            {"kB", 1024},
                            {"B", 1}};
constexpr Unit kTime[] = {{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6},
                          {"s", 1e6},     {"ms", 1e3},   {"us", 1}};

bool IsTime(absl::string_view unit) { return unit == "ms" || unit == "s" || unit == "min"; }

// What one of the setting's own unit is, in bytes or microseconds: "8kB" is 8192.
double BaseOf(absl::string_view unit) {
  if (IsTime(unit)) {
    for (const Unit& known : kTime) {
      if (unit == known.name) return known.factor;
    }
  }
  double count = 1;
  if (absl::StartsWith(unit, "8")) {
    count = 8;
    unit.remove_prefix(1);
  }
  for (const Unit& known : kMemory) {
    if (unit == known.name) return count * known.factor;
  }
  return 1;
}

absl::Status Invalid(const SettingDefinition& definition, std::string_view text,
                     std::string_view hint = {}) {
  return status::Error(sqlstate::kInvalidParameterValue,
                       absl::StrCat("invalid value for parameter \"", definition.name, "\": \"",
                                    absl::string_view(text.data(), text.size()), "\""),
                       {}, hint);
}

absl::StatusOr<std::string> ReadEnum(const SettingDefinition& definition, std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  std::vector<std::string> values = absl::StrSplit(definition.values, ',');
  for (const std::string& value : values) {
    if (absl::EqualsIgnoreCase(value, lower)) return value;
  }
  // Words that PostgreSQL takes without listing them.
  if (lower == "debug" && absl::StrContains(definition.values, "debug2"))
    return std::string("debug2");
  if (const auto flag = types::BoolOfWord(lower); flag.has_value()) {
    for (const std::string& value : values) {
      if (value == (*flag ? "on" : "off")) return value;
    }
  }
  return Invalid(definition, text,
                 absl::StrCat("Available values: ", absl::StrJoin(values, ", "), "."));
}

std::string Number(double value, bool integer) {
  if (integer) return absl::StrCat(static_cast<int64_t>(value));
  char text[40];
  std::snprintf(text, sizeof(text), "%.15g", value);
  return text;
}

absl::StatusOr<std::string> ReadNumber(const SettingDefinition& definition,
                                       std::string_view given) {
  const bool integer = definition.type == SettingType::kInteger;
  const absl::string_view unit = definition.unit;
  const std::string text(absl::StripAsciiWhitespace(absl::string_view(given.data(), given.size())));
  char* end = nullptr;
  // Hexadecimal and octal integers as C writes them.
  double value = 0;
  const bool c_style = text.size() > 1 && text[0] == '0' && absl::ascii_isxdigit(text[1]) == 0
                           ? text[1] == 'x' || text[1] == 'X'
                           : text.size() > 1 && text[0] == '0' && absl::ascii_isdigit(text[1]);
  if (c_style && text.find('.') == std::string::npos) {
    value = static_cast<double>(std::strtoll(text.c_str(), &end, 0));
  } else {
    value = std::strtod(text.c_str(), &end);
  }
  if (end == text.c_str() || std::isnan(value)) return Invalid(definition, given);
  const absl::string_view rest = absl::StripAsciiWhitespace(end);
  if (!rest.empty()) {
    const bool time = IsTime(unit);
    double factor = 0;
    if (time) {
      for (const Unit& known : kTime) factor = rest == known.name ? known.factor : factor;
    } else if (!unit.empty()) {
      for (const Unit& known : kMemory) factor = rest == known.name ? known.factor : factor;
    }
    if (factor == 0) {
      return Invalid(definition, given,
                     unit.empty() ? ""
                     : time ? "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", "
                              "\"h\", and \"d\"."
                            : "Valid units for this parameter are \"B\", \"kB\", \"MB\", "
                              "\"GB\", and \"TB\".");
    }
    value = value * factor / BaseOf(unit);
  }
  if (integer) value = std::rint(value);
  if (value < definition.minimum || value > definition.maximum) {
    const std::string suffix = unit.empty() ? "" : absl::StrCat(" ", unit);
    return status::Error(
        sqlstate::kInvalidParameterValue,
        absl::StrCat(Number(value, integer), suffix, " is outside the valid range for parameter \"",
                     definition.name, "\" (", Number(definition.minimum, integer), " .. ",
                     Number(definition.maximum, integer), ")"));
  }
  return Number(value, integer);
}

}  // namespace

absl::StatusOr<std::string> ReadValue(const SettingDefinition& definition, std::string_view text) {
  switch (definition.type) {
    case SettingType::kBool: {
      const auto flag = types::BoolOfWord(types::TrimSpaces(text));
      if (flag.has_value()) return std::string(*flag ? "on" : "off");
      return status::Error(
          sqlstate::kInvalidParameterValue,
          absl::StrCat("parameter \"", definition.name, "\" requires a Boolean value"));
    }
    case SettingType::kInteger:
    case SettingType::kReal:
      return ReadNumber(definition, text);
    case SettingType::kEnum:
      return ReadEnum(definition, text);
    case SettingType::kString:
      break;
  }
  return std::string(text);
}

std::string ShowValue(const SettingDefinition& definition, std::string_view canonical) {
  const std::string text(canonical);
  const absl::string_view unit = definition.unit;
  double value = 0;
  const bool number =
      definition.type == SettingType::kInteger || definition.type == SettingType::kReal;
  if (unit.empty() || !number || !absl::SimpleAtod(text, &value) || value <= 0) return text;
  const bool time = IsTime(unit);
  const double total = value * BaseOf(unit);
  const Unit* best = nullptr;
  const auto consider = [&](const Unit& candidate) {
    const double count = total / candidate.factor;
    if (best == nullptr && std::floor(count) == count) best = &candidate;
  };
  if (time) {
    for (const Unit& candidate : kTime) consider(candidate);
  } else {
    for (const Unit& candidate : kMemory) consider(candidate);
  }
  if (best == nullptr) return absl::StrCat(text, unit);
  return absl::StrCat(Number(total / best->factor, true), best->name);
}

int64_t Milliseconds(const SettingDefinition& definition, std::string_view canonical) {
  double value = 0;
  if (!absl::SimpleAtod(absl::string_view(canonical.data(), canonical.size()), &value)) return 0;
  return static_cast<int64_t>(value * BaseOf(definition.unit) / 1000);
}

}  // namespace adbms::settings
