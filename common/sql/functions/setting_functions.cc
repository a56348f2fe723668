// current_setting() and set_config(), and what else a session tells of itself.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/settings/setting_table.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/session_settings.h"
#include "common/sql/functions/setting_changes.h"
#include "common/sql/functions/text_search_call.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using settings::SettingDefinition;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

const TypeId kText = TypeId::kText;
const TypeId kBool = TypeId::kBool;

// How many settings one statement may change.
constexpr size_t kMaxChanges = 1000;

// As the session has told of it; null: it has its initial value, or is not there.
const common::v1::SettingValue* ToldOf(const EvaluationContext& context, View name) {
  if (context.session_details == nullptr) return nullptr;
  for (const common::v1::SettingValue& setting : context.session_details->settings()) {
    if (absl::EqualsIgnoreCase(setting.name(), {name.data(), name.size()})) return &setting;
  }
  return nullptr;
}

// What RESET would restore, as SHOW shows it.
std::string ResetValue(const EvaluationContext& context, View name) {
  const common::v1::SettingValue* told = ToldOf(context, name);
  if (told != nullptr) return told->reset_value();
  const SettingDefinition* definition = settings::FindSetting(name);
  return definition == nullptr ? "" : settings::ShowValue(*definition, definition->initial);
}

// As SHOW shows it; nothing: there is no such setting.
std::optional<std::string> Current(const EvaluationContext& context, View name) {
  if (context.setting_changes != nullptr) {
    if (const auto* change = context.setting_changes->Find(name))
      return change->has_value() ? change->value() : ResetValue(context, name);
  }
  if (const auto* told = ToldOf(context, name)) return told->value();
  const SettingDefinition* definition = settings::FindSetting(name);
  if (definition == nullptr) return std::nullopt;
  return settings::ShowValue(*definition, definition->initial);
}

absl::Status CurrentSetting(const EvaluationContext& context,
                            const std::vector<const Vector*>& arguments, uint32_t row,
                            Vector* result) {
  const View name = arguments[0]->data<View>()[row];
  const std::optional<std::string> value = Current(context, name);
  if (value.has_value()) {
    result->data<View>()[row] = result->arena()->Add(*value);
    return absl::OkStatus();
  }
  if (arguments.size() > 1 && arguments[1]->data<uint8_t>()[row] != 0) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  return settings::Unknown(name);
}

// The session tells of it only where triggers run.
absl::Status TriggerDepth(const EvaluationContext& context,
                          const std::vector<const Vector*>& /*arguments*/, uint32_t row,
                          Vector* result) {
  const auto* told = ToldOf(context, kTriggerDepthSetting);
  int depth = 0;
  if (told != nullptr && !absl::SimpleAtoi(told->value(), &depth))
    return absl::InternalError("a session that does not know its trigger depth");
  result->data<int32_t>()[row] = depth;
  return absl::OkStatus();
}

// A NULL value resets, a NULL in place of is_local is false.
absl::Status SetConfig(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  if (context.setting_changes == nullptr)
    return status::Error(sqlstate::kFeatureNotSupported, "set_config() is not supported here", {},
                         "Call it in a SELECT of its own.");
  if (arguments[0]->is_null(row)) return status::Error("22004", "SET requires parameter name");
  const View name = arguments[0]->data<View>()[row];
  common::v1::SettingChange change;
  change.set_name(std::string(name));
  change.set_is_local(!arguments[2]->is_null(row) && arguments[2]->data<uint8_t>()[row] != 0);
  std::string shown = ResetValue(context, name);
  const SettingDefinition* definition = settings::FindSetting(name);
  if (definition == nullptr) RETURN_IF_ERROR(settings::CheckCustom(name));
  if (definition != nullptr) {
    const auto* superuser = ToldOf(context, "is_superuser");
    RETURN_IF_ERROR(settings::CheckMaySet(
        *definition, superuser != nullptr && superuser->value() == "on", /*starting=*/false));
  }
  if (!arguments[1]->is_null(row)) {
    const View value = arguments[1]->data<View>()[row];
    const std::string reset = shown;
    shown = std::string(value);
    if (definition != nullptr) {
      ASSIGN_OR_RETURN(const std::string canonical,
                       settings::ReadMeaning(*definition, value, *Current(context, name), reset));
      shown = settings::ShowValue(*definition, canonical);
    }
    change.set_value(shown);
  }
  if (context.setting_changes->all().size() >= kMaxChanges)
    return status::Error(sqlstate::kProgramLimitExceeded,
                         "one statement cannot change more than 1000 settings");
  context.setting_changes->Add(std::move(change));
  result->data<View>()[row] = result->arena()->Add(shown);
  return absl::OkStatus();
}

}  // namespace

bool AsksForSettings(const Function& function) {
  return function.name == "current_setting" || function.name == "set_config" ||
         function.name == "pg_trigger_depth" || UsesDefaultTextSearchConfiguration(function);
}

bool AsksForSettings(const TableFunction& function) {
  return UsesDefaultTextSearchConfiguration(function);
}

void AddSettings(CatalogBuilder& builder) {
  builder.AddFunction("current_setting", {kText}, kText, MapAny<CurrentSetting>, kStable);
  builder.AddFunction("current_setting", {kText, kBool}, kText, MapAny<CurrentSetting>, kStable);
  builder.AddFunction("pg_trigger_depth", {}, TypeId::kInt4, MapAny<TriggerDepth>, kStable);
  builder.AddFunction("set_config", {kText, kText, kBool}, kText, MapAny<SetConfig>,
                      {/*strict=*/false, /*variadic=*/false, Volatility::kVolatile});
}

}  // namespace adbms::sql::functions
