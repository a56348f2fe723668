// Operators that compute rows for rows on hand-built plans: what they have, again after a rewind,
// and what is refused.
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;
constexpr TypeId kInt8 = TypeId::kInt8;

common::v1::DataType TypeOf(TypeId id) { return types::ToProto(types::Type{id, 0}); }

class RowsForRowsTest : public PlansTest {
 protected:
  static Operator Numbers(const std::vector<int64_t>& numbers) {
    std::vector<std::vector<Expression>> rows;
    for (const int64_t n : numbers) rows.push_back({IntLiteral(n)});
    return Values({kInt4}, std::move(rows));
  }

  // For each n: generate_series(1, n) beside n itself, with ordinality.
  static Operator Series(std::vector<int64_t> numbers) {
    Operator op;
    common::v1::ProjectSet* set = op.mutable_project_set();
    *set->mutable_input() = Numbers(numbers);
    common::v1::SetFunction* series = set->add_functions();
    series->set_function("generate_series(int4,int4)");
    *series->add_arguments() = IntLiteral(1);
    *series->add_arguments() = Column(0, kInt4);
    *set->add_functions()->add_arguments() = Column(0, kInt4);
    set->set_ordinality(true);
    for (const TypeId type : {kInt4, kInt4, kInt4, kInt8})
      *op.add_output()->mutable_type() = TypeOf(type);
    return op;
  }

  // For each left n the rows of `right`, which finds n in slot 0.
  static Operator Lateral(common::v1::JoinType type, std::vector<int64_t> numbers, Operator right) {
    Operator op;
    common::v1::LateralJoin* join = op.mutable_lateral_join();
    join->set_type(type);
    *join->mutable_left() = Numbers(numbers);
    *op.add_output()->mutable_type() = TypeOf(kInt4);
    for (const auto& column : right.output()) *op.add_output() = column;
    *join->mutable_right() = std::move(right);
    join->add_correlation_slots(0);
    *join->add_correlation() = Column(0, kInt4);
    return op;
  }

  static Operator UpToSlot() {
    return Filter(Numbers({1, 2, 3}),
                  Call("<=(int4,int4)", TypeId::kBool, {Column(0, kInt4), Slot(0, kInt4)}));
  }

  // 1, and then each number plus one up to `last`.
  static Operator Counting(int64_t last, bool all) {
    Operator working;
    working.mutable_working_table_scan()->set_working_table(0);
    *working.add_output()->mutable_type() = TypeOf(kInt4);
    Operator next = Project(Filter(std::move(working), Call("<(int4,int4)", TypeId::kBool,
                                                            {Column(0, kInt4), IntLiteral(last)})),
                            {Call("+(int4,int4)", kInt4, {Column(0, kInt4), IntLiteral(1)})});
    Operator op;
    op.mutable_recursive_union()->set_all(all);
    *op.mutable_recursive_union()->mutable_initial() = Numbers({1, 1});
    *op.mutable_recursive_union()->mutable_recursive() = std::move(next);
    *op.add_output()->mutable_type() = TypeOf(kInt4);
    return op;
  }

  void ExpectRefused(Operator op, const std::function<void(Operator*)>& spoil) {
    spoil(&op);
    EXPECT_FALSE(client_->Run(Finish(op, {})).ok()) << op.DebugString();
  }
};

TEST_F(RowsForRowsTest, FunctionsRunSideBySide) {
  EXPECT_THAT(Rows(Series({2, 0, 1})),
              ElementsAre("2|1|2|1", "2|2|null|2", "0|null|0|1", "1|1|1|1"));
}

TEST_F(RowsForRowsTest, ARowWithoutRowsGoesOrStays) {
  Operator op = Series({0, 1});
  op.mutable_project_set()->mutable_functions()->RemoveLast();
  op.mutable_output()->DeleteSubrange(2, 1);
  EXPECT_THAT(Rows(op), ElementsAre("1|1|1"));
  op.mutable_project_set()->set_keeps_empty(true);
  EXPECT_THAT(Rows(op), ElementsAre("0|null|null", "1|1|1"));
}

TEST_F(RowsForRowsTest, ALateralJoinOpensItsRightSideForEachRow) {
  EXPECT_THAT(Rows(Lateral(common::v1::JOIN_TYPE_INNER, {2, 0, 3}, UpToSlot())),
              ElementsAre("2|1", "2|2", "3|1", "3|2", "3|3"));
  EXPECT_THAT(Rows(Lateral(common::v1::JOIN_TYPE_LEFT, {0, 1}, UpToSlot())),
              ElementsAre("0|null", "1|1"));
  Operator filtered = Lateral(common::v1::JOIN_TYPE_LEFT, {1, 2}, UpToSlot());
  *filtered.mutable_lateral_join()->mutable_condition() =
      Call(">(int4,int4)", TypeId::kBool, {Column(1, kInt4), IntLiteral(1)});
  EXPECT_THAT(Rows(filtered), ElementsAre("1|null", "2|2"));
}

TEST_F(RowsForRowsTest, ARecursionEndsWithARoundThatFindsNothing) {
  EXPECT_THAT(Rows(Counting(3, true)), ElementsAre("1", "1", "2", "2", "3", "3"));
  EXPECT_THAT(Rows(Counting(3, false)), ElementsAre("1", "2", "3"));
}

