// Calls of functions that users have made: the body becomes a part of the statement where that can
// be, or the program runs once before it (decision 042).
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/binder/invoking_role.h"
#include "common/sql/binder/polymorphic.h"
#include "common/sql/binder/program_inliner.h"
#include "common/sql/binder/range_call.h"
#include "common/sql/program/sql_body.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using functions::CastContext;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// Bodies in one another.
constexpr int kMostInlined = 32;
constexpr char kFunctionHint[] =
    "No function matches the given name and argument types. You might need to add explicit type "
    "casts.";

std::vector<const FunctionArgument*> InputsOf(const FunctionDescriptor& function) {
  std::vector<const FunctionArgument*> inputs;
  for (const FunctionArgument& argument : function.arguments()) {
    if (IsInput(argument)) inputs.push_back(&argument);
  }
  return inputs;
}

// Where each given argument goes; nothing when the function does not take them. `spread`: what
// comes last is several values of a VARIADIC argument, all beginning at the last place.
std::optional<std::vector<int>> PlacesOf(const std::vector<const FunctionArgument*>& inputs,
                                         const std::vector<std::string>& names,
                                         bool spread = false) {
  if (spread) {
    const bool named = std::any_of(names.begin(), names.end(),
                                   [](const std::string& name) { return !name.empty(); });
    if (named || inputs.empty() || names.size() < inputs.size()) return std::nullopt;
    std::vector<int> given(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) given[i] = static_cast<int>(i);
    return given;
  }
  std::vector<int> given(inputs.size(), -1);
  for (size_t i = 0; i < names.size(); ++i) {
    size_t place = i;
    if (!names[i].empty()) {
      place = 0;
      while (place < inputs.size() && inputs[place]->name() != names[i]) ++place;
    }
    if (place >= inputs.size() || given[place] >= 0) return std::nullopt;
    given[place] = static_cast<int>(i);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (given[i] < 0 && inputs[i]->default_sql().empty()) return std::nullopt;
  }
  return given;
}

// Whether a row may be the other one; true of all other types.
bool MayBecome(const Type& from, const Type& to) {
  if (from.id != TypeId::kRecord || to.id != TypeId::kRecord) return true;
  const types::DeclaredType* const given = types::CompositeOf(from);
  const types::DeclaredType* const taken = types::CompositeOf(to);
  return given == nullptr || taken == nullptr || given->is_anonymous() || taken->is_anonymous() ||
         given->definition.oid() == taken->definition.oid();
}

// The value of a query of one column: a row without FROM is the expression itself.
ExprPtr ValueOfQuery(const BoundQuery& query) {
  const Rel& project = *query.rel;
  const Rel& below = *project.inputs[0];
  const bool expression = below.kind == Rel::Kind::kProject &&
                          below.inputs[0]->kind == Rel::Kind::kValues &&
                          below.inputs[0]->output.empty() && project.expressions.size() == 1;
  if (!expression) return FirstValue(query.rel, query.columns[0].type);
  return plan::Transform(project.expressions[0], [&](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn) return nullptr;
    for (size_t i = 0; i < below.output.size(); ++i) {
      if (below.output[i] == e->column) return below.expressions[i];
    }
    return nullptr;
  });
}

}  // namespace

bool ReadsTable(const Rel& rel, uint32_t table_id) {
  if (rel.kind == Rel::Kind::kScan && !rel.table->is_virtual() &&
      (table_id == 0 || rel.table->table_id() == table_id))
    return true;
  bool reads = false;
  plan::ForEachExpression(const_cast<Rel&>(rel),
                          [&](ExprPtr& e) { reads |= ReadsTable(*e, table_id); });
  for (const RelPtr& input : rel.inputs) reads = reads || ReadsTable(*input, table_id);
  return reads;
}

