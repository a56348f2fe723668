// Collations: which one an expression has, and comparisons under those that do not order by bytes.
// A comparison under one of ICU's becomes one of sort keys (common/types/collation.h).
#include "common/types/collation.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/parser/database_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::Collation;
using functions::Function;
using types::CollationId;

const Function* Internal(const char* name) {
  return functions::FunctionCatalog::Builtin().FindFunctions(name).front();
}

bool HasCollation(const Type& type) {
  return types::IsString(types::IsArray(type.id) ? types::ElementOf(type.id) : type.id);
}

ExprPtr TextLiteral(const std::string& text) { return plan::MakeLiteral(types::Value::Text(text)); }

ExprPtr AsText(const ExprPtr& e) {
  constexpr Type kText{TypeId::kText, 0};
  return e->type.id == TypeId::kText ? e : plan::MakeCast(e, kText, false, e->location);
}

// `breaks_ties`: strings that are equal and not the same have different keys.
ExprPtr KeyOf(const ExprPtr& e, const Collation& collation, bool breaks_ties) {
  return plan::MakeCall(Internal(functions::kCollationKey),
                        {AsText(e), TextLiteral(collation.schema()), TextLiteral(collation.name()),
                         TextLiteral(collation.locale()), plan::MakeBool(!breaks_ties)},
                        e->location);
}

// `how`: lower, upper or initcap.
// Where a collation is that of bytes, ASCII's letters alone have cases.
ExprPtr WithCase(const ExprPtr& e, const std::string& how, const Collation& collation,
                 int location) {
  const std::string locale =
      collation.provider() == Collation::PROVIDER_BYTES ? "C" : collation.locale();
  return plan::MakeCall(Internal(functions::kChangeCase),
                        {AsText(e), TextLiteral(how), TextLiteral(locale)}, location);
}

std::string Shown(CollationId id) {
  const Collation* const collation = types::DefinitionOf(id);
  return collation == nullptr ? "default" : collation->name();
}

bool IsOrder(const std::string& symbol) {
  return symbol == "<" || symbol == "<=" || symbol == ">" || symbol == ">=";
}

bool IsEquality(const std::string& symbol) { return symbol == "=" || symbol == "<>"; }

bool IsPattern(const std::string& symbol) {
  return symbol.find('~') != std::string::npos && symbol != "~=";
}

