// Operators on hand-built plans against what SQL says.
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/status/sql_error.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::JoinType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class OperatorsTest : public PlansTest {
 protected:
  // generate_series: one int4 column.
  static Operator Series(int64_t first, int64_t last, int64_t step) {
    Operator op;
    auto* column = op.add_output();
    column->set_name("n");
    *column->mutable_type() = types::ToProto(types::Type{kInt4, 0});
    op.mutable_function_scan()->set_function("generate_series");
    for (const int64_t argument : {first, last, step})
      *op.mutable_function_scan()->add_arguments() = IntLiteral(argument);
    return op;
  }
  // One nullable int4 column pair: INT64_MIN stands for NULL.
  static Operator Pairs(std::vector<std::pair<int64_t, int64_t>> rows) {
    const auto literal = [](int64_t v) {
      return v == INT64_MIN ? NullLiteral(kInt4) : IntLiteral(v);
    };
    std::vector<std::vector<Expression>> expressions;
    for (const auto& [a, b] : rows) expressions.push_back({literal(a), literal(b)});
    return Values({kInt4, kInt4}, std::move(expressions));
  }
  Operator Join(JoinType type, Operator left, Operator right, bool residual = false) {
    Operator op;
    for (const auto& column : left.output()) *op.add_output() = column;
    if (type <= common::v1::JOIN_TYPE_FULL) {
      for (const auto& column : right.output()) *op.add_output() = column;
    }
    auto* join = op.mutable_hash_join();
    join->set_type(type);
    *join->mutable_left() = std::move(left);
    *join->mutable_right() = std::move(right);
    *join->add_left_keys() = Column(0, kInt4);
    *join->add_right_keys() = Column(0, kInt4);
    if (residual) {
      *join->mutable_residual() =
          Call("<(int4,int4)", TypeId::kBool, {Column(1, kInt4), Column(3, kInt4)});
    }
    return op;
  }

  static constexpr int64_t kNull = INT64_MIN;
};

TEST_F(OperatorsTest, JoinsOfEveryType) {
  const auto left = [] { return Pairs({{1, 1}, {2, 2}, {2, 3}, {kNull, 4}}); };
  const auto right = [] { return Pairs({{2, 20}, {2, 1}, {3, 30}, {kNull, 40}}); };
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_INNER, left(), right())),
              UnorderedElementsAre("2|2|2|20", "2|2|2|1", "2|3|2|20", "2|3|2|1"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_INNER, left(), right(), true)),
              UnorderedElementsAre("2|2|2|20", "2|3|2|20"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_LEFT, left(), right(), true)),
              UnorderedElementsAre("1|1|null|null", "2|2|2|20", "2|3|2|20", "null|4|null|null"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_RIGHT, left(), right(), true)),
              UnorderedElementsAre("2|2|2|20", "2|3|2|20", "null|null|2|1", "null|null|3|30",
                                   "null|null|null|40"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_FULL, left(), right(), true)),
              UnorderedElementsAre("1|1|null|null", "2|2|2|20", "2|3|2|20", "null|4|null|null",
                                   "null|null|2|1", "null|null|3|30", "null|null|null|40"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_SEMI, left(), right())),
              UnorderedElementsAre("2|2", "2|3"));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_ANTI, left(), right())),
              UnorderedElementsAre("1|1", "null|4"));
}

TEST_F(OperatorsTest, NotInHidesRowsBesideNulls) {
  const auto left = [] { return Pairs({{1, 1}, {2, 2}, {kNull, 3}}); };
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_ANTI_NULL_AWARE, left(), Pairs({{2, 0}}))),
              ElementsAre("1|1"));
  EXPECT_THAT(
      Rows(Join(common::v1::JOIN_TYPE_ANTI_NULL_AWARE, left(), Pairs({{2, 0}, {kNull, 0}}))),
      IsEmpty());
  Operator none = Filter(Pairs({{2, 0}}), Literal(types::Value::Bool(false)));
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_ANTI_NULL_AWARE, left(), none)),
              ElementsAre("1|1", "2|2", "null|3"));
}