bool ReadsTable(const Expr& e, uint32_t table_id) {
  if (e.query != nullptr && ReadsTable(*e.query, table_id)) return true;
  return std::any_of(e.args.begin(), e.args.end(),
                     [&](const ExprPtr& arg) { return ReadsTable(*arg, table_id); });
}

ExprPtr FirstValue(const RelPtr& rel, const Type& type) {
  RelPtr first = plan::MakeRel(Rel::Kind::kLimit, {rel});
  first->count = plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 1));
  first->output = rel->output;
  auto subquery = std::make_shared<Expr>();
  subquery->kind = Expr::Kind::kSubquery;
  subquery->subquery = common::v1::SubqueryExpression::KIND_SCALAR;
  subquery->type = type;
  subquery->query = first;
  return subquery;
}

Type Binder::TypeNow(const common::v1::DataType& kept) {
  const Type type = types::FromProto(kept);
  if (type.declared == nullptr) return type;
  const std::optional<Type> now = TypeOfOid(types::OidOf(type));
  return now.has_value() ? Type{now->id, type.modifier, now->declared} : type;
}

std::vector<std::pair<std::string, Type>> Binder::ResultColumns(
    const FunctionDescriptor& function) {
  std::vector<std::pair<std::string, Type>> columns;
  int number = 0;
  for (const FunctionArgument& argument : function.arguments()) {
    const bool output = argument.mode() == FunctionArgument::MODE_OUT ||
                        argument.mode() == FunctionArgument::MODE_INOUT ||
                        argument.mode() == FunctionArgument::MODE_TABLE;
    if (!output) continue;
    ++number;
    columns.emplace_back(argument.name().empty() ? absl::StrCat("column", number) : argument.name(),
                         TypeNow(argument.type()));
  }
  if (columns.empty()) columns.emplace_back("", TypeNow(function.result()));
  return columns;
}

bool Binder::MeansUserFunction(const PgQuery__FuncCall& call) const {
  const std::vector<std::string> names = parser::StringsOf({call.funcname, call.n_funcname});
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  if (input_.catalog->FindFunctions(schema, names.back(), search_path_).empty()) return false;
  if (!schema.empty()) return true;
  const auto& builtin = functions::FunctionCatalog::Builtin();
  return builtin.FindFunctions(names[0]).empty() && builtin.FindTableFunctions(names[0]).empty() &&
         builtin.FindAggregates(names[0]).empty();
}

absl::StatusOr<ExprPtr> Binder::DefaultArgument(const FunctionArgument& argument) {
  common::v1::ColumnDescriptor column;
  column.set_name(argument.name());
  *column.mutable_type() = argument.type();
  return BindDefault(argument.default_sql(), column);
}

absl::StatusOr<Binder::UserCall> Binder::FindUserFunction(const PgQuery__FuncCall& call,
                                                          Scope* scope) {
  UserCall found;
  const std::vector<std::string> path = parser::StringsOf({call.funcname, call.n_funcname});
  const std::string schema = path.size() > 1 ? path[path.size() - 2] : "";
  const auto known = input_.catalog->FindFunctions(schema, path.back(), search_path_);
  if (known.empty()) return found;
  if (call.agg_star || call.agg_distinct || call.agg_filter != nullptr || call.n_agg_order > 0 ||
      call.over != nullptr)
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat(path.back(), " is not an aggregate function"));
  std::vector<std::string> names;
  std::vector<ExprPtr> args;
  for (const Node* node : NodeList(call.args, call.n_args)) {
    const bool named = node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
    names.emplace_back(named ? node->named_arg_expr->name : "");
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(named ? node->named_arg_expr->arg : node, scope));
    args.push_back(std::move(e));
  }
  ASSIGN_OR_RETURN(found, ChooseUserFunction(known, absl::StrJoin(path, "."), names,
                                             std::move(args), call.func_variadic, call.location));
  if (schema.empty() && found.function != nullptr)
    NoteUnqualified(call.location, found.function->schema(), "");
  return found;
}

