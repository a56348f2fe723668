#include "common/config/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/status/macros.h"

namespace adbms::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

const common::v1::Setting& SettingOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::setting);
}

struct Suffix {
  std::string_view text;
  double factor;
};

// Factors to the setting's own unit.
std::optional<double> SuffixFactor(std::string_view unit, std::string_view suffix) {
  static constexpr Suffix kBytes[] = {{"B", 1},
                                      {"KiB", 1024.0},
                                      {"MiB", 1048576.0},
                                      {"GiB", 1073741824.0},
                                      {"TiB", 1099511627776.0},
                                      {"kB", 1e3},
                                      {"MB", 1e6},
                                      {"GB", 1e9}};
  static constexpr Suffix kTime[] = {{"ms", 1},    {"s", 1e3},   {"m", 6e4},
                                     {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
  if (suffix.empty()) return 1.0;
  if (unit == "bytes") {
    for (const Suffix& s : kBytes)
      if (s.text == suffix) return s.factor;
  }
  if (unit == "milliseconds") {
    for (const Suffix& s : kTime)
      if (s.text == suffix) return s.factor;
  }
  return std::nullopt;
}

std::string Plain(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(value));
  }
  return absl::StrCat(value);
}

absl::Status Bad(std::string_view key, std::string_view value, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(View(key), ": \"", View(value), "\" ", View(why)));
}

// Whether these are characters of UTF-8 (RFC 3629) and none of control: what YAML can print.
bool IsPlainText(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const int length = first < 0x80   ? 1
                       : first < 0xC2 ? 0
                       : first < 0xE0 ? 2
                       : first < 0xF0 ? 3
                       : first < 0xF5 ? 4
                                      : 0;
    if (length == 0 || i + length > text.size() || first < 0x20 || first == 0x7F) return false;
    uint32_t character = length == 1 ? first : first & (0xFF >> (length + 1));
    for (int j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[i + j]);
      if ((next & 0xC0) != 0x80) return false;
      character = character << 6 | (next & 0x3F);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0xA0, 0x800, 0x10000};  // From 0x80: more of control.
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < kLeast[length] || surrogate || character > 0x10FFFF) return false;
    i += length;
  }
  return true;
}

absl::StatusOr<double> ParseNumber(std::string_view key, std::string_view text,
                                   const common::v1::Setting& setting) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return Bad(key, text, "is not a number");
  const absl::string_view rest =
      absl::StripAsciiWhitespace(absl::string_view(end, text.data() + text.size() - end));
  const std::string_view suffix(rest.data(), rest.size());
  const auto factor = SuffixFactor(setting.unit(), suffix);
  if (!factor.has_value()) {
    return Bad(
        key, text,
        absl::StrCat("has a suffix that ",
                     setting.unit().empty() ? "a plain number" : setting.unit(), " does not take"));
  }
  number *= *factor;
  if (setting.zero() && number == 0) return number;
  const bool below = number < setting.minimum();
  const bool above = setting.maximum() != 0 && number > setting.maximum();
  if (below || above) {
    return Bad(
        key, text,
        absl::StrCat("is out of range: ", setting.zero() ? "0 or " : "", Plain(setting.minimum()),
                     " to ", setting.maximum() == 0 ? "any" : Plain(setting.maximum()),
                     setting.unit().empty() ? "" : " ", setting.unit()));
  }
  return number;
}

absl::Status SetField(std::string_view key, std::string_view text, const FieldDescriptor& field,
                      Message* message) {
  const auto* reflection = message->GetReflection();
  const common::v1::Setting& setting = SettingOf(field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool yes = text == "true" || text == "on" || text == "yes";
      if (!yes && text != "false" && text != "off" && text != "no") {
        return Bad(key, text, "is not true or false");
      }
      reflection->SetBool(message, &field, yes);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (!IsPlainText(text)) {
        return Bad(key, absl::CEscape(absl::string_view(text.data(), text.size())),
                   "holds bytes that are no characters");
      }
      if (setting.one_of_size() > 0 && std::find(setting.one_of().begin(), setting.one_of().end(),
                                                 std::string(text)) == setting.one_of().end()) {
        return Bad(key, text,
                   absl::StrCat("is not one of ", absl::StrJoin(setting.one_of(), ", ")));
      }
      reflection->SetString(message, &field, std::string(text));
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      ASSIGN_OR_RETURN(const double number, ParseNumber(key, text, setting));
      reflection->SetDouble(message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      ASSIGN_OR_RETURN(const double number, ParseNumber(key, text, setting));
      if (number != std::floor(number)) return Bad(key, text, "is not a whole number");
      reflection->SetUInt32(message, &field, static_cast<uint32_t>(number));
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      ASSIGN_OR_RETURN(const double number, ParseNumber(key, text, setting));
      if (number != std::floor(number)) return Bad(key, text, "is not a whole number");
      reflection->SetUInt64(message, &field, static_cast<uint64_t>(number));
      return absl::OkStatus();
    }
    default:
      return absl::InternalError(absl::StrCat(View(key), ": unexpected type in the schema"));
  }
}

