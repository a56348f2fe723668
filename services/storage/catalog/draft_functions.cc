// CatalogDraft: functions and procedures.
#include <algorithm>
#include <set>

#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/type.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;

namespace {

constexpr char kDuplicateFunction[] = "42723";
constexpr char kInvalidFunctionDefinition[] = "42P13";

bool IsProcedure(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_PROCEDURE;
}

bool IsAggregate(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_AGGREGATE;
}

// Whether the aggregate consists of the function among others.
bool ConsistsOf(const FunctionDescriptor& aggregate, uint32_t function_id) {
  if (!IsAggregate(aggregate)) return false;
  const common::v1::AggregateDefinition& definition = aggregate.aggregate();
  return definition.transition().function_id() == function_id ||
         definition.final().function_id() == function_id ||
         definition.combine().function_id() == function_id;
}

// As messages name it: with its schema, unless that is the common one.
std::string Shown(const FunctionDescriptor& function) {
  return (function.schema() == "public" ? std::string() : function.schema() + ".") +
         sql::SignatureOf(function);
}

// "f(integer, text)".
std::string SpacedSignature(const FunctionDescriptor& function) {
  std::string text;
  for (const char c : sql::SignatureOf(function)) text += c == ',' ? ", " : std::string(1, c);
  return text;
}

std::vector<FunctionArgument> Arguments(const FunctionDescriptor& function, bool inputs) {
  std::vector<FunctionArgument> list;
  for (const auto& argument : function.arguments()) {
    const bool output = argument.mode() != FunctionArgument::MODE_IN &&
                        argument.mode() != FunctionArgument::MODE_VARIADIC;
    if (inputs ? sql::IsInput(argument) : output) list.push_back(argument);
  }
  return list;
}

// Names and types of the columns that output arguments make.
std::string OutputColumns(const FunctionDescriptor& function) {
  std::string text;
  for (const FunctionArgument& argument : Arguments(function, /*inputs=*/false))
    text += argument.name() + " " + types::Format(types::FromProto(argument.type())) + "\n";
  return text;
}

int Defaults(const FunctionDescriptor& function) {
  const auto& arguments = function.arguments();
  return static_cast<int>(
      std::count_if(arguments.begin(), arguments.end(),
                    [](const auto& argument) { return !argument.default_sql().empty(); }));
}

bool SameResult(const FunctionDescriptor& a, const FunctionDescriptor& b) {
  return a.has_result() == b.has_result() &&
         types::FromProto(a.result()).id == types::FromProto(b.result()).id &&
         a.returns_set() == b.returns_set() && a.returns_trigger() == b.returns_trigger();
}

// What OR REPLACE may not change.
absl::Status CheckReplaces(const FunctionDescriptor& before, const FunctionDescriptor& after) {
  if (before.kind() != after.kind())
    return status::Error(
        sqlstate::kWrongObjectType, "cannot change routine kind",
        Quoted(before.name()) + (IsProcedure(before)   ? " is a procedure."
                                 : IsAggregate(before) ? " is an aggregate function."
                                                       : " is a function."));
  const std::string hint = std::string("Use DROP ") +
                           (IsProcedure(after)   ? "PROCEDURE "
                            : IsAggregate(after) ? "AGGREGATE "
                                                 : "FUNCTION ") +
                           Shown(before) + " first.";
  const auto refuse = [&](std::string_view message, std::string_view detail = {}) {
    return status::Error(kInvalidFunctionDefinition, message, detail, hint);
  };
  const std::string columns = OutputColumns(before);
  if (IsProcedure(after) && columns.empty() != OutputColumns(after).empty())
    return refuse("cannot change whether a procedure has output parameters");
  if (!SameResult(before, after)) return refuse("cannot change return type of existing function");
  if (!after.has_result() && columns != OutputColumns(after))
    return refuse("cannot change return type of existing function",
                  "Row type defined by OUT parameters is different.");
  const std::vector<FunctionArgument> old_inputs = Arguments(before, /*inputs=*/true);
  const std::vector<FunctionArgument> inputs = Arguments(after, /*inputs=*/true);
  for (size_t i = 0; i < old_inputs.size() && i < inputs.size(); ++i) {
    if (!old_inputs[i].name().empty() && old_inputs[i].name() != inputs[i].name())
      return refuse("cannot change name of input parameter " + Quoted(old_inputs[i].name()));
  }
  if (Defaults(after) < Defaults(before))
    return refuse("cannot remove parameter defaults from existing function");
  return absl::OkStatus();
}

}  // namespace

void CatalogDraft::PutFunction(FunctionDescriptor function) {
  function.set_version(catalog_->NextVersion());
  function.set_database_id(KeptDatabaseId());
  const uint32_t id = function.function_id();
  records_.push_back({SystemKey('p', id), function.SerializeAsString(), false});
  changes_.functions[id] = std::make_shared<const FunctionDescriptor>(std::move(function));
  CatalogState::Objects objects = state_->objects();
  objects.functions[id] = changes_.functions[id];
  SetObjects(std::move(objects));
}

void CatalogDraft::EraseFunction(uint32_t function_id) {
  records_.push_back({SystemKey('p', function_id), {}, true});
  changes_.functions[function_id] = nullptr;
  CatalogState::Objects objects = state_->objects();
  objects.functions.erase(function_id);
  SetObjects(std::move(objects));
}

