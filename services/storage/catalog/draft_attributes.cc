// CatalogDraft: the attributes of composite types.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/definition_walk.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::CompositeField;
using common::v1::DeclaredType;
using common::v1::TableDescriptor;
using common::v1::TypeDescriptor;

absl::Status CatalogDraft::ChangeAttributes(const common::v1::AlterAttributes& change,
                                            TypeDescriptor* type) const {
  DeclaredType& declared = *type->mutable_declared();
  if (declared.kind() != DeclaredType::KIND_COMPOSITE)
    return absl::InvalidArgumentError("attributes of what is no composite type");
  const bool same =
      std::equal(change.before().begin(), change.before().end(), declared.fields().begin(),
                 declared.fields().end(), [](const CompositeField& a, const CompositeField& b) {
                   return a.SerializeAsString() == b.SerializeAsString();
                 });
  if (!same) return status::Error(sqlstate::kStalePlan, "the type is another one by now");
  for (const CompositeField& field : change.fields()) {
    if (HoldsDefinition(field, declared.oid()))
      return status::Error(
          sqlstate::kInvalidTableDefinition,
          "composite type " + declared.name() + " cannot be made a member of itself");
  }
  for (const auto& [oid, other] : state_->types()) {
    // Its checks name the attributes.
    if (other->declared().kind() != DeclaredType::KIND_DOMAIN || other->checks().empty() ||
        !HoldsDefinition(*other, declared.oid()))
      continue;
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot alter type " + Quoted(declared.name()) + " because domain " +
                             Quoted(other->declared().name()) + " uses it",
                         {}, "Drop the constraints of the domain first, and add them afterwards.");
  }
  if (!change.keeps_values()) RETURN_IF_ERROR(RequireNoValues(declared));
  *declared.mutable_fields() = change.fields();
  return absl::OkStatus();
}

absl::Status CatalogDraft::RequireNoValues(const DeclaredType& declared) const {
  const auto used = [&](const std::string& what) {
    return status::Error(
        sqlstate::kFeatureNotSupported,
        "cannot alter type " + Quoted(declared.name()) + " because " + what + " uses it", {},
        "Change the column to another type first, and back afterwards.");
  };
  for (const auto& [id, entry] : state_->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.is_virtual()) continue;
    for (const auto& column : table.columns()) {
      if (!column.dropped() && HoldsDefinition(column.type(), declared.oid()))
        return used("column \"" + table.name() + "." + column.name() + "\"");
    }
    // Expressions of indexes and defaults make such values, too.
    if (HoldsDefinition(table, declared.oid())) return used("table " + Quoted(table.name()));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