namespace {

// A function that could be meant by a call, with the types that it then has.
struct UserCandidate {
  const FunctionDescriptor* function = nullptr;
  std::vector<int> places;
  bool spread = false;  // The arguments from the last input on are elements of its array.
  PolymorphicTypes types;
  Signature signature;
};

bool IsVariadic(const std::vector<const FunctionArgument*>& inputs) {
  return !inputs.empty() && inputs.back()->mode() == FunctionArgument::MODE_VARIADIC;
}

// What a value in the place of elements of `array` has to be.
Type ElementDeclared(const Type& array) {
  if (array.id == TypeId::kAnyArray) return {TypeId::kAnyElement, 0};
  if (array.id == TypeId::kAnyCompatibleArray) return {TypeId::kAnyCompatible, 0};
  return types::ElementOf(array);
}

// As a candidate for arguments of these types; nullopt: it does not take them. `undetermined`:
// becomes true where none of them says what a pseudo-type is.
std::optional<UserCandidate> AsCandidate(const FunctionDescriptor& function, bool spread,
                                         const std::vector<std::string>& names,
                                         const std::vector<Type>& given, bool* undetermined) {
  const auto inputs = InputsOf(function);
  const auto places = PlacesOf(inputs, names, spread);
  if (!places.has_value()) return std::nullopt;
  UserCandidate candidate;
  candidate.function = &function;
  candidate.places = *places;
  candidate.spread = spread;
  std::vector<Type> declared(given.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if ((*places)[i] < 0) continue;
    declared[static_cast<size_t>((*places)[i])] = types::FromProto(inputs[i]->type());
  }
  if (spread) {
    const Type element = ElementDeclared(types::FromProto(inputs.back()->type()));
    for (size_t i = inputs.size() - 1; i < given.size(); ++i) declared[i] = element;
  }
  const auto types = Deduce(declared, given);
  if (!types.has_value()) return std::nullopt;
  candidate.types = *types;
  for (size_t i = 0; i < given.size(); ++i) {
    Type type = Concrete(declared[i], candidate.types);
    // "any" takes what is given as it is.
    if (type.id == TypeId::kAny) type = given[i].id == TypeId::kUnknown ? TypeId::kText : given[i];
    if (type.id == TypeId::kUnspecified) {
      *undetermined = true;
      return std::nullopt;
    }
    if (!MayBecome(given[i], type)) return std::nullopt;
    candidate.signature.push_back(type.id);
  }
  return candidate;
}

}  // namespace

const FunctionDescriptor* Binder::ConcreteFunction(const FunctionDescriptor& function,
                                                   const PolymorphicTypes& types) {
  if (!IsPolymorphic(function)) return &function;
  auto made = std::make_unique<FunctionDescriptor>(Concrete(function, types));
  // One for each, so that it is seen when it calls itself.
  auto& known = concrete_functions_[made->SerializeAsString()];
  if (known == nullptr) known = std::move(made);
  return known.get();
}

