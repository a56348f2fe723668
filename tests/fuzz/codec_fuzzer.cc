// Stored bytes: rows, keys, and batches on the wire between processes. Damage is an error.
#include "common/types/text_io.h"
#include "common/types/vector.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/row_codec.h"
#include "services/storage/codec/table_layout.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

using types::Type;
using types::TypeId;

const std::vector<std::pair<TypeId, const char*>>& Columns() {
  static const std::vector<std::pair<TypeId, const char*>> kColumns = {
      {TypeId::kInt4, "-7"},
      {TypeId::kText, "a text that is not short"},
      {TypeId::kBool, "t"},
      {TypeId::kNumeric, "12345.678"},
      {TypeId::kFloat8, "1.5"},
      {TypeId::kBytea, "\\x00ff00"},
      {TypeId::kInt2, "3"},
      {TypeId::kTimestamptz, "2024-01-01"},
      {TypeId::kInterval, "1 day"},
      {TypeId::kUuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {TypeId::kNumeric, "-1234567890123456789012345678901234567890.5"}};
  return kColumns;
}

types::Batch Row(bool nulls) {
  types::Batch batch;
  batch.row_count = 1;
  for (size_t i = 0; i < Columns().size(); ++i) {
    const Type type{Columns()[i].first, 0};
    auto vector = std::make_shared<types::Vector>(type);
    if (nulls && i % 2 == 1) {
      vector->Append(types::Value::Null(type));
    } else {
      vector->Append(*types::ParseText(Columns()[i].second, type, types::TextOptions()));
    }
    batch.columns.push_back(std::move(vector));
  }
  return batch;
}

std::vector<Type> RowTypes() {
  std::vector<Type> row_types;
  for (const auto& [id, text] : Columns()) row_types.push_back({id, 0});
  return row_types;
}

void DecodeRow(std::string_view bytes) {
  static const storage::codec::RowLayout layout(RowTypes());
  static const std::vector<types::Value> missing = [] {
    std::vector<types::Value> values;
    for (const Type& type : RowTypes()) values.push_back(types::Value::Null(type));
    return values;
  }();
  std::vector<uint32_t> ordinals;
  std::vector<std::unique_ptr<types::Vector>> vectors;
  std::vector<types::Vector*> out;
  for (uint32_t i = 0; i < RowTypes().size(); ++i) {
    ordinals.push_back(i);
    vectors.push_back(std::make_unique<types::Vector>(RowTypes()[i]));
    vectors.back()->Resize(1);
    out.push_back(vectors.back().get());
  }
  const storage::codec::RowDecoder decoder(&layout, ordinals, &missing);
  if (!decoder.Decode(bytes, 0, out.data()).ok()) return;
  for (const auto& vector : vectors) {
    if (vector->is_null(0)) continue;
    std::string text;
    types::FormatText(*vector, 0, types::TextOptions(), &text);
  }
}

void DecodeKeys(std::string_view bytes) {
  for (const Type& type : RowTypes()) {
    for (const bool descending : {false, true}) {
      std::string_view in = bytes;
      types::Vector vector(type);
      vector.Resize(1);
      const bool exact = storage::codec::IsExact(type.id);
      storage::codec::DecodeKey(&in, {type, descending, true}, exact ? &vector : nullptr, 0);
    }
  }
  std::string_view suffix;
  if (bytes.size() < 4) return;
  const size_t split = bytes.size() / 2;
  if (split >= 4 && storage::codec::IndexLayout::RowSuffix(bytes.substr(0, split),
                                                           bytes.substr(split), &suffix)) {
    storage::codec::IndexLayout::RowPart(bytes.substr(split));
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const bool nulls : {false, true}) {
    const types::Batch row = Row(nulls);
    types::EncodeBatch(row, &seeds.emplace_back());
    std::vector<const types::Vector*> columns;
    for (const auto& column : row.columns) columns.push_back(column.get());
    storage::codec::RowLayout(RowTypes()).Append(columns, 0, &seeds.emplace_back());
    std::string& key = seeds.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      storage::codec::AppendKey(*columns[i], 0, {RowTypes()[i], i % 3 == 0, true}, &key);
    }
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::DecodeRow(bytes);
  fuzz::DecodeKeys(bytes);
  const auto batch = types::DecodeBatch(bytes);
  if (batch.ok()) {
    std::string again;
    types::EncodeBatch(*batch, &again);
  }
  return 0;
}
