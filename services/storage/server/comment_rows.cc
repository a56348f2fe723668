// pg_description, and the functions that look into it.
#include "services/storage/server/catalog_functions.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/text_search_rows.h"

namespace adbms::storage::server {
namespace {

using common::v1::TableDescriptor;

constexpr int64_t kProcedure = 1255;
constexpr int64_t kClass = 1259;
constexpr int64_t kConstraint = 2606;
constexpr int64_t kNamespace = 2615;
constexpr int64_t kTrigger = 2620;
constexpr int64_t kPolicy = 3256;
constexpr int64_t kType = 1247;
constexpr int64_t kDatabase = 1262;
constexpr int64_t kOperator = 2617;

// Calls visit(object, its catalog, part, text) for each comment.
template <typename Visit>
void ForEachComment(const catalog::CatalogState& catalog, Visit visit) {
  const auto show = [&](int64_t object, int64_t of_class, int64_t part, const std::string& text) {
    if (!text.empty()) visit(object, of_class, part, text);
  };
  ForEachTextSearchComment([&](int64_t object, int64_t of_class, const std::string& text) {
    show(object, of_class, 0, text);
  });
  for (const auto& [id, schema] : catalog.schemas()) {
    // As PostgreSQL has it; COMMENT … IS NULL leaves it.
    const bool plain = schema.name() == "public" && schema.comment().empty();
    show(id, kNamespace, 0, plain ? "standard public schema" : schema.comment());
  }
  for (const auto& [id, function] : catalog.functions())
    show(id, kProcedure, 0, function->comment());
  for (const auto& [oid, type] : catalog.types()) show(oid, kType, 0, type->comment());
  for (const auto& [id, op] : catalog.operators()) show(id, kOperator, 0, op->comment());
  for (const auto& [id, entry] : catalog.tables()) {
    const TableDescriptor& table = entry->descriptor;
    show(id, kClass, 0, table.comment());
    for (int i = 0; i < table.columns_size(); ++i)
      show(id, kClass, i + 1, table.columns(i).comment());
    show(PrimaryKeyConstraintOid(*entry), kConstraint, 0, table.primary_key_comment());
    show(table.primary_key_oid(), kClass, 0, table.primary_key_index_comment());
    for (const auto& index : table.indexes()) {
      show(index.index_id(), kClass, 0, index.comment());
      show(UniqueConstraintOid(index), kConstraint, 0, index.constraint_comment());
    }
    for (const auto& trigger : table.triggers())
      show(trigger.trigger_id(), kTrigger, 0, trigger.comment());
    for (const auto& policy : table.policies())
      show(policy.policy_id(), kPolicy, 0, policy.comment());
    for (int i = 0; i < table.checks_size(); ++i)
      show(CheckConstraintOid(*entry, i), kConstraint, 0, table.checks(i).comment());
    for (int i = 0; i < table.foreign_keys_size(); ++i)
      show(ForeignKeyConstraintOid(*entry, i), kConstraint, 0, table.foreign_keys(i).comment());
  }
}

void FillDescription(const RowSource& source, RowBuilder* rows) {
  ForEachComment(*source.catalog,
                 [&](int64_t object, int64_t of_class, int64_t part, const std::string& text) {
                   rows->Row()
                       .Set("objoid", object)
                       .Set("classoid", of_class)
                       .Set("objsubid", part)
                       .Set("description", text);
                 });
}

void FillSharedDescription(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, database] : source.catalog->databases()) {
    if (database.comment().empty()) continue;
    rows->Row().Set("objoid", id).Set("classoid", kDatabase).Set("description", database.comment());
  }
}

}  // namespace

std::optional<std::string> CommentOn(const catalog::CatalogState& catalog, uint32_t object,
                                     std::string_view catalog_name, int64_t part) {
  int64_t wanted = 0;
  if (!catalog_name.empty()) {
    const catalog::TableEntry* of = catalog.FindByName("pg_catalog", std::string(catalog_name));
    if (of == nullptr) return std::nullopt;
    wanted = of->descriptor.table_id();
  }
  std::optional<std::string> found;
  if (wanted == kDatabase) {
    const auto database = catalog.databases().find(object);
    if (database != catalog.databases().end() && !database->second.comment().empty())
      found = database->second.comment();
    return found;
  }
  ForEachComment(
      catalog, [&](int64_t of, int64_t of_class, int64_t of_part, const std::string& text) {
        if (of == int64_t{object} && of_part == part && (wanted == 0 || of_class == wanted))
          found = text;
      });
  return found;
}

void AddCommentFills(RowFillMap* fills) {
  fills->emplace("pg_catalog.pg_description", FillDescription);
  fills->emplace("pg_catalog.pg_shdescription", FillSharedDescription);
}

}  // namespace adbms::storage::server
