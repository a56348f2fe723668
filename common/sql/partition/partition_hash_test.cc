#include "common/sql/partition/partition_hash.h"

#include <gtest/gtest.h>

#include "common/types/composite.h"

namespace adbms::sql::partition {
namespace {

using types::TypeId;
using types::Value;

// What PostgreSQL 15 says: SELECT hashint4extended(1, 0), hashtextextended('a', 0) and so on.
TEST(PartitionHashTest, HashesAsPostgreSqlDoes) {
  EXPECT_EQ(static_cast<int64_t>(HashWord(1, 0)), -3670598878359251130);
  EXPECT_EQ(static_cast<int64_t>(HashWord(1, 8816678312871386365)), 5968994663651403477);
  EXPECT_EQ(static_cast<int64_t>(HashBytes("a", 0)), 3591986179850072241);
  EXPECT_EQ(static_cast<int64_t>(HashBytes("hello, wide world", 77)), -7275744733875552345);
}

// SELECT hash_record_extended(ROW(1, text 'a'), 8816678312871386365): that of partitions' keys.
TEST(PartitionHashTest, RowsHashAsPostgreSqlDoes) {
  types::CompositeBuilder row;
  types::Vector field(types::Type{TypeId::kInt4, 0});
  field.Append(Value::Int(TypeId::kInt4, 1));
  row.Add(field, 0);
  field = types::Vector(types::Type{TypeId::kText, 0});
  field.Append(Value::Text("a"));
  row.Add(field, 0);
  const uint64_t hash = AddKeyToHash(0, Value::String({TypeId::kRecord, 0}, row.Finish()));
  EXPECT_EQ(hash - AddKeyToHash(0, Value::Int(TypeId::kInt4, 1)),
            static_cast<uint64_t>(-6133831623022241210) - uint64_t{5968994663651403477});
}

TEST(PartitionHashTest, NullAddsNothing) {
  EXPECT_EQ(AddKeyToHash(77, Value::Null({TypeId::kInt4, 0})), 77u);
}

TEST(PartitionHashTest, TrailingBlanksOfCharDoNotCount) {
  const auto of = [](const char* text) {
    return AddKeyToHash(0, Value::String({TypeId::kBpchar, 0}, text));
  };
  EXPECT_EQ(of("ab"), of("ab   "));
  EXPECT_NE(of("ab"), of(" ab"));
}

TEST(PartitionHashTest, ZeroesAreOne) {
  EXPECT_EQ(AddKeyToHash(0, Value::Float(TypeId::kFloat8, 0.0)),
            AddKeyToHash(0, Value::Float(TypeId::kFloat8, -0.0)));
}

}  // namespace
}  // namespace adbms::sql::partition