absl::StatusOr<Binder::UserCall> Binder::ChooseUserFunction(
    const std::vector<const FunctionDescriptor*>& known, const std::string& called,
    const std::vector<std::string>& names, std::vector<ExprPtr> args, bool variadic_array,
    int location) {
  UserCall found;
  std::vector<Type> given;
  std::vector<TypeId> actual;
  for (const ExprPtr& arg : args) {
    given.push_back({arg->type.id, 0, arg->type.declared});
    actual.push_back(arg->type.id);
  }
  std::vector<UserCandidate> functions;
  std::vector<Signature> candidates;
  bool undetermined = false;
  const auto consider = [&](const FunctionDescriptor* function, bool spread) {
    auto candidate = AsCandidate(*function, spread, names, given, &undetermined);
    if (!candidate.has_value()) return;
    // One that takes the values as they are goes before one that makes an array of them, and one
    // of just these types before one of any.
    if ((spread || IsPolymorphic(*function)) &&
        std::find(candidates.begin(), candidates.end(), candidate->signature) != candidates.end())
      return;
    candidates.push_back(candidate->signature);
    functions.push_back(*std::move(candidate));
  };
  std::vector<const FunctionDescriptor*> ordered = known;
  std::stable_partition(ordered.begin(), ordered.end(),
                        [](const FunctionDescriptor* one) { return !IsPolymorphic(*one); });
  for (const FunctionDescriptor* function : ordered) {
    if (variadic_array || !IsVariadic(InputsOf(*function))) consider(function, /*spread=*/false);
  }
  for (const FunctionDescriptor* function : ordered) {
    if (!variadic_array && IsVariadic(InputsOf(*function))) consider(function, /*spread=*/true);
  }
  const Choice choice = ChooseCandidate(candidates, actual, false);
  if (choice.index < 0) {
    if (undetermined && !choice.ambiguous)
      return ErrorAt(sqlstate::kDatatypeMismatch, location,
                     "could not determine polymorphic type because input has type unknown");
    std::vector<std::string> shown;
    for (const Type& type : given) shown.push_back(types::Format(type));
    const std::string text =
        absl::StrCat("function ", called, "(", absl::StrJoin(shown, ", "), ")");
    if (choice.ambiguous)
      return ErrorAt(sqlstate::kAmbiguousFunction, location, absl::StrCat(text, " is not unique"),
                     "Could not choose a best candidate function. You might need to add explicit "
                     "type casts.");
    return ErrorAt(sqlstate::kUndefinedFunction, location, absl::StrCat(text, " does not exist"),
                   kFunctionHint);
  }
  const UserCandidate& chosen = functions[static_cast<size_t>(choice.index)];
  const FunctionDescriptor* const declared = chosen.function;
  if (declared->kind() == FunctionDescriptor::KIND_PROCEDURE && !calls_procedure_)
    return ErrorAt(sqlstate::kWrongObjectType, location,
                   absl::StrCat(SignatureOf(*declared), " is a procedure"),
                   "To call a procedure, use CALL.");
  if (declared->returns_trigger())
    return status::Error(sqlstate::kFeatureNotSupported,
                         "trigger functions can only be called as triggers");
  found.function = ConcreteFunction(*declared, chosen.types);
  const auto inputs = InputsOf(*found.function);
  const auto take = [&](ExprPtr value, Type type) -> absl::StatusOr<ExprPtr> {
    type.modifier = 0;
    if (type.id == TypeId::kAny) return ResolveUnknown(std::move(value));
    ASSIGN_OR_RETURN(ExprPtr argument, TryCoerce(std::move(value), type, CastContext::kImplicit));
    if (argument != nullptr) return argument;
    return ErrorAt(sqlstate::kUndefinedFunction, location,
                   absl::StrCat("function ", called, " does not exist"), kFunctionHint);
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    ExprPtr argument;
    const Type type = TypeNow(inputs[i]->type());
    if (chosen.places[i] < 0) {
      ASSIGN_OR_RETURN(argument, DefaultArgument(*inputs[i]));
    } else if (chosen.spread && i + 1 == inputs.size()) {
      std::vector<ExprPtr> elements;
      for (size_t at = i; at < args.size(); ++at) {
        ASSIGN_OR_RETURN(ExprPtr element, take(args[at], types::ElementOf(type)));
        elements.push_back(std::move(element));
      }
      ASSIGN_OR_RETURN(argument,
                       MakeArray(std::move(elements), {type.id, 0, type.declared}, location));
    } else {
      ASSIGN_OR_RETURN(argument, take(args[static_cast<size_t>(chosen.places[i])], type));
    }
    found.arguments.push_back(std::move(argument));
  }
  UseFunction(declared);
  return found;
}