std::string Known(const Descriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
  return absl::StrJoin(names, ", ");
}

absl::Status Unknown(std::string_view key, const Descriptor& descriptor) {
  return absl::InvalidArgumentError(
      absl::StrCat(View(key), ": unknown key; known here: ", Known(descriptor)));
}

absl::Status Merge(const YAML::Node& node, const std::string& prefix, Message* message) {
  const Descriptor& descriptor = *message->GetDescriptor();
  if (node.IsNull()) return absl::OkStatus();
  if (!node.IsMap()) {
    return absl::InvalidArgumentError(absl::StrCat(prefix.empty() ? "the file" : prefix,
                                                   ": expected a mapping of ", Known(descriptor)));
  }
  std::set<std::string> seen;
  for (const auto& item : node) {
    if (!item.first.IsScalar()) {
      return absl::InvalidArgumentError(absl::StrCat(prefix, ": a key is not plain text"));
    }
    const std::string name = item.first.as<std::string>();
    const std::string key = prefix.empty() ? name : absl::StrCat(prefix, ".", name);
    const FieldDescriptor* field = descriptor.FindFieldByName(name);
    if (field == nullptr) return Unknown(key, descriptor);
    if (!seen.insert(name).second)
      return absl::InvalidArgumentError(absl::StrCat(key, ": is given twice"));
    if (field->message_type() != nullptr) {
      RETURN_IF_ERROR(
          Merge(item.second, key, message->GetReflection()->MutableMessage(message, field)));
      continue;
    }
    if (!item.second.IsScalar() && !item.second.IsNull()) {
      return absl::InvalidArgumentError(absl::StrCat(key, ": expected a single value"));
    }
    const std::string text = item.second.IsNull() ? "" : item.second.as<std::string>();
    RETURN_IF_ERROR(SetField(key, text, *field, message));
  }
  return absl::OkStatus();
}

absl::Status ApplyDefaults(const std::string& prefix, Message* message) {
  const Descriptor& descriptor = *message->GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    const std::string key = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name());
    if (field->message_type() != nullptr) {
      RETURN_IF_ERROR(ApplyDefaults(key, message->GetReflection()->MutableMessage(message, field)));
    } else {
      RETURN_IF_ERROR(SetField(key, SettingOf(*field).default_value(), *field, message));
    }
  }
  return absl::OkStatus();
}

absl::Status MergeFile(const std::string& path, common::v1::Config* config) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError("is a directory");
  }
  // The mark of another encoding than UTF-8, which yaml-cpp reads as an empty file.
  std::ifstream file(path, std::ios::binary);
  const int first = file.get();
  if (first == 0xFF || first == 0xFE) {
    return absl::InvalidArgumentError("is not a text in UTF-8");
  }
  // yaml-cpp reports through exceptions; they end here.
  try {
    return Merge(YAML::LoadFile(path), "", config);
  } catch (const YAML::BadFile&) {
    return absl::InvalidArgumentError("cannot be read");
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(error.what());
  } catch (const std::ios_base::failure& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

absl::Status Prefixed(std::string_view source, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(View(source), ": ", status.message()));
}

std::string ValueText(const Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Plain(reflection->GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(message, &field));
    default:
      return absl::StrCat(reflection->GetUInt64(message, &field));
  }
}

template <typename Visit>
void Walk(const Message& message, const std::string& prefix, int depth, const Visit& visit) {
  const Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    const std::string key = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name());
    visit(message, *field, key, depth);
    if (field->message_type() != nullptr) {
      Walk(message.GetReflection()->GetMessage(message, field), key, depth + 1, visit);
    }
  }
}

std::string Quoted(const std::string& text) {
  const bool plain =
      !text.empty() && text.find_first_of(":#'\"{}[]&*!|>%@`, ") == std::string::npos;
  return plain ? text : absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

}  // namespace

