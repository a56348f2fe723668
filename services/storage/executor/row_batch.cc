#include "services/storage/executor/row_batch.h"

#include <algorithm>
#include <cstring>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "common/types/form.h"
#include "services/storage/codec/key_codec.h"

namespace adbms::storage::executor {

using types::Physical;

types::Batch NewBatch(const std::vector<types::Type>& types, uint32_t row_count) {
  types::Batch batch;
  batch.columns.reserve(types.size());
  for (const types::Type& type : types) {
    batch.columns.push_back(std::make_shared<types::Vector>(type));
    batch.columns.back()->Resize(row_count);
  }
  batch.row_count = row_count;
  return batch;
}

namespace {

template <typename T>
void GatherData(const types::Vector& input, const uint32_t* selection, uint32_t count,
                types::Vector* out) {
  const T* source = input.data<T>();
  T* target = out->data<T>();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = selection[i];
    if (row == kNullRow || input.is_null(row)) {
      out->SetNull(i);
    } else {
      target[i] = source[row];
    }
  }
}

// Calls `visit` with a value of the C++ type of the physical form.
template <typename Visit>
void Dispatch(Physical physical, Visit visit) {
  switch (physical) {
    case Physical::kBool:
      visit(uint8_t{});
      break;
    case Physical::kInt16:
      visit(int16_t{});
      break;
    case Physical::kInt32:
      visit(int32_t{});
      break;
    case Physical::kInt64:
      visit(int64_t{});
      break;
    case Physical::kFloat:
      visit(float{});
      break;
    case Physical::kDouble:
      visit(double{});
      break;
    case Physical::kDecimal:
      visit(types::DecimalView());
      break;
    case Physical::kInterval:
      visit(types::Interval{});
      break;
    case Physical::kString:
      visit(std::string_view{});
      break;
  }
}

}  // namespace

types::VectorPtr GatherNullable(const types::Vector& input, const uint32_t* selection,
                                uint32_t count) {
  auto out = std::make_shared<types::Vector>(input.type());
  out->Resize(count);
  out->ShareStrings(input);
  Dispatch(input.physical(),
           [&](auto sample) { GatherData<decltype(sample)>(input, selection, count, out.get()); });
  return out;
}

types::Batch Concatenate(const std::vector<types::Batch>& batches,
                         const std::vector<types::Type>& types) {
  if (batches.size() == 1) return batches[0];
  uint32_t total = 0;
  for (const types::Batch& batch : batches) total += batch.row_count;
  types::Batch result = NewBatch(types, total);
  for (size_t c = 0; c < types.size(); ++c) {
    types::Vector* out = result.columns[c].get();
    uint32_t at = 0;
    for (const types::Batch& batch : batches) {
      const types::Vector& in = *batch.columns[c];
      out->ShareStrings(in);
      Dispatch(out->physical(), [&](auto sample) {
        using T = decltype(sample);
        std::copy(in.data<T>(), in.data<T>() + batch.row_count, out->data<T>() + at);
      });
      if (in.may_have_nulls()) {
        for (uint32_t i = 0; i < batch.row_count; ++i) {
          if (in.is_null(i)) out->SetNull(at + i);
        }
      }
      at += batch.row_count;
    }
  }
  return result;
}

types::Batch Slice(const types::Batch& batch, uint32_t begin, uint32_t count) {
  if (begin == 0 && count == batch.row_count) return batch;
  std::vector<uint32_t> selection(count);
  for (uint32_t i = 0; i < count; ++i) selection[i] = begin + i;
  return types::Gather(batch, selection.data(), count);
}

types::VectorPtr Repeat(const types::Value& value, types::Type type, uint32_t count) {
  auto out = std::make_shared<types::Vector>(type);
  out->Resize(count);
  if (count == 0) return out;
  if (value.is_null()) {
    for (uint32_t i = 0; i < count; ++i) out->SetNull(i);
    return out;
  }
  out->Set(0, value);
  Dispatch(out->physical(), [&](auto sample) {
    using T = decltype(sample);
    T* data = out->data<T>();
    std::fill(data + 1, data + count, data[0]);
  });
  return out;
}

void AppendRowIdentity(const std::vector<const types::Vector*>& columns, uint32_t row,
                       std::string* out) {
  for (const types::Vector* column : columns)
    codec::AppendKey(*column, row, {column->type(), false, true}, out);
}

void AppendIdentity(const types::Value& value, std::string* out) {
  if (value.is_null()) {
    out->push_back(2);
    return;
  }
  codec::AppendKey(value, {value.type(), false, true}, out);
  // Equal numbers of different scale are told apart: their text differs.
  if (types::PhysicalOf(value.type().id) == types::Physical::kDecimal) {
    const int scale = value.decimal().scale();
    out->push_back(static_cast<char>(scale & 0xff));
    out->push_back(static_cast<char>(scale >> 8));
  } else if (types::HasOrderKey(value.type().id)) {
    out->append(value.bytes());
  }
}

absl::StatusOr<types::Batch> EvaluateAll(const std::vector<CompiledExpressionPtr>& expressions,
                                         ExecutionContext* context, const types::Batch& input) {
  types::Batch out;
  out.row_count = input.row_count;
  out.columns.reserve(expressions.size());
  for (const CompiledExpressionPtr& expression : expressions) {
    ASSIGN_OR_RETURN(types::VectorPtr column, expression->Evaluate(context->state, input));
    out.columns.push_back(std::move(column));
  }
  return out;
}

bool AllRepeatable(const std::vector<CompiledExpressionPtr>& expressions) {
  return std::all_of(expressions.begin(), expressions.end(),
                     [](const CompiledExpressionPtr& e) { return e->repeatable(); });
}

absl::Status SelectInParts(const sql::expression::CompiledExpression& filter,
                           ExecutionContext* context, const types::Batch& input,
                           std::vector<uint32_t>* selection) {
  if (!filter.repeatable() || input.row_count <= 1) {
    return filter.Select(context->state, input, selection);
  }
  absl::Status status;
  {
    const BatchCeiling ceiling(context->memory);
    status = filter.Select(context->state, input, selection);
  }
  if (!IsMemoryRefusal(status)) return status;
  selection->clear();
  const uint32_t step = (input.row_count + 7) / 8;
  std::vector<uint32_t> part;
  for (uint32_t begin = 0; begin < input.row_count; begin += step) {
    const uint32_t count = std::min(step, input.row_count - begin);
    RETURN_IF_ERROR(context->call->Check());
    RETURN_IF_ERROR(SelectInParts(filter, context, Slice(input, begin, count), &part));
    for (const uint32_t row : part) selection->push_back(begin + row);
  }
  return absl::OkStatus();
}

uint32_t RowsWithin(const types::Batch& batch, const uint32_t* order, size_t begin, size_t end,
                    size_t bytes) {
  const size_t last = std::min(end, begin + types::BatchRows());
  size_t sum = 0;
  size_t at = begin;
  for (; at < last && (sum < bytes || at == begin); ++at) {
    for (const types::VectorPtr& column : batch.columns) {
      if (!column->has_strings() || column->is_null(order[at])) continue;
      sum += column->string(order[at]).size();
    }
  }
  return static_cast<uint32_t>(at - begin);
}

std::vector<const types::Vector*> Pointers(const types::Batch& batch) {
  std::vector<const types::Vector*> result;
  result.reserve(batch.columns.size());
  for (const types::VectorPtr& column : batch.columns) result.push_back(column.get());
  return result;
}

}  // namespace adbms::storage::executor
