// pg_proc's rows of users' functions, pg_trigger, and what information_schema says of both.
#include "services/storage/server/program_rows.h"

#include "services/storage/server/function_rows.h"

#include <array>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/settings/setting_table.h"
#include "common/sql/sql.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/access_lists.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/program_definitions.h"

namespace adbms::storage::server {
namespace {

using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;

const char* ModeLetter(FunctionArgument::Mode mode) {
  switch (mode) {
    case FunctionArgument::MODE_OUT:
      return "o";
    case FunctionArgument::MODE_INOUT:
      return "b";
    case FunctionArgument::MODE_VARIADIC:
      return "v";
    case FunctionArgument::MODE_TABLE:
      return "t";
    default:
      return "i";
  }
}

const char* VolatilityLetter(FunctionDescriptor::Volatility volatility) {
  switch (volatility) {
    case FunctionDescriptor::VOLATILITY_IMMUTABLE:
      return "i";
    case FunctionDescriptor::VOLATILITY_STABLE:
      return "s";
    default:
      return "v";
  }
}

// An item of an array's text.
std::string ArrayItem(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// What pg_proc says of the arguments, in several columns.
void SetArguments(const FunctionDescriptor& function, RowBuilder* rows) {
  std::vector<std::string> inputs;
  std::vector<std::string> all;
  std::vector<std::string> modes;
  std::vector<std::string> names;
  bool named = false;
  int64_t defaults = 0;
  int64_t variadic = 0;
  for (const FunctionArgument& argument : function.arguments()) {
    const types::Type type = types::FromProto(argument.type());
    const std::string oid = std::to_string(types::OidOf(type));
    if (sql::IsInput(argument)) inputs.push_back(oid);
    all.push_back(oid);
    modes.emplace_back(ModeLetter(argument.mode()));
    names.push_back(ArrayItem(argument.name()));
    named |= !argument.name().empty();
    defaults += argument.default_sql().empty() ? 0 : 1;
    if (argument.mode() == FunctionArgument::MODE_VARIADIC)
      variadic = type.id == types::TypeId::kAnyArray ? types::OidOf(types::TypeId::kAnyElement)
                 : type.id == types::TypeId::kAnyCompatibleArray
                     ? types::OidOf(types::TypeId::kAnyCompatible)
                     : types::OidOf(types::ElementOf(type));
  }
  rows->Set("pronargs", static_cast<int64_t>(inputs.size()))
      .Set("pronargdefaults", defaults)
      .Set("provariadic", variadic)
      .Set("proargtypes", absl::StrJoin(inputs, " "));
  if (inputs.size() != all.size() ||
      std::any_of(modes.begin(), modes.end(), [](const auto& mode) { return mode != "i"; }))
    rows->Set("proallargtypes", ArrayText(all)).Set("proargmodes", ArrayText(modes));
  if (named) rows->Set("proargnames", ArrayText(names));
  if (defaults > 0) rows->Set("proargdefaults", ArgumentDefaults(function));
}

void SetSettings(const FunctionDescriptor& function, RowBuilder* rows) {
  if (function.settings_size() == 0) return;
  std::vector<std::string> items;
  for (const auto& setting : function.settings()) {
    const auto* definition = settings::FindSetting(setting.name());
    items.push_back(ArrayItem(absl::StrCat(
        definition == nullptr ? setting.name() : definition->name, "=", setting.value())));
  }
  rows->Set("proconfig", ArrayText(items));
}

// In pg_proc, where a name that is built in may have a number of this server's own.
int64_t SupportOid(const common::v1::SupportFunction& function) {
  if (function.function_id() != 0) return function.function_id();
  if (function.oid() != 0) return function.oid();
  std::vector<types::TypeId> ids;
  for (const auto& type : function.arguments()) ids.push_back(types::FromProto(type).id);
  return BuiltInFunctionOid(function.name(), ids);
}

int64_t SchemaOidOf(const catalog::CatalogState& catalog, const std::string& name) {
  const auto* schema = catalog.FindSchema(name);
  return schema == nullptr ? 0 : schema->schema_id();
}

// PostgreSQL's bits.
int64_t TriggerType(const TriggerDescriptor& trigger) {
  return (trigger.for_each_row() ? 1 : 0) |
         (trigger.timing() == TriggerDescriptor::TIMING_BEFORE ? 2 : 0) |
         (trigger.timing() == TriggerDescriptor::TIMING_INSTEAD ? 64 : 0) |
         (trigger.on_insert() ? 4 : 0) | (trigger.on_delete() ? 8 : 0) |
         (trigger.on_update() ? 16 : 0) | (trigger.on_truncate() ? 32 : 0);
}

template <typename Visit>
void ForEachTrigger(const catalog::CatalogState& catalog, Visit visit) {
  for (const auto& [id, entry] : catalog.tables()) {
    for (const TriggerDescriptor& trigger : entry->descriptor.triggers())
      visit(entry->descriptor, trigger);
  }
}

void FillTriggers(const RowSource& source, RowBuilder* rows) {
  ForEachTrigger(
      *source.catalog, [&](const TableDescriptor& table, const TriggerDescriptor& trigger) {
        std::string attributes;
        for (const uint32_t ordinal : trigger.columns())
          absl::StrAppend(&attributes, attributes.empty() ? "" : " ", ordinal + 1);
        std::string arguments;
        for (const std::string& argument : trigger.arguments()) {
          arguments += argument;
          arguments += '\0';
        }
        rows->Row()
            .Set("oid", trigger.trigger_id())
            .Set("tgrelid", table.table_id())
            .Set("tgparentid", trigger.parent_id())
            .Set("tgname", trigger.name())
            .Set("tgfoid", trigger.function_id())
            .Set("tgtype", TriggerType(trigger))
            .Set("tgenabled", trigger.enabled())
            .SetBool("tgisinternal", false)
            .Set("tgconstrrelid", trigger.constraint_table_id())
            .Set("tgconstrindid", int64_t{0})
            .Set("tgconstraint", int64_t{trigger.is_constraint() ? trigger.trigger_id() : 0})
            .SetBool("tgdeferrable", trigger.deferral() != common::v1::DEFERRAL_UNSPECIFIED)
            .SetBool("tginitdeferred", trigger.deferral() == common::v1::DEFERRAL_DEFERRED)
            .Set("tgnargs", int64_t{trigger.arguments_size()})
            .Set("tgattr", attributes)
            .Set("tgargs", arguments);
        if (!trigger.when_sql().empty()) rows->Set("tgqual", trigger.when_sql());
        if (!trigger.old_table().empty()) rows->Set("tgoldtable", trigger.old_table());
        if (!trigger.new_table().empty()) rows->Set("tgnewtable", trigger.new_table());
      });
}

}  // namespace

int64_t LanguageOid(const std::string& language) {
  return language == "sql" ? 14 : language == "internal" ? 12 : 13576;
}

void FillUserAggregates(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, function] : source.catalog->functions()) {
    if (function->kind() != FunctionDescriptor::KIND_AGGREGATE) continue;
    const common::v1::AggregateDefinition& definition = function->aggregate();
    rows->Row()
        .Set("aggfnoid", int64_t{id})
        .Set("aggkind", "n")
        .Set("aggnumdirectargs", int64_t{0})
        .Set("aggtransfn", SupportOid(definition.transition()))
        .Set("aggfinalfn", SupportOid(definition.final()))
        .Set("aggcombinefn", SupportOid(definition.combine()))
        .Set("aggserialfn", int64_t{0})
        .Set("aggdeserialfn", int64_t{0})
        .Set("aggmtransfn", int64_t{0})
        .Set("aggminvtransfn", int64_t{0})
        .Set("aggmfinalfn", int64_t{0})
        .SetBool("aggfinalextra", definition.final_extra())
        .SetBool("aggmfinalextra", false)
        .Set("aggfinalmodify", definition.final_modify().empty() ? "r" : definition.final_modify())
        .Set("aggmfinalmodify", "r")
        .Set("aggsortop", int64_t{definition.sort_operator_oid()})
        .Set("aggtranstype", types::OidOf(types::FromProto(definition.state_type())))
        .Set("aggtransspace", int64_t{definition.state_space()})
        .Set("aggmtranstype", int64_t{0})
        .Set("aggmtransspace", int64_t{0});
    if (definition.has_initial()) rows->Set("agginitval", definition.initial());
  }
}