TEST_F(OperatorsTest, NestedLoopComparesEveryPair) {
  Operator op;
  Operator left = Pairs({{1, 0}, {5, 0}});
  Operator right = Pairs({{2, 0}, {3, 0}});
  for (const auto& column : left.output()) *op.add_output() = column;
  for (const auto& column : right.output()) *op.add_output() = column;
  auto* join = op.mutable_nested_loop_join();
  join->set_type(common::v1::JOIN_TYPE_LEFT);
  *join->mutable_left() = left;
  *join->mutable_right() = right;
  *join->mutable_condition() =
      Call("<(int4,int4)", TypeId::kBool, {Column(0, kInt4), Column(2, kInt4)});
  EXPECT_THAT(Rows(op), UnorderedElementsAre("1|0|2|0", "1|0|3|0", "5|0|null|null"));
}

TEST_F(OperatorsTest, AggregatesByKeyAndWithout) {
  const auto aggregate = [&](Operator input, bool keyed, bool distinct) {
    Operator op;
    *op.mutable_aggregate()->mutable_input() = std::move(input);
    if (keyed) *op.mutable_aggregate()->add_keys() = Column(0, kInt4);
    auto* count = op.mutable_aggregate()->add_aggregates();
    count->set_function("count(*)");
    *count->mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
    auto* sum = op.mutable_aggregate()->add_aggregates();
    sum->set_function("sum(int4)");
    sum->set_distinct(distinct);
    *sum->add_arguments() = Column(1, kInt4);
    *sum->mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
    if (keyed) *op.add_output()->mutable_type() = types::ToProto(types::Type{kInt4, 0});
    for (int i = 0; i < 2; ++i) *op.add_output()->mutable_type() = count->type();
    return Rows(op);
  };
  const auto rows = [] { return Pairs({{1, 5}, {2, 7}, {1, 5}, {kNull, 1}, {kNull, kNull}}); };
  EXPECT_THAT(aggregate(rows(), true, false), UnorderedElementsAre("1|2|10", "2|1|7", "null|2|1"));
  EXPECT_THAT(aggregate(rows(), true, true), UnorderedElementsAre("1|2|5", "2|1|7", "null|2|1"));
  EXPECT_THAT(aggregate(rows(), false, false), ElementsAre("5|18"));
  EXPECT_THAT(aggregate(Filter(rows(), Literal(types::Value::Bool(false))), false, false),
              ElementsAre("0|null"));
  EXPECT_THAT(aggregate(Filter(rows(), Literal(types::Value::Bool(false))), true, false),
              IsEmpty());
}

Operator SortBy(Operator input, bool descending, bool nulls_first) {
  Operator op;
  *op.mutable_output() = input.output();
  auto* key = op.mutable_sort()->add_keys();
  *key->mutable_expression() = Column(0, kInt4);
  key->set_descending(descending);
  key->set_nulls_first(nulls_first);
  *op.mutable_sort()->mutable_input() = std::move(input);
  return op;
}

TEST_F(OperatorsTest, SortPutsNullsWhereAsked) {
  const auto rows = [] { return Pairs({{2, 1}, {kNull, 2}, {-5, 3}, {9, 4}}); };
  EXPECT_THAT(Rows(SortBy(rows(), false, false)), ElementsAre("-5|3", "2|1", "9|4", "null|2"));
  EXPECT_THAT(Rows(SortBy(rows(), true, true)), ElementsAre("null|2", "9|4", "2|1", "-5|3"));
  EXPECT_THAT(Rows(SortBy(rows(), true, false)), ElementsAre("9|4", "2|1", "-5|3", "null|2"));
  Operator top = SortBy(rows(), false, false);
  *top.mutable_sort()->mutable_top_n() = Literal(types::Value::Int(TypeId::kInt8, 2));
  EXPECT_THAT(Rows(top), ElementsAre("-5|3", "2|1"));
}

