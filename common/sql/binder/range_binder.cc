// Constructors of the ranges and multiranges that users have declared.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/ranges.h"
#include "common/status/macros.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::binder {
namespace {

using functions::CastContext;
using functions::FunctionCatalog;
using plan::Expr;

ExprPtr Made(const char* name, const std::vector<TypeId>& signature, std::vector<ExprPtr> args,
             const Type& type, int location) {
  const functions::Function* const function =
      FunctionCatalog::Builtin().BySignature(functions::SignatureOf(name, signature));
  auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), location));
  call->type = type;
  return call;
}

}  // namespace

bool Binder::MakesRange(const std::vector<std::string>& names) const {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const auto* const found = input_.catalog->ResolveType(schema, names.back(), search_path_);
  if (found == nullptr || !found->declared().has_range()) return false;
  const auto& builtin = FunctionCatalog::Builtin();
  return !schema.empty() || (builtin.FindFunctions(names.back()).empty() &&
                             builtin.FindAggregates(names.back()).empty());
}

absl::StatusOr<ExprPtr> Binder::BindRangeConstructor(const std::vector<std::string>& names,
                                                     std::vector<ExprPtr> args, bool variadic,
                                                     int location) {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const std::optional<Type> type = FindDeclaredType(schema, names.back());
  const std::vector<ExprPtr> given = args;
  const auto missing = [&] {
    std::string shown;
    for (const ExprPtr& arg : given)
      absl::StrAppend(&shown, shown.empty() ? "" : ", ",
                      types::Format({arg->type.id, 0, arg->type.declared}));
    return NoFunction(names.back(), absl::StrCat("function ", names.back(), "(", shown, ")"),
                      location);
  };
  if (!type.has_value()) return missing();
  if (type->id == TypeId::kMultirange) {
    if (variadic) return Unsupported(location, "VARIADIC of a multirange's constructor");
    const Type range = types::RangeOf(*type);
    for (ExprPtr& arg : args) {
      ASSIGN_OR_RETURN(arg, TryCoerce(std::move(arg), range, CastContext::kImplicit));
      if (arg == nullptr) {
        if (args.size() != 1) return missing();
        ASSIGN_OR_RETURN(ExprPtr cast, TryCoerce(given[0], *type, CastContext::kExplicit));
        return cast == nullptr ? absl::StatusOr<ExprPtr>(missing()) : cast;
      }
    }
    std::vector<TypeId> signature;
    if (!args.empty()) signature.push_back(TypeId::kRange);
    return Made(functions::kMultirangeConstructor, signature, std::move(args), *type, location);
  }
  if (args.size() == 1) {
    ASSIGN_OR_RETURN(ExprPtr cast, TryCoerce(given[0], *type, CastContext::kExplicit));
    return cast == nullptr ? absl::StatusOr<ExprPtr>(missing()) : cast;
  }
  if (args.size() != 2 && args.size() != 3) return missing();
  const Type bound = types::BoundOf(*type);
  std::vector<TypeId> signature = {TypeId::kUnspecified, TypeId::kUnspecified};
  for (size_t i = 0; i < args.size(); ++i) {
    const Type wanted = i < 2 ? bound : Type(TypeId::kText);
    ASSIGN_OR_RETURN(args[i], TryCoerce(std::move(args[i]), wanted, CastContext::kImplicit));
    if (args[i] == nullptr) return missing();
  }
  if (args.size() == 3) signature.push_back(TypeId::kText);
  return Made(functions::kRangeConstructor, signature, std::move(args), *type, location);
}

}  // namespace adbms::sql::binder
