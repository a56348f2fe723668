#include "common/sql/expression/node.h"

#include <algorithm>
#include <bit>

#include "common/sql/functions/ordering.h"
#include "common/status/macros.h"
#include "common/types/bytes_text.h"
#include "common/types/form.h"

namespace adbms::sql::expression {
namespace {

using functions::CompareThreeWay;
using types::Batch;
using types::DecimalView;
using types::Interval;
using types::Physical;
using types::Value;
using types::Vector;
using types::VectorPtr;

template <typename T>
void Fill(T value, Vector* vector) {
  std::fill_n(vector->data<T>(), vector->size(), value);
}

template <typename T>
void ScatterFixed(const Vector& source, const std::vector<uint32_t>& rows, Vector* result) {
  const T* values = source.data<T>();
  T* out = result->data<T>();
  for (size_t i = 0; i < rows.size(); ++i) out[rows[i]] = values[i];
}

template <typename T>
int CompareFixed(const Vector& a, uint32_t row_a, const Vector& b, uint32_t row_b) {
  return CompareThreeWay(a.data<T>()[row_a], b.data<T>()[row_b]);
}

}  // namespace

absl::Status Node::Select(EvaluationState& state, const Batch& input,
                          std::vector<uint32_t>* selection) const {
  ASSIGN_OR_RETURN(const VectorPtr values, Evaluate(state, input));
  if (values->physical() != types::Physical::kBool) {
    return absl::InternalError("expression: a condition that is no boolean");
  }
  selection->clear();
  for (uint32_t row = 0; row < input.row_count; ++row) {
    if (IsTrue(*values, row)) selection->push_back(row);
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> Node::EvaluateScalar(EvaluationState& state) const {
  Batch one;
  one.row_count = 1;
  ASSIGN_OR_RETURN(const VectorPtr values, Evaluate(state, one));
  return values->Get(0);
}

absl::Status Node::Refine(EvaluationState& state, const Batch& input,
                          std::vector<uint32_t>* selection) const {
  if (selection->empty()) return absl::OkStatus();
  const bool whole = selection->size() == input.row_count ||
                     (!careful_ && selection->size() * 4 > input.row_count);
  VectorPtr values;
  if (whole) {
    ASSIGN_OR_RETURN(values, Evaluate(state, input));
  } else {
    ASSIGN_OR_RETURN(values, EvaluateOn(*this, state, input, *selection));
  }
  size_t kept = 0;
  for (size_t i = 0; i < selection->size(); ++i) {
    const uint32_t row = (*selection)[i];
    if (IsTrue(*values, whole ? row : static_cast<uint32_t>(i))) (*selection)[kept++] = row;
  }
  selection->resize(kept);
  return absl::OkStatus();
}

void Node::Adopt(const Node& child) {
  careful_ |= child.careful_;
  constant_ &= child.constant_;
  fixed_ &= child.fixed_;
  repeatable_ &= child.repeatable_;
  for (const uint32_t column : child.columns_) ReadsColumn(column);
}

void Node::ReadsColumn(uint32_t column) {
  const auto place = std::lower_bound(columns_.begin(), columns_.end(), column);
  if (place == columns_.end() || *place != column) columns_.insert(place, column);
}

VectorPtr Broadcast(const Value& value, const types::Type& type, uint32_t rows,
                    types::MemoryAccountPtr account) {
  auto vector = std::make_shared<Vector>(type);
  vector->CountStrings(std::move(account));
  vector->Resize(rows);
  if (rows == 0) return vector;
  if (value.is_null()) {
    for (uint32_t row = 0; row < rows; ++row) vector->SetNull(row);
    return vector;
  }
  switch (vector->physical()) {
    case Physical::kBool:
      Fill<uint8_t>(value.bool_value() ? 1 : 0, vector.get());
      break;
    case Physical::kInt16:
      Fill(static_cast<int16_t>(value.int_value()), vector.get());
      break;
    case Physical::kInt32:
      Fill(static_cast<int32_t>(value.int_value()), vector.get());
      break;
    case Physical::kInt64:
      Fill(value.int_value(), vector.get());
      break;
    case Physical::kFloat:
      Fill(static_cast<float>(value.float_value()), vector.get());
      break;
    case Physical::kDouble:
      Fill(value.float_value(), vector.get());
      break;
    case Physical::kDecimal:
      vector->SetDecimal(0, value.decimal());
      Fill(DecimalView(vector->data<DecimalView>()[0]), vector.get());
      break;
    case Physical::kInterval:
      Fill(value.interval(), vector.get());
      break;
    case Physical::kString:
      Fill(vector->arena()->Add(value.bytes()), vector.get());
      break;
  }
  return vector;
}

VectorPtr BroadcastRow(const VectorPtr& one, uint32_t rows) {
  if (rows == 1) return one;
  const std::vector<uint32_t> first(rows, 0);
  return types::Gather(*one, first.data(), rows);
}

Batch GatherFor(const Node& node, const Batch& input, const std::vector<uint32_t>& selection) {
  Batch output;
  output.row_count = static_cast<uint32_t>(selection.size());
  output.columns.resize(input.columns.size());
  for (const uint32_t column : node.columns()) {
    if (column >= input.columns.size() || input.columns[column] == nullptr) continue;
    output.columns[column] =
        types::Gather(*input.columns[column], selection.data(), output.row_count);
  }
  return output;
}

absl::StatusOr<VectorPtr> EvaluateOn(const Node& node, EvaluationState& state, const Batch& input,
                                     const std::vector<uint32_t>& selection) {
  if (selection.size() == input.row_count) return node.Evaluate(state, input);
  return node.Evaluate(state, GatherFor(node, input, selection));
}

void Scatter(const Vector& source, const std::vector<uint32_t>& rows, Vector* result) {
  switch (result->physical()) {
    case Physical::kBool:
      ScatterFixed<uint8_t>(source, rows, result);
      break;
    case Physical::kInt16:
      ScatterFixed<int16_t>(source, rows, result);
      break;
    case Physical::kInt32:
      ScatterFixed<int32_t>(source, rows, result);
      break;
    case Physical::kInt64:
      ScatterFixed<int64_t>(source, rows, result);
      break;
    case Physical::kFloat:
      ScatterFixed<float>(source, rows, result);
      break;
    case Physical::kDouble:
      ScatterFixed<double>(source, rows, result);
      break;
    case Physical::kDecimal:
      ScatterFixed<DecimalView>(source, rows, result);
      result->ShareStrings(source);
      break;
    case Physical::kInterval:
      ScatterFixed<Interval>(source, rows, result);
      break;
    case Physical::kString:
      ScatterFixed<std::string_view>(source, rows, result);
      result->ShareStrings(source);
      break;
  }
  if (!source.may_have_nulls()) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (source.is_null(static_cast<uint32_t>(i))) result->SetNull(rows[i]);
  }
}

void PropagateNulls(const Vector& argument, Vector* result) {
  const uint64_t* validity = argument.validity();
  if (validity == nullptr) return;
  const uint32_t rows = result->size();
  for (uint32_t word = 0; word * 64 < rows; ++word) {
    for (uint64_t nulls = ~validity[word]; nulls != 0; nulls &= nulls - 1) {
      const uint32_t row = word * 64 + static_cast<uint32_t>(std::countr_zero(nulls));
      if (row >= rows) break;
      result->SetNull(row);
    }
  }
}

int CompareRows(const Vector& a, uint32_t row_a, const Vector& b, uint32_t row_b) {
  switch (a.physical()) {
    case Physical::kBool:
      return CompareFixed<uint8_t>(a, row_a, b, row_b);
    case Physical::kInt16:
      return CompareFixed<int16_t>(a, row_a, b, row_b);
    case Physical::kInt32:
      return CompareFixed<int32_t>(a, row_a, b, row_b);
    case Physical::kInt64:
      return CompareFixed<int64_t>(a, row_a, b, row_b);
    case Physical::kFloat:
      return CompareFixed<float>(a, row_a, b, row_b);
    case Physical::kDouble:
      return CompareFixed<double>(a, row_a, b, row_b);
    case Physical::kDecimal:
      return CompareFixed<DecimalView>(a, row_a, b, row_b);
    case Physical::kInterval:
      return CompareFixed<Interval>(a, row_a, b, row_b);
    case Physical::kString:
      break;
  }
  const std::string_view x = a.data<std::string_view>()[row_a];
  const std::string_view y = b.data<std::string_view>()[row_b];
  return types::CompareStrings(a.type().id, x, y);
}

}  // namespace adbms::sql::expression
