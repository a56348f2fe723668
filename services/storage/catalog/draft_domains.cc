// CatalogDraft: ALTER DOMAIN.
#include <algorithm>

#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using Alteration = common::v1::AlterType;
using common::v1::DeclaredType;
using common::v1::TypeDescriptor;

namespace {

absl::Status NoConstraint(const std::string& name, const TypeDescriptor& type) {
  return status::Error(sqlstate::kUndefinedObject, "constraint " + Quoted(name) + " of domain " +
                                                       Quoted(type.declared().name()) +
                                                       " does not exist");
}

common::v1::CheckDescriptor* FindCheck(const std::string& name, TypeDescriptor* type) {
  for (auto& check : *type->mutable_checks()) {
    if (check.name() == name) return &check;
  }
  return nullptr;
}

// They are held in the order of their names.
void SortChecks(TypeDescriptor* type) {
  auto* bound = type->mutable_declared()->mutable_checks();
  std::sort(bound->begin(), bound->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
}

template <typename List>
void Remove(const std::string& name, List* checks) {
  for (int i = checks->size(); i-- > 0;) {
    if (checks->Get(i).name() == name) checks->DeleteSubrange(i, 1);
  }
}

}  // namespace

absl::Status CatalogDraft::AlterDomain(const Alteration& statement, TypeDescriptor* type,
                                       v1::DdlResult* result) const {
  DeclaredType& declared = *type->mutable_declared();
  if (declared.kind() != DeclaredType::KIND_DOMAIN)
    return absl::InvalidArgumentError("malformed ALTER TYPE");
  switch (statement.action_case()) {
    case Alteration::kDefaultSql:
      type->set_default_sql(statement.default_sql());
      return absl::OkStatus();
    case Alteration::kNotNull:
      declared.set_not_null(statement.not_null());
      return absl::OkStatus();
    case Alteration::kAddCheck:
      if (FindCheck(statement.add_check().check().name(), type) != nullptr)
        return status::Error(sqlstate::kDuplicateObject,
                             "constraint " + Quoted(statement.add_check().check().name()) +
                                 " for domain " + declared.name() + " already exists");
      *type->add_checks() = statement.add_check().check();
      *declared.add_checks() = statement.add_check().bound();
      SortChecks(type);
      return absl::OkStatus();
    case Alteration::kDropCheck:
      if (FindCheck(statement.drop_check(), type) == nullptr) {
        if (!statement.if_exists()) return NoConstraint(statement.drop_check(), *type);
        result->add_notices("constraint " + Quoted(statement.drop_check()) + " of domain " +
                            Quoted(declared.name()) + " does not exist, skipping");
        return absl::OkStatus();
      }
      Remove(statement.drop_check(), type->mutable_checks());
      Remove(statement.drop_check(), declared.mutable_checks());
      return absl::OkStatus();
    case Alteration::kValidateCheck: {
      auto* check = FindCheck(statement.validate_check(), type);
      if (check == nullptr) return NoConstraint(statement.validate_check(), *type);
      check->clear_not_valid();
      return absl::OkStatus();
    }
    case Alteration::kRenameCheck: {
      const auto& rename = statement.rename_check();
      auto* check = FindCheck(rename.from(), type);
      if (check == nullptr) return NoConstraint(rename.from(), *type);
      if (FindCheck(rename.to(), type) != nullptr)
        return status::Error(sqlstate::kDuplicateObject, "constraint " + Quoted(rename.to()) +
                                                             " for domain " + declared.name() +
                                                             " already exists");
      check->set_name(rename.to());
      for (auto& bound : *declared.mutable_checks()) {
        if (bound.name() == rename.from()) bound.set_name(rename.to());
      }
      SortChecks(type);
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError("malformed ALTER DOMAIN");
  }
}

}  // namespace adbms::storage::catalog
