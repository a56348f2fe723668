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

// Nothing for what this server cannot make a type of.
std::optional<Type> TypeOf(const TypeDescriptor& descriptor) {
  const types::DeclaredType* declared = types::Intern(descriptor.declared());
  if (declared == nullptr) return std::nullopt;
  return types::TypeOf(declared);
}

// "_name" is the array of a type that is found instead.
const TypeDescriptor* FindByName(const Catalog& catalog, std::string_view schema,
                                 std::string_view name, const std::vector<std::string>& path,
                                 bool* array) {
  *array = false;
  if (const TypeDescriptor* found = catalog.ResolveType(schema, name, path)) return found;
  if (!name.starts_with('_')) return nullptr;
  const TypeDescriptor* element = catalog.ResolveType(schema, name.substr(1), path);
  *array = element != nullptr && element->declared().array_name() == name;
  return *array ? element : nullptr;
}

}  // namespace

std::optional<Type> Binder::FindDeclaredType(std::string_view schema, std::string_view name) {
  if (input_.catalog == nullptr) return std::nullopt;
  bool array = false;
  // Kept text has the schemas of all that are not in public; a view has its own path, and a
  // function that of whoever calls it.
  static const auto* const kPublic = new std::vector<std::string>{"public"};
  const bool kept = view_depth_ > 0 && view_ == nullptr && function_depth_ == 0;
  const std::vector<std::string>& path = kept ? *kPublic : search_path_;
  const TypeDescriptor* found = FindByName(*input_.catalog, schema, name, path, &array);
  if (found == nullptr) return FindRowType(schema, name, path);
  query_->declared_types.insert(found);
  std::optional<Type> type = TypeOf(*found);
  if (type.has_value() && array) type = types::ArrayOf(*type);
  return type;
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
  for (Type& type : query_->parameter_types) {
    if (type.declared == nullptr || types::OidOf(type) == types::OidOf(type.id)) continue;
    // One that is gone is left as it was: the plan is then refused.
    const std::optional<Type> renewed = TypeOfOid(types::OidOf(type));
    if (renewed.has_value()) type = *renewed;
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
  const std::optional<types::Type> type = binder::TypeOf(*found);
  if (!type.has_value() || types::OidOf(*type) == oid) return type;
  return types::ArrayOf(*type);
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
