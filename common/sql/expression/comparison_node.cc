// `column <op> constant` without materializing the constant, straight into a selection.
#include "common/sql/expression/node.h"
#include "common/sql/functions/ordering.h"
#include "common/status/macros.h"
#include "common/types/form.h"

namespace adbms::sql::expression {
namespace {

using functions::CompareThreeWay;
using functions::Function;
using types::Batch;
using types::DecimalView;
using types::Physical;
using types::Type;
using types::TypeId;
using types::Value;
using types::Vector;
using types::VectorPtr;

enum class Operator { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// False when `symbol` is no comparison.
bool OperatorOf(std::string_view symbol, Operator* result) {
  constexpr std::string_view kSymbols[] = {"=", "<>", "<", "<=", ">", ">="};
  for (int i = 0; i < 6; ++i) {
    if (kSymbols[i] != symbol) continue;
    *result = static_cast<Operator>(i);
    return true;
  }
  return false;
}

template <Operator kOperator, typename T, typename C>
bool Holds(const T& value, const C& constant) {
  if constexpr (std::is_integral_v<T>) {
    const int64_t wide = value;
    if constexpr (kOperator == Operator::kEqual) return wide == constant;
    if constexpr (kOperator == Operator::kNotEqual) return wide != constant;
    if constexpr (kOperator == Operator::kLess) return wide < constant;
    if constexpr (kOperator == Operator::kLessOrEqual) return wide <= constant;
    if constexpr (kOperator == Operator::kGreater) return wide > constant;
    return wide >= constant;
  } else {
    if constexpr (std::is_same_v<T, std::string_view>) {
      if constexpr (kOperator == Operator::kEqual) return value == constant;
      if constexpr (kOperator == Operator::kNotEqual) return value != constant;
    }
    const int order = CompareThreeWay(value, constant);
    if constexpr (kOperator == Operator::kEqual) return order == 0;
    if constexpr (kOperator == Operator::kNotEqual) return order != 0;
    if constexpr (kOperator == Operator::kLess) return order < 0;
    if constexpr (kOperator == Operator::kLessOrEqual) return order <= 0;
    if constexpr (kOperator == Operator::kGreater) return order > 0;
    return order >= 0;
  }
}

template <Operator kOperator, typename T, typename C>
void FillRows(const Vector& column, const C& constant, Vector* result) {
  const T* values = column.data<T>();
  auto* out = result->data<uint8_t>();
  const uint32_t rows = result->size();
  for (uint32_t row = 0; row < rows; ++row) {
    if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, DecimalView>) {
      if (result->is_null(row)) continue;
    }
    out[row] = Holds<kOperator>(values[row], constant) ? 1 : 0;
  }
}

template <Operator kOperator, typename T, typename C>
void RefineRows(const Vector& column, const C& constant, std::vector<uint32_t>* selection) {
  const T* values = column.data<T>();
  uint32_t* rows = selection->data();
  const size_t count = selection->size();
  size_t kept = 0;
  if (column.may_have_nulls()) {
    for (size_t i = 0; i < count; ++i) {
      const uint32_t row = rows[i];
      if (!column.is_null(row) && Holds<kOperator>(values[row], constant)) rows[kept++] = row;
    }
  } else {
    for (size_t i = 0; i < count; ++i) {
      const uint32_t row = rows[i];
      rows[kept] = row;
      kept += Holds<kOperator>(values[row], constant) ? 1 : 0;
    }
  }
  selection->resize(kept);
}

template <typename T, typename C>
C ConstantOf(const Value& value) {
  if constexpr (std::is_same_v<C, int64_t>) return value.int_value();
  if constexpr (std::is_same_v<C, double>) return value.float_value();
  if constexpr (std::is_same_v<C, DecimalView>) return value.decimal();
  if constexpr (std::is_same_v<C, std::string_view>) return value.bytes();
}

// T: the column's C++ type, C: the constant's.
template <Operator kOperator, typename T, typename C>
class ColumnComparisonNode : public Node {
 public:
  ColumnComparisonNode(NodePtr column, NodePtr constant, Type type)
      : Node(type), column_(std::move(column)), constant_(std::move(constant)) {
    Adopt(*column_);
    Adopt(*constant_);
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr column, column_->Evaluate(state, input));
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    if (input.row_count == 0) return result;
    ASSIGN_OR_RETURN(const Value value, constant_->EvaluateScalar(state));
    if (value.is_null()) return Broadcast(value, type(), input.row_count);
    PropagateNulls(*column, result.get());
    FillRows<kOperator, T>(*column, ConstantOf<T, C>(value), result.get());
    return result;
  }