CatalogDraft::Result CatalogDraft::CreateFunction(const common::v1::CreateFunction& statement) {
  FunctionDescriptor function = statement.function();
  RETURN_IF_ERROR(RequireSchema(function.schema()));
  v1::DdlResult result;
  const FunctionPtr before =
      state_->FindFunctionByName(function.schema(), sql::SignatureOf(function));
  if (before != nullptr) {
    if (!statement.or_replace())
      return status::Error(kDuplicateFunction, "function " + Quoted(function.name()) +
                                                   " already exists with same argument types");
    RETURN_IF_ERROR(CheckReplaces(*before, function));
    function.set_function_id(before->function_id());
    function.set_owner(before->owner());
    function.set_comment(before->comment());
  } else {
    ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
    function.set_function_id(id);
    if (function.owner().empty()) function.set_owner("postgres");
  }
  result.set_object_id(function.function_id());
  result.set_changed(true);
  PutFunction(std::move(function));
  return result;
}

absl::Status CatalogDraft::DropTriggersOf(const FunctionDescriptor& function, bool cascade,
                                          v1::DdlResult* result) {
  const CatalogState::TableMap tables = state_->tables();
  const std::string what = "function " + Shown(function);
  for (const auto& [id, entry] : tables) {
    TableDescriptor changed = entry->descriptor;
    changed.clear_triggers();
    for (const auto& trigger : entry->descriptor.triggers()) {
      if (trigger.function_id() != function.function_id()) {
        *changed.add_triggers() = trigger;
        continue;
      }
      const std::string text = "trigger " + trigger.name() + " on table " + changed.name();
      if (!cascade)
        return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                             text + " depends on " + what,
                             "Use DROP ... CASCADE to drop the dependent objects too.");
      result->add_dropped(text);
    }
    if (changed.triggers_size() != entry->descriptor.triggers_size())
      RETURN_IF_ERROR(PutTable(std::move(changed)));
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::AddAggregatesOf(bool cascade, std::set<uint32_t>* ids,
                                           v1::DdlResult* result) const {
  const std::set<uint32_t> named = *ids;
  for (const uint32_t id : named) {
    const FunctionPtr function = state_->FindFunction(id);
    std::vector<std::string> dependents;
    for (const auto& [other, aggregate] : state_->functions()) {
      if (!ConsistsOf(*aggregate, id) || !ids->insert(other).second) continue;
      dependents.push_back("function " + Shown(*aggregate));
    }
    if (function == nullptr || dependents.empty()) continue;
    const std::string what = "function " + Shown(*function);
    if (!cascade) {
      std::string detail;
      for (const std::string& dependent : dependents)
        detail += (detail.empty() ? "" : "\n") + dependent + " depends on " + what;
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           detail, "Use DROP ... CASCADE to drop the dependent objects too.");
    }
    for (const std::string& dependent : dependents) result->add_dropped(dependent);
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropOperatorsOf(const std::set<uint32_t>& function_ids, bool cascade,
                                           v1::DdlResult* result) {
  const CatalogState::OperatorMap operators = state_->operators();
  for (const auto& [id, op] : operators) {
    const FunctionPtr function = state_->FindFunction(op->function().function_id());
    if (function == nullptr || !function_ids.contains(function->function_id())) continue;
    const std::string what = "function " + Shown(*function);
    const std::string text = "operator " + sql::SignatureOf(*op);
    if (!cascade)
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           text + " depends on " + what,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    result->add_dropped(text);
    PutOperator(id, std::nullopt);
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropFunctions(const common::v1::DropFunction& statement) {
  v1::DdlResult result;
  *result.mutable_notices() = statement.notices();
  std::set<uint32_t> ids(statement.function_ids().begin(), statement.function_ids().end());
  RETURN_IF_ERROR(AddAggregatesOf(statement.cascade(), &ids, &result));
  RETURN_IF_ERROR(DropOperatorsOf(ids, statement.cascade(), &result));
  for (const uint32_t id : ids) {
    const FunctionPtr function = state_->FindFunction(id);
    if (function == nullptr)
      return status::Error(sqlstate::kUndefinedFunction,
                           "function with OID " + std::to_string(id) + " does not exist");
    RETURN_IF_ERROR(DropTriggersOf(*function, statement.cascade(), &result));
    RETURN_IF_ERROR(DropPoliciesThat(
        "function " + Shown(*function),
        [id](const common::v1::PolicyCondition& condition) {
          return Contains(condition.function_ids(), id);
        },
        {}, statement.cascade(), &result));
    EraseFunction(id);
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

CatalogDraft::Result CatalogDraft::AlterFunction(const common::v1::AlterFunction& statement) {
  const FunctionDescriptor& function = statement.function();
  const FunctionPtr before = state_->FindFunction(function.function_id());
  if (before == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        "function with OID " + std::to_string(function.function_id()) + " does not exist");
  RETURN_IF_ERROR(RequireSchema(function.schema()));
  const bool moves = before->schema() != function.schema() || before->name() != function.name();
  if ((moves &&
       state_->FindFunctionByName(function.schema(), sql::SignatureOf(function)) != nullptr) ||
      !sql::SameInputs(*before, function))
    return status::Error(kDuplicateFunction, "function " + SpacedSignature(function) +
                                                 " already exists in schema " +
                                                 Quoted(function.schema()));
  v1::DdlResult result;
  result.set_object_id(function.function_id());
  result.set_changed(true);
  PutFunction(function);
  return result;
}

}  // namespace adbms::storage::catalog
