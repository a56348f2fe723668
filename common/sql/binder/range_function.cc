// Functions in FROM: one or several side by side, WITH ORDINALITY, column definition lists.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using functions::FunctionCatalog;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// A field of a column definition list, and where its value is.
struct Definition {
  std::string name;
  Type type;
};

// Functions of records whose columns the caller defines.
bool NeedsDefinitions(std::string_view name) {
  return name == "json_to_record" || name == "json_to_recordset" || name == "jsonb_to_record" ||
         name == "jsonb_to_recordset";
}

}  // namespace

// A function of FROM with its columns.
struct Binder::RangeCall {
  std::string name;
  int location = -1;
  plan::SetFunction function;
  std::vector<ColumnId> outputs;
  bool scalar = false;  // Its one column has no name of its own but the function's.
  // With a column definition list: its columns, computed of outputs.
  std::vector<ColumnId> defined;
  std::vector<ExprPtr> definitions;
};

absl::Status Binder::BindRangeCall(const Node* node, NodeList definitions, Scope* scope,
                                   std::vector<RangeCall>* calls) {
  RangeCall call;
  call.name = ColumnNameOf(node);
  const bool is_call = node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL;
  const PgQuery__FuncCall* function = is_call ? node->func_call : nullptr;
  std::string name;
  if (is_call) {
    name = FunctionName(parser::StringsOf({function->funcname, function->n_funcname}));
    call.location = function->location;
  }
  if (!is_call || FunctionCatalog::Builtin().FindTableFunctions(name).empty()) {
    if (!definitions.empty())
      return ErrorAt(sqlstate::kSyntaxError, call.location,
                     "a column definition list is only allowed for functions returning \"record\"");
    ASSIGN_OR_RETURN(ExprPtr value, BindExpr(node, scope));
    ASSIGN_OR_RETURN(value, ResolveUnknown(value));
    call.scalar = true;
    call.outputs = {query_->AddColumn({call.name, value->type, 0, 0, false})};
    call.function.arguments = {value};
    calls->push_back(std::move(call));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({function->args, function->n_args}, scope));
  // unnest of several arrays is one of each, side by side.
  std::vector<std::vector<ExprPtr>> each = {std::move(args)};
  if (name == "unnest" && each[0].size() > 1) {
    args = std::move(each[0]);
    each.clear();
    for (ExprPtr& arg : args) each.push_back({std::move(arg)});
  }
  for (std::vector<ExprPtr>& arguments : each) {
    RangeCall part = call;
    ASSIGN_OR_RETURN(part.function.function, ChooseTableFunction(name, &arguments));
    // Says what is missing.
    if (part.function.function == nullptr)
      return CallFunction(name, std::move(arguments), call.location).status();
    part.function.arguments = std::move(arguments);
    const functions::TableFunction& table = *part.function.function;
    for (size_t i = 0; i < table.result.size(); ++i)
      part.outputs.push_back(query_->AddColumn(
          {i < table.column_names.size() ? table.column_names[i] : call.name,
           plan::ResultOf(table.result[i], part.function.arguments), 0, 0, false}));
    part.scalar = table.result.size() == 1 && table.column_names[0] == table.name;
    if (NeedsDefinitions(name)) {
      RETURN_IF_ERROR(DefineColumns(node, definitions, &part));
    } else if (!definitions.empty()) {
      return ErrorAt(
          sqlstate::kSyntaxError, call.location,
          table.result.size() > 1
              ? "a column definition list is redundant for a function with OUT parameters"
              : "a column definition list is only allowed for functions returning \"record\"");
    }
    calls->push_back(std::move(part));
  }
  return absl::OkStatus();
}