  absl::Status Select(EvaluationState& state, const Batch& input,
                      std::vector<uint32_t>* selection) const override {
    selection->resize(input.row_count);
    for (uint32_t row = 0; row < input.row_count; ++row) (*selection)[row] = row;
    return Refine(state, input, selection);
  }

  absl::Status Refine(EvaluationState& state, const Batch& input,
                      std::vector<uint32_t>* selection) const override {
    if (selection->empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const VectorPtr column, column_->Evaluate(state, input));
    ASSIGN_OR_RETURN(const Value value, constant_->EvaluateScalar(state));
    if (value.is_null()) {
      selection->clear();
      return absl::OkStatus();
    }
    RefineRows<kOperator, T>(*column, ConstantOf<T, C>(value), selection);
    return absl::OkStatus();
  }

 private:
  NodePtr column_;
  NodePtr constant_;
};

template <typename T, typename C>
NodePtr Make(Operator op, NodePtr column, NodePtr constant, Type type) {
  const auto make = [&]<Operator kOperator>() -> NodePtr {
    return std::make_unique<ColumnComparisonNode<kOperator, T, C>>(std::move(column),
                                                                   std::move(constant), type);
  };
  switch (op) {
    case Operator::kEqual:
      return make.template operator()<Operator::kEqual>();
    case Operator::kNotEqual:
      return make.template operator()<Operator::kNotEqual>();
    case Operator::kLess:
      return make.template operator()<Operator::kLess>();
    case Operator::kLessOrEqual:
      return make.template operator()<Operator::kLessOrEqual>();
    case Operator::kGreater:
      return make.template operator()<Operator::kGreater>();
    case Operator::kGreaterOrEqual:
      return make.template operator()<Operator::kGreaterOrEqual>();
  }
  return nullptr;
}

bool IsFloat(TypeId id) { return id == TypeId::kFloat4 || id == TypeId::kFloat8; }

// Whether the values compare as they lie in memory.
bool ComparesPhysically(TypeId column, TypeId constant) {
  if (!types::ComparesAsBytes(column)) return false;
  if (column == constant) return types::IsComparable(column);
  if (types::IsInteger(column) && types::IsInteger(constant)) return true;
  if (IsFloat(column) && IsFloat(constant)) return true;
  const auto textual = [](TypeId id) {
    return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kName;
  };
  return textual(column) && textual(constant);
}

}  // namespace

NodePtr MakeColumnComparison(const Function& function, NodeList* arguments, Type type) {
  Operator op;
  if (!function.is_operator || arguments->size() != 2 || !OperatorOf(function.name, &op)) {
    return nullptr;
  }
  const bool swapped = (*arguments)[0]->constant() && (*arguments)[1]->column() >= 0;
  if (!swapped && !((*arguments)[1]->constant() && (*arguments)[0]->column() >= 0)) return nullptr;
  NodePtr& column = (*arguments)[swapped ? 1 : 0];
  NodePtr& constant = (*arguments)[swapped ? 0 : 1];
  if (!ComparesPhysically(column->type().id, constant->type().id)) return nullptr;
  if (swapped && !OperatorOf(function.commutator, &op)) return nullptr;
  switch (types::PhysicalOf(column->type().id)) {
    case Physical::kInt16:
      return Make<int16_t, int64_t>(op, std::move(column), std::move(constant), type);
    case Physical::kInt32:
      return Make<int32_t, int64_t>(op, std::move(column), std::move(constant), type);
    case Physical::kInt64:
      return Make<int64_t, int64_t>(op, std::move(column), std::move(constant), type);
    case Physical::kFloat:
      return Make<float, double>(op, std::move(column), std::move(constant), type);
    case Physical::kDouble:
      return Make<double, double>(op, std::move(column), std::move(constant), type);
    case Physical::kDecimal:
      return Make<DecimalView, DecimalView>(op, std::move(column), std::move(constant), type);
    case Physical::kString:
      return Make<std::string_view, std::string_view>(op, std::move(column), std::move(constant),
                                                      type);
    default:
      return nullptr;
  }
}

}  // namespace adbms::sql::expression
