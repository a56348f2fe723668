#include "clients/workload/statements.h"

#include <gtest/gtest.h>

#include "clients/workload/report.h"

namespace adbms::clients::workload {
namespace {

TEST(Statements, EveryMixIsInThousandths) {
  int read = 0, mixed = 0, analytic = 0;
  for (const StatementType& type : StatementTypes()) {
    read += type.read;
    mixed += type.mixed;
    analytic += type.analytic;
  }
  EXPECT_EQ(read, 1000);
  EXPECT_EQ(mixed, 1000);
  EXPECT_EQ(analytic, 1000);
}

TEST(Statements, OneStatementAlone) {
  const auto weights = WeightsOf("mixed", "new_order");
  ASSERT_TRUE(weights.ok());
  for (size_t i = 0; i < weights->size(); ++i) {
    EXPECT_EQ((*weights)[i], StatementTypes()[i].name == "new_order" ? 1 : 0);
  }
}

TEST(Statements, UnknownNamesAreRefused) {
  EXPECT_EQ(WeightsOf("mixed", "nothing").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WeightsOf("nothing", "").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Report, JsonStringsAreEscaped) {
  EXPECT_EQ(JsonString("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
}

}  // namespace
}  // namespace adbms::clients::workload
