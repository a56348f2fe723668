// Types that users have declared, by their names and numbers.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/parser/type_name.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TypeDescriptor;

// The type with the number among those that the descriptor stands for: itself, a range's
// multirange, and arrays of both. Nothing for what this server cannot make a type of.
std::optional<Type> TypeOf(const TypeDescriptor& descriptor, uint32_t oid) {
  const types::DeclaredType* declared = types::Intern(descriptor.declared());
  if (declared == nullptr) return std::nullopt;
  std::vector<Type> all = {types::TypeOf(declared)};
  if (declared->is_range()) all.push_back(types::DeclaredMultirangeOf(*declared));
  for (const Type& type : all) {
    if (types::OidOf(type) == oid) return type;
    const Type array = types::ArrayOf(type);
    if (array.id != TypeId::kUnspecified && types::OidOf(array) == oid) return array;
  }
  return std::nullopt;
}

// The number of a type by its name, of which "_name" is the array of another; 0: there is none.
uint32_t OidByName(const Catalog& catalog, std::string_view schema, std::string_view name,
                   const std::vector<std::string>& path) {
  const auto is_multirange = [](const TypeDescriptor& type, std::string_view of) {
    return type.declared().has_range() && type.declared().range().multirange_name() == of &&
           type.declared().name() != of;
  };
  if (const TypeDescriptor* found = catalog.ResolveType(schema, name, path))
    return is_multirange(*found, name) ? found->declared().range().multirange_oid()
                                       : found->declared().oid();
  if (!name.starts_with('_')) return 0;
  const TypeDescriptor* element = catalog.ResolveType(schema, name.substr(1), path);
  if (element == nullptr) return 0;
  const common::v1::DeclaredType& declared = element->declared();
  if (is_multirange(*element, name.substr(1)) && declared.range().multirange_array_name() == name)
    return declared.range().multirange_array_oid();
  return declared.array_name() == name ? declared.array_oid() : 0;
}

}  // namespace

std::optional<Type> Binder::FindDeclaredType(std::string_view schema, std::string_view name) {
  if (input_.catalog == nullptr) return std::nullopt;
  // Kept text has the schemas of all that are not in public; a view has its own path, and a
  // function that of whoever calls it.
  static const auto* const kPublic = new std::vector<std::string>{"public"};
  const bool kept = view_depth_ > 0 && view_ == nullptr && function_depth_ == 0;
  const std::vector<std::string>& path = kept ? *kPublic : search_path_;
  const uint32_t oid = OidByName(*input_.catalog, schema, name, path);
  if (oid == 0) return FindRowType(schema, name, path);
  const TypeDescriptor* const found = input_.catalog->FindType(oid);
  query_->declared_types.insert(found);
  return TypeOf(*found, oid);
}

std::optional<Type> Binder::FindRowType(std::string_view schema, std::string_view name,
                                        const std::vector<std::string>& path) {
  const common::v1::TableDescriptor* table = input_.catalog->ResolveTable(schema, name, path);
  if (table != nullptr) return RowTypeOfTable(*table);
  if (!name.starts_with('_')) return std::nullopt;
  table = input_.catalog->ResolveTable(schema, name.substr(1), path);
  if (table == nullptr) return std::nullopt;
  return types::ArrayOf(RowTypeOfTable(*table));
}

std::optional<Type> Binder::TypeOfOid(uint32_t oid) {
  if (input_.catalog == nullptr) return std::nullopt;
  if (const auto table_id = TableOfRowType(oid)) {
    const common::v1::TableDescriptor* table = input_.catalog->FindTable(*table_id);
    if (table != nullptr) MentionTable(*table);
  } else if (const TypeDescriptor* named = input_.catalog->FindType(oid)) {
    query_->declared_types.insert(named);
  }
  return TypeWithOid(oid, *input_.catalog);
}

absl::StatusOr<Type> Binder::ResolveType(const PgQuery__TypeName& name) {
  RETURN_IF_ERROR(
      parser::CheckDatabase(parser::StringsOf({name.names, name.n_names}), 1, input_.database));
  return parser::ResolveTypeName(
      name, text_, [this, &name](std::string_view schema, std::string_view last) {
        auto found = FindDeclaredType(schema, last);
        if (schema.empty() && found.has_value()) {
          const auto* type = input_.catalog->FindType(types::OidOf(*found));
          if (type != nullptr) NoteUnqualified(name.location, type->declared().schema(), "");
        }
        return found;
      });
}

bool Binder::Names(uint32_t type_oid) const {
  for (const TypeDescriptor* type : query_->declared_types) {
    if (type->declared().oid() == type_oid) return true;
  }
  return false;
}

void Binder::RenewParameterTypes() {
  for (size_t i = 0; i < query_->parameter_types.size(); ++i) {
    Type& type = query_->parameter_types[i];
    if (type.declared == nullptr || types::OidOf(type) == types::OidOf(type.id)) continue;
    // One that is gone is left as it was: the plan is then refused.
    const std::optional<Type> renewed = TypeOfOid(types::OidOf(type));
    if (!renewed.has_value()) continue;
    type = *renewed;
    // A program's variables are checked when they are set.
    const bool variable = i < input_.parameter_names.size();
    if (variable || (!types::IsDomain(type) && !types::HoldsDomain(type))) continue;
    checked_parameters_[static_cast<int>(i)] = type;
    type = types::Unchecked(type);
  }
}

}  // namespace adbms::sql::binder

namespace adbms::sql {

std::optional<types::Type> TypeWithOid(uint32_t oid, const Catalog& catalog) {
  if (const auto built_in = types::FromOid(oid)) return types::Type{*built_in, 0};
  if (const auto table_id = TableOfRowType(oid)) {
    const common::v1::TableDescriptor* table = catalog.FindTable(*table_id);
    if (table == nullptr) return std::nullopt;
    const types::Type row = types::TypeOf(types::Intern(RowTypeOf(*table)));
    return oid == RowTypeOid(*table_id) ? row : types::ArrayOf(row);
  }
  const common::v1::TypeDescriptor* found = catalog.FindType(oid);
  if (found == nullptr) return std::nullopt;
  return binder::TypeOf(*found, oid);
}

absl::StatusOr<types::Type> ResolveType(const std::string& name, const PlanningInput& input) {
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const parser::Node* node,
                   binder::ParseExpression(absl::StrCat("CAST(NULL AS ", name, ")"), &tree));
  if (node->node_case != PG_QUERY__NODE__NODE_TYPE_CAST)
    return status::Error(status::sqlstate::kSyntaxError, "invalid type name \"" + name + "\"");
  parser::StatementTree statement;
  statement.parse = tree;
  statement.node = node;
  return binder::Binder(input, statement).ResolveType(*node->type_cast->type_name);
}

}  // namespace adbms::sql
