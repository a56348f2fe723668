// CREATE INDEX … USING: access methods and operator classes.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/relation_options.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/operator_classes/ordering_classes.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/range.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;

absl::Status NotSupportedBy(const std::string& method, const char* what) {
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("access method \"", method, "\" does not support ", what));
}

absl::Status UnsupportedMethod(const std::string& method) {
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("index access method \"", method, "\" is not supported"), {},
                       "There are btree, hash and gin, and gist for tsvector_ops and "
                       "gist_trgm_ops. What is often searched "
                       "for inside a value can be an expression with a btree index of its own.");
}

// Its own name, without a schema.
std::string ClassName(const PgQuery__IndexElem& element) {
  const auto names = parser::StringsOf({element.opclass, element.n_opclass});
  return names.empty() ? std::string() : names.back();
}

bool IsNullsOrdered(const PgQuery__IndexElem& element) {
  return element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
         element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST;
}

bool IsOrdered(const PgQuery__IndexElem& element) {
  return element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ||
         element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_ASC;
}

}  // namespace

absl::Status DdlBinder::CheckIndexMethod(const PgQuery__IndexStmt& create,
                                         const std::string& method, IndexDescriptor* index) const {
  const parser::NodeList options{create.options, create.n_options};
  if (method == "columnar") return Unsupported(-1, "a columnar index");
  if (method.empty() || method == "btree")
    return CheckRelationOptions(RelationKind::kIndex, options, false);
  if (method == "spgist" || method == "brin") return UnsupportedMethod(method);
  const bool hash = method == "hash";
  if (!hash && method != "gin" && method != "gist")
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("access method \"", method, "\" does not exist"));
  if (create.unique) return NotSupportedBy(method, "unique indexes");
  if (create.n_index_including_params > 0) {
    if (method == "gist") return UnsupportedMethod(method);
    return NotSupportedBy(method, "included columns");
  }
  if (hash && create.n_index_params > 1) return NotSupportedBy(method, "multicolumn indexes");
  index->set_method(hash ? IndexDescriptor::METHOD_HASH : IndexDescriptor::METHOD_INVERTED);
  return CheckRelationOptions(hash              ? RelationKind::kHashIndex
                              : method == "gin" ? RelationKind::kGinIndex
                                                : RelationKind::kGistIndex,
                              options, false);
}

absl::Status DdlBinder::AddOrderingClass(const std::string& name, const Type& type,
                                         IndexDescriptor* index) const {
  if (name.empty() && index->ordering_classes_size() == 0) return absl::OkStatus();
  const OrderingClass* found = name.empty() ? nullptr : FindOrderingClass(name);
  if (!name.empty() && found == nullptr)
    return ErrorAt(
        sqlstate::kUndefinedObject, -1,
        absl::StrCat("operator class \"", name, "\" does not exist for access method \"btree\""));
  if (found != nullptr && !Accepts(*found, type))
    return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                   absl::StrCat("operator class \"", name, "\" does not accept data type ",
                                types::Format({type.id, 0})));
  // A name for each key so far.
  while (index->ordering_classes_size() < index->columns_size()) index->add_ordering_classes();
  index->add_ordering_classes(
      found == nullptr || found == DefaultOrderingClass(type) ? std::string() : name);
  return absl::OkStatus();
}

absl::Status DdlBinder::AddOperatorClass(const PgQuery__IndexElem& element,
                                         const std::string& method, const Type& type,
                                         IndexDescriptor* index) const {
  if (index->method() == IndexDescriptor::METHOD_UNSPECIFIED) {
    RETURN_IF_ERROR(CheckIndexElement(element));
    if (!types::IsIndexable(type)) return NotIndexable(type);
    return AddOrderingClass(ClassName(element), type, index);
  }
  if (index->method() == IndexDescriptor::METHOD_HASH) {
    if (!types::IsIndexable(type)) return NoDefaultClass(type, method);
    if (IsOrdered(element)) return NotSupportedBy(method, "ASC/DESC options");
    if (IsNullsOrdered(element)) return NotSupportedBy(method, "NULLS FIRST/LAST options");
    return CheckIndexElement(element);
  }
  const std::string name = ClassName(element);
  const OperatorClass* found =
      name.empty() ? DefaultOperatorClass(method, type) : FindOperatorClass(method, name);
  if (found == nullptr && name.empty()) {
    // Those that PostgreSQL has classes for.
    constexpr std::array kGistTypes = {TypeId::kInet, TypeId::kCidr};
    const bool known = types::IsRange(type.id) || types::IsMultirange(type.id) ||
                       std::find(kGistTypes.begin(), kGistTypes.end(), type.id) != kGistTypes.end();
    return method == "gist" && known ? UnsupportedMethod(method) : NoDefaultClass(type, method);
  }
  if (found == nullptr) {
    if (method == "gist" && name.ends_with("_ops")) return UnsupportedMethod(method);
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("operator class \"", name, "\" does not exist for access method \"",
                                method, "\""));
  }
  if (!found->accepts(type))
    return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                   absl::StrCat("operator class \"", name, "\" does not accept data type ",
                                types::Format({type.id, 0})));
  if (element.n_opclassopts > 0) return Unsupported(-1, "an operator class with parameters");
  if (IsOrdered(element)) return NotSupportedBy(method, "ASC/DESC options");
  if (IsNullsOrdered(element)) return NotSupportedBy(method, "NULLS FIRST/LAST options");
  index->add_operator_classes(std::string(found->name));
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
