// What MERGE decides on hand-built plans, and what is refused.
#include <functional>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using ::testing::ElementsAre;

class MergeRowsTest : public PlansTest {
 protected:
  void SetUp() override {
    PlansTest::SetUp();
    ASSERT_TRUE(client_->Ddl(CreateTable("t", {{"id", kInt4, true}, {"v", kInt4}}, {0})).ok());
    ASSERT_TRUE(client_->InsertInts("t", {{1, 10}, {2, 20}}).ok());
    table_ = client_->Table("t");
  }

  // Over all rows of the table, as many times: an UPDATE (1) of those whose id is 1, else nothing.
  Operator Merge(int times) {
    Operator rows;
    for (int i = 0; i < times; ++i) *rows.mutable_append()->add_inputs() = TargetScan(table_);
    *rows.mutable_output() = rows.append().inputs(0).output();
    Operator op;
    common::v1::MergeRows* merge = op.mutable_merge_rows();
    merge->set_table_id(table_.table_id());
    merge->add_actions(common::v1::STATEMENT_KIND_UPDATE);
    Expression* action = merge->mutable_action();
    *action->mutable_type() = types::ToProto(types::Type{kInt4, 0});
    *action->mutable_case_()->add_when() =
        Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), IntLiteral(1)});
    *action->mutable_case_()->add_then() = IntLiteral(1);
    *action->mutable_case_()->mutable_otherwise() = IntLiteral(0);
    *op.mutable_output() = rows.output();
    *op.add_output()->mutable_type() = types::ToProto(types::Type{kInt4, 0});
    *merge->mutable_input() = std::move(rows);
    return op;
  }

  // Without the row's key.
  absl::StatusOr<std::vector<std::string>> Run(Operator op) {
    return client_->Run(Finish(
        Project(std::move(op), {Column(0, kInt4), Column(1, kInt4), Column(3, kInt4)}), {&table_}));
  }

  void ExpectRefused(const std::function<void(common::v1::MergeRows*)>& spoil) {
    Operator op = Merge(1);
    spoil(op.mutable_merge_rows());
    EXPECT_FALSE(client_->Run(Finish(op, {&table_})).ok()) << op.DebugString();
  }

  common::v1::TableDescriptor table_;
};

TEST_F(MergeRowsTest, EachRowHasItsAction) {
  const auto rows = Run(Merge(1));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre("1|10|1", "2|20|0"));
}

TEST_F(MergeRowsTest, ARowIsChangedOnce) {
  EXPECT_TRUE(status::HasSqlState(Run(Merge(2)).status(), "21000"));
  Operator nothing = Merge(2);
  nothing.mutable_merge_rows()->set_actions(0, common::v1::STATEMENT_KIND_SELECT);
  const auto rows = Run(std::move(nothing));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre("1|10|1", "2|20|0", "1|10|1", "2|20|0"));
}

TEST_F(MergeRowsTest, TheKeysThatItRemembersAreCounted) {
  std::vector<std::vector<int64_t>> rows;
  for (int64_t id = 3; id < 40000; ++id) rows.push_back({id, id});
  ASSERT_TRUE(client_->InsertInts("t", rows).ok());
  ASSERT_TRUE(storage_->SetKnob({}, "query_memory_bytes", 1 << 20).ok());
  Operator op = Merge(1);
  *op.mutable_merge_rows()->mutable_action() = IntLiteral(1);
  const absl::Status status = Run(std::move(op)).status();
  EXPECT_TRUE(status::HasSqlState(status, "53200")) << status;
}

TEST_F(MergeRowsTest, RefusesMalformedPlans) {
  ExpectRefused([](auto* merge) { merge->set_table_id(4711); });
  ExpectRefused([](auto* merge) { *merge->mutable_action() = TextLiteral("x"); });
  ExpectRefused([](auto* merge) { *merge->mutable_action() = NullLiteral(TypeId::kInt4); });
  ExpectRefused([](auto* merge) { merge->clear_action(); });
  ExpectRefused([](auto* merge) { *merge->mutable_matches() = IntLiteral(1); });
  ExpectRefused([](auto* merge) { *merge->mutable_action() = Column(9, TypeId::kInt4); });
  ExpectRefused([](auto* merge) { merge->clear_input(); });
  ExpectRefused([](auto* merge) { *merge->mutable_input() = Values({TypeId::kInt4}, {}); });
}

}  // namespace
}  // namespace adbms::storage::testing
