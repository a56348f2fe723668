#include "common/sql/binder/type_resolution.h"

#include <algorithm>

#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using functions::CastContext;
using functions::FunctionCatalog;

int ExactMatches(const Signature& candidate, const std::vector<TypeId>& actual) {
  int count = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] != TypeId::kUnknown && candidate[i] == actual[i]) ++count;
  }
  return count;
}

int PreferredMatches(const Signature& candidate, const std::vector<TypeId>& actual) {
  int count = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] == TypeId::kUnknown) continue;
    if (candidate[i] == actual[i] ||
        (IsPreferred(candidate[i]) && CategoryOf(candidate[i]) == CategoryOf(actual[i])))
      ++count;
  }
  return count;
}

template <typename Score>
void KeepBest(const std::vector<Signature>& candidates, std::vector<int>* kept, Score score) {
  int best = 0;
  for (const int i : *kept) best = std::max(best, score(candidates[i]));
  std::erase_if(*kept, [&](int i) { return score(candidates[i]) < best; });
}

// The rules for unknown arguments: string category wins, else the one category all agree on.
void KeepByCategory(const std::vector<Signature>& candidates, const std::vector<TypeId>& actual,
                    std::vector<int>* kept) {
  std::vector<char> category(actual.size(), 0);
  std::vector<bool> has_preferred(actual.size(), false);
  for (size_t arg = 0; arg < actual.size(); ++arg) {
    if (actual[arg] != TypeId::kUnknown) continue;
    bool conflict = false;
    for (const int i : *kept) {
      const TypeId type = candidates[i][arg];
      const char current = CategoryOf(type);
      if (category[arg] == 0) {
        category[arg] = current;
        has_preferred[arg] = IsPreferred(type);
      } else if (current == category[arg]) {
        has_preferred[arg] = has_preferred[arg] || IsPreferred(type);
      } else if (current == 'S') {
        category[arg] = current;
        has_preferred[arg] = IsPreferred(type);
      } else if (category[arg] != 'S') {
        conflict = true;
      }
    }
    // A conflict is settled when some candidate takes a string.
    if (conflict && category[arg] != 'S') return;
  }
  std::vector<int> fitting;
  for (const int i : *kept) {
    bool fits = true;
    for (size_t arg = 0; arg < actual.size() && fits; ++arg) {
      if (actual[arg] != TypeId::kUnknown) continue;
      const TypeId type = candidates[i][arg];
      fits = CategoryOf(type) == category[arg] && (!has_preferred[arg] || IsPreferred(type));
    }
    if (fits) fitting.push_back(i);
  }
  if (!fitting.empty()) *kept = std::move(fitting);
}

// The last rule: unknown arguments take the one type that the known arguments share.
int MatchSharedType(const std::vector<Signature>& candidates, const std::vector<TypeId>& actual,
                    const std::vector<int>& kept) {
  TypeId shared = TypeId::kUnspecified;
  for (const TypeId type : actual) {
    if (type == TypeId::kUnknown) continue;
    if (shared != TypeId::kUnspecified && shared != type) return -1;
    shared = type;
  }
  if (shared == TypeId::kUnspecified) return -1;
  int found = -1;
  for (const int i : kept) {
    bool fits = true;
    for (const TypeId type : candidates[i])
      fits = fits && CanCoerce(shared, type, CastContext::kImplicit);
    if (!fits) continue;
    if (found >= 0) return -1;
    found = i;
  }
  return found;
}

bool HasFieldsOf(const types::DeclaredType& a, const types::DeclaredType& b) {
  return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const types::CompositeField& x, const types::CompositeField& y) {
                      return x.type.id == y.type.id &&
                             types::DefinitionOf(x.type) == types::DefinitionOf(y.type);
                    });
}

}  // namespace

bool CanCoerce(TypeId from, TypeId to, CastContext context) {
  if (from == to || from == TypeId::kUnknown || to == TypeId::kUnspecified) return true;
  return FunctionCatalog::Builtin().CanCast(from, to, context);
}