void FillUserFunctions(const RowSource& source, RowBuilder* rows) {
  const AccessLists lists(source.shared);
  for (const auto& [id, function] : source.catalog->functions()) {
    const std::string acl = lists.OfOpen(AclKind::kFunction, id, function->owner());
    const bool procedure = function->kind() == FunctionDescriptor::KIND_PROCEDURE;
    const bool aggregate = function->kind() == FunctionDescriptor::KIND_AGGREGATE;
    const int default_cost = aggregate ? 1 : 100;
    rows->Row()
        .Set("oid", int64_t{id})
        .Set("proname", function->name())
        .Set("pronamespace", SchemaOidOf(*source.catalog, function->schema()))
        .Set("proowner", int64_t{RoleOid(function->owner())})
        .Set("prolang", LanguageOid(function->language()))
        .SetFloat("procost", function->cost() == 0 ? default_cost : function->cost())
        .SetFloat("prorows", !function->returns_set() ? 0
                             : function->rows() == 0  ? 1000
                                                      : function->rows())
        .Set("prosupport", int64_t{0})
        .Set("prokind", procedure   ? "p"
                        : aggregate ? "a"
                                    : "f")
        .SetBool("prosecdef", function->security_definer())
        .SetBool("proleakproof", function->leakproof())
        .SetBool("proisstrict", function->strict())
        .SetBool("proretset", function->returns_set())
        .Set("provolatile", VolatilityLetter(function->volatility()))
        .Set("proparallel", function->parallel())
        .Set("prorettype", int64_t{ResultOid(*function)})
        .Set("prosrc", aggregate                   ? "aggregate_dummy"
                       : function->standard_body() ? std::string()
                                                   : function->source());
    if (function->standard_body()) rows->Set("prosqlbody", function->source());
    if (!acl.empty()) rows->Set("proacl", acl);
    SetArguments(*function, rows);
    SetSettings(*function, rows);
  }
}

