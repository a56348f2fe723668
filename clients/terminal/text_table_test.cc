#include "clients/terminal/text_table.h"

#include <gtest/gtest.h>

#include "clients/terminal/live_line.h"

namespace adbms::clients::terminal {
namespace {

TEST(TextTable, AlignsByCharactersNotBytes) {
  TextTable table({{"name"}, {"n", Align::kRight}, {"note"}});
  table.Add({"Zürich", "7", "a\nb"});
  table.Add({"Ulm", "1234", ""});
  EXPECT_EQ(table.ToString(),
            "name       n  note\n"
            "------  ----  ----\n"
            "Zürich     7  a b\n"
            "Ulm     1234\n");
}

TEST(WithThousands, Groups) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

TEST(ProgressBar, IsBounded) {
  EXPECT_EQ(ProgressBar(0.5, 4), "[##..]  50 %");
  EXPECT_EQ(ProgressBar(2, 4), "[####] 100 %");
}

}  // namespace
}  // namespace adbms::clients::terminal
