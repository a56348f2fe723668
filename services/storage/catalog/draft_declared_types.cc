// CatalogDraft: types that users declare come and change.
#include <algorithm>
#include <cmath>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/definition_walk.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using Alteration = common::v1::AlterType;
using common::v1::DeclaredType;
using common::v1::EnumLabel;
using common::v1::TableDescriptor;
using common::v1::TypeDescriptor;

namespace {

// A number between the two; not a new one where there is none left.
double Between(double low, double high) { return low + (high - low) / 2; }

int PositionOf(const DeclaredType& declared, const std::string& label) {
  for (int i = 0; i < declared.labels_size(); ++i) {
    if (declared.labels(i).name() == label) return i;
  }
  return -1;
}

absl::Status NoLabel(const std::string& label) {
  return status::Error(sqlstate::kInvalidParameterValue,
                       Quoted(label) + " is not an existing enum label");
}

// "'from'", alone or with a cast behind it, becomes "'to'".
std::string WithLabel(const std::string& sql, const std::string& from, const std::string& to) {
  const auto literal = [](const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
  };
  const std::string old = literal(from);
  if (!sql.starts_with(old)) return sql;
  const std::string rest = sql.substr(old.size());
  return rest.empty() || rest.starts_with("::") ? literal(to) + rest : sql;
}

}  // namespace

void CatalogDraft::SetTypeEntry(uint32_t oid, TypeEntryPtr entry) {
  CatalogState::Objects objects = state_->objects();
  if (entry == nullptr) {
    objects.types.erase(oid);
  } else {
    objects.types[oid] = entry;
  }
  changes_.types[oid] = std::move(entry);
  SetObjects(std::move(objects));
}

void CatalogDraft::EraseType(uint32_t oid) {
  records_.push_back({SystemKey('e', oid), {}, true});
  SetTypeEntry(oid, nullptr);
}

absl::Status CatalogDraft::PutType(TypeDescriptor type) {
  type.set_schema_version(catalog_->NextVersion());
  type.set_database_id(KeptDatabaseId());
  const uint32_t oid = type.declared().oid();
  const TypeDescriptor* before = state_->FindType(oid);
  const bool redefined = before != nullptr && before->declared().SerializeAsString() !=
                                                  type.declared().SerializeAsString();
  TypeDescriptor kept = type;
  ReleaseLabels(&kept);
  records_.push_back({SystemKey('e', oid), kept.SerializeAsString(), false});
  const DeclaredType declared = type.declared();
  SetTypeEntry(oid, std::make_shared<const TypeDescriptor>(std::move(type)));
  if (!redefined) return absl::OkStatus();
  const CatalogState::TypeMap types = state_->types();
  for (const auto& [other, entry] : types) {
    if (other == oid || !HoldsDefinition(*entry, oid)) continue;
    TypeDescriptor changed = *entry;
    ReplaceDefinition(declared, &changed);
    RETURN_IF_ERROR(PutType(std::move(changed)));
  }
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, entry] : tables) {
    if (entry->descriptor.is_virtual() || !HoldsDefinition(entry->descriptor, oid)) continue;
    TableDescriptor changed = (*state_->Find(id))->descriptor;
    ReplaceDefinition(declared, &changed);
    RETURN_IF_ERROR(PutTable(std::move(changed)));
  }
  return absl::OkStatus();
}

std::string CatalogDraft::FreeArrayName(const std::string& schema, const std::string& name) const {
  constexpr size_t kLongestName = 63;
  std::string array = "_" + name.substr(0, kLongestName - 1);
  for (int i = 1; state_->HasType(schema, array) || state_->HasRelation(schema, array); ++i) {
    const std::string number = "_" + std::to_string(i);
    array = "_" + name.substr(0, kLongestName - 1 - number.size()) + number;
  }
  return array;
}

absl::Status CatalogDraft::RequireFreeTypeName(const std::string& schema,
                                               const std::string& name) const {
  // A relation has a type of its name; an index and a sequence have none.
  const TableEntry* relation = state_->FindByName(schema, name);
  const bool has_row_type = relation != nullptr && !relation->descriptor.has_sequence();
  if (!state_->HasType(schema, name) && !has_row_type) return absl::OkStatus();
  return status::Error(sqlstate::kDuplicateObject, "type " + Quoted(name) + " already exists");
}

