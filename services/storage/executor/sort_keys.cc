#include "services/storage/executor/sort_keys.h"

#include <algorithm>

#include "common/status/macros.h"
#include "services/storage/codec/key_codec.h"

namespace adbms::storage::executor {

absl::StatusOr<std::vector<SortKeySpec>> CompileSortKeys(
    const google::protobuf::RepeatedPtrField<common::v1::SortKey>& keys) {
  std::vector<SortKeySpec> result;
  for (const common::v1::SortKey& key : keys) {
    ASSIGN_OR_RETURN(CompiledExpressionPtr expression, sql::expression::Compile(key.expression()));
    result.push_back({std::move(expression), key.descending(), key.nulls_first()});
  }
  return result;
}

namespace {

// Zeros are escaped; a column of nothing else is no common one.
size_t KeyBytes(std::string_view text) {
  if (text.size() < 4096) return text.size();
  return text.size() + static_cast<size_t>(std::count(text.begin(), text.end(), '\0'));
}

}  // namespace

absl::Status EncodeSortKeys(const std::vector<SortKeySpec>& specs, ExecutionContext* context,
                            const types::Batch& rows, std::vector<std::string>* keys,
                            int64_t* reserved) {
  const size_t first = keys->size();
  keys->resize(first + rows.row_count);
  for (const SortKeySpec& spec : specs) {
    ASSIGN_OR_RETURN(const types::VectorPtr column,
                     spec.expression->Evaluate(context->state, rows));
    int64_t bytes = static_cast<int64_t>(rows.row_count * (sizeof(std::string) + 16));
    if (column->has_strings()) {
      for (uint32_t row = 0; row < rows.row_count; ++row) {
        if (!column->is_null(row)) bytes += static_cast<int64_t>(KeyBytes(column->string(row)));
      }
    }
    if (reserved != nullptr) {
      RETURN_IF_ERROR(context->memory.Reserve(bytes));
      *reserved += bytes;
    }
    const codec::KeyColumn form{column->type(), spec.descending, false};
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      std::string& key = (*keys)[first + row];
      const bool null = column->is_null(row);
      key.push_back(null ? (spec.nulls_first ? 0 : 2) : 1);
      if (!null) codec::AppendKey(*column, row, form, &key);
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