absl::Status Binder::DefineColumns(const Node* node, NodeList definitions, RangeCall* call) {
  const int location = node->func_call->location;
  if (definitions.empty())
    return ErrorAt(sqlstate::kSyntaxError, location,
                   "a column definition list is required for functions returning \"record\"");
  const Type whole = query_->columns[call->outputs[0]].type;
  const ExprPtr object = plan::MakeColumn(call->outputs[0], whole);
  for (const Node* definition : definitions) {
    const PgQuery__ColumnDef& column = *definition->column_def;
    ASSIGN_OR_RETURN(const Type type, ResolveType(*column.type_name));
    const std::string name(parser::View(column.colname));
    if (types::IsArray(type.id))
      return Unsupported(
          location, absl::StrCat("type ", types::Format(type), " in a column definition list"));
    const bool json = type.id == TypeId::kJson || type.id == TypeId::kJsonb;
    const ExprPtr key = plan::MakeLiteral(types::Value::Text(name));
    ASSIGN_OR_RETURN(ExprPtr value, Operator(json ? "->" : "->>", object, key, -1));
    // As the type's input function reads it: too long a string is an error.
    if (value->type != type) value = plan::MakeCast(value, type, false);
    call->defined.push_back(query_->AddColumn({name, type, 0, 0, false}));
    call->definitions.push_back(std::move(value));
  }
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::RangeCalls(std::vector<RangeCall> calls, bool ordinality,
                                          ScopeItem* item) {
  constexpr Type kBigint{TypeId::kInt8, 0};
  const auto add = [&](ColumnId id) {
    item->columns.push_back({query_->columns[id].name, id, query_->columns[id].type});
  };
  RelPtr rel;
  const bool one = calls.size() == 1;
  if (one && calls[0].function.function != nullptr) {
    rel = plan::MakeRel(Rel::Kind::kFunction);
    rel->table_function = calls[0].function.function;
    rel->expressions = calls[0].function.arguments;
    rel->alias = calls[0].name;
  } else if (one && !ordinality) {
    rel = plan::MakeRel(Rel::Kind::kProject, {plan::MakeOneRow()});
    rel->expressions = calls[0].function.arguments;
  } else {
    rel = plan::MakeRel(Rel::Kind::kProjectSet, {plan::MakeOneRow()});
    for (const RangeCall& call : calls) rel->set_functions.push_back(call.function);
  }
  for (const RangeCall& call : calls)
    rel->output.insert(rel->output.end(), call.outputs.begin(), call.outputs.end());
  if (ordinality) {
    rel->ordinality = true;
    rel->output.push_back(query_->AddColumn({"ordinality", kBigint, 0, 0, true}));
  }
  const bool defines = std::any_of(calls.begin(), calls.end(),
                                   [](const RangeCall& call) { return !call.defined.empty(); });
  RelPtr result = rel;
  if (defines) result = plan::MakeRel(Rel::Kind::kProject, {rel});
  const auto pass = [&](ColumnId id, ExprPtr value) {
    add(id);
    if (!defines) return;
    result->output.push_back(id);
    result->expressions.push_back(
        value != nullptr ? std::move(value) : plan::MakeColumn(id, query_->columns[id].type));
  };
  for (const RangeCall& call : calls) {
    for (size_t i = 0; i < call.defined.size(); ++i) pass(call.defined[i], call.definitions[i]);
    if (!call.defined.empty()) continue;
    for (const ColumnId id : call.outputs) pass(id, nullptr);
  }
  if (ordinality) pass(rel->output.back(), nullptr);
  return result;
}

absl::StatusOr<RelPtr> Binder::BindRangeFunction(const PgQuery__RangeFunction& range, Scope* scope,
                                                 ScopeItem* item) {
  std::vector<RangeCall> calls;
  for (const Node* node : NodeList(range.functions, range.n_functions)) {
    const NodeList parts(node->list->items, node->list->n_items);
    NodeList definitions(range.coldeflist, range.n_coldeflist);
    if (parts.size() > 1 && parts[1]->node_case == PG_QUERY__NODE__NODE_LIST)
      definitions = NodeList(parts[1]->list->items, parts[1]->list->n_items);
    RETURN_IF_ERROR(BindRangeCall(parts[0], definitions, scope, &calls));
  }
  const std::string name = calls[0].name;
  const int location = calls[0].location;
  const bool scalar =
      calls.size() == 1 && range.n_functions == 1 && calls[0].scalar && calls[0].defined.empty();
  const bool plain = calls.size() == 1 && calls[0].outputs.size() == 1 && calls[0].defined.empty();
  ASSIGN_OR_RETURN(RelPtr rel, RangeCalls(std::move(calls), range.ordinality, item));
  // A function's only column takes the alias as its name.
  if (scalar && range.alias != nullptr && range.alias->n_colnames == 0)
    item->columns[0].name = parser::View(range.alias->aliasname);
  RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, location));
  item->scalar = plain && !range.ordinality;
  if (rel->kind == Rel::Kind::kFunction) rel->alias = item->alias;
  for (const ScopeColumn& column : item->columns) query_->columns[column.id].name = column.name;
  return rel;
}

}  // namespace adbms::sql::binder
