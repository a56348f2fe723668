#include "common/status/sql_error.h"

#include <gtest/gtest.h>

namespace adbms::status {
namespace {

TEST(SqlErrorTest, FieldsSurviveTheRoundTrip) {
  SqlError error;
  error.sqlstate = sqlstate::kUniqueViolation;
  error.message = "duplicate key";
  error.detail = "Key (id)=(1) already exists.";
  error.hint = "choose another";
  error.position = 17;
  error.table = "t";
  error.constraint = "t_pkey";
  const SqlError back = FromStatus(Decode(Encode(ToStatus(error))));
  EXPECT_EQ(back.sqlstate, error.sqlstate);
  EXPECT_EQ(back.message, error.message);
  EXPECT_EQ(back.detail, error.detail);
  EXPECT_EQ(back.hint, error.hint);
  EXPECT_EQ(back.position, 17);
  EXPECT_EQ(back.table, "t");
  EXPECT_EQ(back.constraint, "t_pkey");
}

TEST(SqlErrorTest, PlainStatusGetsAnSqlState) {
  EXPECT_EQ(FromStatus(absl::CancelledError("x")).sqlstate, sqlstate::kQueryCanceled);
  EXPECT_EQ(FromStatus(absl::InternalError("x")).sqlstate, sqlstate::kInternalError);
}

TEST(SqlErrorTest, OkEncodesToNothing) { EXPECT_TRUE(Decode(Encode(absl::OkStatus())).ok()); }

TEST(SqlErrorTest, GarbageDecodesToAnError) { EXPECT_FALSE(Decode("garbage").ok()); }

}  // namespace
}  // namespace adbms::status