std::optional<TypeId> SelectCommonType(const std::vector<TypeId>& types, TypeId* conflict) {
  TypeId common = TypeId::kUnknown;
  for (const TypeId type : types) {
    if (type == TypeId::kUnknown || type == common) continue;
    if (common == TypeId::kUnknown) {
      common = type;
    } else if (CategoryOf(type) != CategoryOf(common)) {
      if (conflict != nullptr) *conflict = type;
      return std::nullopt;
    } else if (!IsPreferred(common) && CanCoerce(common, type, CastContext::kImplicit) &&
               !CanCoerce(type, common, CastContext::kImplicit)) {
      common = type;
    }
  }
  return common == TypeId::kUnknown ? TypeId::kText : common;
}

namespace {

// The declared range that the type, or an array of it, is of or several of; null: it is none.
const types::DeclaredType* RangeIn(const Type& type) {
  const types::DeclaredType* const declared = types::DefinitionOf(type);
  if (declared == nullptr || !types::HoldsDeclaredRange(type.id)) return nullptr;
  return declared->is_multirange() ? declared->base.declared : declared;
}

// That of a function of declared ranges: an argument has to say which one it is about.
TypeId DeduceBound(const functions::Polymorphism& polymorphism, const std::vector<Type>& actual) {
  using Role = functions::Polymorphism::Role;
  const types::DeclaredType* range = nullptr;
  for (size_t i = 0; i < actual.size(); ++i) {
    const Role role = polymorphism.roles[std::min(i, polymorphism.roles.size() - 1)];
    if (role == Role::kElement || role == Role::kFixed || actual[i].id == TypeId::kUnknown)
      continue;
    if (actual[i].id != (role == Role::kRange ? TypeId::kRange : TypeId::kMultirange))
      return TypeId::kUnspecified;
    const types::DeclaredType* const mine = RangeIn(actual[i]);
    if (mine == nullptr || (range != nullptr && mine != range)) return TypeId::kUnspecified;
    range = mine;
  }
  if (range == nullptr) return TypeId::kUnspecified;
  for (size_t i = 0; i < actual.size(); ++i) {
    const Role role = polymorphism.roles[std::min(i, polymorphism.roles.size() - 1)];
    const bool other = actual[i].id != range->subtype.id ||
                       types::DefinitionOf(actual[i]) != types::DefinitionOf(range->subtype);
    if (role == Role::kElement && actual[i].id != TypeId::kUnknown && other)
      return TypeId::kUnspecified;
  }
  return TypeId::kRange;
}

}  // namespace

TypeId DeduceElement(const functions::Polymorphism& polymorphism, const std::vector<Type>& types) {
  using Role = functions::Polymorphism::Role;
  for (const Role role : polymorphism.roles) {
    if (role == Role::kRange || role == Role::kMultirange) return DeduceBound(polymorphism, types);
  }
  std::vector<TypeId> actual;
  for (const Type& type : types) actual.push_back(type.id);
  std::vector<TypeId> elements;
  for (size_t i = 0; i < actual.size(); ++i) {
    // The last argument may repeat.
    const Role role = polymorphism.roles[std::min(i, polymorphism.roles.size() - 1)];
    if (role == Role::kFixed || actual[i] == TypeId::kUnknown) continue;
    const bool array = types::IsArray(actual[i]);
    if (role == Role::kArray && !array) return TypeId::kUnspecified;
    const TypeId element = role == Role::kArray ? types::ElementOf(actual[i]) : actual[i];
    if (types::ArrayOf(element) == TypeId::kUnspecified) return TypeId::kUnspecified;
    elements.push_back(element);
  }
  if (elements.empty()) return polymorphism.compatible ? TypeId::kText : TypeId::kUnknown;
  if (polymorphism.compatible)
    return SelectCommonType(elements, nullptr).value_or(TypeId::kUnspecified);
  const bool same =
      std::all_of(elements.begin(), elements.end(), [&](TypeId id) { return id == elements[0]; });
  return same ? elements[0] : TypeId::kUnspecified;
}

