#include "services/storage/server/object_definitions.h"

#include <algorithm>
#include <functional>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/temporary_schema.h"
#include "common/types/declared_type.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/declared_type_rows.h"

namespace adbms::storage::server {
namespace {

using catalog::QuoteIdentifier;
using catalog::TableEntry;
using common::v1::TableDescriptor;
using types::TypeId;

constexpr uint32_t kPrimaryKeyBase = 0x10000000;
constexpr uint32_t kUniqueBase = 0x11000000;
constexpr uint32_t kCheckBase = 0x50000000;
constexpr uint32_t kForeignKeyBase = 0x60000000;

template <typename Ordinals>
std::string ColumnList(const TableDescriptor& table, const Ordinals& ordinals) {
  std::string text;
  for (uint32_t ordinal : ordinals) {
    if (!text.empty()) text += ", ";
    text += QuoteIdentifier(table.columns(static_cast<int>(ordinal)).name());
  }
  return text;
}

// The table's columns as they stand in definitions.
std::function<std::string(uint32_t)> NamesOf(const TableDescriptor& table) {
  return [&table](uint32_t ordinal) {
    const auto position = static_cast<int>(ordinal);
    return position < table.columns_size() ? QuoteIdentifier(table.columns(position).name())
                                           : std::string("?");
  };
}

std::string DeferralWords(common::v1::Deferral deferral) {
  switch (deferral) {
    case common::v1::DEFERRAL_IMMEDIATE:
      return " DEFERRABLE";
    case common::v1::DEFERRAL_DEFERRED:
      return " DEFERRABLE INITIALLY DEFERRED";
    default:
      return {};
  }
}

std::string ActionWords(const char* event, common::v1::ReferentialAction action) {
  return action == common::v1::REFERENTIAL_ACTION_UNSPECIFIED
             ? std::string()
             : std::string(event) + " " + ActionName(action);
}

std::string QuoteLiteral(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

}  // namespace

bool IsUnique(const common::v1::IndexDescriptor& index) {
  return index.unique() || index.unique_when_complete() ||
         (index.deferral() != common::v1::DEFERRAL_UNSPECIFIED && !Excludes(index));
}

bool Excludes(const common::v1::IndexDescriptor& index) {
  return !index.exclusion_operators().empty();
}

const char* ActionName(common::v1::ReferentialAction action) {
  switch (action) {
    case common::v1::REFERENTIAL_ACTION_RESTRICT:
      return "RESTRICT";
    case common::v1::REFERENTIAL_ACTION_CASCADE:
      return "CASCADE";
    case common::v1::REFERENTIAL_ACTION_SET_NULL:
      return "SET NULL";
    case common::v1::REFERENTIAL_ACTION_SET_DEFAULT:
      return "SET DEFAULT";
    default:
      return "NO ACTION";
  }
}

bool IsVisible(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
               const std::string& schema, const std::string& name) {
  for (const std::string& candidate : path) {
    if (candidate == schema) return true;
    if (catalog.HasRelation(candidate, name)) return false;
  }
  return false;
}

std::string QualifiedName(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path, const std::string& schema,
                          const std::string& name) {
  return IsVisible(catalog, path, schema, name)
             ? QuoteIdentifier(name)
             : QuoteIdentifier(schema) + "." + QuoteIdentifier(name);
}

std::vector<std::string> PathOf(const sql::functions::EvaluationContext& session) {
  std::vector<std::string> path = session.search_path;
  if (std::find(path.begin(), path.end(), "pg_catalog") == path.end()) {
    const bool temporary = !path.empty() && sql::IsTemporarySchema(path.front());
    path.insert(path.begin() + (temporary ? 1 : 0), "pg_catalog");
  }
  return path;
}

uint32_t PrimaryKeyConstraintOid(const TableEntry& table) {
  return kPrimaryKeyBase + table.descriptor.primary_key_oid();
}
uint32_t UniqueConstraintOid(const common::v1::IndexDescriptor& index) {
  return kUniqueBase + index.index_id();
}
uint32_t CheckConstraintOid(const TableEntry& table, int position) {
  return kCheckBase + ((table.descriptor.table_id() & 0xfffff) << 8) +
         static_cast<uint32_t>(position);
}
uint32_t ForeignKeyConstraintOid(const TableEntry& table, int position) {
  return kForeignKeyBase + ((table.descriptor.table_id() & 0xfffff) << 8) +
         static_cast<uint32_t>(position);
}

uint32_t ReferencedIndexOid(const catalog::CatalogState& catalog,
                            const common::v1::ForeignKeyDescriptor& key) {
  const catalog::TableEntryPtr* parent = catalog.Find(key.referenced_table_id());
  if (parent == nullptr) return 0;
  const auto same = [&](const google::protobuf::RepeatedField<uint32_t>& columns) {
    return columns.size() == key.referenced_columns_size() &&
           std::is_permutation(columns.begin(), columns.end(), key.referenced_columns().begin());
  };
  const TableDescriptor& table = (*parent)->descriptor;
  if (same(table.primary_key())) return table.primary_key_oid();
  for (const auto& index : table.indexes()) {
    if (index.unique() && sql::IsPlain(index) && same(index.columns())) return index.index_id();
  }
  return 0;
}

bool HasStoredDefault(const common::v1::ColumnDescriptor& column) {
  return !column.default_sql().empty() &&
         column.identity() == common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED;
}

std::string GeneratedDefinition(const TableDescriptor& table,
                                const common::v1::ColumnDescriptor& column) {
  return sql::explain::DeparseDefinition(column.generated(), NamesOf(table), false);
}

const std::string& DefiningQuery(const TableDescriptor& table) {
  return table.has_materialized_view() ? table.materialized_view().sql() : table.view_sql();
}

std::string ShownQuery(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                       const TableDescriptor& table) {
  std::string sql = DefiningQuery(table);
  const auto& names = table.unqualified_names();
  // From the end: offsets before it stay as they are.
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const bool visible = name->relation().empty()
                             ? std::find(path.begin(), path.end(), name->schema()) != path.end()
                             : IsVisible(catalog, path, name->schema(), name->relation());
    if (visible || name->offset() >= sql.size()) continue;
    sql.insert(name->offset(), catalog::QuoteIdentifier(name->schema()) + ".");
  }
  return sql;
}

std::string ConditionDefinition(const TableDescriptor& table,
                                const common::v1::PolicyCondition& condition) {
  if (condition.bound().empty()) return "(" + condition.sql() + ")";
  common::v1::IndexExpression bound;
  bound.set_bound(condition.bound());
  return sql::explain::DeparseDefinition(bound, NamesOf(table), /*pretty=*/false);
}

uint32_t AttributeDefaultOid(uint32_t table_id, int ordinal) {
  return 0x20000000 + (table_id << 11) + static_cast<uint32_t>(ordinal) + 1;
}

bool IdentitySequenceOf(const catalog::CatalogState& catalog, const TableDescriptor& sequence) {
  const catalog::TableEntryPtr* owner = catalog.Find(sequence.sequence().owner_table_id());
  if (owner == nullptr) return false;
  const auto column = static_cast<int>(sequence.sequence().owner_column());
  return column < (*owner)->descriptor.columns_size() &&
         (*owner)->descriptor.columns(column).identity() !=
             common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED;
}

std::string DefaultDefinition(const catalog::CatalogState& catalog,
                              const std::vector<std::string>& path,
                              const common::v1::ColumnDescriptor& column) {
  const catalog::TableEntryPtr* sequence =
      column.default_sequence_id() == 0 ? nullptr : catalog.Find(column.default_sequence_id());
  if (sequence != nullptr) {
    const std::string name = QualifiedName(catalog, path, (*sequence)->descriptor.schema(),
                                           (*sequence)->descriptor.name());
    return "nextval(" + QuoteLiteral(name) + "::regclass)";
  }
  std::string sql = column.default_sql();
  // Kept with the schemas of its types; shown as the path needs it.
  for (const auto& [oid, declared] : catalog.types()) {
    const std::string kept = "::" + types::QuotedName(declared->declared().schema()) + "." +
                             types::QuotedName(declared->declared().name());
    if (sql.ends_with(kept))
      sql = sql.substr(0, sql.size() - kept.size()) +
            "::" + DeclaredTypeName(catalog, path, oid).value_or(kept);
  }
  const types::Type type = types::BaseOf(types::FromProto(column.type()));
  const TypeId id = type.id;
  const bool quoted = sql.size() >= 2 && sql.front() == '\'' && sql.find('\'', 1) == sql.size() - 1;
  if (!quoted || types::IsNumber(id)) return sql;
  if (type.declared != nullptr)
    return sql +
           "::" + DeclaredTypeName(catalog, path, types::OidOf(type)).value_or(types::Format(type));
  return sql + "::" + (id == TypeId::kBpchar ? "bpchar" : types::Format({id, 0}));
}

namespace {

// A sort key of a column in the column's own order is shown as the column.
std::optional<std::string> CollatedColumn(const TableDescriptor& table,
                                          const common::v1::IndexExpression& expression) {
  common::v1::Expression bound;
  if (!bound.ParseFromString(expression.bound()) || !sql::explain::IsSortKey(bound))
    return std::nullopt;
  const common::v1::Expression* of = &bound.call().arguments(0);
  while (of->has_cast() && !of->cast().explicit_()) of = &of->cast().argument();
  if (!of->has_column()) return std::nullopt;
  const auto& column = table.columns(static_cast<int>(of->column()));
  const common::v1::Collation& own = column.type().collation();
  const auto text = [&bound](int argument) {
    return bound.call().arguments(argument).literal().bytes_value();
  };
  if (own.schema() != text(1) || own.name() != text(2)) return std::nullopt;
  return QuoteIdentifier(column.name());
}

}  // namespace

std::string KeyDefinition(const TableDescriptor& table, const common::v1::IndexDescriptor& index,
                          int position, bool pretty) {
  const uint32_t ordinal = index.columns(position);
  if (ordinal != sql::kExpressionKey)
    return QuoteIdentifier(table.columns(static_cast<int>(ordinal)).name());
  const auto before =
      std::count(index.columns().begin(), index.columns().begin() + position, sql::kExpressionKey);
  const common::v1::IndexExpression& expression = index.expressions(static_cast<int>(before));
  if (const auto column = CollatedColumn(table, expression)) return *column;
  return sql::explain::DeparseKey(expression, NamesOf(table), pretty);
}

std::string ExpressionDefinitions(const TableDescriptor& table,
                                  const common::v1::IndexDescriptor& index) {
  std::string text;
  for (const auto& expression : index.expressions()) {
    if (!text.empty()) text += ", ";
    text += sql::explain::DeparseDefinition(expression, NamesOf(table), false);
  }
  return text;
}

std::string PredicateDefinition(const TableDescriptor& table,
                                const common::v1::IndexDescriptor& index, bool pretty) {
  return sql::explain::DeparseDefinition(index.predicate(), NamesOf(table), pretty);
}

std::string AccessMethodOf(const common::v1::IndexDescriptor* index) {
  if (index == nullptr) return "btree";
  if (index->method() == common::v1::IndexDescriptor::METHOD_HASH) return "hash";
  // As an R-tree unless equality is all that is excluded.
  const auto& excluded = index->exclusion_operators();
  if (std::any_of(excluded.begin(), excluded.end(),
                  [](const std::string& signature) { return !signature.starts_with("=("); }))
    return "gist";
  if (index->operator_classes().empty()) return "btree";
  const sql::OperatorClass* first = sql::FindOperatorClass(index->operator_classes(0));
  return first == nullptr ? "gin" : std::string(first->access_method);
}

int64_t AccessMethodOid(std::string_view name) {
  return name == "gin" ? 2742 : name == "gist" ? 783 : name == "hash" ? 405 : 403;
}

namespace {

// Behind a key: the operator class that is not its type's own.
std::string OperatorClassWord(const common::v1::IndexDescriptor& index, int position,
                              const std::vector<std::string>& path) {
  if (position < index.ordering_classes_size() && !index.ordering_classes(position).empty())
    return " " + index.ordering_classes(position);
  if (position >= index.operator_classes_size()) return {};
  const sql::OperatorClass* found = sql::FindOperatorClass(index.operator_classes(position));
  if (found == nullptr || found->is_default) return {};
  // An extension's are where extensions are made.
  const bool visible =
      !found->of_extension || std::find(path.begin(), path.end(), "public") != path.end();
  return (visible ? " " : " public.") + std::string(found->catalog_name);
}

}  // namespace

std::string IndexDefinition(const TableEntry& entry, const std::vector<std::string>& path,
                            const common::v1::IndexDescriptor* index, bool pretty) {
  const TableDescriptor& table = entry.descriptor;
  const bool unique = index == nullptr || IsUnique(*index);
  std::string text = unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  text += QuoteIdentifier(index == nullptr ? table.primary_key_name() : index->name());
  text += table.has_partition_key() ? " ON ONLY " : " ON ";
  text += QuoteIdentifier(table.schema()) + "." + QuoteIdentifier(table.name()) + " USING " +
          AccessMethodOf(index) + " (";
  if (index == nullptr) return text + ColumnList(table, table.primary_key()) + ")";
  for (int i = 0; i < index->columns_size(); ++i) {
    if (i > 0) text += ", ";
    text += KeyDefinition(table, *index, i, pretty);
    text += OperatorClassWord(*index, i, path);
    if (i < index->descending_size() && index->descending(i)) text += " DESC";
  }
  text += ")";
  if (index->include_size() > 0) text += " INCLUDE (" + ColumnList(table, index->include()) + ")";
  if (index->has_predicate()) text += " WHERE " + PredicateDefinition(table, *index, pretty);
  return text;
}

namespace {

std::string ExclusionDefinition(const TableDescriptor& table,
                                const common::v1::IndexDescriptor& index, bool pretty) {
  std::string text = "EXCLUDE USING " + AccessMethodOf(&index) + " (";
  for (int i = 0; i < index.columns_size(); ++i) {
    const std::string& signature = index.exclusion_operators(i);
    text += (i > 0 ? ", " : "") + KeyDefinition(table, index, i, pretty) + " WITH " +
            signature.substr(0, signature.find('('));
  }
  text += ")";
  if (index.include_size() > 0) text += " INCLUDE (" + ColumnList(table, index.include()) + ")";
  if (index.has_predicate()) text += " WHERE (" + PredicateDefinition(table, index, pretty) + ")";
  return text;
}

}  // namespace

std::string ConstraintDefinition(const catalog::CatalogState& catalog, const TableEntry& entry,
                                 const std::vector<std::string>& path, uint32_t constraint_oid,
                                 bool pretty, bool* found) {
  const TableDescriptor& table = entry.descriptor;
  *found = true;
  if (table.primary_key_size() > 0 && PrimaryKeyConstraintOid(entry) == constraint_oid) {
    return "PRIMARY KEY (" + ColumnList(table, table.primary_key()) + ")";
  }
  for (const auto& index : table.indexes()) {
    if (Excludes(index) && UniqueConstraintOid(index) == constraint_oid)
      return ExclusionDefinition(table, index, pretty) + DeferralWords(index.deferral());
    if (index.is_constraint() && UniqueConstraintOid(index) == constraint_oid) {
      return (index.is_primary() ? "PRIMARY KEY (" : "UNIQUE (") +
             ColumnList(table, index.columns()) + ")" + DeferralWords(index.deferral());
    }
  }
  for (int i = 0; i < table.checks_size(); ++i) {
    if (CheckConstraintOid(entry, i) != constraint_oid) continue;
    const auto& check = table.checks(i);
    const char* const end = check.not_valid() ? ") NOT VALID" : ")";
    if (check.has_bound())
      return "CHECK (" + sql::explain::DeparseDefinition(check.bound(), NamesOf(table), pretty) +
             end;
    const bool parentheses = !pretty && !check.sql().starts_with("(");
    return (parentheses ? "CHECK ((" : "CHECK (") + check.sql() + (parentheses ? ")" : "") + end;
  }
  for (int i = 0; i < table.foreign_keys_size(); ++i) {
    if (ForeignKeyConstraintOid(entry, i) != constraint_oid) continue;
    const auto& key = table.foreign_keys(i);
    std::string text = "FOREIGN KEY (" + ColumnList(table, key.columns()) + ") REFERENCES ";
    if (const catalog::TableEntryPtr* parent = catalog.Find(key.referenced_table_id());
        parent != nullptr) {
      text += QualifiedName(catalog, path, (*parent)->descriptor.schema(),
                            (*parent)->descriptor.name()) +
              "(" + ColumnList((*parent)->descriptor, key.referenced_columns()) + ")";
    }
    if (key.match_full()) text += " MATCH FULL";
    text += ActionWords(" ON UPDATE", key.on_update());
    text += ActionWords(" ON DELETE", key.on_delete());
    if (!key.delete_set_columns().empty())
      text += " (" + ColumnList(table, key.delete_set_columns()) + ")";
    text += DeferralWords(key.deferral());
    return text + (key.not_valid() ? " NOT VALID" : "");
  }
  *found = false;
  return {};
}

}  // namespace adbms::storage::server