// Functions that look for texts in others know no collation.
absl::Status CheckComparesBytes(const std::string& name) {
  if (name.starts_with("regexp_"))
    return status::Error(sqlstate::kFeatureNotSupported,
                         "nondeterministic collations are not supported for regular expressions");
  for (const char* searches :
       {"position", "strpos", "replace", "split_part", "starts_with", "string_to_array",
        "string_to_table", "array_position", "array_positions", "array_remove", "array_replace"}) {
    if (name == searches)
      return status::Error(sqlstate::kFeatureNotSupported,
                           "nondeterministic collations are not supported for substring searches");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CollationId> Binder::FindCollation(NodeList names, int location) {
  const std::vector<std::string> parts = parser::StringsOf(names);
  RETURN_IF_ERROR(parser::CheckDatabase(parts, 1, input_.database));
  const std::string& name = parts.back();
  const std::string schema = parts.size() > 1 ? parts[parts.size() - 2] : "";
  if (schema.empty() || schema == "pg_catalog") {
    if (name == "default") return types::kDefaultCollation;
    if (const Collation* const found = types::FindBuiltInCollation(name))
      return types::Intern(*found);
  }
  if (const common::v1::CollationDescriptor* const found =
          input_.catalog == nullptr
              ? nullptr
              : input_.catalog->ResolveCollation(schema, name, search_path_)) {
    // A plan says how it orders, and not by which version of the collation: it is not shared.
    query_->session_dependent = true;
    return types::Intern(found->collation());
  }
  return ErrorAt(sqlstate::kUndefinedObject, location,
                 absl::StrCat("collation \"", absl::StrJoin(parts, "."),
                              "\" for encoding \"UTF8\" does not exist"));
}

absl::StatusOr<ExprPtr> Binder::BindCollate(const PgQuery__CollateClause& collate, Scope* scope) {
  ASSIGN_OR_RETURN(ExprPtr e, BindExpr(collate.arg, scope));
  ASSIGN_OR_RETURN(e, ResolveUnknown(e));
  return WithCollation(e, {collate.collname, collate.n_collname}, collate.location);
}

absl::StatusOr<ExprPtr> Binder::WithCollation(const ExprPtr& e, NodeList names, int location) {
  ASSIGN_OR_RETURN(const CollationId id, FindCollation(names, location));
  if (!HasCollation(e->type))
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat("collations are not supported by type ", types::Format(e->type)));
  auto result = std::make_shared<plan::Expr>(*e);
  result->type.collation = types::Explicit(id);
  return ExprPtr(result);
}

absl::StatusOr<CollationId> Binder::CommonCollation(const std::vector<ExprPtr>& args,
                                                    int location) const {
  CollationId common = types::kDefaultCollation;
  for (const ExprPtr& arg : args) {
    if (arg == nullptr || !HasCollation(arg->type)) continue;
    const CollationId own = arg->type.collation;
    if (types::IsExplicit(own) && types::IsExplicit(common) && own != common)
      return ErrorAt(sqlstate::kCollationMismatch, arg->location >= 0 ? arg->location : location,
                     absl::StrCat("collation mismatch between explicit collations \"",
                                  Shown(common), "\" and \"", Shown(own), "\""));
    common = types::CommonCollation(common, own);
  }
  return common;
}

absl::StatusOr<CollationId> Binder::OrderingCollation(const std::vector<ExprPtr>& args,
                                                      int location) const {
  ASSIGN_OR_RETURN(const CollationId common, CommonCollation(args, location));
  if (types::Plain(common) == types::kUnknownCollation)
    return ErrorAt(sqlstate::kIndeterminateCollation, location,
                   "could not determine which collation to use for string comparison",
                   "Use the COLLATE clause to set the collation explicitly.");
  return common;
}

absl::StatusOr<ExprPtr> Binder::CollatedOperator(const std::string& symbol,
                                                 const Function* function,
                                                 const std::vector<ExprPtr>& args, int location) {
  if (args.size() != 2) return ExprPtr();
  const bool order = IsOrder(symbol);
  if (!order && !IsEquality(symbol) && !IsPattern(symbol)) {
    ASSIGN_OR_RETURN(const CollationId common, CommonCollation(args, location));
    const bool searches = symbol == "@>" || symbol == "<@" || symbol == "&&" || symbol == "^@";
    if (searches && types::IsNondeterministic(common))
      return ErrorAt(sqlstate::kFeatureNotSupported, location,
                     "nondeterministic collations are not supported for substring searches");
    return ExprPtr();
  }
  if (!HasCollation(args[0]->type) || !HasCollation(args[1]->type)) return ExprPtr();
  ASSIGN_OR_RETURN(const CollationId id, OrderingCollation(args, location));
  const Collation* const collation = types::DefinitionOf(id);
  const bool folds = symbol.ends_with("~~*");
  if (collation == nullptr || (collation->provider() != Collation::PROVIDER_ICU && !folds))
    return ExprPtr();
  const bool plain = !collation->nondeterministic();
  if (IsPattern(symbol)) {
    // Which letters are alike is the language's.
    if (plain && folds) {
      const Function* const like = functions::FunctionCatalog::Builtin().BySignature(
          symbol == "~~*" ? "~~(text,text)" : "!~~(text,text)");
      return plan::MakeCall(like,
                            {WithCase(args[0], "lower", *collation, location),
                             WithCase(args[1], "lower", *collation, location)},
                            location);
    }
    if (plain) return ExprPtr();
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   symbol == "~~" || symbol == "!~~" || symbol == "~~*" || symbol == "!~~*"
                       ? absl::StrCat("nondeterministic collations are not supported for ",
                                      symbol.ends_with('*') ? "ILIKE" : "LIKE")
                       : "nondeterministic collations are not supported for regular expressions");
  }
  // What is equal is the same.
  if (plain && !order) return ExprPtr();
  if (types::IsArray(args[0]->type.id) || function->arguments[0] == TypeId::kName)
    return Unsupported(location, "comparing arrays of strings by a collation of ICU");
  const Function* const bytes =
      functions::FunctionCatalog::Builtin().BySignature(absl::StrCat(symbol, "(bytea,bytea)"));
  return plan::MakeCall(
      bytes, {KeyOf(args[0], *collation, plain), KeyOf(args[1], *collation, plain)}, location);
}

