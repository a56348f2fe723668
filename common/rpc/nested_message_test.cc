#include "common/rpc/nested_message.h"

#include <gtest/gtest.h>

#include "adbms/common/v1/plan.pb.h"
#include "common/status/sql_error.h"

namespace adbms::rpc {
namespace {

std::string Nested(int depth) {
  common::v1::Expression root;
  common::v1::Expression* innermost = &root;
  for (int i = 0; i < depth; ++i) innermost = innermost->mutable_cast()->mutable_argument();
  return root.SerializeAsString();
}

TEST(NestedMessageTest, ReadsDeeperThanProtobufAlone) {
  const std::string bytes = Nested(1000);
  common::v1::Expression read;
  EXPECT_FALSE(read.ParseFromString(bytes));
  ASSERT_TRUE(ParseNested(bytes, &read).ok());
  EXPECT_EQ(read.SerializeAsString(), bytes);
}

TEST(NestedMessageTest, RefusesWhatIsTooDeepOrNoMessage) {
  common::v1::Expression read;
  EXPECT_TRUE(status::HasSqlState(ParseNested(Nested(kMaxMessageDepth), &read),
                                  status::sqlstate::kStatementTooComplex));
  EXPECT_EQ(ParseNested("\xff\xff", &read).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(ParseNested("", &read).ok());
}

}  // namespace
}  // namespace adbms::rpc