void Binder::UseFunction(const FunctionDescriptor* function) {
  if (inlining_.empty()) called_functions_.insert(function->function_id());
  const plan::FunctionUse use{function, InvokingRole(inlining_)};
  if (input_.called_functions != nullptr && use.as_role.empty())
    input_.called_functions->insert(function->function_id());
  auto& used = query_->functions;
  if (std::find(used.begin(), used.end(), use) == used.end()) used.push_back(use);
}

// The columns of a body as a row's fields, which its result is.
absl::Status Binder::ReturnRow(const Type& result, BoundQuery* query) {
  const auto mismatch = [&](std::string_view detail) {
    return status::Error(
        "42P13",
        absl::StrCat("return type mismatch in function declared to return ", types::Format(result)),
        detail);
  };
  const types::DeclaredType* const row = types::CompositeOf(result);
  std::vector<ScopeColumn>& columns = query->columns;
  if (columns.size() == 1 && columns[0].type.id == TypeId::kRecord &&
      (row == nullptr || columns[0].type.declared == result.declared)) {
    // One value is the whole row.
    const ExprPtr whole = plan::MakeColumn(columns[0].id, columns[0].type);
    ASSIGN_OR_RETURN(std::vector<Target> fields, FieldsOf(whole));
    for (Target& field : fields)
      field.id = query_->AddColumn({field.name, field.expression->type, 0, 0, false});
    query->rel = Project(query->rel, fields);
    columns.clear();
    for (const Target& field : fields)
      columns.push_back({field.name, field.id, field.expression->type});
    return absl::OkStatus();
  }
  if (row == nullptr) return absl::OkStatus();
  if (columns.size() != row->fields.size())
    return mismatch(columns.size() < row->fields.size()
                        ? "Final statement returns too few columns."
                        : "Final statement returns too many columns.");
  std::vector<Target> fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    const types::CompositeField& field = row->fields[i];
    ASSIGN_OR_RETURN(ExprPtr value, TryCoerce(plan::MakeColumn(columns[i].id, columns[i].type),
                                              field.type, CastContext::kAssignment));
    if (value == nullptr)
      return mismatch(absl::StrCat("Final statement returns ", types::Format(columns[i].type),
                                   " instead of ", types::Format(field.type), " at column ", i + 1,
                                   "."));
    fields.push_back(
        {value, field.name, query_->AddColumn({field.name, value->type, 0, 0, false})});
  }
  query->rel = Project(query->rel, fields);
  for (size_t i = 0; i < columns.size(); ++i)
    columns[i] = {fields[i].name, fields[i].id, fields[i].expression->type};
  return absl::OkStatus();
}

