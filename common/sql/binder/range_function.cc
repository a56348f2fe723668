// Functions in FROM: one or several side by side, WITH ORDINALITY, column definition lists.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/range_call.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using functions::FunctionCatalog;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// Functions of records whose columns the caller defines.
bool NeedsDefinitions(std::string_view name) {
  return name == "json_to_record" || name == "json_to_recordset" || name == "jsonb_to_record" ||
         name == "jsonb_to_recordset";
}

bool PopulatesRows(std::string_view name) {
  return name == "json_populate_recordset" || name == "jsonb_populate_recordset";
}

// PostgreSQL's tupledesc_match.
absl::Status CheckReturned(const types::DeclaredType& row,
                           const std::vector<types::CompositeField>& wanted) {
  const auto mismatch = [](const std::string& detail) {
    return status::Error(sqlstate::kDatatypeMismatch,
                         "function return row and query-specified return row do not match", detail);
  };
  if (row.fields.size() != wanted.size())
    return mismatch(absl::StrCat("Returned row contains ", row.fields.size(), " attribute",
                                 row.fields.size() == 1 ? "" : "s", ", but query expects ",
                                 wanted.size(), "."));
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Type& given = row.fields[i].type;
    const Type& type = wanted[i].type;
    if (given.id != type.id || types::DefinitionOf(given) != types::DefinitionOf(type))
      return mismatch(absl::StrCat("Returned type ", types::Format({given.id, 0, given.declared}),
                                   " at ordinal position ", i + 1, ", but query expects ",
                                   types::Format({type.id, 0, type.declared}), "."));
  }
  return absl::OkStatus();
}

}  // namespace

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
    ASSIGN_OR_RETURN(ExprPtr value, BindExpr(node, scope));
    ASSIGN_OR_RETURN(value, ResolveUnknown(value));
    call.scalar = true;
    call.outputs = {query_->AddColumn({call.name, value->type, 0, 0, false})};
    call.function.arguments = {value};
    RETURN_IF_ERROR(DefineFields(definitions, &call));
    calls->push_back(std::move(call));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindCallArguments(name, *function, scope));
  // unnest of several arrays is one of each, side by side.
  ExprPtr populated;
  if (PopulatesRows(name)) {
    if (args.size() != 2) return CallFunction(name, std::move(args), call.location).status();
    populated = args[0];
    args.erase(args.begin());
  }
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
    if (populated != nullptr) {
      const ColumnId object = part.outputs[0];
      ASSIGN_OR_RETURN(
          const ExprPtr row,
          PopulateRow(name, populated, plan::MakeColumn(object, query_->columns[object].type),
                      call.location));
      ASSIGN_OR_RETURN(const std::vector<Target> fields, FieldsOf(row));
      Define(fields, &part);
      part.row_type = row->type;
    } else if (NeedsDefinitions(name)) {
      RETURN_IF_ERROR(DefineColumns(node, definitions, &part));
    } else if (table.result.size() == 1 &&
               query_->columns[part.outputs[0]].type.id == TypeId::kRecord) {
      RETURN_IF_ERROR(DefineFields(definitions, &part));
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

void Binder::Define(const std::vector<Target>& fields, RangeCall* call) {
  for (const Target& field : fields) {
    call->defined.push_back(query_->AddColumn({field.name, field.expression->type, 0, 0, false}));
    call->definitions.push_back(field.expression);
  }
}

absl::Status Binder::DefineFields(NodeList definitions, RangeCall* call) {
  Type type = query_->columns[call->outputs[0]].type;
  const types::DeclaredType* const row = types::CompositeOf(type);
  const bool is_row = type.id == TypeId::kRecord;
  const bool anonymous = is_row && (row == nullptr || row->is_anonymous());
  if (!anonymous && !definitions.empty())
    return ErrorAt(sqlstate::kSyntaxError, call->location,
                   is_row ? "a column definition list is redundant for a function returning a "
                            "named composite type"
                          : "a column definition list is only allowed for functions returning "
                            "\"record\"");
  if (!is_row) return absl::OkStatus();
  if (anonymous && definitions.empty())
    return ErrorAt(sqlstate::kSyntaxError, call->location,
                   "a column definition list is required for functions returning \"record\"");
  std::vector<types::CompositeField> wanted;
  for (const Node* definition : definitions) {
    const PgQuery__ColumnDef& column = *definition->column_def;
    ASSIGN_OR_RETURN(const Type field, ResolveType(*column.type_name));
    wanted.push_back({std::string(parser::View(column.colname)), field});
  }
  if (anonymous) {
    if (row != nullptr) RETURN_IF_ERROR(CheckReturned(*row, wanted));
    ASSIGN_OR_RETURN(type, types::RowType(wanted));
  }
  const ExprPtr whole = plan::MakeColumn(call->outputs[0], type);
  ASSIGN_OR_RETURN(const std::vector<Target> fields, FieldsOf(whole));
  Define(fields, call);
  call->row_type = type;
  return absl::OkStatus();
}

absl::Status Binder::DefineBody(const common::v1::FunctionDescriptor& function, int location,
                                NodeList definitions, std::vector<ScopeColumn>* columns) {
  const auto results = ResultColumns(function);
  const bool record = results.size() == 1 && results[0].first.empty() &&
                      results[0].second.id == TypeId::kRecord &&
                      results[0].second.declared == nullptr;
  if (!record && !definitions.empty())
    return ErrorAt(sqlstate::kSyntaxError, location,
                   "a column definition list is only allowed for functions returning \"record\"");
  if (!record) return absl::OkStatus();
  if (definitions.empty())
    return ErrorAt(sqlstate::kSyntaxError, location,
                   "a column definition list is required for functions returning \"record\"");
  std::vector<types::CompositeField> wanted;
  std::vector<types::CompositeField> given;
  for (const Node* definition : definitions) {
    const PgQuery__ColumnDef& column = *definition->column_def;
    ASSIGN_OR_RETURN(const Type type, ResolveType(*column.type_name));
    wanted.push_back({std::string(parser::View(column.colname)), type});
  }
  for (const ScopeColumn& column : *columns) given.push_back({column.name, column.type});
  ASSIGN_OR_RETURN(const Type row, types::RowType(given));
  RETURN_IF_ERROR(CheckReturned(*types::CompositeOf(row), wanted));
  for (size_t i = 0; i < wanted.size(); ++i) (*columns)[i].name = wanted[i].name;
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
    ASSIGN_OR_RETURN(ExprPtr value, JsonMember(object, name, type));
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
    if (parts[0]->node_case == PG_QUERY__NODE__NODE_FUNC_CALL) {
      const PgQuery__FuncCall& call = *parts[0]->func_call;
      RETURN_IF_ERROR(parser::CheckDatabase(parser::StringsOf({call.funcname, call.n_funcname}), 1,
                                            input_.database));
    }
    if (parts[0]->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
        MeansUserFunction(*parts[0]->func_call)) {
      RelPtr body;
      std::vector<ScopeColumn> columns;
      const size_t before = calls.size();
      ASSIGN_OR_RETURN(const common::v1::FunctionDescriptor* function,
                       BindUserRange(*parts[0]->func_call, scope, &calls, &body, &columns));
      NodeList definitions(range.coldeflist, range.n_coldeflist);
      if (parts.size() > 1 && parts[1]->node_case == PG_QUERY__NODE__NODE_LIST)
        definitions = NodeList(parts[1]->list->items, parts[1]->list->n_items);
      if (body == nullptr) {
        if (calls.size() == before + 1)
          RETURN_IF_ERROR(DefineFields(definitions, &calls.back()));
        else if (!definitions.empty())
          return ErrorAt(sqlstate::kSyntaxError, calls.back().location,
                         "a column definition list is redundant for a function with OUT "
                         "parameters");
        continue;
      }
      RETURN_IF_ERROR(DefineBody(*function, parts[0]->func_call->location, definitions, &columns));
      if (range.n_functions > 1)
        return Unsupported(parts[0]->func_call->location,
                           "a function that is a query, beside others in ROWS FROM");
      const bool one = columns.size() == 1 && !range.ordinality;
      if (range.ordinality) {
        RelPtr numbered = plan::MakeRel(Rel::Kind::kWindow, {body});
        plan::WindowCall number;
        number.function = common::v1::WINDOW_FUNCTION_ROW_NUMBER;
        numbered->window_calls.push_back(std::move(number));
        const Type bigint{TypeId::kInt8, 0};
        const ColumnId id = query_->AddColumn({"ordinality", bigint, 0, 0, true});
        numbered->output = body->output;
        numbered->output.push_back(id);
        columns.push_back({"ordinality", id, bigint});
        body = std::move(numbered);
      }
      item->columns = std::move(columns);
      const std::string name = ColumnNameOf(parts[0]);
      if (one && range.alias != nullptr && range.alias->n_colnames == 0 &&
          item->columns[0].name == name)
        item->columns[0].name = parser::View(range.alias->aliasname);
      RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, parts[0]->func_call->location));
      item->scalar = one;
      for (const ScopeColumn& column : item->columns) query_->columns[column.id].name = column.name;
      return body;
    }
    NodeList definitions(range.coldeflist, range.n_coldeflist);
    if (parts.size() > 1 && parts[1]->node_case == PG_QUERY__NODE__NODE_LIST)
      definitions = NodeList(parts[1]->list->items, parts[1]->list->n_items);
    RETURN_IF_ERROR(BindRangeCall(parts[0], definitions, scope, &calls));
  }
  const std::string name = ColumnNameOf(range.functions[0]->list->items[0]);
  const int location = calls[0].location;
  if (calls.size() == 1) item->row_type = calls[0].row_type;
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
