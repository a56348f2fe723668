// Windows on hand-built plans: what they compute, again after a rewind, and what is refused.
#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::Window;
using common::v1::WindowCall;
using common::v1::WindowFrame;
using ::testing::ElementsAre;
constexpr TypeId kInt8 = TypeId::kInt8;

class WindowsTest : public PlansTest {
 protected:
  // sum and rank over rows (partition, order), sorted.
  static Operator Windowed() {
    std::vector<std::vector<Expression>> rows;
    for (const auto& [g, v] :
         std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 2}, {1, 2}, {2, 5}, {3, 7}, {3, 8}})
      rows.push_back({IntLiteral(g), IntLiteral(v)});
    Operator op;
    Window* window = op.mutable_window();
    *window->mutable_input() = Values({kInt4, kInt4}, std::move(rows));
    *window->add_partition_by() = Column(0, kInt4);
    *window->add_order_by()->mutable_expression() = Column(1, kInt4);
    window->mutable_frame()->set_mode(WindowFrame::MODE_RANGE);
    window->mutable_frame()->mutable_start()->set_kind(
        WindowFrame::Bound::KIND_UNBOUNDED_PRECEDING);
    window->mutable_frame()->mutable_end()->set_kind(WindowFrame::Bound::KIND_CURRENT_ROW);
    WindowCall* sum = window->add_calls();
    sum->set_function(common::v1::WINDOW_FUNCTION_AGGREGATE);
    sum->set_aggregate("sum(int4)");
    *sum->add_arguments() = Column(1, kInt4);
    *sum->mutable_type() = types::ToProto(types::Type{kInt8, 0});
    WindowCall* rank = window->add_calls();
    rank->set_function(common::v1::WINDOW_FUNCTION_RANK);
    *rank->mutable_type() = sum->type();
    for (const TypeId type : {kInt4, kInt4, kInt8, kInt8})
      *op.add_output()->mutable_type() = types::ToProto(types::Type{type, 0});
    return op;
  }

  absl::Status Refusal(const Operator& root) { return client_->Run(Finish(root, {})).status(); }
};

TEST_F(WindowsTest, ComputesForEachRow) {
  EXPECT_THAT(*client_->Run(Finish(Windowed(), {})),
              ElementsAre("1|1|1|1", "1|2|5|2", "1|2|5|2", "2|5|5|1", "3|7|7|1", "3|8|15|2"));
}

TEST_F(WindowsTest, StartsAnewWhenItIsRewound) {
  // The right side of a nested loop is kept; a sub-plan is run for each outer row.
  Operator outer = Values({kInt4}, {{IntLiteral(1)}, {IntLiteral(3)}, {IntLiteral(2)}});
  Operator inner =
      Filter(Windowed(), Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), Slot(0, kInt4)}));
  Operator greatest;
  auto* max = greatest.mutable_aggregate()->add_aggregates();
  max->set_function("max(int8)");
  *max->add_arguments() = Column(2, kInt8);
  *max->mutable_type() = types::ToProto(types::Type{kInt8, 0});
  *greatest.add_output()->mutable_type() = max->type();
  *greatest.mutable_aggregate()->mutable_input() = std::move(inner);
  Expression subquery;
  *subquery.mutable_type() = max->type();
  subquery.mutable_subquery()->set_kind(common::v1::SubqueryExpression::KIND_SCALAR);
  *subquery.mutable_subquery()->add_correlation() = Column(0, kInt4);
  Plan plan = Finish(Project(outer, {Column(0, kInt4), subquery}), {});
  common::v1::SubPlan* subplan = plan.add_subplans();
  subplan->add_correlation_slots(0);
  *subplan->mutable_root() = Finish(greatest, {}).root();
  uint32_t id = 100;
  Operator* at = subplan->mutable_root();
  at->set_id(id++);
  at = at->mutable_aggregate()->mutable_input();
  at->set_id(id++);
  at = at->mutable_filter()->mutable_input();
  at->set_id(id++);
  at->mutable_window()->mutable_input()->set_id(id);
  EXPECT_THAT(*client_->Run(plan), ElementsAre("1|5", "3|15", "2|5"));
}

TEST_F(WindowsTest, RefusesMalformedPlans) {
  const auto expect_refused = [&](const std::function<void(Operator*)>& spoil) {
    Operator op = Windowed();
    spoil(&op);
    EXPECT_FALSE(Refusal(op).ok()) << op.DebugString();
  };
  expect_refused([](Operator* op) { op->mutable_window()->clear_calls(); });
  expect_refused([](Operator* op) { op->mutable_output()->RemoveLast(); });
  expect_refused(
      [](Operator* op) { *op->mutable_window()->mutable_partition_by(0) = Column(9, kInt4); });
  expect_refused([](Operator* op) {
    *op->mutable_window()->mutable_order_by(0)->mutable_expression() = Column(1, TypeId::kText);
  });
  expect_refused([](Operator* op) {
    *op->mutable_window()->mutable_calls(0)->mutable_arguments(0) = Column(1, kInt8);
  });
  expect_refused([](Operator* op) {
    *op->mutable_window()->mutable_calls(0)->mutable_type() =
        types::ToProto(types::Type{TypeId::kText, 0});
  });
  expect_refused(
      [](Operator* op) { op->mutable_window()->mutable_calls(0)->set_aggregate("no(int4)"); });
  expect_refused([](Operator* op) {
    op->mutable_window()->mutable_calls(1)->set_function(
        static_cast<common::v1::WindowFunction>(99));
  });
  expect_refused([](Operator* op) {
    op->mutable_window()->mutable_calls(1)->set_function(common::v1::WINDOW_FUNCTION_NTILE);
  });
  expect_refused([](Operator* op) {
    *op->mutable_window()->mutable_calls(1)->mutable_filter() = Literal(types::Value::Bool(true));
  });
  expect_refused([](Operator* op) {
    op->mutable_window()->mutable_frame()->set_mode(WindowFrame::MODE_UNSPECIFIED);
  });
  expect_refused([](Operator* op) {
    auto* start = op->mutable_window()->mutable_frame()->mutable_start();
    start->set_kind(WindowFrame::Bound::KIND_OFFSET_PRECEDING);
    *start->mutable_offset() = IntLiteral(1);
  });
}

}  // namespace
}  // namespace adbms::storage::testing