namespace {

void FillOperators(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, op] : source.catalog->operators()) {
    rows->Row()
        .Set("oid", int64_t{id})
        .Set("oprname", op->name())
        .Set("oprnamespace", SchemaOidOf(*source.catalog, op->schema()))
        .Set("oprowner", int64_t{RoleOid(op->owner())})
        .Set("oprkind", op->has_left() ? "b" : "l")
        .SetBool("oprcanmerge", op->merges())
        .SetBool("oprcanhash", op->hashes())
        .Set("oprleft",
             op->has_left() ? int64_t{types::OidOf(types::FromProto(op->left()))} : int64_t{0})
        .Set("oprright", int64_t{types::OidOf(types::FromProto(op->right()))})
        .Set("oprresult", int64_t{types::OidOf(types::FromProto(op->result()))})
        .Set("oprcom", int64_t{op->commutator_oid()})
        .Set("oprnegate", int64_t{op->negator_oid()})
        .Set("oprcode", SupportOid(op->function()))
        .Set("oprrest", int64_t{0})
        .Set("oprjoin", int64_t{0});
  }
}

}  // namespace

void AddProgramFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_trigger", FillTriggers);
  fills->emplace("pg_catalog.pg_operator", FillOperators);
}

}  // namespace adbms::storage::server
