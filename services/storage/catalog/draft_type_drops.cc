// CatalogDraft: DROP TYPE and DROP DOMAIN, with what depends on them.
#include <algorithm>
#include <set>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/definition_walk.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::DeclaredType;
using common::v1::TableDescriptor;
using common::v1::TypeDescriptor;
using common::v1::TypeMention;

// What goes with the types of one statement.
struct CatalogDraft::TypeDrop {
  struct Column {
    uint32_t table_id;
    uint32_t ordinal;
  };
  std::set<uint32_t> types;
  std::vector<std::pair<std::string, std::string>> details;  // "a" depends on "b".
  std::vector<Column> columns;
  std::vector<TypeMention> mentions;
  std::set<uint32_t> views;
  std::set<std::pair<uint32_t, uint32_t>> attributes;  // Of a type that stays: of which types.
};

namespace {

std::string Shown(const TypeDescriptor& type) {
  return "type " + types::Format(types::TypeOf(types::Intern(type.declared())));
}

// Whether something is of the type, of arrays of it, or of the multirange that goes with it.
bool IsOf(const common::v1::DataType& data_type, const TypeDescriptor& type) {
  const uint32_t oid = data_type.declared().oid();
  return oid != 0 &&
         (oid == type.declared().oid() || oid == type.declared().range().multirange_oid());
}

std::string TableShown(const TableDescriptor& table) {
  return std::string(KindOf(table)) + " " + table.name();
}

std::string MentionShown(const TypeMention& mention, const CatalogState& catalog) {
  if (mention.place_case() == TypeMention::kDomain) {
    const TypeDescriptor* domain = catalog.FindType(mention.domain());
    return domain == nullptr ? "" : Shown(*domain);
  }
  const TableEntryPtr* entry = catalog.Find(mention.table_id());
  if (entry == nullptr) return {};
  const TableDescriptor& table = (*entry)->descriptor;
  switch (mention.place_case()) {
    case TypeMention::kDefaultColumn: {
      const auto ordinal = static_cast<int>(mention.default_column());
      if (ordinal >= table.columns_size()) return {};
      return "default value for column " + table.columns(ordinal).name() + " of " +
             TableShown(table);
    }
    case TypeMention::kCheck:
      return "constraint " + mention.check() + " on " + TableShown(table);
    case TypeMention::kIndex:
      return "index " + mention.index();
    default:
      return TableShown(table);
  }
}

}  // namespace