TEST_F(OperatorsTest, TopRowsOfAnyNumberOfRowsNeedMemoryForThemselvesOnly) {
  rpc::CallContext context;
  ASSERT_TRUE(storage_->SetKnob(context, "query_memory_bytes", 2 << 20).ok());
  const Operator series = Series(1, 300000, 1);
  Operator top = SortBy(series, false, false);
  *top.mutable_sort()->mutable_top_n() = Literal(types::Value::Int(TypeId::kInt8, 3));
  EXPECT_THAT(Rows(top), ElementsAre("1", "2", "3"));
  EXPECT_EQ(client_->summary().spilled_bytes(), 0u);
}

TEST_F(OperatorsTest, TopTextsThatGetBetterAllTheTimeDoNotKeepTheOthers) {
  rpc::CallContext context;
  ASSERT_TRUE(storage_->SetKnob(context, "query_memory_bytes", 8 << 20).ok());
  const Operator series = Series(60000, 1, -1);
  Expression text;
  *text.mutable_type() = types::ToProto(types::Type{TypeId::kText, 0});
  *text.mutable_cast()->mutable_argument() = Column(0, kInt4);
  text.mutable_cast()->set_explicit_(true);
  Operator top = SortBy(Project(series, {Call("lpad(text,int4,text)", TypeId::kText,
                                              {text, IntLiteral(200), TextLiteral("0")})}),
                        false, false);
  *top.mutable_sort()->mutable_keys(0)->mutable_expression() = Column(0, TypeId::kText);
  *top.mutable_sort()->mutable_top_n() = Literal(types::Value::Int(TypeId::kInt8, 2));
  EXPECT_THAT(Rows(top), ElementsAre(std::string(199, '0') + "1", std::string(199, '0') + "2"));
  EXPECT_EQ(client_->summary().spilled_bytes(), 0u);
}

TEST_F(OperatorsTest, SortBeyondTheBudgetSpillsAndStaysRight) {
  rpc::CallContext context;
  ASSERT_TRUE(storage_->SetKnob(context, "query_memory_bytes", 1 << 20).ok());
  const Operator series = Series(1, 100000, 1);
  const auto rows = Rows(SortBy(series, true, false));
  ASSERT_EQ(rows.size(), 100000u);
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], std::to_string(100000 - i));
  EXPECT_GT(client_->summary().spilled_bytes(), 0u);
}

TEST_F(OperatorsTest, JoinBeyondTheBudgetSpillsAndStaysRight) {
  rpc::CallContext context;
  ASSERT_TRUE(storage_->SetKnob(context, "query_memory_bytes", 1 << 20).ok());
  const Operator series = Series(1, 100000, 1);
  // Without keys: every pair is looked at.
  EXPECT_THAT(Rows(Join(common::v1::JOIN_TYPE_SEMI, series, series)), ::testing::SizeIs(100000));
  EXPECT_GT(client_->summary().spilled_bytes(), 0u);
}

TEST_F(OperatorsTest, SetOperationsCountRows) {
  const auto run = [&](bool except, bool all) {
    Operator op;
    Operator left = Pairs({{1, 1}, {1, 1}, {1, 1}, {2, 2}, {kNull, 3}});
    *op.mutable_output() = left.output();
    *op.mutable_set_operation()->mutable_left() = left;
    *op.mutable_set_operation()->mutable_right() = Pairs({{1, 1}, {kNull, 3}, {4, 4}});
    op.mutable_set_operation()->set_kind(except ? common::v1::SetOperation::KIND_EXCEPT
                                                : common::v1::SetOperation::KIND_INTERSECT);
    op.mutable_set_operation()->set_all(all);
    return Rows(op);
  };
  EXPECT_THAT(run(false, false), UnorderedElementsAre("1|1", "null|3"));
  EXPECT_THAT(run(false, true), UnorderedElementsAre("1|1", "null|3"));
  EXPECT_THAT(run(true, false), UnorderedElementsAre("2|2"));
  EXPECT_THAT(run(true, true), UnorderedElementsAre("1|1", "1|1", "2|2"));
}