absl::Status CatalogDraft::AddMultirange(DeclaredType* declared) {
  common::v1::RangeDefinition& range = *declared->mutable_range();
  range.set_multirange_schema(SchemaOrPublic(range.multirange_schema()));
  RETURN_IF_ERROR(RequireSchema(range.multirange_schema()));
  const bool same = range.multirange_schema() == declared->schema() &&
                    (range.multirange_name() == declared->name() ||
                     range.multirange_name() == declared->array_name());
  if (same)
    return status::Error(sqlstate::kDuplicateObject,
                         "type " + Quoted(range.multirange_name()) + " already exists");
  RETURN_IF_ERROR(RequireFreeTypeName(range.multirange_schema(), range.multirange_name()));
  range.set_multirange_array_name(
      FreeArrayName(range.multirange_schema(), range.multirange_name()));
  ASSIGN_OR_RETURN(const uint32_t array_oid, catalog_->AllocateId());
  ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
  range.set_multirange_oid(oid);
  range.set_multirange_array_oid(array_oid);
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::CreateType(const common::v1::CreateType& statement) {
  TypeDescriptor type = statement.type();
  DeclaredType& declared = *type.mutable_declared();
  if (declared.kind() == DeclaredType::KIND_UNSPECIFIED)
    return absl::InvalidArgumentError("malformed CREATE TYPE");
  declared.set_schema(SchemaOrPublic(declared.schema()));
  RETURN_IF_ERROR(RequireSchema(declared.schema()));
  if (declared.kind() == DeclaredType::KIND_COMPOSITE &&
      state_->HasRelation(declared.schema(), declared.name()))
    return status::Error(sqlstate::kDuplicateTable,
                         "relation " + Quoted(declared.name()) + " already exists");
  RETURN_IF_ERROR(RequireFreeTypeName(declared.schema(), declared.name()));
  declared.set_array_name(FreeArrayName(declared.schema(), declared.name()));
  ASSIGN_OR_RETURN(const uint32_t array_oid, catalog_->AllocateId());
  ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
  declared.set_oid(oid);
  declared.set_array_oid(array_oid);
  if (declared.kind() == DeclaredType::KIND_COMPOSITE) {
    ASSIGN_OR_RETURN(const uint32_t relation_oid, catalog_->AllocateId());
    declared.set_relation_oid(relation_oid);
  }
  if (declared.kind() == DeclaredType::KIND_RANGE) RETURN_IF_ERROR(AddMultirange(&declared));
  double order = 1;
  for (EnumLabel& label : *declared.mutable_labels()) {
    ASSIGN_OR_RETURN(const uint32_t label_oid, catalog_->AllocateId());
    label.set_oid(label_oid);
    label.set_sort_order(order++);
    label.clear_uncommitted();
  }
  if (type.owner().empty()) type.set_owner("postgres");
  RETURN_IF_ERROR(PutType(std::move(type)));
  v1::DdlResult result;
  result.set_object_id(oid);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::AddLabel(const common::v1::AddEnumValue& value, bool if_not_exists,
                                    TypeDescriptor* type, v1::DdlResult* result) {
  DeclaredType& declared = *type->mutable_declared();
  if (PositionOf(declared, value.label()) >= 0) {
    const std::string message = "enum label " + Quoted(value.label()) + " already exists";
    if (!if_not_exists) return status::Error(sqlstate::kDuplicateObject, message);
    result->add_notices(message + ", skipping");
    return absl::OkStatus();
  }
  int at = declared.labels_size();
  if (value.has_neighbor()) {
    const int neighbor = PositionOf(declared, value.neighbor());
    if (neighbor < 0) return NoLabel(value.neighbor());
    at = value.before() ? neighbor : neighbor + 1;
  }
  const int count = declared.labels_size();
  double order = 1;
  if (count > 0 && at == 0) order = declared.labels(0).sort_order() - 1;
  if (count > 0 && at == count) order = declared.labels(count - 1).sort_order() + 1;
  if (at > 0 && at < count) {
    const double low = declared.labels(at - 1).sort_order();
    const double high = declared.labels(at).sort_order();
    order = Between(low, high);
    if (order <= low || order >= high)
      return status::Error(sqlstate::kFeatureNotSupported,
                           "too many values have been added between the same two labels", {},
                           "Make a new type, and ALTER COLUMN … TYPE … USING to it.");
  }
  ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
  EnumLabel label;
  label.set_name(value.label());
  label.set_sort_order(order);
  label.set_oid(oid);
  label.set_uncommitted(true);
  changes_.holds_labels = true;
  *declared.add_labels() = std::move(label);
  for (int i = count; i > at; --i) declared.mutable_labels()->SwapElements(i, i - 1);
  result->set_changed(true);
  return absl::OkStatus();
}

absl::Status CatalogDraft::RenameLabel(const common::v1::RenameEnumValue& value,
                                       TypeDescriptor* type) const {
  DeclaredType& declared = *type->mutable_declared();
  const int at = PositionOf(declared, value.from());
  if (at < 0) return NoLabel(value.from());
  if (PositionOf(declared, value.to()) >= 0)
    return status::Error(sqlstate::kDuplicateObject,
                         "enum label " + Quoted(value.to()) + " already exists");
  declared.mutable_labels(at)->set_name(value.to());
  return absl::OkStatus();
}

absl::Status CatalogDraft::CheckMentions(const TypeDescriptor& type, uint64_t version) const {
  const std::string& name = type.declared().name();
  const auto stale = [] {
    return status::Error(sqlstate::kStalePlan, "the type may be used by something new");
  };
  for (const auto& [id, entry] : state_->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.schema_version() <= version) continue;
    bool mentions = MentionsIdentifier(table.view_sql(), name);
    for (const auto& column : table.columns())
      mentions |= MentionsIdentifier(column.default_sql(), name);
    for (const auto& check : table.checks()) mentions |= MentionsIdentifier(check.sql(), name);
    if (mentions) return stale();
  }
  for (const auto& [oid, other] : state_->types()) {
    if (other->schema_version() <= version) continue;
    bool mentions = MentionsIdentifier(other->default_sql(), name);
    for (const auto& check : other->checks()) mentions |= MentionsIdentifier(check.sql(), name);
    if (mentions) return stale();
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::MoveType(const Alteration& statement, TypeDescriptor* type) {
  RETURN_IF_ERROR(CheckMentions(*type, statement.catalog_version()));
  DeclaredType& declared = *type->mutable_declared();
  const std::string schema =
      statement.action_case() == Alteration::kSchema ? statement.schema() : declared.schema();
  const std::string name =
      statement.action_case() == Alteration::kRename ? statement.rename() : declared.name();
  RETURN_IF_ERROR(RequireSchema(schema));
  if (schema == declared.schema() && statement.action_case() == Alteration::kSchema)
    return absl::OkStatus();
  if (statement.action_case() == Alteration::kSchema && state_->HasType(schema, name))
    return status::Error(sqlstate::kDuplicateObject,
                         "type " + Quoted(name) + " already exists in schema " + Quoted(schema));
  RETURN_IF_ERROR(RequireFreeTypeName(schema, name));
  declared.set_schema(schema);
  declared.set_name(name);
  declared.set_array_name(FreeArrayName(schema, name));
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::AlterType(const Alteration& statement) {
  const TypeDescriptor* known = state_->FindType(statement.type_oid());
  if (known == nullptr)
    return status::Error(
        sqlstate::kUndefinedObject,
        "type with OID " + std::to_string(statement.type_oid()) + " does not exist");
  TypeDescriptor type = *known;
  const bool is_enum = type.declared().kind() == DeclaredType::KIND_ENUM;
  v1::DdlResult result;
  result.set_object_id(statement.type_oid());
  switch (statement.action_case()) {
    case Alteration::kAddValue:
      if (!is_enum) return absl::InvalidArgumentError("ADD VALUE to what is no enum");
      RETURN_IF_ERROR(AddLabel(statement.add_value(), statement.if_exists(), &type, &result));
      if (!result.changed()) return result;
      break;
    case Alteration::kRenameValue:
      if (!is_enum) return absl::InvalidArgumentError("RENAME VALUE of what is no enum");
      RETURN_IF_ERROR(RenameLabel(statement.rename_value(), &type));
      break;
    case Alteration::kAttributes:
      RETURN_IF_ERROR(ChangeAttributes(statement.attributes(), &type));
      break;
    case Alteration::kRename:
    case Alteration::kSchema:
      RETURN_IF_ERROR(MoveType(statement, &type));
      break;
    case Alteration::kOwner:
      type.set_owner(statement.owner());
      break;
    default:
      RETURN_IF_ERROR(AlterDomain(statement, &type, &result));
  }
  RETURN_IF_ERROR(PutType(type));
  if (statement.action_case() == Alteration::kDefaultSql) {
    // Plans that insert the old one are to be made anew.
    const CatalogState::TableMap tables = state_->tables();
    for (const auto& [id, entry] : tables) {
      if (!entry->descriptor.is_virtual() &&
          HoldsDefinition(entry->descriptor, statement.type_oid()))
        RETURN_IF_ERROR(PutTable(entry->descriptor));
    }
  }
  if (statement.action_case() == Alteration::kRenameValue) {
    const CatalogState::TableMap tables = state_->tables();
    for (const auto& [id, entry] : tables) {
      TableDescriptor table = entry->descriptor;
      bool changed = false;
      for (auto& column : *table.mutable_columns()) {
        if (column.default_sql().empty() || column.type().declared().oid() != statement.type_oid())
          continue;
        const std::string sql = WithLabel(column.default_sql(), statement.rename_value().from(),
                                          statement.rename_value().to());
        changed |= sql != column.default_sql();
        column.set_default_sql(sql);
      }
      if (changed) RETURN_IF_ERROR(PutTable(std::move(table)));
    }
  }
  result.set_changed(true);
  return result;
}

}  // namespace adbms::storage::catalog
