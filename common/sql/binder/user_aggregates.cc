// Aggregates that users have made: the functions that they consist of become expressions, which the
// plan carries.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/polymorphic.h"
#include "common/sql/plan/expression_encoder.h"
#include "common/sql/program/built_in_bodies.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/text_io.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::AggregateDefinition;
using common::v1::DeclaredAggregate;
using common::v1::FunctionDescriptor;
using common::v1::SupportFunction;
using functions::AggregateFunction;
using functions::CastContext;
using plan::Expr;

bool IsAggregate(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_AGGREGATE;
}

absl::Status IsNoExpression(const SupportFunction& support, const std::string& what) {
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("calling ", what, " is not supported: its function ",
                                    support.name(), " is more than an expression"),
                       {},
                       "Write the function as one expression, in SQL or as RETURN in PL/pgSQL.");
}

// The state and the arguments of a row by their places.
class Places : public plan::EncodingContext {
 public:
  explicit Places(const std::vector<ColumnId>& columns) : columns_(columns) {}

  absl::Status Column(ColumnId column, common::v1::Expression* out) override {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found == columns_.end())
      return absl::InternalError("an aggregate's function reads a column of the query");
    out->set_column(static_cast<uint32_t>(found - columns_.begin()));
    return absl::OkStatus();
  }
  absl::Status Subquery(const Expr&, common::v1::SubqueryExpression*) override {
    return absl::InternalError("a subquery in an aggregate's function");
  }

 private:
  const std::vector<ColumnId>& columns_;
};

}  // namespace

bool Binder::NamesAggregate(const std::vector<std::string>& names) const {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const auto known = input_.catalog->FindFunctions(schema, names.back(), search_path_);
  return std::any_of(known.begin(), known.end(),
                     [](const FunctionDescriptor* one) { return IsAggregate(*one); });
}

absl::StatusOr<ExprPtr> Binder::CallSupport(const SupportFunction& support,
                                            const std::string& aggregate, std::vector<ExprPtr> args,
                                            bool* strict) {
  std::vector<Type> given;
  for (const ExprPtr& arg : args) given.push_back({arg->type.id, 0, arg->type.declared});
  UserCall call;
  if (support.function_id() != 0) {
    const FunctionDescriptor* const function = input_.catalog->FindFunction(support.function_id());
    if (function == nullptr)
      return status::Error(sqlstate::kUndefinedFunction,
                           absl::StrCat("function ", support.name(), " does not exist"));
    std::vector<Type> declared;
    for (const auto& argument : function->arguments())
      if (IsInput(argument)) declared.push_back(TypeNow(argument.type()));
    const auto types = declared.size() == given.size() ? Deduce(declared, given)
                                                       : std::optional<PolymorphicTypes>();
    if (!types.has_value())
      return status::Error(sqlstate::kUndefinedFunction,
                           absl::StrCat("function ", support.name(), " does not exist"));
    call.function = ConcreteFunction(*function, *types);
    for (size_t i = 0; i < args.size(); ++i) {
      ASSIGN_OR_RETURN(args[i],
                       TryCoerce(args[i], Concrete(declared[i], *types), CastContext::kImplicit));
      if (args[i] == nullptr)
        return status::Error(sqlstate::kUndefinedFunction,
                             absl::StrCat("function ", support.name(), " does not exist"));
    }
    *strict = function->strict();
  } else {
    call.function = program::BuiltInBody(support.name(), given);
    if (call.function == nullptr) {
      ASSIGN_OR_RETURN(ExprPtr value, CallFunction(support.name(), std::move(args), -1));
      *strict = value->kind == Expr::Kind::kCall && value->function->strict;
      return value;
    }
    *strict = call.function->strict();
  }
  call.arguments = std::move(args);
  ASSIGN_OR_RETURN(ExprPtr value, InlineValue(call));
  if (value == nullptr) return IsNoExpression(support, aggregate);
  return value;
}

absl::StatusOr<std::pair<Type, bool>> Binder::DescribeCall(const std::string& name,
                                                           const std::vector<Type>& given) {
  // Pseudo-types are tried as some type; what the function makes of that is what it makes of them.
  const PolymorphicTypes sample{Type(TypeId::kInt4), Type(TypeId::kInt4), Type(TypeId::kInt4Range),
                                Type(TypeId::kInt4Range)};
  std::vector<ExprPtr> args;
  for (const Type& type : given) {
    const Type tried = Concrete(type, sample);
    args.push_back(plan::MakeColumn(query_->AddColumn({"argument", tried, 0, 0, false}), tried));
  }
  const auto missing = [&] {
    return status::Error(sqlstate::kUndefinedFunction,
                         absl::StrCat("function ", name, " does not exist"));
  };
  if (functions::FunctionCatalog::Builtin().FindFunctions(name).empty()) return missing();
  ASSIGN_OR_RETURN(const ExprPtr value, CallFunction(name, std::move(args), -1));
  if (value->kind != Expr::Kind::kCall) return missing();
  for (const ExprPtr& arg : value->args) {
    if (arg->kind != Expr::Kind::kColumn) return missing();
  }
  // PostgreSQL's two families of pseudo-types do not become one another.
  for (const Type& type : given) {
    const bool compatible =
        (type.id >= TypeId::kAnyCompatible && type.id <= TypeId::kAnyCompatibleNonArray) ||
        type.id == TypeId::kAnyCompatibleRange || type.id == TypeId::kAnyCompatibleMultirange;
    if (types::IsPolymorphic(type.id) && compatible != value->function->polymorphism.compatible)
      return missing();
  }
  Type result{value->type.id, 0, value->type.declared};
  for (const Type& type : given) {
    if (!(Concrete(type, sample) == type) && Concrete(type, sample).id == result.id) {
      result = type;
      break;
    }
  }
  return std::pair(result, value->function->strict);
}