TEST_F(OperatorsTest, LimitAndOffset) {
  const auto run = [&](int64_t count, int64_t offset) {
    Operator op;
    Operator input = Pairs({{1, 1}, {2, 2}, {3, 3}});
    *op.mutable_output() = input.output();
    *op.mutable_limit()->mutable_input() = input;
    *op.mutable_limit()->mutable_count() = Literal(types::Value::Int(TypeId::kInt8, count));
    *op.mutable_limit()->mutable_offset() = Literal(types::Value::Int(TypeId::kInt8, offset));
    return client_->Run(Finish(op, {}));
  };
  EXPECT_THAT(*run(1, 1), ElementsAre("2|2"));
  EXPECT_THAT(*run(0, 0), IsEmpty());
  EXPECT_THAT(*run(5, 2), ElementsAre("3|3"));
  EXPECT_TRUE(status::HasSqlState(run(-1, 0).status(), "2201W"));
}

TEST_F(OperatorsTest, LookupJoinFindsRowsByKeyAndByIndex) {
  ASSERT_TRUE(client_->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok());
  ASSERT_TRUE(client_->InsertInts("t", {{1, 7}, {2, 7}, {3, 8}}).ok());
  const auto index = client_->Ddl(CreateIndex(client_->Table("t").table_id(), "t_b", {1}, false));
  ASSERT_TRUE(index.ok());
  const auto table = client_->Table("t");
  const auto run = [&](JoinType type, uint32_t index_id) {
    Operator op;
    Operator left = Pairs({{1, 0}, {7, 0}, {kNull, 0}});
    *op.mutable_output() = left.output();
    auto* join = op.mutable_lookup_join();
    join->set_type(type);
    *join->mutable_left() = left;
    join->set_table_id(table.table_id());
    join->set_index_id(index_id);
    *join->add_keys() = Column(0, kInt4);
    if (type == common::v1::JOIN_TYPE_INNER || type == common::v1::JOIN_TYPE_LEFT) {
      for (const auto& column : {0, 1}) {
        join->add_columns(static_cast<uint32_t>(column));
        *op.add_output()->mutable_type() = types::ToProto(types::Type{kInt4, 0});
      }
    }
    auto rows = client_->Run(Finish(op, {&table}));
    return rows.ok() ? *rows : std::vector<std::string>{std::string(rows.status().message())};
  };
  EXPECT_THAT(run(common::v1::JOIN_TYPE_INNER, 0), UnorderedElementsAre("1|0|1|7"));
  EXPECT_THAT(run(common::v1::JOIN_TYPE_LEFT, 0),
              UnorderedElementsAre("1|0|1|7", "7|0|null|null", "null|0|null|null"));
  EXPECT_THAT(run(common::v1::JOIN_TYPE_INNER, index->object_id()),
              UnorderedElementsAre("7|0|1|7", "7|0|2|7"));
  EXPECT_THAT(run(common::v1::JOIN_TYPE_SEMI, index->object_id()), UnorderedElementsAre("7|0"));
  EXPECT_THAT(run(common::v1::JOIN_TYPE_ANTI, index->object_id()),
              UnorderedElementsAre("1|0", "null|0"));
}

