#include <gtest/gtest.h>

#include "common/sql/expression/evaluator.h"
#include "common/status/sql_error.h"

namespace adbms::sql::expression {
namespace {

using common::v1::Expression;
using common::v1::LogicalExpression;
using types::Batch;
using types::Type;
using types::TypeId;
using types::Value;
using types::Vector;

Expression Literal(const Value& value) {
  Expression expression;
  *expression.mutable_type() = types::ToProto(value.type());
  *expression.mutable_literal() = types::ToProto(value);
  return expression;
}
Expression Int(int32_t value) { return Literal(Value::Int(TypeId::kInt4, value)); }

Expression Column(uint32_t column, TypeId id) {
  Expression expression;
  *expression.mutable_type() = types::ToProto(Type{id, 0});
  expression.set_column(column);
  return expression;
}

Expression Call(const std::string& signature, TypeId result, std::vector<Expression> arguments) {
  Expression expression;
  *expression.mutable_type() = types::ToProto(Type{result, 0});
  expression.mutable_call()->set_function(signature);
  for (auto& argument : arguments) *expression.mutable_call()->add_arguments() = argument;
  return expression;
}

Expression Logical(LogicalExpression::Kind kind, std::vector<Expression> arguments) {
  Expression expression;
  *expression.mutable_type() = types::ToProto(Type{TypeId::kBool, 0});
  expression.mutable_logical()->set_kind(kind);
  for (auto& argument : arguments) *expression.mutable_logical()->add_arguments() = argument;
  return expression;
}

// One int4 column: 0, 1, 2, NULL, 4, … up to `rows`.
Batch Numbers(uint32_t rows) {
  Batch batch;
  batch.row_count = rows;
  auto column = std::make_shared<Vector>(Type{TypeId::kInt4, 0});
  column->Resize(rows);
  for (uint32_t row = 0; row < rows; ++row)
    column->data<int32_t>()[row] = static_cast<int32_t>(row);
  if (rows > 3) column->SetNull(3);
  batch.columns.push_back(column);
  return batch;
}

std::vector<uint32_t> Selected(const Expression& expression, const Batch& batch) {
  auto compiled = Compile(expression);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  EvaluationState state;
  std::vector<uint32_t> rows;
  const absl::Status status = (*compiled)->Select(state, batch, &rows);
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

const Expression kX = Column(0, TypeId::kInt4);

TEST(ExpressionTest, ComparesColumnsWithConstantsFromBothSides) {
  EXPECT_EQ(Selected(Call("<(int4,int4)", TypeId::kBool, {kX, Int(3)}), Numbers(6)),
            (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(Selected(Call("<(int4,int4)", TypeId::kBool, {Int(3), kX}), Numbers(6)),
            (std::vector<uint32_t>{4, 5}));
}

TEST(ExpressionTest, AndHidesErrorsOfRowsAlreadyFalse) {
  const Expression nonzero = Call("<>(int4,int4)", TypeId::kBool, {kX, Int(0)});
  const Expression divides = Call("=(int4,int4)", TypeId::kBool,
                                  {Call("/(int4,int4)", TypeId::kInt4, {Int(4), kX}), Int(2)});
  const Expression both = Logical(LogicalExpression::KIND_AND, {nonzero, divides});
  EXPECT_EQ(Selected(both, Numbers(6)), (std::vector<uint32_t>{2}));
  auto compiled = Compile(both);
  EvaluationState state;
  const auto values = (*compiled)->Evaluate(state, Numbers(6));
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_FALSE((*values)->is_null(0));
  EXPECT_TRUE((*values)->is_null(3));
  const auto failed = (*Compile(divides))->Evaluate(state, Numbers(6));
  EXPECT_TRUE(status::HasSqlState(failed.status(), status::sqlstate::kDivisionByZero));
}

TEST(ExpressionTest, OrKeepsRowOrderAndUnknowns) {
  const Expression either =
      Logical(LogicalExpression::KIND_OR, {Call("=(int4,int4)", TypeId::kBool, {kX, Int(5)}),
                                           Call("<(int4,int4)", TypeId::kBool, {kX, Int(1)})});
  EXPECT_EQ(Selected(either, Numbers(7)), (std::vector<uint32_t>{0, 5}));
}

TEST(ExpressionTest, InListHonoursNull) {
  Expression in_list;
  *in_list.mutable_type() = types::ToProto(Type{TypeId::kBool, 0});
  *in_list.mutable_in_list()->mutable_argument() = kX;
  *in_list.mutable_in_list()->add_items() = Int(1);
  *in_list.mutable_in_list()->add_items() = Literal(Value::Null({TypeId::kInt4, 0}));
  EXPECT_EQ(Selected(in_list, Numbers(5)), (std::vector<uint32_t>{1}));
  in_list.mutable_in_list()->set_negated(true);
  EXPECT_TRUE(Selected(in_list, Numbers(5)).empty());
}

TEST(ExpressionTest, InListFollowsWhatAnExecutionChanges) {
  const auto item = [](bool correlated) {
    Expression expression;
    *expression.mutable_type() = types::ToProto(Type{TypeId::kInt4, 0});
    if (correlated) {
      expression.set_correlation_slot(0);
    } else {
      expression.set_parameter(0);
    }
    return expression;
  };
  for (const bool correlated : {false, true}) {
    Expression in_list;
    *in_list.mutable_type() = types::ToProto(Type{TypeId::kBool, 0});
    *in_list.mutable_in_list()->mutable_argument() = kX;
    *in_list.mutable_in_list()->add_items() = item(correlated);
    const auto compiled = Compile(in_list);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    const auto select = [&](EvaluationState& state) {
      std::vector<uint32_t> rows;
      EXPECT_TRUE((*compiled)->Select(state, Numbers(6), &rows).ok());
      return rows;
    };
    // Executions share the compiled form; outer rows share an execution.
    for (const int first : {1, 4}) {
      const std::vector<Value> parameters = {Value::Int(TypeId::kInt4, first)};
      EvaluationState state;
      state.parameters = &parameters;
      state.correlation_slots = parameters;
      EXPECT_EQ(select(state), std::vector<uint32_t>{static_cast<uint32_t>(first)});
      EXPECT_EQ(select(state), std::vector<uint32_t>{static_cast<uint32_t>(first)});
      state.correlation_slots = {Value::Int(TypeId::kInt4, 5)};
      const uint32_t second = correlated ? 5 : static_cast<uint32_t>(first);
      EXPECT_EQ(select(state), std::vector<uint32_t>{second});
    }
  }
}

TEST(ExpressionTest, CaseEvaluatesOnlyTheBranchTaken) {
  Expression choice;
  *choice.mutable_type() = types::ToProto(Type{TypeId::kInt4, 0});
  *choice.mutable_case_()->add_when() = Call("=(int4,int4)", TypeId::kBool, {kX, Int(0)});
  *choice.mutable_case_()->add_then() = Int(-1);
  *choice.mutable_case_()->mutable_otherwise() = Call("/(int4,int4)", TypeId::kInt4, {Int(12), kX});
  EvaluationState state;
  const auto values = (*Compile(choice))->Evaluate(state, Numbers(5));
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ((*values)->data<int32_t>()[0], -1);
  EXPECT_EQ((*values)->data<int32_t>()[2], 6);
  EXPECT_TRUE((*values)->is_null(3));
}

TEST(ExpressionTest, RefusesUnknownSignaturesAndDeepTrees) {
  EXPECT_FALSE(Compile(Call("no_such(int4)", TypeId::kInt4, {Int(1)})).ok());
  EXPECT_FALSE(Compile(Call("+(int4,int4)", TypeId::kInt4, {Int(1)})).ok());
  Expression deep = Int(1);
  for (int i = 0; i < 3000; ++i) {
    Expression outer;
    *outer.mutable_type() = types::ToProto(Type{TypeId::kInt4, 0});
    outer.mutable_call()->set_function("-(int4)");
    outer.mutable_call()->add_arguments()->Swap(&deep);
    deep.Swap(&outer);
  }
  EXPECT_TRUE(status::HasSqlState(Compile(deep).status(), status::sqlstate::kStatementTooComplex));
}

}  // namespace
}  // namespace adbms::sql::expression
