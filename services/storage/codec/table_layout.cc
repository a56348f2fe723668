#include "services/storage/codec/table_layout.h"

#include <algorithm>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/operator_classes/operator_class.h"
#include "common/sql/routing/partition_routing.h"
#include "common/status/macros.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/codec/index_formula.h"

namespace adbms::storage::codec {
namespace {

constexpr char kSuffixInKey = 0;
constexpr char kSuffixInValue = 1;

absl::Status SetExclusion(const common::v1::IndexDescriptor& index, IndexLayout* entry) {
  for (const std::string& signature : index.exclusion_operators()) {
    const auto* function = sql::functions::FunctionCatalog::Builtin().BySignature(signature);
    if (function == nullptr || index.exclusion_operators_size() != index.columns_size())
      return absl::InternalError("an exclusion constraint of an unknown operator");
    const bool first = entry->equal_keys == entry->exclusion.size();
    if (first && function->name == "=") ++entry->equal_keys;
    entry->exclusion.push_back(function);
  }
  return absl::OkStatus();
}

absl::Status SetOperatorClasses(const common::v1::IndexDescriptor& index, IndexLayout* layout) {
  for (const std::string& name : index.operator_classes()) {
    const sql::OperatorClass* found = sql::FindOperatorClass(name);
    if (found == nullptr) return absl::InternalError("an index of an unknown operator class");
    layout->operator_classes.push_back(found);
  }
  return index.operator_classes_size() == index.columns_size() && !index.unique()
             ? absl::OkStatus()
             : absl::InternalError("a malformed inverted index");
}

}  // namespace

void IndexLayout::AppendEntryKey(Columns row_columns, uint32_t row, std::string_view row_suffix,
                                 std::string* out, bool* inline_suffix) const {
  AppendSpace(index_id, out);
  *inline_suffix = !unique;
  for (size_t i = 0; i < columns.size(); ++i) {
    const types::Vector& vector = *row_columns[columns[i]];
    *inline_suffix |= vector.is_null(row);
    AppendKey(vector, row, key[i], out);
  }
  if (*inline_suffix) out->append(row_suffix);
}

void IndexLayout::AppendPrefix(Columns row_columns, uint32_t row, size_t count,
                               std::string* out) const {
  AppendSpace(index_id, out);
  for (size_t i = 0; i < count; ++i) AppendKey(*row_columns[columns[i]], row, key[i], out);
}

void IndexLayout::AppendItemKey(std::string_view item, std::string_view row_suffix,
                                std::string* out) const {
  AppendSpace(index_id, out);
  out->append(item);
  out->append(row_suffix);
}

void IndexLayout::AppendEntryValue(Columns row_columns, uint32_t row, std::string_view row_suffix,
                                   bool inline_suffix, std::string* out) const {
  const auto size = static_cast<uint16_t>(row_suffix.size());
  out->push_back(inline_suffix ? kSuffixInKey : kSuffixInValue);
  out->push_back(static_cast<char>(size & 0xff));
  out->push_back(static_cast<char>(size >> 8));
  if (!inline_suffix) out->append(row_suffix);
  if (value_columns.empty()) return;
  absl::InlinedVector<const types::Vector*, 8> values;
  for (uint32_t ordinal : value_columns) values.push_back(row_columns[ordinal]);
  value.Append(values, row, out);
}

bool IndexLayout::RowSuffix(std::string_view key, std::string_view value,
                            std::string_view* suffix) {
  if (value.size() < 3) return false;
  const size_t size =
      static_cast<uint8_t>(value[1]) | static_cast<size_t>(static_cast<uint8_t>(value[2])) << 8;
  const std::string_view source = value[0] == kSuffixInKey ? key : value.substr(3);
  if (source.size() < size) return false;
  *suffix = value[0] == kSuffixInKey ? source.substr(source.size() - size) : source.substr(0, size);
  return true;
}

bool IndexLayout::Shows(const std::vector<bool>& assigned) const {
  const auto is_assigned = [&](uint32_t ordinal) { return assigned[ordinal]; };
  if (formula != nullptr &&
      std::any_of(formula->columns().begin(), formula->columns().end(), is_assigned))
    return true;
  const auto is_assigned_key = [&](uint32_t ordinal) {
    return ordinal < assigned.size() && assigned[ordinal];
  };
  return std::any_of(columns.begin(), columns.end(), is_assigned_key) ||
         std::any_of(value_columns.begin(), value_columns.end(), is_assigned);
}

std::string_view IndexLayout::RowPart(std::string_view value) {
  if (value.size() < 3) return {};
  const size_t size =
      static_cast<uint8_t>(value[1]) | static_cast<size_t>(static_cast<uint8_t>(value[2])) << 8;
  const size_t start = value[0] == kSuffixInKey ? 3 : 3 + size;
  return start > value.size() ? std::string_view() : value.substr(start);
}

absl::StatusOr<TableLayout> TableLayout::Make(const common::v1::TableDescriptor& descriptor) {
  TableLayout layout;
  layout.table_id = descriptor.table_id();
  layout.storage_id = descriptor.storage_id();
  for (const common::v1::ColumnDescriptor& column : descriptor.columns()) {
    layout.types.push_back(types::FromProto(column.type()));
    layout.live.push_back(!column.dropped());
    layout.not_null.push_back(column.not_null() && !column.dropped());
    layout.names.push_back(column.name());
    types::Value missing = types::Value::Null(layout.types.back());
    if (column.has_missing_value()) {
      ASSIGN_OR_RETURN(missing, types::FromProto(column.missing_value()));
    }
    layout.missing.push_back(std::move(missing));
  }
  layout.row = RowLayout(layout.types);
  ASSIGN_OR_RETURN(layout.generated, GeneratedColumns::Make(descriptor));
  ASSIGN_OR_RETURN(layout.routing, sql::routing::PartitionRouting::Make(descriptor));
  for (uint32_t ordinal : descriptor.primary_key()) {
    if (ordinal >= layout.types.size()) return absl::InternalError("primary key names no column");
    layout.primary_key.push_back(ordinal);
    layout.primary_key_columns.push_back({layout.types[ordinal], false, false});
  }
  for (const common::v1::IndexDescriptor& index : descriptor.indexes()) {
    IndexLayout entry;
    entry.index_id = index.index_id();
    entry.delta_id = index.delta_id();
    entry.name = index.name();
    entry.unique = index.unique();
    entry.deferral = index.deferral();
    RETURN_IF_ERROR(SetExclusion(index, &entry));
    entry.is_public = index.state() == common::v1::IndexDescriptor::STATE_PUBLIC;
    ASSIGN_OR_RETURN(entry.formula, IndexFormula::Make(index, layout.types.size()));
    entry.first_computed = static_cast<uint32_t>(layout.types.size()) + layout.computed_columns;
    layout.computed_columns += static_cast<uint32_t>(index.expressions_size());
    if (index.method() == common::v1::IndexDescriptor::METHOD_INVERTED)
      RETURN_IF_ERROR(SetOperatorClasses(index, &entry));
    std::vector<uint32_t> values;
    int next = 0;
    for (int i = 0; i < index.columns_size(); ++i) {
      const uint32_t ordinal = index.columns(i);
      const bool descending = i < index.descending_size() && index.descending(i);
      if (ordinal == sql::kExpressionKey && next < index.expressions_size()) {
        entry.columns.push_back(entry.first_computed + static_cast<uint32_t>(next));
        entry.key.push_back({types::FromProto(index.expressions(next++).type()), descending, true});
        continue;
      }
      if (ordinal >= layout.types.size()) return absl::InternalError("index names no column");
      entry.columns.push_back(ordinal);
      entry.key.push_back({layout.types[ordinal], descending, true});
      if (!IsExact(layout.types[ordinal].id)) values.push_back(ordinal);
    }
    for (uint32_t ordinal : index.include()) {
      if (ordinal >= layout.types.size()) return absl::InternalError("index names no column");
      values.push_back(ordinal);
    }
    for (uint32_t ordinal : layout.primary_key) {
      if (!IsExact(layout.types[ordinal].id)) values.push_back(ordinal);
    }
    if (entry.inverted()) values.clear();
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::vector<types::Type> value_types;
    for (uint32_t ordinal : values) value_types.push_back(layout.types[ordinal]);
    entry.value_columns = std::move(values);
    entry.value = RowLayout(std::move(value_types));
    const bool building = index.state() == common::v1::IndexDescriptor::STATE_BUILDING;
    (building ? layout.building : layout.indexes).push_back(std::move(entry));
  }
  return layout;
}

const IndexLayout* TableLayout::FindIndex(uint32_t index_id) const {
  for (const auto* list : {&indexes, &building}) {
    for (const IndexLayout& index : *list) {
      if (index.index_id == index_id) return &index;
    }
  }
  return nullptr;
}

void TableLayout::AppendRowKey(Columns columns, uint32_t row, std::string* out) const {
  AppendSpace(storage_id, out);
  for (size_t i = 0; i < primary_key.size(); ++i) {
    AppendKey(*columns[primary_key[i]], row, primary_key_columns[i], out);
  }
}

void TableLayout::AppendHiddenKey(int64_t hidden, std::string* out) const {
  AppendSpace(storage_id, out);
  AppendKey(types::Value::Int(types::TypeId::kInt8, hidden),
            {{types::TypeId::kInt8, 0}, false, false}, out);
}

std::string TableLayout::Begin() const { return SpaceBegin(storage_id); }
std::string TableLayout::End() const { return SpaceEnd(storage_id); }

std::string SpaceBegin(uint32_t space) {
  std::string key;
  AppendSpace(space, &key);
  return key;
}

std::string SpaceEnd(uint32_t space) { return SpaceBegin(space + 1); }

}  // namespace adbms::storage::codec