absl::StatusOr<std::optional<BoundQuery>> Binder::InlineQuery(const UserCall& call) {
  const FunctionDescriptor& function = *call.function;
  std::optional<BoundQuery> none;
  if (std::find(inlining_.begin(), inlining_.end(), &function) != inlining_.end()) return none;
  if (function.language() != "sql" || function.settings_size() > 0) return none;
  if (function_depth_ >= kMostInlined) return DepthGuard::Error();
  ASSIGN_OR_RETURN(std::shared_ptr<const parser::ParseTree> tree,
                   parser::ParseTree::Parse(program::SqlBodyOf(function)));
  kept_trees_.push_back(tree);
  if (tree->result().n_stmts != 1 ||
      tree->result().stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return none;
  const PgQuery__SelectStmt& select = *tree->result().stmts[0]->stmt->select_stmt;
  if (select.with_clause != nullptr || select.n_locking_clause > 0) return none;
  // What an argument is worth is found once, if it matters how often.
  UserCall arguments = call;
  RelPtr once;
  for (ExprPtr& argument : arguments.arguments) {
    if (!plan::IsVolatile(argument) && !plan::HasSubquery(argument)) continue;
    if (once == nullptr) once = plan::MakeRel(Rel::Kind::kProject, {plan::MakeOneRow()});
    const ColumnId id = query_->AddColumn({"argument", argument->type, 0, 0, false});
    once->output.push_back(id);
    once->expressions.push_back(argument);
    argument = plan::MakeColumn(id, argument->type);
  }
  std::vector<NamedValue> variables;
  const auto inputs = InputsOf(function);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ExprPtr& value = arguments.arguments[i];
    variables.push_back({{function.name(), absl::StrCat("$", i + 1), true}, value});
    if (!inputs[i]->name().empty())
      variables.push_back({{function.name(), inputs[i]->name(), true}, value});
  }
  const std::string acting_role = acting_role_;
  acting_role_ = function.security_definer() ? function.owner() : InvokingRole(inlining_);
  BoundQuery query;
  const auto tables = query_->tables;
  const auto functions = query_->functions;
  inlining_.push_back(&function);
  const absl::Status status =
      WithText(tree->text(), &variables, /*conflict=*/false, [&]() -> absl::Status {
        ASSIGN_OR_RETURN(query, BindSelect(select, nullptr));
        return absl::OkStatus();
      });
  acting_role_ = acting_role;
  inlining_.pop_back();
  if (!status.ok() && met_program_ && inlining_.empty()) {
    // It runs as a program, then, which calls the other one.
    met_program_ = false;
    query_->tables = tables;
    query_->functions = functions;
    return none;
  }
  RETURN_IF_ERROR(status);
  // A volatile one sees what the statement has written so far.
  const bool is_volatile = plan::IsVolatileFunction(function);
  if (is_volatile && query_->kind != common::v1::STATEMENT_KIND_SELECT &&
      ReadsTable(*query.rel, 0)) {
    query_->tables = tables;
    query_->functions = functions;
    return none;
  }
  if (once != nullptr) {
    // The body depends on the row of the arguments.
    RelPtr join = plan::MakeRel(Rel::Kind::kJoin, {once, query.rel});
    join->join_type = common::v1::JOIN_TYPE_INNER;
    join->lateral = true;
    join->output = once->output;
    join->output.insert(join->output.end(), query.rel->output.begin(), query.rel->output.end());
    query.rel = join;
  }
  // As the result is declared.
  const auto columns = ResultColumns(function);
  if (columns.size() == 1 && columns[0].second.id == TypeId::kRecord) {
    RETURN_IF_ERROR(ReturnRow(columns[0].second, &query));
    return std::optional<BoundQuery>(std::move(query));
  }
  if (query.columns.size() != columns.size())
    return status::Error(
        "42P13", absl::StrCat("return type mismatch in function declared to return ",
                              columns.size() == 1 ? types::Format(columns[0].second) : "record"));
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {query.rel});
  for (size_t i = 0; i < columns.size(); ++i) {
    ScopeColumn& column = query.columns[i];
    ExprPtr value = plan::MakeColumn(column.id, column.type);
    const Type type = columns[i].second;
    if (type.id != TypeId::kVoid &&
        (column.type.id != type.id || column.type.declared != type.declared)) {
      ASSIGN_OR_RETURN(value, TryCoerce(value, type, CastContext::kAssignment));
      if (value == nullptr)
        return status::Error(
            "42P13",
            absl::StrCat("return type mismatch in function declared to return ",
                         types::Format(type)),
            absl::StrCat("Actual return type is ", types::Format(column.type), "."));
    } else if (type.id == TypeId::kVoid) {
      value = plan::MakeNull({TypeId::kVoid, 0});
    }
    column.id = query_->AddColumn({columns[i].first, value->type, 0, 0, false});
    column.type = value->type;
    column.name = columns[i].first.empty() ? function.name() : columns[i].first;
    project->output.push_back(column.id);
    project->expressions.push_back(std::move(value));
  }
  query.rel = project;
  return std::optional<BoundQuery>(std::move(query));
}