TEST_F(RowsForRowsTest, BothStartAnewWhenTheyAreRewound) {
  Operator below = Filter(Counting(3, false),
                          Call("<=(int4,int4)", TypeId::kBool, {Column(0, kInt4), Slot(0, kInt4)}));
  EXPECT_THAT(Rows(Lateral(common::v1::JOIN_TYPE_INNER, {2, 1}, std::move(below))),
              ElementsAre("2|1", "2|2", "1|1"));
  Operator series = Filter(
      Series({1, 2}), Call("<=(int4,int4)", TypeId::kBool, {Column(0, kInt4), Slot(0, kInt4)}));
  EXPECT_THAT(Rows(Lateral(common::v1::JOIN_TYPE_INNER, {1, 1}, std::move(series))),
              ElementsAre("1|1|1|1|1", "1|1|1|1|1"));
}

TEST_F(RowsForRowsTest, RefusesMalformedFunctions) {
  const auto refused = [this](const std::function<void(common::v1::ProjectSet*)>& spoil) {
    ExpectRefused(Series({1}), [&](Operator* op) { spoil(op->mutable_project_set()); });
  };
  refused([](auto* set) { set->clear_functions(); });
  refused([](auto* set) { set->mutable_functions(0)->set_function("no(int4)"); });
  refused([](auto* set) { set->mutable_functions(0)->mutable_arguments()->RemoveLast(); });
  refused([](auto* set) { *set->mutable_functions(0)->mutable_arguments(0) = TextLiteral("x"); });
  refused([](auto* set) { set->mutable_functions(0)->set_function("unnest(_text)"); });
  refused([](auto* set) { set->mutable_functions(1)->clear_arguments(); });
  refused([](auto* set) { *set->mutable_functions(1)->mutable_arguments(0) = Column(7, kInt4); });
  refused([](auto* set) { set->set_ordinality(false); });
  refused([](auto* set) { set->clear_input(); });
  ExpectRefused(Series({1}), [](Operator* op) { op->mutable_output()->RemoveLast(); });
  ExpectRefused(Series({1}), [](Operator* op) {
    *op->mutable_output(1)->mutable_type() = TypeOf(TypeId::kText);
  });
}

TEST_F(RowsForRowsTest, RefusesMalformedJoinsAndRecursions) {
  const auto refused = [this](const std::function<void(common::v1::LateralJoin*)>& spoil) {
    ExpectRefused(Lateral(common::v1::JOIN_TYPE_INNER, {1}, UpToSlot()),
                  [&](Operator* op) { spoil(op->mutable_lateral_join()); });
  };
  refused([](auto* join) { join->set_type(common::v1::JOIN_TYPE_FULL); });
  refused([](auto* join) { join->clear_correlation(); });
  refused([](auto* join) { join->set_correlation_slots(0, UINT32_MAX); });
  refused([](auto* join) { *join->mutable_correlation(0) = TextLiteral("x"); });
  refused([](auto* join) { join->clear_right(); });
  refused([](auto* join) { *join->mutable_condition() = Column(0, kInt4); });
  const auto no_recursion = [this](const std::function<void(common::v1::RecursiveUnion*)>& spoil) {
    ExpectRefused(Counting(2, true), [&](Operator* op) { spoil(op->mutable_recursive_union()); });
  };
  no_recursion([](auto* recursion) { recursion->set_working_table(UINT32_MAX); });
  no_recursion([](auto* recursion) { recursion->set_working_table(1); });
  no_recursion([](auto* recursion) { recursion->clear_recursive(); });
  no_recursion(
      [](auto* recursion) { *recursion->mutable_initial() = Values({TypeId::kText}, {}); });
  Operator alone;
  alone.mutable_working_table_scan()->set_working_table(0);
  *alone.add_output()->mutable_type() = TypeOf(kInt4);
  ExpectRefused(alone, [](Operator*) {});
}

TEST_F(RowsForRowsTest, AWithQueryWritesOnceAndOnlyWhenThePlanSaysSo) {
  ASSERT_TRUE(client_->Ddl(CreateTable("t", {{"id", kInt4, true}}, {0})).ok());
  const common::v1::TableDescriptor table = client_->Table("t");
  Plan plan = Finish(Numbers({7}), {&table});
  *plan.add_ctes() = Insert(table, Numbers({1, 2}));
  plan.mutable_ctes(0)->set_id(50);
  plan.mutable_ctes(0)->mutable_insert()->mutable_input()->set_id(51);
  EXPECT_FALSE(client_->Run(plan).ok());
  plan.add_eager_ctes(9);
  EXPECT_FALSE(client_->Run(plan).ok());
  plan.set_eager_ctes(0, 0);
  plan.add_eager_ctes(0);
  EXPECT_THAT(*client_->Run(plan), ElementsAre("7"));
  EXPECT_EQ(client_->summary().rows_affected(), 1u);
  EXPECT_THAT(client_->All("t"), ElementsAre("1", "2"));
}

}  // namespace
}  // namespace adbms::storage::testing
