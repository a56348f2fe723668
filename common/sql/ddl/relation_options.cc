#include "common/sql/ddl/relation_options.h"

#include <limits>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/sql/parser/options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using parser::Node;

struct Option {
  const char* name;
  enum class Type { kBool, kInteger, kReal, kAutoOnOff } type;
  double minimum = 0;
  double maximum = 0;
  bool also_toast = false;
};

constexpr double kMaxInt = std::numeric_limits<int32_t>::max();
using Type = Option::Type;

// PostgreSQL 15's of heap tables.
constexpr Option kTableOptions[] = {
    {"fillfactor", Type::kInteger, 10, 100},
    {"toast_tuple_target", Type::kInteger, 128, 8160},
    {"parallel_workers", Type::kInteger, 0, 1024},
    {"user_catalog_table", Type::kBool},
    {"autovacuum_enabled", Type::kBool, 0, 0, true},
    {"vacuum_truncate", Type::kBool, 0, 0, true},
    {"vacuum_index_cleanup", Type::kAutoOnOff, 0, 0, true},
    {"autovacuum_vacuum_threshold", Type::kInteger, 0, kMaxInt, true},
    {"autovacuum_vacuum_insert_threshold", Type::kInteger, -1, kMaxInt, true},
    {"autovacuum_analyze_threshold", Type::kInteger, 0, kMaxInt},
    {"autovacuum_vacuum_cost_limit", Type::kInteger, 1, 10000, true},
    {"autovacuum_freeze_min_age", Type::kInteger, 0, 1e9, true},
    {"autovacuum_multixact_freeze_min_age", Type::kInteger, 0, 1e9, true},
    {"autovacuum_freeze_max_age", Type::kInteger, 1e5, 2e9, true},
    {"autovacuum_multixact_freeze_max_age", Type::kInteger, 1e4, 2e9, true},
    {"autovacuum_freeze_table_age", Type::kInteger, 0, 2e9, true},
    {"autovacuum_multixact_freeze_table_age", Type::kInteger, 0, 2e9, true},
    {"log_autovacuum_min_duration", Type::kInteger, -1, kMaxInt, true},
    {"autovacuum_vacuum_cost_delay", Type::kReal, 0, 100, true},
    {"autovacuum_vacuum_scale_factor", Type::kReal, 0, 100, true},
    {"autovacuum_vacuum_insert_scale_factor", Type::kReal, 0, 100, true},
    {"autovacuum_analyze_scale_factor", Type::kReal, 0, 100},
};
// And of its B-trees.
constexpr Option kIndexOptions[] = {
    {"fillfactor", Type::kInteger, 10, 100},
    {"deduplicate_items", Type::kBool},
};
constexpr Option kHashOptions[] = {{"fillfactor", Type::kInteger, 10, 100}};
constexpr Option kGinOptions[] = {
    {"fastupdate", Type::kBool},
    {"gin_pending_list_limit", Type::kInteger, 64, kMaxInt},
};
constexpr Option kGistOptions[] = {
    {"fillfactor", Type::kInteger, 10, 100},
    {"buffering", Type::kAutoOnOff},
};

std::span<const Option> OptionsOf(RelationKind kind) {
  switch (kind) {
    case RelationKind::kTable:
      return kTableOptions;
    case RelationKind::kHashIndex:
      return kHashOptions;
    case RelationKind::kGinIndex:
      return kGinOptions;
    case RelationKind::kGistIndex:
      return kGistOptions;
    case RelationKind::kIndex:
      break;
  }
  return kIndexOptions;
}

// Whole words, where a boolean may be cut short.
bool IsAutoOnOff(const std::string& value) {
  for (const char* word : {"auto", "on", "off", "true", "false", "yes", "no", "1", "0"}) {
    if (absl::EqualsIgnoreCase(value, word)) return true;
  }
  return false;
}

absl::Status CheckValue(const Option& option, const std::string& value) {
  const auto invalid = [&](const char* kind, const char* detail = "") {
    return status::Error(
        sqlstate::kInvalidParameterValue,
        absl::StrCat("invalid value for ", kind, " option \"", option.name, "\": ", value), detail);
  };
  if (option.type == Type::kBool) return BooleanValue(option.name, value).status();
  if (option.type == Type::kAutoOnOff) {
    if (IsAutoOnOff(value)) return absl::OkStatus();
    return invalid("enum", "Valid values are \"on\", \"off\", and \"auto\".");
  }
  const bool integer = option.type == Type::kInteger;
  double number = 0;
  int64_t whole = 0;
  if (integer ? !absl::SimpleAtoi(value, &whole) : !absl::SimpleAtod(value, &number)) {
    return invalid(integer ? "integer" : "floating point");
  }
  if (integer) number = static_cast<double>(whole);
  if (number >= option.minimum && number <= option.maximum) return absl::OkStatus();
  return status::Error(
      sqlstate::kInvalidParameterValue,
      absl::StrCat("value ", value, " out of bounds for option \"", option.name, "\""),
      absl::StrCat("Valid values are between \"", static_cast<int64_t>(option.minimum), "\" and \"",
                   static_cast<int64_t>(option.maximum), "\"."));
}

}  // namespace

absl::StatusOr<bool> BooleanValue(std::string_view option, const std::string& value) {
  const std::optional<bool> on = types::BoolOfWord(value);
  if (on.has_value()) return *on;
  return status::Error(
      sqlstate::kInvalidParameterValue,
      absl::StrCat("invalid value for boolean option \"",
                   absl::string_view(option.data(), option.size()), "\": ", value));
}

std::string OptionText(const PgQuery__DefElem& option) {
  return option.arg == nullptr ? "true" : parser::ConstantText(option.arg);
}

absl::Status CheckRelationOptions(RelationKind kind, parser::NodeList options, bool reset) {
  for (const Node* node : options) {
    const PgQuery__DefElem& given = *node->def_elem;
    const std::string name(parser::View(given.defname));
    const std::string space(parser::View(given.defnamespace));
    if (reset && given.arg != nullptr) {
      return status::Error(sqlstate::kSyntaxError, "RESET must not include values for parameters");
    }
    if (!space.empty() && (space != "toast" || kind != RelationKind::kTable)) {
      return status::Error(sqlstate::kInvalidParameterValue,
                           absl::StrCat("unrecognized parameter namespace \"", space, "\""));
    }
    if (reset) continue;
    // WITH OIDS is history; WITHOUT is what there is.
    if (kind == RelationKind::kTable && name == "oids" && space.empty()) {
      ASSIGN_OR_RETURN(const bool on, parser::ReadBoolean(given));
      if (!on) continue;
      return status::Error(sqlstate::kFeatureNotSupported,
                           "tables declared WITH OIDS are not supported");
    }
    const Option* found = nullptr;
    for (const Option& option : OptionsOf(kind)) {
      if (option.name == name && (space.empty() || option.also_toast)) found = &option;
    }
    if (found == nullptr) {
      return status::Error(sqlstate::kInvalidParameterValue,
                           absl::StrCat("unrecognized parameter \"", name, "\""));
    }
    RETURN_IF_ERROR(CheckValue(*found, OptionText(given)));
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
