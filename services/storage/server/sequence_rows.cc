// pg_sequence, pg_sequences, information_schema.sequences.
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"
#include "services/storage/server/relation_viewer.h"

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
  const RelationViewer viewer(source);
  ForEachSequence(source, [&](const TableDescriptor& table, const SequenceDescriptor& sequence) {
    const types::Type type = types::FromProto(sequence.type());
    const int bits = type.id == types::TypeId::kInt2   ? 16
                     : type.id == types::TypeId::kInt4 ? 32
                                                       : 64;
    // Those of identity columns are not shown, as in PostgreSQL.
    if (IdentitySequenceOf(*source.catalog, table)) return;
    const catalog::TableEntryPtr* const entry = source.catalog->Find(table.table_id());
    if (entry == nullptr || !viewer.Sees(**entry)) return;
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

}  // namespace

void AddSequenceFills(RowFillMap* fills) {
  fills->insert({{"pg_catalog.pg_sequence", FillSequence},
                 {"pg_catalog.pg_sequences", FillSequences},
                 {"information_schema.sequences", FillStandardSequences}});
}

}  // namespace adbms::storage::server
