#include "services/storage/codec/indexed_rows.h"

#include <numeric>

#include "common/status/macros.h"
#include "services/storage/codec/index_formula.h"

namespace adbms::storage::codec {

absl::Status IndexedRows::Read(Columns columns, const uint32_t* rows, uint32_t count) {
  sources_.assign(rows, rows + count);
  gathered_ = index_->formula != nullptr;
  if (gathered_) return Evaluate(columns);
  columns_ = columns;
  return absl::OkStatus();
}

absl::Status IndexedRows::ReadAll(Columns columns, uint32_t row_count) {
  std::vector<uint32_t> all(row_count);
  std::iota(all.begin(), all.end(), 0);
  return Read(columns, all.data(), row_count);
}

absl::Status IndexedRows::Evaluate(Columns columns) {
  const IndexFormula& formula = *index_->formula;
  const size_t column_count = layout_->types.size();
  sql::expression::EvaluationState state;
  state.parameters = &no_parameters_;
  batch_ = types::Batch();
  batch_.columns.resize(column_count);
  batch_.row_count = count();
  const auto take = [&](uint32_t ordinal) {
    if (ordinal < column_count && batch_.columns[ordinal] == nullptr)
      batch_.columns[ordinal] = types::Gather(*columns[ordinal], sources_.data(), count());
  };
  for (const uint32_t ordinal : formula.columns()) take(ordinal);
  if (formula.predicate() != nullptr) {
    std::vector<uint32_t> chosen;
    RETURN_IF_ERROR(formula.predicate()->Select(state, batch_, &chosen));
    if (chosen.size() != sources_.size()) {
      const auto kept = static_cast<uint32_t>(chosen.size());
      for (types::VectorPtr& column : batch_.columns) {
        if (column != nullptr) column = types::Gather(*column, chosen.data(), kept);
      }
      for (uint32_t& position : chosen) position = sources_[position];
      sources_ = std::move(chosen);
      batch_.row_count = kept;
    }
  }
  if (sources_.empty()) return absl::OkStatus();
  for (const uint32_t ordinal : index_->columns) take(ordinal);
  for (const uint32_t ordinal : index_->value_columns) take(ordinal);
  pointers_.assign(layout_->types.size() + layout_->computed_columns, nullptr);
  std::vector<types::VectorPtr> values;
  for (const auto& key : formula.keys()) {
    ASSIGN_OR_RETURN(types::VectorPtr value, key->Evaluate(state, batch_));
    if (value->strings_refused()) return value->StringsRefusal();
    values.push_back(std::move(value));
  }
  for (size_t i = 0; i < column_count; ++i) pointers_[i] = batch_.columns[i].get();
  for (size_t i = 0; i < values.size(); ++i) {
    pointers_[index_->first_computed + i] = values[i].get();
    batch_.columns.push_back(std::move(values[i]));
  }
  columns_ = pointers_;
  return absl::OkStatus();
}

}  // namespace adbms::storage::codec