// The first row as a value; NULL where there is none.
absl::StatusOr<ExprPtr> Binder::RowOfQuery(const BoundQuery& query, const Type& type) {
  std::vector<Target> fields;
  for (const ScopeColumn& column : query.columns)
    fields.push_back({plan::MakeColumn(column.id, column.type), column.name});
  const bool named = type.declared != nullptr;
  ASSIGN_OR_RETURN(const ExprPtr row, MakeTargetRow(fields, named ? type : Type{}, -1));
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {query.rel});
  project->expressions = {row};
  project->output = {query_->AddColumn({"row", row->type, 0, 0, false})};
  return FirstValue(project, row->type);
}

absl::StatusOr<ExprPtr> Binder::InlineValue(const UserCall& call) {
  const bool strict = call.function->strict() && !call.arguments.empty();
  // Whether an argument is NULL is asked beside its use.
  const auto once = [](const ExprPtr& argument) {
    return plan::IsVolatile(argument) || plan::HasSubquery(argument);
  };
  if (strict && std::any_of(call.arguments.begin(), call.arguments.end(), once)) return ExprPtr();
  ASSIGN_OR_RETURN(ExprPtr value, InlineProgram(call));
  if (value == nullptr) {
    ASSIGN_OR_RETURN(const std::optional<BoundQuery> query, InlineQuery(call));
    if (!query.has_value()) return ExprPtr();
    const auto results = ResultColumns(*call.function);
    if (results.size() > 1 || results[0].second.id == TypeId::kRecord) {
      ASSIGN_OR_RETURN(value, RowOfQuery(*query, results.size() > 1 ? Type{} : results[0].second));
    } else {
      value = ValueOfQuery(*query);
    }
  }
  if (!strict) return value;
  std::vector<ExprPtr> nulls;
  for (const ExprPtr& argument : call.arguments)
    nulls.push_back(plan::MakeTest(common::v1::TestExpression::KIND_IS_NULL, {argument}));
  const ExprPtr any = nulls.size() == 1
                          ? nulls[0]
                          : plan::MakeLogical(common::v1::LogicalExpression::KIND_OR, nulls);
  return plan::MakeCase(value->type, {any, plan::MakeNull(value->type), value});
}

absl::StatusOr<ExprPtr> Binder::BindUserCall(const PgQuery__FuncCall& call, Scope* scope) {
  ASSIGN_OR_RETURN(UserCall found, FindUserFunction(call, scope));
  return UserValue(std::move(found), call.location, scope);
}

absl::StatusOr<ExprPtr> Binder::UserValue(UserCall found, int location, Scope* scope) {
  if (found.function->returns_set()) return BindUserSeries(std::move(found), location, scope);
  ASSIGN_OR_RETURN(ExprPtr value, InlineValue(found));
  if (value != nullptr) return value;
  const auto results = ResultColumns(*found.function);
  std::vector<ExprPtr> values;
  if (scope != nullptr && scope->row_calls != nullptr && !IsCalledOnce(found, scope)) {
    ASSIGN_OR_RETURN(const auto columns, CallForRows(std::move(found), location, scope));
    for (const ColumnId id : columns)
      values.push_back(plan::MakeColumn(id, query_->columns[id].type, location));
  } else {
    ASSIGN_OR_RETURN(const size_t program,
                     CallProgram(std::move(found), /*returns_rows=*/false, location, scope));
    for (size_t i = 0; i < results.size(); ++i)
      values.push_back(ProgramResult(program, i, location));
  }
  if (values.size() == 1) return values[0];
  std::vector<Target> fields;
  for (size_t i = 0; i < results.size(); ++i) fields.push_back({values[i], results[i].first});
  return MakeTargetRow(fields, {}, location);
}

