// pg_proc and pg_aggregate.
#include "services/storage/server/function_rows.h"

#include <set>

#include "common/sql/functions/argument_names.h"
#include "common/sql/functions/function_list.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/program/built_in_bodies.h"
#include "common/types/type.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/program_rows.h"
#include "services/storage/server/type_rows.h"
#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {
namespace {

using sql::functions::Polymorphism;
using sql::functions::Volatility;
using types::TypeId;

constexpr int64_t kCstring = 2275;
constexpr int64_t kAny = 2276;
constexpr int64_t kAnyElement = 2283;
// Where the numbers of functions begin that are made from their names.
constexpr uint32_t kNamedBase = 0x70000000;

// What a polymorphic function takes and gives, as PostgreSQL names it.
constexpr int64_t kAnyArray = 2277;
constexpr int64_t kAnyCompatible = 5077;
constexpr int64_t kAnyCompatibleArray = 5078;

int64_t TypeOid(TypeId id, int64_t any) {
  return id == TypeId::kUnspecified ? any : int64_t{types::OidOf(id)};
}

// Of the instances of a polymorphic function that of uuid stands for all: no fixed argument or
// result is a uuid.
bool IsShown(const Polymorphism& polymorphism) {
  return polymorphism.element == TypeId::kUnspecified || polymorphism.element == TypeId::kUuid;
}

int64_t ResultOid(const Polymorphism& polymorphism, TypeId result) {
  const bool is_polymorphic = polymorphism.element != TypeId::kUnspecified;
  if (is_polymorphic && result == types::ArrayOf(polymorphism.element))
    return polymorphism.compatible ? kAnyCompatibleArray : kAnyArray;
  if (is_polymorphic && result == polymorphism.element) return kAnyElement;
  return TypeOid(result, kAnyElement);
}

template <typename F>
std::vector<int64_t> ArgumentOids(const F& function) {
  const Polymorphism& polymorphism = function.polymorphism;
  std::vector<int64_t> oids;
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const auto role =
        i < polymorphism.roles.size() ? polymorphism.roles[i] : Polymorphism::Role::kFixed;
    if (role == Polymorphism::Role::kArray) {
      oids.push_back(polymorphism.compatible ? kAnyCompatibleArray : kAnyArray);
    } else if (role == Polymorphism::Role::kElement) {
      oids.push_back(polymorphism.compatible ? kAnyCompatible : kAnyElement);
    } else {
      oids.push_back(TypeOid(function.arguments[i], kAny));
    }
  }
  return oids;
}

// The same for a signature in every version of the server.
int64_t NamedOid(const std::string& signature, std::set<int64_t>* taken) {
  uint32_t hash = 2166136261u;
  for (const char c : signature) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  int64_t oid = kNamedBase | (hash & 0x0fffffff);
  while (!taken->insert(oid).second) ++oid;
  return oid;
}

// PostgreSQL's names: "boolin", "date_in", "array_in".
std::string TypeFunctionName(const TypeRow& type, const char* end) {
  if (std::string_view(type.name).starts_with("_")) return std::string("array_") + end;
  for (const char* name : {"json",      "date",          "time",
                           "timestamp", "timestamptz",   "interval",
                           "numeric",   "record",        "void",
                           "trigger",   "uuid",          "cstring",
                           "any",       "inet",          "cidr",
                           "macaddr",   "macaddr8",      "jsonpath",
                           "anyarray",  "anycompatible", "anycompatiblearray",
                           "anyelement"}) {
    if (std::string_view(name) == type.name) return std::string(type.name) + "_" + end;
  }
  return std::string(type.name) + end;
}

void AddTypeFunctions(std::vector<FunctionRow>* rows) {
  std::set<int64_t> seen;
  for (const TypeRow& type : AllTypes()) {
    if (seen.insert(type.input).second) {
      rows->push_back({type.input, TypeFunctionName(type, "in"), 'f', {kCstring}, type.oid});
    }
    if (seen.insert(type.output).second) {
      rows->push_back({type.output, TypeFunctionName(type, "out"), 'f', {type.oid}, kCstring});
    }
  }
}

// With fewer arguments than it takes: those left out have defaults, and it is one function.
bool LeavesOut(const std::string& name, size_t arguments) {
  const auto* named = sql::functions::NamedArgumentsOf(name);
  return named != nullptr && arguments < named->size() &&
         (*named)[arguments].default_text.has_value();
}

