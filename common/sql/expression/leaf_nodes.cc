// Literals, columns, parameters, correlation slots and session values.
#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::expression {
namespace {

using common::v1::SessionValue;
using types::Batch;
using types::Type;
using types::TypeId;
using types::Value;
using types::VectorPtr;

// A value that no row changes: subclasses say which.
class ConstantNode : public Node {
 public:
  using Node::Node;
  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const Value value, EvaluateScalar(state));
    VectorPtr values = Broadcast(value, type(), input.row_count, state.context.memory);
    RETURN_IF_ERROR(CheckStrings(*values));
    return values;
  }
};

bool SameForm(const Type& a, const Type& b) {
  return a.id == b.id || types::PhysicalOf(a.id) == types::PhysicalOf(b.id);
}

class LiteralNode : public ConstantNode {
 public:
  LiteralNode(Value value, Type type) : ConstantNode(type), value_(std::move(value)) {}
  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    VectorPtr values = Broadcast(value_, type(), input.row_count, state.context.memory);
    RETURN_IF_ERROR(CheckStrings(*values));
    return values;
  }
  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override { return value_; }
  bool literal() const override { return true; }

 private:
  Value value_;
};

class ColumnNode : public Node {
 public:
  ColumnNode(uint32_t column, Type type) : Node(type), column_(column) {
    ReadsColumn(column);
    MarkVarying();
  }
  int column() const override { return static_cast<int>(column_); }
  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    if (column_ >= input.columns.size() || input.columns[column_] == nullptr) {
      return absl::InternalError("expression: the input lacks column " + std::to_string(column_));
    }
    // Kernels trust their arguments' types; a plan may come from another process.
    if (!SameForm(input.columns[column_]->type(), type())) {
      return absl::InternalError("expression: column " + std::to_string(column_) +
                                 " of the input has another type");
    }
    return input.columns[column_];
  }

 private:
  uint32_t column_;
};

class ParameterNode : public ConstantNode {
 public:
  ParameterNode(uint32_t parameter, Type type) : ConstantNode(type), parameter_(parameter) {}
  int parameter() const override { return static_cast<int>(parameter_); }
  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override {
    if (state.parameters == nullptr || parameter_ >= state.parameters->size()) {
      return status::Error(status::sqlstate::kUndefinedParameter,
                           "there is no parameter $" + std::to_string(parameter_ + 1));
    }
    const Value& value = (*state.parameters)[parameter_];
    if (!value.is_null() && !SameForm(value.type(), type())) {
      return absl::InternalError("expression: parameter $" + std::to_string(parameter_ + 1) +
                                 " has another type");
    }
    return value;
  }

 private:
  uint32_t parameter_;
};

class CorrelationNode : public ConstantNode {
 public:
  CorrelationNode(uint32_t slot, Type type) : ConstantNode(type), slot_(slot) { MarkCorrelated(); }
  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override {
    if (slot_ >= state.correlation_slots.size()) {
      return absl::InternalError("expression: no correlation slot " + std::to_string(slot_));
    }
    const Value& value = state.correlation_slots[slot_];
    if (!value.is_null() && !SameForm(value.type(), type())) {
      return absl::InternalError("expression: correlation slot " + std::to_string(slot_) +
                                 " has another type");
    }
    return value;
  }

 private:
  uint32_t slot_;
};

class SessionNode : public ConstantNode {
 public:
  SessionNode(SessionValue::Kind kind, Type type) : ConstantNode(type), kind_(kind) {}
  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override {
    const auto& context = state.context;
    switch (kind_) {
      case SessionValue::KIND_TRANSACTION_TIMESTAMP:
        return Value::Int(TypeId::kTimestamptz, context.transaction_timestamp_us);
      case SessionValue::KIND_STATEMENT_TIMESTAMP:
        return Value::Int(TypeId::kTimestamptz, context.statement_timestamp_us);
      case SessionValue::KIND_CURRENT_USER:
        return Name(context.current_user);
      case SessionValue::KIND_SESSION_USER:
        return Name(context.session_user);
      case SessionValue::KIND_BACKEND_PID:
        return Value::Int(TypeId::kInt4, context.backend_pid);
      case SessionValue::KIND_CURRENT_DATABASE:
        return Name(context.current_database);
      case SessionValue::KIND_TIME_ZONE:
        return Value::Text(context.time_zone);
      case SessionValue::KIND_CURRENT_SCHEMA:
        if (context.search_path.empty()) {
          return context.current_schema.empty() ? Value::Null({TypeId::kName, 0})
                                                : Name(context.current_schema);
        } else {
          const std::vector<std::string> path = functions::EffectiveSearchPath(context);
          return path.empty() ? Value::Null({TypeId::kName, 0}) : Name(path.front());
        }
      default:
        return absl::InternalError("expression: unknown session value");
    }
  }

 private:
  static Value Name(const std::string& text) { return Value::String({TypeId::kName, 0}, text); }

  SessionValue::Kind kind_;
};

}  // namespace

NodePtr MakeLiteral(Value value, Type type) {
  return std::make_unique<LiteralNode>(std::move(value), type);
}
NodePtr MakeColumn(uint32_t column, Type type) {
  return std::make_unique<ColumnNode>(column, type);
}
NodePtr MakeParameter(uint32_t parameter, Type type) {
  return std::make_unique<ParameterNode>(parameter, type);
}
NodePtr MakeCorrelation(uint32_t slot, Type type) {
  return std::make_unique<CorrelationNode>(slot, type);
}
NodePtr MakeSessionValue(SessionValue::Kind kind, Type type) {
  return std::make_unique<SessionNode>(kind, type);
}

}  // namespace adbms::sql::expression
