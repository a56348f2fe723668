#include "services/storage/codec/indexed_rows.h"

#include "adbms/common/v1/plan.pb.h"
#include "common/sql/catalog/index_keys.h"
#include "gtest/gtest.h"

namespace adbms::storage::codec {
namespace {

using common::v1::Expression;
using types::Type;
using types::TypeId;
using types::Value;

constexpr Type kInt4{TypeId::kInt4, 0};
constexpr Type kText{TypeId::kText, 0};

Expression Column(uint32_t ordinal, Type type) {
  Expression e;
  *e.mutable_type() = types::ToProto(type);
  e.set_column(ordinal);
  return e;
}

Expression Literal(int32_t value) {
  Expression e;
  *e.mutable_type() = types::ToProto(kInt4);
  *e.mutable_literal() = types::ToProto(Value::Int(TypeId::kInt4, value));
  return e;
}

Expression Call(const std::string& function, TypeId result, std::vector<Expression> arguments) {
  Expression e;
  *e.mutable_type() = types::ToProto({result, 0});
  e.mutable_call()->set_function(function);
  for (Expression& argument : arguments) *e.mutable_call()->add_arguments() = std::move(argument);
  return e;
}

void Keep(const Expression& e, common::v1::IndexExpression* out) {
  out->set_bound(e.SerializeAsString());
  *out->mutable_type() = e.type();
}

// t(id int, name text, n int) with an index on (lower(name), id, n + 1) WHERE n > 5.
common::v1::TableDescriptor Table() {
  common::v1::TableDescriptor table;
  table.set_table_id(20000);
  table.set_storage_id(20001);
  for (const Type& type : {kInt4, kText, kInt4})
    *table.add_columns()->mutable_type() = types::ToProto(type);
  auto* index = table.add_indexes();
  index->set_index_id(20002);
  index->set_unique(true);
  for (const uint32_t ordinal : {sql::kExpressionKey, 0u, sql::kExpressionKey})
    index->add_columns(ordinal);
  Keep(Call("lower(text)", TypeId::kText, {Column(1, kText)}), index->add_expressions());
  Keep(Call("+(int4,int4)", TypeId::kInt4, {Column(2, kInt4), Literal(1)}),
       index->add_expressions());
  Keep(Call(">(int4,int4)", TypeId::kBool, {Column(2, kInt4), Literal(5)}),
       index->mutable_predicate());
  return table;
}

class IndexedRowsTest : public ::testing::Test {
 protected:
  IndexedRowsTest() {
    for (const Type& type : {kInt4, kText, kInt4}) vectors_.emplace_back(type);
    Add(1, "Ann", 4);
    Add(2, "Bob", 6);
    Add(3, "CARL", 9);
    for (const types::Vector& vector : vectors_) columns_.push_back(&vector);
  }

  void Add(int id, const char* name, int n) {
    vectors_[0].Append(Value::Int(TypeId::kInt4, id));
    vectors_[1].Append(Value::Text(name));
    vectors_[2].Append(Value::Int(TypeId::kInt4, n));
  }

  std::vector<types::Vector> vectors_;
  std::vector<const types::Vector*> columns_;
};

TEST_F(IndexedRowsTest, HaveThePredicateAndTheValuesOfExpressions) {
  const auto layout = TableLayout::Make(Table());
  ASSERT_TRUE(layout.ok()) << layout.status();
  const IndexLayout& index = layout->indexes[0];
  EXPECT_EQ(index.columns, (std::vector<uint32_t>{3, 0, 4}));
  IndexedRows rows(&*layout, &index);
  ASSERT_TRUE(rows.ReadAll(columns_, 3).ok());
  ASSERT_EQ(rows.count(), 2u);
  EXPECT_EQ(rows.source(0), 1u);
  EXPECT_EQ(rows.source(1), 2u);
  EXPECT_EQ(rows.columns()[3]->Get(rows.row(1)).bytes(), "carl");
  EXPECT_EQ(rows.columns()[0]->Get(rows.row(1)).int_value(), 3);
  EXPECT_EQ(rows.columns()[4]->Get(rows.row(0)).int_value(), 7);
  ASSERT_TRUE(rows.Read(columns_, 0).ok());
  EXPECT_EQ(rows.count(), 0u);
}

TEST_F(IndexedRowsTest, ShowWhatTheyAreMadeOf) {
  const auto layout = TableLayout::Make(Table());
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_TRUE(layout->indexes[0].Shows({false, true, false}));
  EXPECT_TRUE(layout->indexes[0].Shows({false, false, true}));
  EXPECT_TRUE(layout->indexes[0].Shows({true, false, false}));
  EXPECT_FALSE(layout->indexes[0].Shows({false, false, false}));
}

TEST(IndexFormulaTest, RefusesWhatIsNoExpressionOverTheTable) {
  common::v1::TableDescriptor table = Table();
  Keep(Call(">(int4,int4)", TypeId::kBool, {Column(7, kInt4), Literal(5)}),
       table.mutable_indexes(0)->mutable_predicate());
  EXPECT_FALSE(TableLayout::Make(table).ok());
  table = Table();
  Expression parameter = Literal(1);
  parameter.set_parameter(0);
  Keep(parameter, table.mutable_indexes(0)->mutable_expressions(1));
  EXPECT_FALSE(TableLayout::Make(table).ok());
  table = Table();
  table.mutable_indexes(0)->mutable_expressions(0)->set_bound("\xff\xff");
  EXPECT_FALSE(TableLayout::Make(table).ok());
  table = Table();
  table.mutable_indexes(0)->mutable_expressions()->RemoveLast();
  EXPECT_FALSE(TableLayout::Make(table).ok());
}

}  // namespace
}  // namespace adbms::storage::codec