void AddNames(FunctionRow* row) {
  const auto* named = sql::functions::NamedArgumentsOf(row->name);
  if (named == nullptr || named->size() != row->arguments.size()) return;
  for (const sql::functions::NamedArgument& argument : *named) {
    row->names.emplace_back(argument.name);
    if (!argument.default_text.has_value()) continue;
    std::string text(*argument.default_text);
    if (argument.default_type == TypeId::kJsonb) text = "'" + text + "'::jsonb";
    row->defaults.push_back(std::move(text));
  }
}

// What the binder makes values of the session of, without a call.
void AddSessionFunctions(std::vector<FunctionRow>* rows, std::set<int64_t>* taken) {
  const std::pair<const char*, TypeId> functions[] = {
      {"now", TypeId::kTimestamptz},
      {"transaction_timestamp", TypeId::kTimestamptz},
      {"statement_timestamp", TypeId::kTimestamptz},
      {"pg_backend_pid", TypeId::kInt4},
      {"current_user", TypeId::kName},
      {"session_user", TypeId::kName},
      {"current_database", TypeId::kName},
      {"current_schema", TypeId::kName}};
  for (const auto& [name, result] : functions) {
    FunctionRow row;
    row.oid = NamedOid(std::string(name) + "()", taken);
    row.name = name;
    row.result = static_cast<int64_t>(types::OidOf({result, 0}));
    row.volatility = 's';
    rows->push_back(std::move(row));
  }
}