absl::Status CatalogDraft::CollectTypeDrop(TypeDrop* drop, const TypeDescriptor& type,
                                           const common::v1::DropType& statement) const {
  if (!drop->types.insert(type.declared().oid()).second) return absl::OkStatus();
  const std::string shown = Shown(type);
  for (const auto& [oid, other] : state_->types()) {
    const DeclaredType& declared = other->declared();
    if (!IsOf(declared.base(), type) && !IsOf(declared.range().subtype(), type)) continue;
    if (!drop->types.contains(oid)) drop->details.emplace_back(Shown(*other), shown);
    RETURN_IF_ERROR(CollectTypeDrop(drop, *other, statement));
  }
  for (const auto& [oid, other] : state_->types()) {
    for (const auto& field : other->declared().fields()) {
      if (!IsOf(field.type(), type)) continue;
      drop->attributes.insert({oid, field.type().declared().oid()});
      drop->details.emplace_back(
          "column " + field.name() + " of composite type " + other->declared().name(),
          "type " + types::Format(types::FromProto(field.type())));
    }
  }
  for (const auto& [id, function] : state_->functions()) {
    if (!HoldsDefinition(*function, type.declared().oid())) continue;
    if (statement.cascade())
      return status::Error(
          sqlstate::kFeatureNotSupported,
          "dropping a type that function " + sql::SignatureOf(*function) + " uses is not supported",
          {}, "Drop the function first.");
    drop->details.emplace_back("function " + sql::SignatureOf(*function), shown);
  }
  for (const auto& [id, op] : state_->operators()) {
    if (!HoldsDefinition(*op, type.declared().oid())) continue;
    if (statement.cascade())
      return status::Error(
          sqlstate::kFeatureNotSupported,
          "dropping a type that operator " + sql::SignatureOf(*op) + " uses is not supported", {},
          "Drop the operator first.");
    drop->details.emplace_back("operator " + sql::SignatureOf(*op), shown);
  }
  for (const auto& [id, entry] : state_->tables()) {
    const TableDescriptor& table = entry->descriptor;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto& column = table.columns(i);
      if (column.dropped() || !IsOf(column.type(), type)) continue;
      if (!table.view_sql().empty()) {
        drop->views.insert(id);
      } else {
        const std::string of = types::Format(types::FromProto(column.type()));
        drop->details.emplace_back("column " + column.name() + " of table " + table.name(),
                                   "type " + of);
        drop->columns.push_back({id, static_cast<uint32_t>(i)});
      }
    }
    for (const auto& index : table.indexes()) {
      const auto of_column = [&](int i) {
        return IsOf(table.columns(i).type(), type) && sql::Reads(index, static_cast<uint32_t>(i));
      };
      bool with_column = false;
      for (int i = 0; i < table.columns_size(); ++i) with_column |= of_column(i);
      if (with_column || !HoldsDefinition(index, type.declared().oid())) continue;
      drop->details.emplace_back("index " + index.name(), shown);
      TypeMention& mention = drop->mentions.emplace_back();
      mention.set_table_id(id);
      mention.set_index(index.name());
    }
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::CarryOut(const TypeDrop& drop, v1::DdlResult* result) {
  // A view goes with the column that it shows, or by itself.
  for (const TypeDrop::Column& column : drop.columns) {
    const TableEntryPtr* entry = state_->Find(column.table_id);
    if (entry == nullptr) continue;
    TableDescriptor table = (*entry)->descriptor;
    RETURN_IF_ERROR(DropColumn(&table, column.ordinal, /*cascade=*/true, result));
    // No definition of what is gone stays behind.
    table.mutable_columns(static_cast<int>(column.ordinal))->mutable_type()->clear_declared();
    RETURN_IF_ERROR(PutTable(std::move(table)));
  }
  for (const uint32_t view : drop.views) {
    const TableEntryPtr* entry = state_->Find(view);
    if (entry == nullptr) continue;
    const TableEntryPtr kept = *entry;
    RETURN_IF_ERROR(CheckNoReferences(*kept, {view}, /*cascade=*/true, result));
    EraseTable(*kept);
  }
  for (const TypeMention& mention : drop.mentions) {
    if (mention.place_case() == TypeMention::kDomain) continue;
    const TableEntryPtr* entry = state_->Find(mention.table_id());
    if (entry == nullptr) continue;
    TableDescriptor table = (*entry)->descriptor;
    if (mention.place_case() == TypeMention::kDefaultColumn) {
      auto* column = ColumnAt(&table, mention.default_column());
      if (column != nullptr) column->clear_default_sql();
    } else if (mention.place_case() == TypeMention::kCheck) {
      auto* checks = table.mutable_checks();
      checks->erase(
          std::remove_if(checks->begin(), checks->end(),
                         [&](const auto& check) { return check.name() == mention.check(); }),
          checks->end());
    } else if (mention.place_case() == TypeMention::kIndex) {
      auto* indexes = table.mutable_indexes();
      for (int i = indexes->size(); i-- > 0;) {
        if (indexes->Get(i).name() != mention.index()) continue;
        dropped_spaces_.push_back(indexes->Get(i).index_id());
        indexes->erase(indexes->begin() + i);
      }
    }
    RETURN_IF_ERROR(PutTable(std::move(table)));
  }
  for (const auto& [oid, of] : drop.attributes) {
    const TypeDescriptor* known = drop.types.contains(oid) ? nullptr : state_->FindType(oid);
    if (known == nullptr) continue;
    TypeDescriptor type = *known;
    RETURN_IF_ERROR(RequireNoValues(type.declared()));
    auto* fields = type.mutable_declared()->mutable_fields();
    for (int i = fields->size(); i-- > 0;) {
      if (fields->Get(i).type().declared().oid() == of) fields->DeleteSubrange(i, 1);
    }
    RETURN_IF_ERROR(PutType(std::move(type)));
  }
  for (const uint32_t oid : drop.types) EraseType(oid);
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropTypes(const common::v1::DropType& statement) {
  v1::DdlResult result;
  TypeDrop drop;
  std::vector<TypeDescriptor> named;
  for (const common::v1::RelationName& name : statement.types()) {
    const TypeDescriptor* type = state_->FindTypeByName(SchemaOrPublic(name.schema()), name.name());
    if (type == nullptr) {
      const std::string text = "type " + Quoted(name.name()) + " does not exist";
      if (!statement.if_exists()) return status::Error(sqlstate::kUndefinedObject, text);
      result.add_notices(text + ", skipping");
      continue;
    }
    if (statement.domain() && type->declared().kind() != DeclaredType::KIND_DOMAIN)
      return status::Error(sqlstate::kWrongObjectType, Quoted(name.name()) + " is not a domain");
    RETURN_IF_ERROR(CheckMentions(*type, statement.catalog_version()));
    named.push_back(*type);
  }
  for (const TypeDescriptor& type : named) {
    RETURN_IF_ERROR(CollectTypeDrop(&drop, type, statement));
    result.set_object_id(type.declared().oid());
    result.set_changed(true);
  }
  if (named.empty()) return result;
  for (const TypeMention& mention : statement.mentions()) {
    const std::string shown = MentionShown(mention, *state_);
    const bool whole_view = mention.place_case() == TypeMention::PLACE_NOT_SET;
    if (shown.empty()) continue;
    if (whole_view) drop.views.insert(mention.table_id());
    // A default goes with its column.
    const bool with_column =
        mention.place_case() == TypeMention::kDefaultColumn &&
        std::any_of(drop.columns.begin(), drop.columns.end(), [&](const TypeDrop::Column& column) {
          return column.table_id == mention.table_id() &&
                 column.ordinal == mention.default_column();
        });
    if (whole_view || with_column) continue;
    if (mention.place_case() == TypeMention::kDomain)
      return status::Error(sqlstate::kFeatureNotSupported,
                           "dropping a type that " + shown + " names is not supported", {},
                           "Drop the constraint or default of the domain first.");
    drop.details.emplace_back(shown, Shown(named[0]));
    drop.mentions.push_back(mention);
  }
  for (const uint32_t view : drop.views) {
    const TableEntryPtr* entry = state_->Find(view);
    if (entry != nullptr)
      drop.details.emplace_back(TableShown((*entry)->descriptor), Shown(named[0]));
  }
  if (!drop.details.empty() && !statement.cascade()) {
    const bool several = named.size() > 1;
    std::string detail;
    for (const auto& [what, on] : drop.details) {
      if (!detail.empty()) detail.push_back('\n');
      detail.append(what + " depends on " + on);
    }
    return status::Error(
        "2BP01",
        several ? "cannot drop desired object(s) because other objects depend on them"
                : "cannot drop " + Shown(named[0]) + " because other objects depend on it",
        detail, "Use DROP ... CASCADE to drop the dependent objects too.");
  }
  for (const auto& [what, on] : drop.details) result.add_dropped(what);
  v1::DdlResult quiet;
  RETURN_IF_ERROR(CarryOut(drop, &quiet));
  return result;
}

}  // namespace adbms::storage::catalog