TEST_F(OperatorsTest, SubqueriesAnswerOncePerArgument) {
  // SELECT a, (SELECT count(*) FROM v WHERE v.a = outer.a), a = ANY (SELECT b FROM v) …
  Operator aggregate;
  *aggregate.add_output()->mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
  *aggregate.mutable_aggregate()->mutable_input() =
      Filter(Pairs({{1, 1}, {1, 2}, {2, kNull}}),
             Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), Slot(0, kInt4)}));
  auto* count = aggregate.mutable_aggregate()->add_aggregates();
  count->set_function("count(*)");
  *count->mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
  Expression scalar;
  *scalar.mutable_type() = types::ToProto(types::Type{TypeId::kInt8, 0});
  scalar.mutable_subquery()->set_kind(common::v1::SubqueryExpression::KIND_SCALAR);
  scalar.mutable_subquery()->set_subplan(0);
  *scalar.mutable_subquery()->add_correlation() = Column(0, kInt4);
  Expression any;
  *any.mutable_type() = types::ToProto(types::Type{TypeId::kBool, 0});
  any.mutable_subquery()->set_kind(common::v1::SubqueryExpression::KIND_ANY);
  any.mutable_subquery()->set_subplan(1);
  *any.mutable_subquery()->add_operands() = Column(0, kInt4);
  any.mutable_subquery()->add_comparisons("=(int4,int4)");
  Plan plan = Finish(
      Project(Pairs({{1, 0}, {2, 0}, {3, 0}, {kNull, 0}}), {Column(0, kInt4), scalar, any}), {});
  auto* first = plan.add_subplans();
  *first->mutable_root() = aggregate;
  first->add_correlation_slots(0);
  first->mutable_root()->set_id(10);
  first->mutable_root()->mutable_aggregate()->mutable_input()->set_id(11);
  first->mutable_root()
      ->mutable_aggregate()
      ->mutable_input()
      ->mutable_filter()
      ->mutable_input()
      ->set_id(12);
  auto* second = plan.add_subplans();
  *second->mutable_root() = Values({kInt4}, {{IntLiteral(1)}, {NullLiteral(kInt4)}});
  second->mutable_root()->set_id(13);
  const auto rows = client_->Run(plan);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre("1|2|t", "2|1|null", "3|0|null", "null|0|null"));
}

TEST_F(OperatorsTest, OnConflictUpdatesTheStoredRow) {
  ASSERT_TRUE(client_->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok());
  ASSERT_TRUE(client_->InsertInts("t", {{1, 10}}).ok());
  const auto table = client_->Table("t");
  Operator upsert = Insert(table, Pairs({{1, 5}, {2, 6}}));
  upsert.mutable_insert()->set_conflict_index_id(0);
  *upsert.mutable_insert()->add_conflict_update() = Column(0, kInt4);
  *upsert.mutable_insert()->add_conflict_update() =
      Call("+(int4,int4)", kInt4, {Column(1, kInt4), Column(3, kInt4)});
  EXPECT_EQ(*client_->Affect(Finish(upsert, {&table})), 2u);
  EXPECT_THAT(client_->All("t"), ElementsAre("1|15", "2|6"));
  Operator ignore = Insert(table, Pairs({{1, 0}, {3, 7}}));
  ignore.mutable_insert()->set_ignore_conflicts(true);
  EXPECT_EQ(*client_->Affect(Finish(ignore, {&table})), 1u);
  EXPECT_THAT(client_->All("t"), ElementsAre("1|15", "2|6", "3|7"));
}

TEST_F(OperatorsTest, CancelledStatementStops) {
  Operator series;
  *series.add_output()->mutable_type() = types::ToProto(types::Type{kInt4, 0});
  series.mutable_function_scan()->set_function("generate_series");
  *series.mutable_function_scan()->add_arguments() = IntLiteral(1);
  *series.mutable_function_scan()->add_arguments() = IntLiteral(2000000000);
  rpc::CallContext context;
  context.cancellation = std::make_shared<rpc::Cancellation>();
  auto prepared = *storage_->Prepare(context, std::make_shared<const Plan>(Finish(series, {})));
  api::ExecuteOptions options;
  auto stream = *client_->session().Execute(context, prepared, options);
  types::Batch batch;
  ASSERT_TRUE(*stream->Next(&batch));
  context.cancellation->Cancel();
  EXPECT_TRUE(status::HasSqlState(stream->Next(&batch).status(), "57014"));
}

}  // namespace
}  // namespace adbms::storage::testing