std::optional<std::vector<Type>> OperandTypes(const std::vector<TypeId>& signature,
                                              const std::vector<Type>& actual) {
  std::vector<Type> result;
  const types::DeclaredType* declared = nullptr;
  bool any = false;
  const types::DeclaredType* range = nullptr;
  const bool of_ranges = std::any_of(signature.begin(), signature.end(), types::HoldsDeclaredRange);
  for (size_t i = 0; i < actual.size(); ++i) {
    // A bound may be another range.
    const bool about =
        of_ranges && types::HoldsDeclaredRange(signature[std::min(i, signature.size() - 1)]);
    const types::DeclaredType* const mine = about ? RangeIn(actual[i]) : nullptr;
    if (mine != nullptr && range != nullptr && mine != range) return std::nullopt;
    if (mine != nullptr) range = mine;
  }
  // Of rows each has its own type; one of none takes that of a type with a name.
  const types::DeclaredType* row = nullptr;
  for (const Type& type : actual) {
    const types::DeclaredType* mine = types::CompositeOf(type);
    if (mine != nullptr && (row == nullptr || row->is_anonymous())) row = mine;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    const TypeId id = signature[std::min(i, signature.size() - 1)];
    result.push_back({id, 0});
    if (id == TypeId::kUnspecified && range != nullptr)
      result.back() = types::BaseOf(range->subtype);
    if (types::HoldsRow(id)) {
      const types::DeclaredType* mine = types::CompositeOf(actual[i]);
      const bool keeps = mine != nullptr && (!mine->is_anonymous() || HasFieldsOf(*mine, *row));
      result.back().declared = keeps ? mine : row;
    }
    if (types::HoldsDeclaredRange(id)) {
      if (range == nullptr) return std::nullopt;
      const TypeId one = types::IsArray(id) ? types::ElementOf(id) : id;
      result.back().declared =
          one == TypeId::kRange ? range : types::DeclaredMultirangeOf(*range).declared;
    }
    if (!types::HoldsEnum(id)) continue;
    any = true;
    const types::DeclaredType* mine = types::EnumOf(actual[i]);
    if (mine != nullptr && declared != nullptr && mine != declared) return std::nullopt;
    if (mine != nullptr) declared = mine;
  }
  if (any && declared == nullptr) return std::nullopt;
  for (Type& type : result) {
    if (types::HoldsEnum(type.id)) type.declared = declared;
  }
  return result;
}

Choice ChooseCandidate(const std::vector<Signature>& candidates, const std::vector<TypeId>& input,
                       bool is_operator) {
  std::vector<TypeId> actual = input;
  std::vector<int> kept;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i] == actual) return {static_cast<int>(i), false};
  }
  // An unknown operand is first taken to be of the other operand's type.
  if (is_operator && actual.size() == 2 &&
      (actual[0] == TypeId::kUnknown) != (actual[1] == TypeId::kUnknown)) {
    const TypeId known = actual[0] == TypeId::kUnknown ? actual[1] : actual[0];
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (candidates[i] == Signature{known, known}) return {static_cast<int>(i), false};
    }
  }
  for (size_t i = 0; i < candidates.size(); ++i) {
    bool fits = true;
    for (size_t arg = 0; arg < actual.size() && fits; ++arg) {
      // PostgreSQL has no operators on regclass: a string never becomes one to be compared.
      const bool relation = is_operator && candidates[i][arg] == TypeId::kRegclass &&
                            types::IsString(actual[arg]) && actual[arg] != TypeId::kUnknown;
      // Nor on varchar: there are some here, but only for two of them.
      const bool varchar =
          is_operator && candidates[i][arg] == TypeId::kVarchar && actual[arg] != TypeId::kVarchar;
      fits = !relation && !varchar &&
             CanCoerce(actual[arg], candidates[i][arg], CastContext::kImplicit);
    }
    if (fits) kept.push_back(static_cast<int>(i));
  }
  if (kept.empty()) return {};
  if (kept.size() == 1) return {kept[0], false};
  KeepBest(candidates, &kept, [&](const Signature& c) { return ExactMatches(c, actual); });
  if (kept.size() == 1) return {kept[0], false};
  KeepBest(candidates, &kept, [&](const Signature& c) { return PreferredMatches(c, actual); });
  if (kept.size() == 1) return {kept[0], false};
  if (std::find(actual.begin(), actual.end(), TypeId::kUnknown) == actual.end()) return {-1, true};
  KeepByCategory(candidates, actual, &kept);
  if (kept.size() == 1) return {kept[0], false};
  const int shared = MatchSharedType(candidates, actual, kept);
  if (shared >= 0) return {shared, false};
  return {-1, true};
}

}  // namespace adbms::sql::binder
