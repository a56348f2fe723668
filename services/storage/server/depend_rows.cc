// pg_depend, as far as pg_dump's order and other tools go by it.
#include "common/sql/system_relations.h"
#include "common/types/declared_type.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {
namespace {

// Sequences depend on the columns that own them, defaults on their sequences, views by their rules
// on what they read, domains on what they are over, triggers of partitions on those that they are
// copies of; schema adbms belongs to what is built in.
void FillDepend(const RowSource& source, RowBuilder* rows) {
  const auto row = [&](int64_t of_class, int64_t object, int64_t on_class, int64_t on,
                       int64_t column, const char* kind) {
    rows->Row()
        .Set("classid", of_class)
        .Set("objid", object)
        .Set("objsubid", int64_t{0})
        .Set("refclassid", on_class)
        .Set("refobjid", on)
        .Set("refobjsubid", column)
        .Set("deptype", kind);
  };
  constexpr int64_t kClass = 1259;
  constexpr int64_t kAttributeDefault = 2604;
  constexpr int64_t kType = 1247;
  constexpr int64_t kProcedure = 1255;
  constexpr int64_t kOperator = 2617;
  constexpr int64_t kNamespace = 2615;
  constexpr int64_t kRewrite = 2618;
  constexpr int64_t kTrigger = 2620;
  constexpr int64_t kPolicy = 3256;
  constexpr int64_t kExtension = 3079;
  for (const auto& [id, schema] : source.catalog->schemas()) {
    if (schema.name() == sql::kSystemSchema)
      row(kNamespace, id, kExtension, kBuiltInExtension, 0, "e");
  }
  for (const auto& [oid, type] : source.catalog->types()) {
    const types::Type base = types::FromProto(type->declared().base());
    if (base.declared != nullptr) row(kType, oid, kType, types::OidOf(base), 0, "n");
    // A composite type is its relation, whose columns are of types.
    if (type->declared().relation_oid() != 0)
      row(kClass, type->declared().relation_oid(), kType, oid, 0, "i");
    for (const auto& field : type->declared().fields()) {
      const uint32_t of = field.type().declared().oid();
      if (of != 0) row(kClass, type->declared().relation_oid(), kType, of, 0, "n");
    }
    const types::Type subtype = types::FromProto(type->declared().range().subtype());
    if (subtype.declared != nullptr) row(kType, oid, kType, types::OidOf(subtype), 0, "n");
  }
  for (const auto& [id, function] : source.catalog->functions()) {
    const common::v1::AggregateDefinition& parts = function->aggregate();
    for (const auto* part : {&parts.transition(), &parts.final(), &parts.combine()}) {
      if (part->function_id() != 0) row(kProcedure, id, kProcedure, part->function_id(), 0, "n");
    }
  }
  for (const auto& [id, op] : source.catalog->operators()) {
    if (op->function().function_id() != 0)
      row(kOperator, id, kProcedure, op->function().function_id(), 0, "n");
  }
  for (const auto& [id, entry] : source.catalog->tables()) {
    const common::v1::SequenceDescriptor& sequence = entry->descriptor.sequence();
    if (sequence.owner_table_id() != 0) {
      row(kClass, id, kClass, sequence.owner_table_id(), int64_t{sequence.owner_column()} + 1,
          IdentitySequenceOf(*source.catalog, entry->descriptor) ? "i" : "a");
    }
    if (!DefiningQuery(entry->descriptor).empty()) {
      row(kRewrite, RuleOid(id), kClass, id, 0, "i");
      for (const auto& used : entry->descriptor.view_dependencies())
        row(kRewrite, RuleOid(id), kClass, used.table_id(), 0, "n");
    }
    for (const auto& trigger : entry->descriptor.triggers()) {
      if (trigger.parent_id() != 0)
        row(kTrigger, trigger.trigger_id(), kTrigger, trigger.parent_id(), 0, "P");
    }
    for (const auto& policy : entry->descriptor.policies()) {
      row(kPolicy, policy.policy_id(), kClass, id, 0, "a");
      std::set<std::pair<uint32_t, uint32_t>> columns;
      for (const auto* condition : {&policy.using_(), &policy.check()}) {
        for (const uint32_t ordinal : condition->columns()) columns.emplace(id, ordinal + 1);
        for (const auto& used : condition->relations()) columns.emplace(used.table_id(), 0);
      }
      for (const auto& [table, column] : columns)
        row(kPolicy, policy.policy_id(), kClass, table, column, "n");
    }
    for (int i = 0; i < entry->descriptor.columns_size(); ++i) {
      const auto& column = entry->descriptor.columns(i);
      if (!HasStoredDefault(column)) continue;
      const int64_t oid = AttributeDefaultOid(id, i);
      row(kAttributeDefault, oid, kClass, id, i + 1, "a");
      if (column.default_sequence_id() != 0) {
        row(kAttributeDefault, oid, kClass, column.default_sequence_id(), 0, "n");
      }
    }
  }
}

}  // namespace

void AddDependFills(RowFillMap* fills) { fills->emplace("pg_catalog.pg_depend", FillDepend); }

}  // namespace adbms::storage::server
