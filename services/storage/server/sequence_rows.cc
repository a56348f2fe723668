// pg_sequence, pg_sequences, information_schema.sequences, and what says whose a sequence is.
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {
namespace {

using common::v1::SequenceDescriptor;
using common::v1::TableDescriptor;

template <typename Visit>
void ForEachSequence(const RowSource& source, Visit visit) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    if (entry->descriptor.has_sequence()) visit(entry->descriptor, entry->descriptor.sequence());
  }
}

void FillSequence(const RowSource& source, RowBuilder* rows) {
  ForEachSequence(source, [&](const TableDescriptor& table, const SequenceDescriptor& sequence) {
    rows->Row()
        .Set("seqrelid", table.table_id())
        .Set("seqtypid", types::OidOf(types::FromProto(sequence.type()).id))
        .Set("seqstart", sequence.start())
        .Set("seqincrement", sequence.increment())
        .Set("seqmax", sequence.maximum())
        .Set("seqmin", sequence.minimum())
        .Set("seqcache", sequence.cache())
        .SetBool("seqcycle", sequence.cycle());
  });
}

void FillSequences(const RowSource& source, RowBuilder* rows) {
  ForEachSequence(source, [&](const TableDescriptor& table, const SequenceDescriptor& sequence) {
    rows->Row()
        .Set("schemaname", ShownSchema(table.schema()))
        .Set("sequencename", table.name())
        .Set("sequenceowner", table.owner())
        .Set("data_type", types::OidOf(types::FromProto(sequence.type()).id))
        .Set("start_value", sequence.start())
        .Set("min_value", sequence.minimum())
        .Set("max_value", sequence.maximum())
        .Set("increment_by", sequence.increment())
        .SetBool("cycle", sequence.cycle())
        .Set("cache_size", sequence.cache());
    const auto state = source.shared->sequences->Get(table);
    if (state.ok() && state->is_called) rows->Set("last_value", state->last_value);
  });
}

void FillStandardSequences(const RowSource& source, RowBuilder* rows) {
  ForEachSequence(source, [&](const TableDescriptor& table, const SequenceDescriptor& sequence) {
    const types::Type type = types::FromProto(sequence.type());
    const int bits = type.id == types::TypeId::kInt2   ? 16
                     : type.id == types::TypeId::kInt4 ? 32
                                                       : 64;
    // Those of identity columns are not shown, as in PostgreSQL.
    if (IdentitySequenceOf(*source.catalog, table)) return;
    rows->Row()
        .Set("sequence_catalog", source.session->current_database)
        .Set("sequence_schema", table.schema())
        .Set("sequence_name", table.name())
        .Set("data_type", types::Format(type))
        .Set("numeric_precision", bits)
        .Set("numeric_precision_radix", 2)
        .Set("numeric_scale", int64_t{0})
        .Set("start_value", std::to_string(sequence.start()))
        .Set("minimum_value", std::to_string(sequence.minimum()))
        .Set("maximum_value", std::to_string(sequence.maximum()))
        .Set("increment", std::to_string(sequence.increment()))
        .Set("cycle_option", sequence.cycle() ? "YES" : "NO");
  });
}

// Sequences depend on the columns that own them; defaults on their sequences.
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
  ForEachSequence(source, [&](const TableDescriptor& table, const SequenceDescriptor& sequence) {
    if (sequence.owner_table_id() == 0) return;
    row(kClass, table.table_id(), kClass, sequence.owner_table_id(),
        int64_t{sequence.owner_column()} + 1,
        IdentitySequenceOf(*source.catalog, table) ? "i" : "a");
  });
  for (const auto& [id, entry] : source.catalog->tables()) {
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

void AddSequenceFills(RowFillMap* fills) {
  fills->insert({{"pg_catalog.pg_sequence", FillSequence},
                 {"pg_catalog.pg_sequences", FillSequences},
                 {"pg_catalog.pg_depend", FillDepend},
                 {"information_schema.sequences", FillStandardSequences}});
}

}  // namespace adbms::storage::server
