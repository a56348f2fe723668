// One row of a table, decoded from what is stored. Not thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/types/vector.h"
#include "services/storage/codec/row_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::txn {

class StoredRow {
 public:
  // Borrows it.
  explicit StoredRow(const codec::TableLayout& layout) : layout_(layout) {
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < layout.types.size(); ++i) all.push_back(i);
    decoder_ = codec::RowDecoder(&layout.row, all, &layout.missing);
  }
  absl::Status Decode(std::string_view stored) {
    vectors_.clear();
    std::vector<types::Vector*> out;
    for (const types::Type& type : layout_.types) {
      vectors_.push_back(std::make_unique<types::Vector>(type));
      vectors_.back()->Resize(1);
      out.push_back(vectors_.back().get());
    }
    columns_.assign(out.begin(), out.end());
    return decoder_.Decode(stored, 0, out.data());
  }
  // By ordinal, of one row each; until the next Decode.
  codec::Columns columns() const { return columns_; }

 private:
  const codec::TableLayout& layout_;
  codec::RowDecoder decoder_;
  std::vector<std::unique_ptr<types::Vector>> vectors_;
  std::vector<const types::Vector*> columns_;
};

}  // namespace adbms::storage::txn
