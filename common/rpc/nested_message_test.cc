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

// The same bytes for any depth, which no serializer's recursion has to reach: from the inside out.
std::string Wrapped(int depth) {
  const auto wrap = [](int field, std::string* reversed) {
    std::string head(1, static_cast<char>(field << 3 | 2));
    size_t length = reversed->size();
    for (; length > 0x7f; length >>= 7) head += static_cast<char>(length | 0x80);
    head += static_cast<char>(length);
    reversed->append(head.rbegin(), head.rend());
  };
  std::string reversed;
  for (int i = 0; i < depth; ++i) {
    wrap(common::v1::CastExpression::kArgumentFieldNumber, &reversed);
    wrap(common::v1::Expression::kCastFieldNumber, &reversed);
  }
  return {reversed.rbegin(), reversed.rend()};
}

TEST(NestedMessageTest, ReadsDeeperThanProtobufAlone) {
  const std::string bytes = Nested(1000);
  common::v1::Expression read;
  EXPECT_FALSE(read.ParseFromString(bytes));
  EXPECT_EQ(Wrapped(1000), bytes);
  ASSERT_TRUE(ParseNested(bytes, &read).ok());
  EXPECT_EQ(read.SerializeAsString(), bytes);
}

bool IsMalformed(const std::string& bytes) {
  common::v1::Expression read;
  const absl::Status status = ParseNested(bytes, &read);
  return status.code() == absl::StatusCode::kInvalidArgument &&
         !status::HasSqlState(status, status::sqlstate::kStatementTooComplex);
}

TEST(NestedMessageTest, RefusesWhatIsTooDeep) {
  // Every cast is two messages: itself and its argument. None of the depths is read by recursion.
  for (const int depth : {kMaxMessageDepth / 2 + 1, kMaxMessageDepth, 20 * kMaxMessageDepth}) {
    common::v1::Expression read;
    EXPECT_TRUE(status::HasSqlState(ParseNested(Wrapped(depth), &read),
                                    status::sqlstate::kStatementTooComplex))
        << depth;
  }
  common::v1::Expression read;
  EXPECT_TRUE(ParseNested(Wrapped(kMaxMessageDepth / 2 - 1), &read).ok());
}

TEST(NestedMessageTest, TellsNoMessageFromTooDeep) {
  EXPECT_TRUE(IsMalformed("\xff\xff"));
  EXPECT_TRUE(IsMalformed(std::string(100'000, '\xff')));
  EXPECT_TRUE(IsMalformed(std::string(100'000, '\0')));
  // A long message that is cut off, or whose last byte is another, is not deep.
  const std::string bytes = Nested(1000);
  for (const size_t length : {bytes.size() - 1, bytes.size() / 2, size_t{1}})
    EXPECT_TRUE(IsMalformed(bytes.substr(0, length))) << length;
  EXPECT_TRUE(IsMalformed(bytes + std::string(10'000, '\x07')));
  common::v1::Expression flat;
  flat.mutable_literal()->set_bytes_value(std::string(100'000, '\n'));
  EXPECT_TRUE(IsMalformed(flat.SerializeAsString() + '\xff'));
  common::v1::Expression read;
  EXPECT_TRUE(ParseNested("", &read).ok());
}

}  // namespace
}  // namespace adbms::rpc
