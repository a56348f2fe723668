// CatalogDraft: collations that users make come, change and go.
#include <algorithm>

#include "common/sql/explain/deparse.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::CollationDescriptor;
using common::v1::DataType;

std::string ShownName(const CollationDescriptor& collation) {
  return "collation " + collation.collation().name();
}

// Whether the key is ordered by it.
bool OrdersBy(const common::v1::IndexExpression& key, const common::v1::Collation& collation) {
  common::v1::Expression bound;
  if (!bound.ParseFromString(key.bound()) || !sql::explain::IsSortKey(bound)) return false;
  const auto& arguments = bound.call().arguments();
  return arguments[1].literal().bytes_value() == collation.schema() &&
         arguments[2].literal().bytes_value() == collation.name();
}

// What has it, as DROP tells of it.
std::vector<std::string> UsesOf(const CollationDescriptor& descriptor, const CatalogState& state) {
  const common::v1::Collation& collation = descriptor.collation();
  const auto has = [&](const DataType& type) { return type.collation().oid() == collation.oid(); };
  std::vector<std::string> uses;
  for (const auto& [oid, type] : state.types()) {
    const common::v1::DeclaredType& declared = type->declared();
    if (has(declared.base())) uses.push_back("type " + declared.name());
    for (const auto& field : declared.fields()) {
      if (has(field.type()))
        uses.push_back("column " + field.name() + " of composite type " + declared.name());
    }
  }
  for (const auto& [id, entry] : state.tables()) {
    const common::v1::TableDescriptor& table = entry->descriptor;
    const std::string shown = std::string(KindOf(table)) + " " + table.name();
    for (const auto& column : table.columns()) {
      if (!column.dropped() && has(column.type()))
        uses.push_back("column " + column.name() + " of " + shown);
    }
    for (const auto& index : table.indexes()) {
      if (std::any_of(index.expressions().begin(), index.expressions().end(),
                      [&](const auto& key) { return OrdersBy(key, collation); }))
        uses.push_back("index " + index.name());
    }
    const bool named = MentionsIdentifier(table.view_sql(), collation.name()) ||
                       MentionsIdentifier(table.materialized_view().sql(), collation.name());
    if (named) uses.push_back(shown);
  }
  return uses;
}

}  // namespace

void CatalogDraft::PutCollation(uint32_t oid, CollationPtr collation) {
  records_.push_back({SystemKey('l', oid),
                      collation == nullptr ? std::string() : collation->SerializeAsString(),
                      collation == nullptr});
  CatalogState::Objects objects = state_->objects();
  if (collation == nullptr) {
    objects.collations.erase(oid);
  } else {
    objects.collations[oid] = collation;
  }
  changes_.collations[oid] = std::move(collation);
  SetObjects(std::move(objects));
}

CatalogDraft::Result CatalogDraft::CreateCollation(const common::v1::CreateCollation& statement) {
  CollationDescriptor made = statement.collation();
  common::v1::Collation& collation = *made.mutable_collation();
  collation.set_schema(SchemaOrPublic(collation.schema()));
  RETURN_IF_ERROR(RequireSchema(collation.schema()));
  v1::DdlResult result;
  if (state_->FindCollation(collation.schema(), collation.name()) != nullptr) {
    const std::string text = "collation " + Quoted(collation.name()) + " already exists";
    if (!statement.if_not_exists()) return status::Error(sqlstate::kDuplicateObject, text);
    result.add_notices(text + ", skipping");
    return result;
  }
  ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
  collation.set_oid(oid);
  made.set_database_id(KeptDatabaseId());
  if (made.owner().empty()) made.set_owner("postgres");
  PutCollation(oid, std::make_shared<const CollationDescriptor>(std::move(made)));
  result.set_object_id(oid);
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::AlterCollation(const common::v1::AlterCollation& statement) {
  using Action = common::v1::AlterCollation::ActionCase;
  const auto found = state_->collations().find(statement.collation_oid());
  if (found == state_->collations().end())
    return status::Error(sqlstate::kStalePlan, "the collation is gone");
  CollationDescriptor changed = *found->second;
  common::v1::Collation& collation = *changed.mutable_collation();
  switch (statement.action_case()) {
    case Action::kRename:
    case Action::kSchema: {
      const bool rename = statement.has_rename();
      if (!rename) RETURN_IF_ERROR(RequireSchema(statement.schema()));
      const std::string& schema = rename ? collation.schema() : statement.schema();
      const std::string& name = rename ? statement.rename() : collation.name();
      if (state_->FindCollation(schema, name) != nullptr)
        return status::Error(
            sqlstate::kDuplicateObject,
            "collation " + Quoted(name) + " already exists in schema " + Quoted(schema));
      const std::vector<std::string> uses = UsesOf(changed, *state_);
      if (!uses.empty())
        return status::Error(sqlstate::kFeatureNotSupported,
                             "renaming a collation that " + uses.front() + " has is not supported",
                             {}, "Make another one, and change to it.");
      const std::string new_schema = schema;
      const std::string new_name = name;
      collation.set_schema(new_schema);
      collation.set_name(new_name);
      break;
    }
    case Action::kOwner:
      changed.set_owner(statement.owner());
      break;
    case Action::kVersion:
      changed.set_version(statement.version());
      break;
    case Action::ACTION_NOT_SET:
      return absl::InvalidArgumentError("malformed ALTER COLLATION");
  }
  PutCollation(statement.collation_oid(),
               std::make_shared<const CollationDescriptor>(std::move(changed)));
  v1::DdlResult result;
  result.set_object_id(statement.collation_oid());
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::DropCollations(const common::v1::DropCollation& statement) {
  v1::DdlResult result;
  for (const common::v1::RelationName& name : statement.collations()) {
    const CollationPtr collation =
        state_->FindCollation(SchemaOrPublic(name.schema()), name.name());
    if (collation == nullptr) {
      const std::string text = "collation " + Quoted(name.name());
      if (!statement.if_exists())
        return status::Error(sqlstate::kUndefinedObject,
                             text + " for encoding \"UTF8\" does not exist");
      result.add_notices(text + " does not exist, skipping");
      continue;
    }
    RETURN_IF_ERROR(CheckUnused(*collation, statement.cascade()));
    result.set_object_id(collation->collation().oid());
    result.set_changed(true);
    PutCollation(collation->collation().oid(), nullptr);
  }
  return result;
}

absl::Status CatalogDraft::CheckUnused(const CollationDescriptor& collation, bool cascade) const {
  const std::vector<std::string> uses = UsesOf(collation, *state_);
  if (uses.empty()) return absl::OkStatus();
  if (cascade)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "dropping a collation that " + uses.front() + " has is not supported", {},
                         "ALTER what has it to another collation first.");
  std::string detail;
  for (const std::string& use : uses) {
    if (!detail.empty()) detail.push_back('\n');
    detail.append(use + " depends on " + ShownName(collation));
  }
  return status::Error(
      "2BP01", "cannot drop " + ShownName(collation) + " because other objects depend on it",
      detail, "Use DROP ... CASCADE to drop the dependent objects too.");
}

}  // namespace adbms::storage::catalog