absl::StatusOr<ExprPtr> Binder::CallWithRow(const std::string& name, const ExprPtr& row,
                                            int location, Scope* scope) {
  auto known = input_.catalog->FindFunctions("", name, search_path_);
  std::erase_if(known, [&](const FunctionDescriptor* function) {
    const auto inputs = InputsOf(*function);
    return inputs.empty() || types::FromProto(inputs[0]->type()).id != TypeId::kRecord ||
           !PlacesOf(inputs, {""}).has_value() ||
           !MayBecome(row->type, types::FromProto(inputs[0]->type()));
  });
  if (known.empty()) return ExprPtr();
  ASSIGN_OR_RETURN(UserCall found, ChooseUserFunction(known, name, {""}, {row},
                                                      /*variadic_array=*/false, location));
  return UserValue(std::move(found), location, scope);
}

absl::StatusOr<const FunctionDescriptor*> Binder::BindUserRange(const PgQuery__FuncCall& call,
                                                                Scope* scope,
                                                                std::vector<RangeCall>* calls,
                                                                RelPtr* rel,
                                                                std::vector<ScopeColumn>* columns) {
  ASSIGN_OR_RETURN(UserCall found, FindUserFunction(call, scope));
  const FunctionDescriptor* const function = found.function;
  const auto results = ResultColumns(*found.function);
  const bool scalar = results.size() == 1 && !found.function->returns_set();
  if (!scalar) {
    ASSIGN_OR_RETURN(std::optional<BoundQuery> query, InlineQuery(found));
    const bool strict = found.function->strict() && !found.arguments.empty();
    if (query.has_value() && !strict) {
      *rel = query->rel;
      if (!found.function->returns_set()) {
        RelPtr first = plan::MakeRel(Rel::Kind::kLimit, {*rel});
        first->count = plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 1));
        first->output = (*rel)->output;
        *rel = first;
      }
      *columns = query->columns;
      return function;
    }
  }
  const std::string name = found.function->name();
  if (scalar) {
    ASSIGN_OR_RETURN(ExprPtr value, InlineValue(found));
    if (value == nullptr) {
      if (CanCallInFrom(found, *scope)) {
        ASSIGN_OR_RETURN(const auto made, CallInFrom(std::move(found), call.location, scope));
        value = plan::MakeColumn(made[0], query_->columns[made[0]].type, call.location);
      } else {
        ASSIGN_OR_RETURN(const size_t program, CallProgram(std::move(found), /*returns_rows=*/false,
                                                           call.location, scope->parent));
        value = ProgramResult(program, 0, call.location);
      }
    }
    RangeCall range;
    range.name = name;
    range.location = call.location;
    range.scalar = true;
    range.outputs = {query_->AddColumn({name, value->type, 0, 0, false})};
    range.function.arguments = {value};
    calls->push_back(std::move(range));
    return function;
  }
  const bool returns_set = found.function->returns_set();
  std::vector<ExprPtr> values;
  const bool for_rows = CanCallInFrom(found, *scope);
  if (for_rows) {
    ASSIGN_OR_RETURN(const auto made, CallInFrom(std::move(found), call.location, scope));
    for (const ColumnId id : made)
      values.push_back(plan::MakeColumn(id, query_->columns[id].type, call.location));
  } else {
    ASSIGN_OR_RETURN(const size_t program, CallProgram(std::move(found), /*returns_rows=*/true,
                                                       call.location, scope->parent));
    for (size_t i = 0; i < results.size(); ++i)
      values.push_back(ProgramResult(program, i, call.location));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    RangeCall range;
    range.name = results[i].first.empty() ? name : results[i].first;
    range.location = call.location;
    range.scalar = results.size() == 1 && results[i].first.empty();
    range.function.arguments = {values[i]};
    if (returns_set || !for_rows) {
      ASSIGN_OR_RETURN(range.function.function,
                       ChooseTableFunction("unnest", &range.function.arguments));
    }
    range.outputs = {query_->AddColumn({range.name, results[i].second, 0, 0, false})};
    calls->push_back(std::move(range));
  }
  return function;
}

}  // namespace adbms::sql::binder
