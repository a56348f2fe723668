#include "common/sql/functions/text_search_call.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/session_settings.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

constexpr char kSetting[] = "default_text_search_config";
// A word takes more than its text.
constexpr size_t kTimesText = 6;

}  // namespace

absl::StatusOr<const types::TextSearchConfiguration*> TextSearchConfigurationOf(int64_t oid) {
  const auto* found = types::FindTextSearchConfiguration(static_cast<uint32_t>(oid));
  if (found != nullptr) return found;
  return status::Error(status::sqlstate::kInternalError,
                       absl::StrCat("cache lookup failed for text search configuration ", oid));
}

absl::StatusOr<const types::TextSearchConfiguration*> DefaultTextSearchConfiguration(
    const EvaluationContext& context) {
  if (context.session_details != nullptr) {
    const std::string name = CurrentSettingOf(context, kSetting).value_or("");
    ASSIGN_OR_RETURN(const uint32_t oid,
                     types::ParseTextSearchObject(name, types::TypeId::kRegconfig));
    return TextSearchConfigurationOf(oid);
  }
  return status::Error(status::sqlstate::kFeatureNotSupported,
                       "the default text search configuration is not known here", {},
                       "Name the configuration, as in to_tsvector('english', …).");
}

absl::StatusOr<std::unique_ptr<TextSearchCall>> TextSearchCall::Of(
    const EvaluationContext& context, const std::vector<const types::Vector*>& arguments,
    uint32_t row) {
  const types::TextSearchConfiguration* configuration = nullptr;
  const bool named = !arguments.empty() && arguments[0]->type().id == types::TypeId::kRegconfig;
  if (named) {
    ASSIGN_OR_RETURN(configuration, TextSearchConfigurationOf(arguments[0]->data<int64_t>()[row]));
  } else {
    ASSIGN_OR_RETURN(configuration, DefaultTextSearchConfiguration(context));
  }
  auto call = std::make_unique<TextSearchCall>(context, *configuration);
  call->arguments_ = &arguments;
  call->row_ = row;
  call->first_ = named ? 1 : 0;
  return call;
}

absl::Status TextSearchCall::TakeFor(std::string_view text) {
  if (text.size() <= internal::kLargeArguments) return absl::OkStatus();
  return scratch_.Take(kTimesText * text.size());
}

bool UsesDefaultTextSearchConfiguration(const Function& function) {
  if (function.name == "get_current_ts_config") return true;
  const std::vector<types::TypeId>& arguments = function.arguments;
  if (function.name == "@@" || function.name == "ts_match_tt" || function.name == "ts_match_tq")
    return arguments[0] == types::TypeId::kText;
  constexpr std::string_view kNames[] = {
      "to_tsvector",          "to_tsquery",       "plainto_tsquery",   "phraseto_tsquery",
      "websearch_to_tsquery", "json_to_tsvector", "jsonb_to_tsvector", "ts_headline"};
  if (std::find(std::begin(kNames), std::end(kNames), function.name) == std::end(kNames))
    return false;
  return arguments[0] != types::TypeId::kRegconfig;
}

bool UsesDefaultTextSearchConfiguration(const TableFunction& function) {
  return function.name == "ts_debug" && function.arguments.size() == 1;
}

}  // namespace adbms::sql::functions