absl::StatusOr<Binder::UserAggregate> Binder::MakeUserAggregate(const FunctionDescriptor& function,
                                                                const std::vector<ExprPtr>& args) {
  const AggregateDefinition& definition = function.aggregate();
  // The aggregate's owner has to have the right to call what it consists of.
  for (const SupportFunction* part : {&definition.transition(), &definition.final()}) {
    if (part->function_id() == 0) continue;
    const plan::FunctionUse use{input_.catalog->FindFunction(part->function_id()),
                                function.owner()};
    auto& used = query_->functions;
    if (use.function != nullptr && std::find(used.begin(), used.end(), use) == used.end())
      used.push_back(use);
  }
  DeclaredAggregate made;
  made.set_name(function.name());
  Type state = TypeNow(definition.state_type());
  state.modifier = 0;
  *made.mutable_state_type() = types::ToProto(state);
  if (definition.has_initial()) {
    ASSIGN_OR_RETURN(const types::Value initial,
                     types::ParseText(definition.initial(), state, types::TextOptions()));
    *made.mutable_initial() = types::ToProto(initial);
  }
  std::vector<ColumnId> columns = {query_->AddColumn({"state", state, 0, 0, false})};
  std::vector<ExprPtr> inputs = {plan::MakeColumn(columns[0], state)};
  for (const ExprPtr& arg : args) {
    const Type type{arg->type.id, 0, arg->type.declared};
    columns.push_back(query_->AddColumn({"argument", type, 0, 0, false}));
    inputs.push_back(plan::MakeColumn(columns.back(), type));
    *made.add_argument_types() = types::ToProto(type);
  }
  Places places(columns);
  bool strict = false;
  ASSIGN_OR_RETURN(ExprPtr next,
                   CallSupport(definition.transition(), function.name(), inputs, &strict));
  if (plan::HasSubquery(next)) return IsNoExpression(definition.transition(), function.name());
  ASSIGN_OR_RETURN(next, TryCoerce(next, state, CastContext::kImplicit));
  if (next == nullptr)
    return status::Error(
        sqlstate::kDatatypeMismatch,
        absl::StrCat("return type of transition function ", definition.transition().name(),
                     " is not ", types::Format(state)));
  made.set_strict(strict);
  RETURN_IF_ERROR(plan::Encode(*next, &places, made.mutable_transition()));
  UserAggregate result;
  result.type = state;
  if (definition.has_final()) {
    std::vector<ExprPtr> last = {inputs[0]};
    for (size_t i = 1; definition.final_extra() && i < inputs.size(); ++i)
      last.push_back(plan::MakeNull(inputs[i]->type));
    ASSIGN_OR_RETURN(const ExprPtr value,
                     CallSupport(definition.final(), function.name(), std::move(last), &strict));
    if (plan::HasSubquery(value)) return IsNoExpression(definition.final(), function.name());
    RETURN_IF_ERROR(plan::Encode(*value, &places, made.mutable_result()));
    result.type = value->type;
  }
  // Equal ones are one, so that equal calls are.
  auto& known = user_aggregates_[made.SerializeAsString()];
  if (known == nullptr) {
    auto aggregate = std::make_shared<AggregateFunction>();
    aggregate->name = absl::StrCat(function.schema(), ".", function.name());
    aggregate->signature = aggregate->name;
    for (size_t i = 1; i < inputs.size(); ++i) aggregate->arguments.push_back(inputs[i]->type.id);
    aggregate->result = result.type.id;
    aggregate->declared = std::make_shared<const DeclaredAggregate>(std::move(made));
    known = std::move(aggregate);
  }
  result.function = known;
  return result;
}

absl::StatusOr<Binder::UserAggregate> Binder::ChooseUserAggregate(const PgQuery__FuncCall& call,
                                                                  std::vector<ExprPtr>* args) {
  const std::vector<std::string> names = parser::StringsOf({call.funcname, call.n_funcname});
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const std::string called = absl::StrJoin(names, ".");
  auto known = input_.catalog->FindFunctions(schema, names.back(), search_path_);
  std::erase_if(known, [](const FunctionDescriptor* one) { return !IsAggregate(*one); });
  const bool counts_rows = std::any_of(known.begin(), known.end(),
                                       [](const auto* one) { return one->arguments().empty(); });
  if (!call.agg_star && args->empty() && counts_rows)
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat(called,
                                "(*) must be used to call a parameterless aggregate "
                                "function"));
  const std::vector<std::string> no_names(args->size());
  ASSIGN_OR_RETURN(UserCall found, ChooseUserFunction(known, called, no_names, std::move(*args),
                                                      call.func_variadic, call.location));
  if (schema.empty()) NoteUnqualified(call.location, found.function->schema(), "");
  *args = std::move(found.arguments);
  return MakeUserAggregate(*found.function, *args);
}

}  // namespace adbms::sql::binder
