// How one version of a table lies in keys and values: derived from its descriptor once, then shared
// by everything that reads or writes the table. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/row_codec.h"

namespace adbms::sql {
struct OperatorClass;
}
namespace adbms::sql::functions {
struct Function;
}

namespace adbms::sql::routing {
class PartitionRouting;
}

namespace adbms::storage::codec {

// Ordinal that stands for the row's key.
inline constexpr uint32_t kRowKeyOrdinal = UINT32_MAX;

using Columns = std::span<const types::Vector* const>;

class GeneratedColumns;
class IndexFormula;

// A secondary index's entries.
struct IndexLayout {
  uint32_t index_id = 0;
  uint32_t delta_id = 0;  // Space of the keys of rows that changed while it was being built.
  std::string name;
  bool unique = false;
  // Of a deferrable unique constraint: not unique to whoever reads or writes entries.
  common::v1::Deferral deferral = common::v1::DEFERRAL_UNSPECIFIED;
  // Of an exclusion constraint, by key: the operator that is not to be true of two rows for every
  // key. Otherwise none. So many keys, the first ones, are compared by equality.
  std::vector<const sql::functions::Function*> exclusion;
  uint32_t equal_keys = 0;
  bool is_public = true;
  // Ordinals of the key columns; beyond the table's columns for expressions, whose values an
  // IndexedRows puts there.
  std::vector<uint32_t> columns;
  std::vector<KeyColumn> key;           // As many.
  std::vector<uint32_t> value_columns;  // Ordinals kept in the value, ascending.
  RowLayout value;
  // Null: the keys are columns, and every row has an entry. Otherwise entries are made of what an
  // IndexedRows has read.
  std::shared_ptr<const IndexFormula> formula;
  uint32_t first_computed = 0;  // Ordinal of its first expression.
  // Of an inverted index, by key; then a row has an entry for each of its items (index_items.h),
  // `key` says nothing of how they are ordered, and nothing is in their values. Otherwise none.
  std::vector<const sql::OperatorClass*> operator_classes;

  bool inverted() const { return !operator_classes.empty(); }
  bool excludes() const { return !exclusion.empty(); }
  // Whether what is stored is checked by the statement's end or later.
  bool checked_later() const { return excludes() || deferral != common::v1::DEFERRAL_UNSPECIFIED; }
  // The beginning of a row's entry key: its first `count` keys.
  void AppendPrefix(Columns row_columns, uint32_t row, size_t count, std::string* out) const;
  // Entry key of a row; `row_suffix` is its row key without the space. `inline_suffix`: the key
  // ends in it.
  void AppendEntryKey(Columns row_columns, uint32_t row, std::string_view row_suffix,
                      std::string* out, bool* inline_suffix) const;
  // The same for one of its items. REQUIRES: inverted().
  void AppendItemKey(std::string_view item, std::string_view row_suffix, std::string* out) const;
  void AppendEntryValue(Columns row_columns, uint32_t row, std::string_view row_suffix,
                        bool inline_suffix, std::string* out) const;
  // The row key's suffix of an entry; nullopt-like empty view with false when malformed.
  static bool RowSuffix(std::string_view key, std::string_view value, std::string_view* suffix);
  // Whether a row's entry changes where the columns for which `assigned` is true do.
  bool Shows(const std::vector<bool>& assigned) const;
  // The value's part that RowDecoder reads.
  static std::string_view RowPart(std::string_view value);
};

struct TableLayout {
  uint32_t table_id = 0;
  uint32_t storage_id = 0;
  std::vector<types::Type> types;  // By ordinal, dropped columns included.
  std::vector<bool> live;
  std::vector<bool> not_null;
  std::vector<std::string> names;
  std::vector<types::Value> missing;
  std::vector<uint32_t> primary_key;  // Ordinals; empty: hidden bigint key.
  std::vector<KeyColumn> primary_key_columns;
  RowLayout row;
  std::shared_ptr<const GeneratedColumns> generated;  // Null: there are none.
  std::shared_ptr<const sql::routing::PartitionRouting>
      routing;                        // Null: the table is not partitioned.
  uint32_t computed_columns = 0;      // How many expressions the indexes have as keys.
  std::vector<IndexLayout> indexes;   // That writes maintain; in the descriptor's order.
  std::vector<IndexLayout> building;  // In whose deltas writes note the rows that they change.

  // Errors: INTERNAL for a malformed descriptor.
  static absl::StatusOr<TableLayout> Make(const common::v1::TableDescriptor& descriptor);

  bool has_primary_key() const { return !primary_key.empty(); }
  // One that is being built too.
  const IndexLayout* FindIndex(uint32_t index_id) const;
  // Key of a row by its primary key. REQUIRES: has_primary_key().
  void AppendRowKey(Columns columns, uint32_t row, std::string* out) const;
  // Key of a row with a hidden key.
  void AppendHiddenKey(int64_t hidden, std::string* out) const;
  // First key of the rows, and the end.
  std::string Begin() const;
  std::string End() const;
};

// First key and end of a space.
std::string SpaceBegin(uint32_t space);
std::string SpaceEnd(uint32_t space);

}  // namespace adbms::storage::codec
