// Calls of built-in functions with arguments by name.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/argument_names.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;
using functions::NamedArgument;

bool IsNamed(const Node* node) { return node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR; }

absl::StatusOr<ExprPtr> DefaultOfNamed(const NamedArgument& argument, int location) {
  ASSIGN_OR_RETURN(types::Value value,
                   types::ParseText(*argument.default_text, {argument.default_type, 0}, {}));
  return plan::MakeLiteral(std::move(value), location);
}

}  // namespace

absl::StatusOr<std::vector<ExprPtr>> Binder::BindCallArguments(const std::string& name,
                                                               const PgQuery__FuncCall& call,
                                                               Scope* scope) {
  const NodeList nodes(call.args, call.n_args);
  const std::vector<NamedArgument>* const known = functions::NamedArgumentsOf(name);
  if (known == nullptr || std::none_of(nodes.begin(), nodes.end(), IsNamed))
    return BindExprs(nodes, scope);
  std::vector<ExprPtr> places(known->size());
  std::vector<std::string> shown;
  bool fits = true;
  size_t positional = 0;
  size_t count = 0;
  for (const Node* node : nodes) {
    size_t place = shown.size();
    std::string prefix;
    if (IsNamed(node)) {
      const PgQuery__NamedArgExpr& named = *node->named_arg_expr;
      place = static_cast<size_t>(
          std::find_if(known->begin(), known->end(),
                       [&](const NamedArgument& one) { return one.name == named.name; }) -
          known->begin());
      prefix = absl::StrCat(named.name, " => ");
    } else if (positional < shown.size()) {
      return ErrorAt(sqlstate::kSyntaxError, call.location,
                     "positional argument cannot follow named argument");
    } else {
      ++positional;
    }
    ASSIGN_OR_RETURN(ExprPtr value,
                     BindExpr(IsNamed(node) ? node->named_arg_expr->arg : node, scope));
    shown.push_back(absl::StrCat(prefix, types::Format({value->type.id, 0, value->type.declared})));
    if (place >= positional && place < places.size() && places[place] != nullptr) {
      return ErrorAt(
          sqlstate::kSyntaxError, node->named_arg_expr->location,
          absl::StrCat("argument name \"", node->named_arg_expr->name, "\" used more than once"));
    }
    fits = fits && place < places.size() && places[place] == nullptr;
    if (!fits) continue;
    places[place] = std::move(value);
    count = std::max(count, place + 1);
  }
  for (size_t i = 0; i < count && fits; ++i) {
    if (places[i] != nullptr) continue;
    fits = (*known)[i].default_text.has_value();
    if (fits) {
      ASSIGN_OR_RETURN(places[i], DefaultOfNamed((*known)[i], call.location));
    }
  }
  if (!fits)
    return NoFunction(name, absl::StrCat("function ", name, "(", absl::StrJoin(shown, ", "), ")"),
                      call.location);
  places.resize(count);
  return places;
}

}  // namespace adbms::sql::binder
