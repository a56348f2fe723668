#include "services/gateway/program/condition_names.h"

#include <algorithm>
#include <utility>

namespace adbms::gateway::program {
namespace {

constexpr std::pair<std::string_view, std::string_view> kConditions[] = {
#include "services/gateway/program/condition_names.inc"
};

bool IsCode(std::string_view condition) {
  return condition.size() == 5 && std::all_of(condition.begin(), condition.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// A code that stands for a whole class.
bool IsClass(std::string_view code) { return code.substr(2) == "000"; }

}  // namespace

std::vector<std::string_view> CodesOf(std::string_view condition) {
  std::vector<std::string_view> codes;
  const auto before = [](const auto& row, std::string_view name) { return row.first < name; };
  for (auto row =
           std::lower_bound(std::begin(kConditions), std::end(kConditions), condition, before);
       row != std::end(kConditions) && row->first == condition; ++row)
    codes.push_back(row->second);
  return codes;
}

bool Catches(std::string_view condition, std::string_view sqlstate) {
  if (condition == "others") return sqlstate != "57014" && sqlstate != "P0004";
  const auto means = [&](std::string_view code) {
    return code == sqlstate || (IsClass(code) && code.substr(0, 2) == sqlstate.substr(0, 2));
  };
  if (IsCode(condition)) return means(condition);
  const std::vector<std::string_view> codes = CodesOf(condition);
  return std::any_of(codes.begin(), codes.end(), means);
}

}  // namespace adbms::gateway::program
