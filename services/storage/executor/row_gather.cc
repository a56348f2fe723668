#include "services/storage/executor/row_gather.h"

namespace adbms::storage::executor {
namespace {

using types::Physical;

uint32_t BatchOf(RowPosition position) { return static_cast<uint32_t>(position >> 32); }
uint32_t RowOf(RowPosition position) { return static_cast<uint32_t>(position); }

template <typename T>
void GatherData(const std::vector<const char*>& data, const RowPosition* positions, uint32_t count,
                types::Vector* out) {
  T* target = out->data<T>();
  for (uint32_t i = 0; i < count; ++i)
    target[i] = reinterpret_cast<const T*>(data[BatchOf(positions[i])])[RowOf(positions[i])];
}

void GatherValues(const std::vector<const char*>& data, const RowPosition* positions,
                  uint32_t count, types::Vector* out) {
  switch (out->physical()) {
    case Physical::kBool:
      return GatherData<uint8_t>(data, positions, count, out);
    case Physical::kInt16:
      return GatherData<int16_t>(data, positions, count, out);
    case Physical::kInt32:
    case Physical::kFloat:
      return GatherData<int32_t>(data, positions, count, out);
    case Physical::kInt64:
    case Physical::kDouble:
      return GatherData<int64_t>(data, positions, count, out);
    case Physical::kDecimal:
      return GatherData<types::DecimalView>(data, positions, count, out);
    case Physical::kInterval:
      return GatherData<types::Interval>(data, positions, count, out);
    case Physical::kString:
      return GatherData<std::string_view>(data, positions, count, out);
  }
}

}  // namespace

RowGather::RowGather(const std::vector<types::Type>& types) {
  for (const types::Type& type : types) {
    if (types::MayHaveStrings(types::PhysicalOf(type.id)))
      string_columns_.push_back(columns_.size());
    columns_.push_back({type, {}, false, std::make_shared<types::Vector>(type)});
    fixed_bytes_ += types::WidthOf(types::PhysicalOf(type.id));
  }
}

uint32_t RowGather::Add(types::Batch batch) {
  for (size_t c = 0; c < columns_.size(); ++c) {
    const types::Vector& values = *batch.columns[c];
    columns_[c].data.push_back(values.data<char>());
    columns_[c].may_have_nulls |= values.may_have_nulls();
    columns_[c].strings->ShareStrings(values);
  }
  batches_.push_back(std::move(batch));
  return static_cast<uint32_t>(batches_.size() - 1);
}

void RowGather::Clear() {
  batches_.clear();
  for (Column& column : columns_) {
    column.data.clear();
    column.may_have_nulls = false;
    // Another one: results may hold what this one kept.
    column.strings = std::make_shared<types::Vector>(column.type);
  }
}

size_t RowGather::RowBytes(RowPosition position) const {
  size_t bytes = fixed_bytes_;
  for (const size_t c : string_columns_) {
    if (!columns_[c].strings->has_strings()) continue;
    if (columns_[c].may_have_nulls && IsNull(c, position)) continue;
    bytes += batches_[BatchOf(position)].columns[c]->string(RowOf(position)).size();
  }
  return bytes;
}

bool RowGather::IsNull(size_t column, RowPosition position) const {
  return batches_[BatchOf(position)].columns[column]->is_null(RowOf(position));
}

types::Batch RowGather::Gather(const RowPosition* positions, uint32_t count) const {
  types::Batch out;
  out.row_count = count;
  out.columns.reserve(columns_.size());
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    auto values = std::make_shared<types::Vector>(column.type);
    values->Resize(count);
    values->ShareStrings(*column.strings);
    GatherValues(column.data, positions, count, values.get());
    for (uint32_t i = 0; column.may_have_nulls && i < count; ++i) {
      if (IsNull(c, positions[i])) values->SetNull(i);
    }
    out.columns.push_back(std::move(values));
  }
  return out;
}

}  // namespace adbms::storage::executor