std::vector<FunctionRow> MakeFunctions() {
  std::vector<FunctionRow> rows;
  std::set<int64_t> taken;
  AddTypeFunctions(&rows);
  for (const auto* function : sql::functions::BuiltinFunctions()) {
    // No statement can name them.
    if (function->name == sql::functions::kIdentityNextval ||
        function->name.find(' ') != std::string::npos)
      continue;
    if (!IsShown(function->polymorphism)) continue;
    if (LeavesOut(function->name, function->arguments.size())) continue;
    FunctionRow row;
    row.oid = NamedOid(function->signature, &taken);
    row.name = function->name;
    row.arguments = ArgumentOids(*function);
    row.result = ResultOid(function->polymorphism, function->result);
    row.strict = function->strict;
    AddNames(&row);
    row.variadic = function->variadic;
    row.volatility = function->volatility == Volatility::kImmutable ? 'i'
                     : function->volatility == Volatility::kStable  ? 's'
                                                                    : 'v';
    rows.push_back(std::move(row));
  }
  AddSessionFunctions(&rows, &taken);
  for (const auto* function : sql::program::BuiltInBodies()) {
    FunctionRow row;
    row.oid = function->function_id();
    row.name = function->name();
    for (const auto& argument : function->arguments())
      row.arguments.push_back(TypeOid(types::FromProto(argument.type()).id, kAny));
    row.result = TypeOid(types::FromProto(function->result()).id, kAny);
    row.strict = function->strict();
    rows.push_back(std::move(row));
  }
  for (const auto* function : sql::functions::BuiltinAggregates()) {
    if (!IsShown(function->polymorphism)) continue;
    FunctionRow row;
    row.oid = NamedOid(function->signature, &taken);
    row.name = function->name;
    row.kind = 'a';
    row.arguments = ArgumentOids(*function);
    row.result = ResultOid(function->polymorphism, function->result);
    row.strict = false;
    rows.push_back(std::move(row));
  }
  for (const auto* function : sql::functions::BuiltinTableFunctions()) {
    if (!IsShown(function->polymorphism)) continue;
    if (LeavesOut(function->name, function->arguments.size())) continue;
    FunctionRow row;
    row.oid = NamedOid(function->signature, &taken);
    row.name = function->name;
    row.arguments = ArgumentOids(*function);
    AddNames(&row);
    row.result = function->result.size() == 1
                     ? ResultOid(function->polymorphism, function->result[0])
                     : int64_t{2249};
    row.returns_set = true;
    // They read times in the session's zone.
    if (row.name == "jsonb_path_query_tz") row.volatility = 's';
    // What a parser or the default configuration is, is looked up.
    const bool looks_up = row.name == "ts_parse" || row.name == "ts_token_type";
    if (row.name == "ts_debug" || (looks_up && function->arguments[0] == TypeId::kText))
      row.volatility = 's';
    if (row.name == "ts_stat") row.volatility = 'v';
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string TypeName(int64_t oid) {
  const auto id = types::FromOid(static_cast<uint32_t>(oid));
  if (id) return types::Format({*id, 0});
  if (oid == kAny) return "\"any\"";
  const TypeRow* type = FindType(oid);
  return type == nullptr ? "???" : type->name;
}

void FillProcedures(const RowSource& source, RowBuilder* rows) {
  for (const FunctionRow& function : AllFunctions()) {
    std::string arguments;
    for (const int64_t oid : function.arguments)
      arguments += (arguments.empty() ? "" : " ") + std::to_string(oid);
    rows->Row()
        .Set("oid", function.oid)
        .Set("proname", function.name)
        .Set("pronamespace", 11)
        .Set("proowner", 10)
        .Set("prolang", 12)
        .SetFloat("procost", 1)
        .SetFloat("prorows", function.returns_set ? 1000 : 0)
        .Set("provariadic", function.variadic ? function.arguments.back() : int64_t{0})
        .Set("prosupport", int64_t{0})
        .Set("prokind", std::string(1, function.kind))
        .SetBool("prosecdef", false)
        .SetBool("proleakproof", false)
        .SetBool("proisstrict", function.strict)
        .SetBool("proretset", function.returns_set)
        .Set("provolatile", std::string(1, function.volatility))
        .Set("proparallel", "s")
        .Set("pronargs", static_cast<int64_t>(function.arguments.size()))
        .Set("pronargdefaults", static_cast<int64_t>(function.defaults.size()))
        .Set("prorettype", function.result)
        .Set("proargtypes", arguments)
        .Set("prosrc", function.name);
    if (!function.names.empty()) rows->Set("proargnames", ArrayText(function.names));
  }
  FillUserFunctions(source, rows);
}

void FillAggregates(const RowSource& source, RowBuilder* rows) {
  for (const FunctionRow& function : AllFunctions()) {
    if (function.kind != 'a') continue;
    rows->Row()
        .Set("aggfnoid", function.oid)
        .Set("aggkind", "n")
        .Set("aggnumdirectargs", int64_t{0})
        .Set("aggtranstype", function.result);
  }
  FillUserAggregates(source, rows);
}

}  // namespace

const std::vector<FunctionRow>& AllFunctions() {
  static const auto* const kFunctions = new std::vector<FunctionRow>(MakeFunctions());
  return *kFunctions;
}

int64_t BuiltInFunctionOid(const std::string& name, const std::vector<TypeId>& arguments) {
  std::vector<int64_t> wanted;
  for (const TypeId id : arguments) wanted.push_back(TypeOid(id, kAny));
  int64_t same_name = 0;
  for (const FunctionRow& function : AllFunctions()) {
    if (function.name != name || function.kind != 'f') continue;
    if (function.arguments == wanted) return function.oid;
    if (same_name == 0 && function.arguments.size() == wanted.size()) same_name = function.oid;
  }
  return same_name;
}

const FunctionRow* BuiltinFunction(uint32_t oid) {
  for (const FunctionRow& function : AllFunctions()) {
    if (function.oid == oid) return &function;
  }
  return nullptr;
}

std::string FunctionArguments(const FunctionRow& function, bool defaults) {
  std::string text;
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const bool variadic = function.variadic && i + 1 == function.arguments.size();
    text += (i > 0 ? ", " : "") + std::string(variadic ? "VARIADIC " : "");
    if (!function.names.empty()) text += function.names[i] + " ";
    text += TypeName(function.arguments[i]);
    const size_t first_default = function.arguments.size() - function.defaults.size();
    if (defaults && i >= first_default) text += " DEFAULT " + function.defaults[i - first_default];
  }
  return text;
}

std::string FunctionResult(const FunctionRow& function) {
  return (function.returns_set ? "SETOF " : "") + TypeName(function.result);
}

void AddFunctionFills(RowFillMap* fills) {
  fills->insert(
      {{"pg_catalog.pg_proc", FillProcedures}, {"pg_catalog.pg_aggregate", FillAggregates}});
}

}  // namespace adbms::storage::server
