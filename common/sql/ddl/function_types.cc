// The types of functions' arguments and results.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

}  // namespace

absl::StatusOr<Type> DdlBinder::TypeOfColumn(const std::vector<std::string>& parts) const {
  const size_t count = parts.size();
  if (count < 2)
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("improper %TYPE reference (too few dotted names): ",
                                      count == 0 ? std::string() : parts[0]));
  ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, count - 1));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(*table, parts.back(), -1));
  return Type{types::FromProto(table->columns(static_cast<int>(ordinal)).type()).id, 0};
}

absl::StatusOr<Type> DdlBinder::FunctionType(const PgQuery__TypeName& name,
                                             std::string_view place) const {
  const std::vector<std::string> parts = parser::StringsOf({name.names, name.n_names});
  if (name.pct_type) return TypeOfColumn(parts);
  const std::string& last = parts.back();
  if (parts.size() == 1 || parts[0] == "pg_catalog") {
    if (const auto id = types::PolymorphicFromName(last); id.has_value()) return Type{*id, 0};
    if (last == "any")
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     "arguments of type \"any\" are not supported",
                     "Declare it with anyelement, or for each of the types.");
  }
  PgQuery__TypeName plain = name;
  plain.setof = 0;
  ASSIGN_OR_RETURN(const Type type, Binder(input_, tree_).ResolveType(plain));
  if (type.id == TypeId::kRecord && type.declared == nullptr && place == "an argument")
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "an argument of type record is not supported",
                   "Declare its columns one by one, or a composite type.");
  return Type{type.id, 0, type.declared};
}

}  // namespace adbms::sql::ddl
