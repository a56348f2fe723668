#include "services/gateway/console/json_lines.h"

#include <gtest/gtest.h>

#include "common/types/vector.h"

namespace adbms::gateway::console {
namespace {

class JsonLinesTest : public ::testing::Test {
 protected:
  JsonLines Lines(uint64_t max_rows) {
    return JsonLines(settings_, max_rows, [this](std::string lines) {
      text_ += lines;
      return absl::OkStatus();
    });
  }

  session::Settings settings_;
  std::string text_;
};

TEST_F(JsonLinesTest, AStatementWithoutRows) {
  JsonLines lines = Lines(0);
  ASSERT_TRUE(lines.Complete("CREATE TABLE").ok());
  ASSERT_TRUE(lines.Flush().ok());
  EXPECT_EQ(text_, "{\"complete\":\"CREATE TABLE\"}\n");
}

TEST_F(JsonLinesTest, NoticesAreToldAsTheSessionWantsThem) {
  JsonLines lines = Lines(0);
  lines.Notice("NOTICE", "00000", "a \"quoted\"\nline");
  lines.Notice("DEBUG1", "00000", "not wanted");
  ASSERT_TRUE(lines.Flush().ok());
  EXPECT_EQ(text_,
            "{\"notice\":{\"severity\":\"NOTICE\",\"code\":\"00000\","
            "\"message\":\"a \\\"quoted\\\"\\nline\"}}\n");
}

TEST_F(JsonLinesTest, AFloodOfNoticesIsBounded) {
  JsonLines lines = Lines(0);
  for (int i = 0; i < 100000; ++i) lines.Notice("NOTICE", "00000", "n");
  ASSERT_TRUE(lines.Flush().ok());
  EXPECT_LT(text_.size(), 20u << 20);
}

TEST_F(JsonLinesTest, CopyIsRefusedWithAWayRound) {
  JsonLines lines = Lines(0);
  const status::SqlError error = status::FromStatus(lines.BeginCopyOut(1, false));
  EXPECT_EQ(error.sqlstate, "0A000");
  EXPECT_FALSE(error.hint.empty());
}

TEST(ErrorLineTest, HasTheFieldsThatThereAre) {
  status::SqlError error;
  error.sqlstate = "42P01";
  error.message = "relation \"x\" does not exist";
  error.position = 15;
  EXPECT_EQ(ErrorLine(error),
            "{\"error\":{\"code\":\"42P01\",\"message\":\"relation \\\"x\\\" does not exist\","
            "\"position\":15}}");
}

}  // namespace
}  // namespace adbms::gateway::console