absl::Status Set(std::string_view key, std::string_view value, common::v1::Config* config) {
  Message* message = config;
  const std::vector<std::string> parts = absl::StrSplit(View(key), '.');
  for (size_t i = 0; i < parts.size(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) return Unknown(key, *message->GetDescriptor());
    const bool last = i + 1 == parts.size();
    if (last != (field->message_type() == nullptr)) {
      return absl::InvalidArgumentError(absl::StrCat(View(key), ": is not a single setting"));
    }
    if (last) return SetField(key, value, *field, message);
    message = message->GetReflection()->MutableMessage(message, field);
  }
  return absl::InvalidArgumentError("an empty key");
}

absl::StatusOr<common::v1::Config> Load(const Sources& sources) {
  common::v1::Config config;
  RETURN_IF_ERROR(ApplyDefaults("", &config));
  if (!sources.file.empty()) {
    RETURN_IF_ERROR(Prefixed(sources.file, MergeFile(sources.file, &config)));
  }
  for (const std::string& variable : sources.environment) {
    const std::vector<std::string> parts = absl::StrSplit(variable, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || parts[0].rfind("ADBMS_", 0) != 0) continue;
    if (parts[0].find("__") == std::string::npos) continue;
    const std::string key =
        absl::StrReplaceAll(absl::AsciiStrToLower(parts[0].substr(6)), {{"__", "."}});
    RETURN_IF_ERROR(
        Prefixed(absl::StrCat("environment variable ", parts[0]), Set(key, parts[1], &config)));
  }
  for (const std::string& override_text : sources.overrides) {
    const std::vector<std::string> parts = absl::StrSplit(override_text, absl::MaxSplits('=', 1));
    if (parts.size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set ", override_text, ": expected key=value"));
    }
    RETURN_IF_ERROR(Prefixed("--set", Set(parts[0], parts[1], &config)));
  }
  return config;
}

std::string ToYaml(const common::v1::Config& config) {
  std::string yaml;
  Walk(config, "", 0,
       [&](const Message& message, const FieldDescriptor& field, const std::string&, int depth) {
         absl::StrAppend(&yaml, std::string(depth * 2, ' '), field.name(), ":");
         if (field.message_type() == nullptr) {
           absl::StrAppend(&yaml, " ", Quoted(ValueText(message, field)));
         }
         absl::StrAppend(&yaml, "\n");
       });
  return yaml;
}

std::vector<Entry> Entries(const common::v1::Config& config) {
  std::vector<Entry> entries;
  Walk(config, "", 0,
       [&](const Message& message, const FieldDescriptor& field, const std::string& key, int) {
         if (field.message_type() != nullptr) return;
         const common::v1::Setting& setting = SettingOf(field);
         entries.push_back({key, ValueText(message, field), setting.default_value(), setting.unit(),
                            setting.help(), setting.live()});
       });
  return entries;
}

std::vector<Entry> Changes(const common::v1::Config& before, const common::v1::Config& after) {
  const std::vector<Entry> old_entries = Entries(before);
  std::vector<Entry> changes;
  for (Entry& entry : Entries(after)) {
    const bool same = std::any_of(old_entries.begin(), old_entries.end(), [&](const Entry& one) {
      return one.key == entry.key && one.value == entry.value;
    });
    if (!same) changes.push_back(std::move(entry));
  }
  return changes;
}

std::string ReferencePage() {
  std::string page =
      "# Configuration reference\n\nGenerated from `proto/adbms/common/v1/config.proto` by "
      "`adbmsd --print-config-reference`; do not edit.\n\nPrecedence: defaults, the file of "
      "`--config`, the "
      "environment (`ADBMS_GATEWAY__PGWIRE__LISTEN`), `--set gateway.pgwire.listen=…`.\n\n"
      "| key | default | bounds | unit | live | what it does |\n|---|---|---|---|---|---|\n";
  const common::v1::Config config;
  Walk(config, "", 0,
       [&](const Message&, const FieldDescriptor& field, const std::string& key, int) {
         if (field.message_type() != nullptr) return;
         const common::v1::Setting& setting = SettingOf(field);
         std::string bounds;
         if (setting.one_of_size() > 0) bounds = absl::StrJoin(setting.one_of(), ", ");
         if (setting.maximum() != 0) {
           bounds = absl::StrCat(setting.zero() ? "0 or " : "", Plain(setting.minimum()), " to ",
                                 Plain(setting.maximum()));
         }
         const std::string shown =
             setting.default_value().empty() ? "" : absl::StrCat("`", setting.default_value(), "`");
         absl::StrAppend(&page, "| `", key, "` | ", shown, " | ", bounds, " | ", setting.unit(),
                         " | ", setting.live() ? "yes" : "", " | ", setting.help(), " |\n");
       });
  return page;
}

}  // namespace adbms::config
