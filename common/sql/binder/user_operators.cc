// Operators that users have made: calls of their functions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {

using common::v1::OperatorDescriptor;
using functions::CastContext;
using functions::Function;
using functions::FunctionCatalog;
namespace sqlstate = status::sqlstate;

absl::StatusOr<ExprPtr> Binder::UserOperator(const std::vector<std::string>& names,
                                             const ExprPtr& left, const ExprPtr& right,
                                             int location) {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const std::string symbol = names.back() == "!=" ? "<>" : names.back();
  if (schema == "pg_catalog") return ExprPtr();
  auto known = input_.catalog->FindOperators(schema, symbol, search_path_);
  std::erase_if(known,
                [&](const OperatorDescriptor* op) { return op->has_left() != (left != nullptr); });
  std::vector<Type> given;
  if (left != nullptr) given.push_back({left->type.id, 0, left->type.declared});
  given.push_back({right->type.id, 0, right->type.declared});
  std::vector<TypeId> actual;
  for (const Type& type : given) actual.push_back(type.id);
  // Built-in ones come first, and hide others with the same operands.
  std::vector<Signature> candidates;
  bool undetermined = false;
  if (schema.empty()) {
    if (known.empty()) return ExprPtr();
    for (const Function* function : FunctionCatalog::Builtin().FindOperators(symbol)) {
      if (function->arguments.size() == actual.size() &&
          IsCandidate(*function, given, &undetermined))
        candidates.push_back(function->arguments);
    }
  }
  const size_t built_in = candidates.size();
  std::vector<std::vector<Type>> operands;
  for (const OperatorDescriptor* op : known) {
    std::vector<Type>& types = operands.emplace_back();
    if (op->has_left()) types.push_back(TypeNow(op->left()));
    types.push_back(TypeNow(op->right()));
    Signature signature;
    for (const Type& type : types) signature.push_back(type.id);
    // Two declared types of one kind are told apart here.
    for (size_t i = 0; i < types.size(); ++i) {
      const bool other = types::HoldsDeclared(types[i].id) && given[i].id == types[i].id &&
                         types::DefinitionOf(types[i]) != types::DefinitionOf(given[i]);
      if (other) signature[i] = TypeId::kVoid;
    }
    candidates.push_back(std::move(signature));
  }
  const Choice choice = ChooseCandidate(candidates, actual, true);
  if (choice.index < static_cast<int>(built_in)) {
    if (schema.empty()) return ExprPtr();
    std::vector<std::string> shown;
    if (left != nullptr) shown.push_back(types::Format(given[0]));
    shown.push_back(absl::StrJoin(names, "."));
    shown.push_back(types::Format(given.back()));
    return ErrorAt(
        choice.ambiguous ? sqlstate::kAmbiguousFunction : sqlstate::kUndefinedFunction, location,
        absl::StrCat(choice.ambiguous ? "operator is not unique: " : "operator does not exist: ",
                     absl::StrJoin(shown, " ")),
        choice.ambiguous ? "Could not choose a best candidate operator. You might need to add "
                           "explicit type casts."
                         : "No operator matches the given name and argument types. You might need "
                           "to add explicit type casts.");
  }
  const size_t chosen = static_cast<size_t>(choice.index) - built_in;
  const OperatorDescriptor* const op = known[chosen];
  std::vector<ExprPtr> args;
  if (left != nullptr) args.push_back(left);
  args.push_back(right);
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(args[i], Implicit(args[i], operands[chosen][i]));
  }
  auto& used = query_->operators;
  if (std::find(used.begin(), used.end(), op) == used.end()) used.push_back(op);
  if (op->function().function_id() != 0) {
    const auto* const function = input_.catalog->FindFunction(op->function().function_id());
    if (function != nullptr) UseFunction(function);
  }
  bool strict = false;
  return CallSupport(op->function(), op->name(), std::move(args), &strict);
}

}  // namespace adbms::sql::binder
