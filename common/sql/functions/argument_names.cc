#include "common/sql/functions/argument_names.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using Arguments = std::vector<NamedArgument>;

absl::flat_hash_map<absl::string_view, Arguments> MakeNames() {
  absl::flat_hash_map<absl::string_view, Arguments> names;
  const Arguments path = {
      {"target"}, {"path"}, {"vars", "{}", TypeId::kJsonb}, {"silent", "false", TypeId::kBool}};
  for (const char* function :
       {"jsonb_path_exists", "jsonb_path_exists_tz", "jsonb_path_match", "jsonb_path_match_tz",
        "jsonb_path_query", "jsonb_path_query_tz", "jsonb_path_query_array",
        "jsonb_path_query_array_tz", "jsonb_path_query_first", "jsonb_path_query_first_tz"})
    names[function] = path;
  names["jsonb_set"] = {
      {"jsonb_in"}, {"path"}, {"replacement"}, {"create_if_missing", "true", TypeId::kBool}};
  names["jsonb_insert"] = {
      {"jsonb_in"}, {"path"}, {"replacement"}, {"insert_after", "false", TypeId::kBool}};
  names["make_interval"] = {{"years", "0", TypeId::kInt4}, {"months", "0", TypeId::kInt4},
                            {"weeks", "0", TypeId::kInt4}, {"days", "0", TypeId::kInt4},
                            {"hours", "0", TypeId::kInt4}, {"mins", "0", TypeId::kInt4},
                            {"secs", "0", TypeId::kFloat8}};
  names["make_date"] = {{"year"}, {"month"}, {"day"}};
  names["make_time"] = {{"hour"}, {"min"}, {"sec"}};
  names["make_timestamp"] = {{"year"}, {"month"}, {"mday"}, {"hour"}, {"min"}, {"sec"}};
  names["make_timestamptz"] = {{"year"}, {"month"}, {"mday"},    {"hour"},
                               {"min"},  {"sec"},   {"timezone"}};
  return names;
}

}  // namespace

const std::vector<NamedArgument>* NamedArgumentsOf(std::string_view function) {
  static const auto* const kNames =
      new absl::flat_hash_map<absl::string_view, Arguments>(MakeNames());
  const auto found = kNames->find(absl::string_view(function.data(), function.size()));
  return found == kNames->end() ? nullptr : &found->second;
}

}  // namespace adbms::sql::functions
