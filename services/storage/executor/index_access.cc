#include "services/storage/executor/index_access.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {
namespace {

absl::Status Corrupt() {
  return status::Error(status::sqlstate::kDataCorrupted, "an index entry is corrupted", {},
                       "Drop the index and create it again.");
}

}  // namespace

absl::StatusOr<std::unique_ptr<IndexAccess>> IndexAccess::Make(const catalog::TableEntry* table,
                                                               uint32_t index_id,
                                                               std::vector<uint32_t> ordinals,
                                                               bool index_only) {
  auto access = std::make_unique<IndexAccess>();
  if (index_id != 0) {
    access->index_ = table->layout.FindIndex(index_id);
    if (access->index_ == nullptr || !access->index_->is_public) {
      return status::Error(status::sqlstate::kStalePlan,
                           "the plan names an index that does not exist any more");
    }
  } else if (!table->layout.has_primary_key()) {
    return absl::InvalidArgumentError("malformed plan: the table has no primary key");
  }
  ASSIGN_OR_RETURN(access->columns_, ScanColumns::Make(table, std::move(ordinals)));
  access->index_only_ = index_id != 0 && index_only && access->PlanEntryDecoding();
  return access;
}

absl::Status IndexAccess::CheckOrdered() const {
  return primary() || !index_->inverted()
             ? absl::OkStatus()
             : absl::InvalidArgumentError("malformed plan: the order of an inverted index");
}

bool IndexAccess::PlanEntryDecoding() {
  const codec::TableLayout& layout = columns_.table().layout;
  key_outputs_.assign(index_->columns.size(), -1);
  suffix_outputs_.assign(layout.primary_key.size(), -1);
  std::vector<uint32_t> value_columns;
  const std::vector<uint32_t>& ordinals = columns_.ordinals();
  for (uint32_t i = 0; i < ordinals.size(); ++i) {
    if (ordinals[i] == codec::kRowKeyOrdinal) continue;
    const auto find = [&](const std::vector<uint32_t>& list) {
      const auto it = std::find(list.begin(), list.end(), ordinals[i]);
      return it == list.end() ? -1 : static_cast<int>(it - list.begin());
    };
    const bool exact = codec::IsExact(layout.types[ordinals[i]].id);
    const int in_key = exact ? find(index_->columns) : -1;
    const int in_suffix = exact ? find(layout.primary_key) : -1;
    const int in_value = find(index_->value_columns);
    if (in_key >= 0 && key_outputs_[static_cast<size_t>(in_key)] < 0) {
      key_outputs_[static_cast<size_t>(in_key)] = static_cast<int>(i);
    } else if (in_value >= 0) {
      value_outputs_.push_back(i);
      value_columns.push_back(static_cast<uint32_t>(in_value));
    } else if (in_suffix >= 0 && suffix_outputs_[static_cast<size_t>(in_suffix)] < 0) {
      suffix_outputs_[static_cast<size_t>(in_suffix)] = static_cast<int>(i);
    } else {
      return false;
    }
  }
  for (uint32_t ordinal : index_->value_columns)
    no_missing_.push_back(types::Value::Null(layout.types[ordinal]));
  value_decoder_ = codec::RowDecoder(&index_->value, std::move(value_columns), &no_missing_);
  return true;
}

absl::Status IndexAccess::AddEntry(std::string_view key, std::string_view value,
                                   RowSink* sink) const {
  const uint32_t row = sink->count();
  const std::vector<types::Vector*>& vectors = sink->vectors();
  std::string_view rest = key.substr(4);
  for (size_t i = 0; i < index_->key.size(); ++i) {
    types::Vector* out =
        key_outputs_[i] < 0 ? nullptr : vectors[static_cast<size_t>(key_outputs_[i])];
    if (!codec::DecodeKey(&rest, index_->key[i], out, row)) return Corrupt();
  }
  if (!value_outputs_.empty()) {
    std::vector<types::Vector*> outs;
    for (uint32_t position : value_outputs_) outs.push_back(vectors[position]);
    RETURN_IF_ERROR(value_decoder_.Decode(codec::IndexLayout::RowPart(value), row, outs.data()));
  }
  const codec::TableLayout& layout = columns_.table().layout;
  const bool suffix_needed =
      std::any_of(suffix_outputs_.begin(), suffix_outputs_.end(), [](int o) { return o >= 0; });
  if (suffix_needed || !columns_.key_positions().empty()) {
    std::string_view suffix;
    if (!codec::IndexLayout::RowSuffix(key, value, &suffix)) return Corrupt();
    for (uint32_t position : columns_.key_positions()) {
      std::string row_key = layout.Begin();
      row_key.append(suffix);
      vectors[position]->data<std::string_view>()[row] = vectors[position]->arena()->Add(row_key);
    }
    for (size_t i = 0; suffix_needed && i < suffix_outputs_.size(); ++i) {
      types::Vector* out =
          suffix_outputs_[i] < 0 ? nullptr : vectors[static_cast<size_t>(suffix_outputs_[i])];
      if (!codec::DecodeKey(&suffix, layout.primary_key_columns[i], out, row)) return Corrupt();
    }
  }
  sink->Skip();
  return absl::OkStatus();
}

absl::Status IndexAccess::AppendRowKey(std::string_view key, std::string_view value,
                                       std::string* out) const {
  std::string_view suffix;
  if (!codec::IndexLayout::RowSuffix(key, value, &suffix)) return Corrupt();
  codec::AppendSpace(columns_.table().layout.storage_id, out);
  out->append(suffix);
  return absl::OkStatus();
}

absl::Status IndexAccess::FetchRows(const txn::ReadView& view,
                                    const std::vector<std::string>& row_keys,
                                    const std::vector<uint32_t>& sources, RowSink* sink,
                                    std::vector<uint32_t>* added) const {
  if (row_keys.size() == 1) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(view.Get(row_keys[0], &value, &found));
    if (!found) return absl::OkStatus();
    if (added != nullptr) added->push_back(sources[0]);
    return sink->Add(row_keys[0], engine::ToView(value));
  }
  std::vector<engine::Slice> slices;
  slices.reserve(row_keys.size());
  for (const std::string& key : row_keys) slices.emplace_back(key);
  std::vector<engine::PinnableSlice> values;
  std::vector<bool> found;
  RETURN_IF_ERROR(view.MultiGet(slices, false, &values, &found));
  for (size_t i = 0; i < row_keys.size(); ++i) {
    if (!found[i]) continue;
    RETURN_IF_ERROR(sink->Add(row_keys[i], engine::ToView(values[i])));
    if (added != nullptr) added->push_back(sources[i]);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