absl::Status Binder::CollationMismatch(CollationId a, CollationId b, int location) const {
  return ErrorAt(
      sqlstate::kCollationMismatch, location,
      absl::StrCat("collation mismatch between implicit collations \"", Shown(a), "\" and \"",
                   Shown(b), "\""),
      "You can choose the collation by applying the COLLATE clause to one or both expressions.");
}

void Binder::AddKeyConditions(std::vector<ExprPtr>* conditions) const {
  for (size_t i = conditions->size(); i-- > 0;) {
    const ExprPtr condition = (*conditions)[i];
    if (condition->kind != plan::Expr::Kind::kCall || condition->function->name != "=" ||
        condition->args.size() != 2 || !HasCollation(condition->args[0]->type) ||
        types::IsArray(condition->args[0]->type.id))
      continue;
    const CollationId id = types::CommonCollation(condition->args[0]->type.collation,
                                                  condition->args[1]->type.collation);
    const bool constant =
        plan::ColumnsOf(condition->args[0]).empty() != plan::ColumnsOf(condition->args[1]).empty();
    if (!constant || !types::IsIcu(id)) continue;
    const Collation& collation = *types::DefinitionOf(id);
    const Function* const bytes =
        functions::FunctionCatalog::Builtin().BySignature("=(bytea,bytea)");
    conditions->push_back(plan::MakeCall(
        bytes,
        {KeyOf(condition->args[0], collation, true), KeyOf(condition->args[1], collation, true)},
        condition->location));
  }
}

absl::StatusOr<ExprPtr> Binder::Ordered(const ExprPtr& e) const {
  if (!HasCollation(e->type)) return e;
  const CollationId id = e->type.collation;
  if (types::Plain(id) == types::kUnknownCollation) {
    std::vector<CollationId> met;
    plan::Walk(e, [&met](const plan::Expr& part) {
      const CollationId own = types::Plain(part.type.collation);
      if (own != types::kDefaultCollation && own != types::kUnknownCollation &&
          (met.empty() || met.front() != own))
        met.push_back(own);
    });
    met.resize(2);
    return CollationMismatch(met[0], met[1], e->location);
  }
  const Collation* const collation = types::DefinitionOf(id);
  if (collation == nullptr || collation->provider() != Collation::PROVIDER_ICU) return e;
  if (types::IsArray(e->type.id))
    return Unsupported(e->location, "ordering arrays of strings by a collation of ICU");
  return KeyOf(e, *collation, !collation->nondeterministic());
}

bool Binder::IsSortKey(const plan::Expr& e) {
  return e.kind == plan::Expr::Kind::kCall && e.function == Internal(functions::kCollationKey);
}

absl::Status Binder::CheckGroups(const ExprPtr& e) const {
  if (!HasCollation(e->type) || !types::IsNondeterministic(e->type.collation))
    return absl::OkStatus();
  return ErrorAt(sqlstate::kFeatureNotSupported, e->location,
                 "grouping by a nondeterministic collation is not supported",
                 "Group by lower() of it, or by it in another collation.");
}

ExprPtr Binder::ExtremeArgument(const ExprPtr& e) {
  const Collation* const collation = types::DefinitionOf(e->type.collation);
  if (collation == nullptr || collation->provider() != Collation::PROVIDER_ICU ||
      types::IsArray(e->type.id))
    return nullptr;
  return KeyOf(e, *collation, /*breaks_ties=*/true);
}

ExprPtr Binder::TextOfKey(ExprPtr key, const Type& type) {
  ExprPtr text = plan::MakeCall(Internal(functions::kCollationText), {std::move(key)}, -1);
  return text->type == type && type.collation == types::kDefaultCollation
             ? text
             : plan::MakeCast(text, type, false, -1);
}

absl::StatusOr<ExprPtr> Binder::CollatedCall(const std::string& name,
                                             const std::vector<ExprPtr>& args, int location) const {
  ASSIGN_OR_RETURN(const CollationId common, CommonCollation(args, location));
  if (types::IsNondeterministic(common)) RETURN_IF_ERROR(CheckComparesBytes(name));
  if (args.size() != 1 || !types::IsString(args[0]->type.id)) return ExprPtr();
  const bool changes = name == "lower" || name == "upper" || name == "initcap";
  const Collation* const collation =
      changes ? types::DefinitionOf(args[0]->type.collation) : nullptr;
  if (collation == nullptr || collation->provider() == Collation::PROVIDER_UNSPECIFIED)
    return ExprPtr();
  return WithCase(args[0], name, *collation, location);
}

}  // namespace adbms::sql::binder
