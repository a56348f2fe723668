#include "services/gateway/session/copy_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

using testing::ElementsAre;

// All rows, fields joined by '|', NULL as <null>; or the error's SQLSTATE. Data comes `piece` bytes
// at a time.
std::vector<std::string> Read(const CopyFormat& format, size_t columns, const std::string& data,
                              size_t piece) {
  CopyReader reader(format, columns);
  std::vector<std::string> rows;
  std::vector<std::optional<std::string_view>> fields;
  for (size_t at = 0; at <= data.size(); at += piece) {
    if (at < data.size()) reader.Append(std::string_view(data).substr(at, piece));
    if (at + piece > data.size()) reader.Finish();
    for (;;) {
      const auto next = reader.Next(&fields);
      if (!next.ok()) {
        rows.push_back(status::FromStatus(next.status()).sqlstate);
        return rows;
      }
      if (!*next) break;
      std::string row;
      for (size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) row += '|';
        row += fields[i].has_value() ? std::string(*fields[i]) : "<null>";
      }
      rows.push_back(row);
    }
  }
  return rows;
}

class CopyReaderTest : public testing::TestWithParam<size_t> {};

TEST_P(CopyReaderTest, Text) {
  CopyFormat format;
  EXPECT_THAT(Read(format, 2, "1\ta\n2\t\\N\n3\tx\\ty\\\\z\\n\n4\t\n", GetParam()),
              ElementsAre("1|a", "2|<null>", "3|x\ty\\z\n", "4|"));
  EXPECT_THAT(Read(format, 1, "a\r\nb", GetParam()), ElementsAre("a", "b"));
  EXPECT_THAT(Read(format, 1, "a\n\\.\nb\n", GetParam()), ElementsAre("a"));
  EXPECT_THAT(Read(format, 1, "\\101\\x42\n", GetParam()), ElementsAre("AB"));
  // An escaped newline, and one behind an escaped backslash.
  EXPECT_THAT(Read(format, 1, "a\\\nb\\\\\nc\\", GetParam()), ElementsAre("a\nb\\", "c\\"));
}

TEST_P(CopyReaderTest, Csv) {
  CopyFormat format;
  format.csv = true;
  format.delimiter = ',';
  format.null_text = "";
  EXPECT_THAT(Read(format, 2, "1,\"a,\"\"b\"\"\nc\"\n2,\n3,\"\"\n", GetParam()),
              ElementsAre("1|a,\"b\"\nc", "2|<null>", "3|"));
  format.escape = '\\';
  EXPECT_THAT(Read(format, 1, "\"a\\\"\nb\"\nc\n", GetParam()), ElementsAre("a\"\nb", "c"));
  format.escape = '"';
  format.header = true;
  EXPECT_THAT(Read(format, 1, "name\nx\n", GetParam()), ElementsAre("x"));
}

TEST_P(CopyReaderTest, WrongColumnCountIsAnError) {
  CopyFormat format;
  EXPECT_THAT(Read(format, 2, "1\n", GetParam()), ElementsAre("1"));  // Whoever reads it says so.
  EXPECT_THAT(Read(format, 1, "1\t2\n", GetParam()), ElementsAre("22P04"));
  format.csv = true;
  EXPECT_THAT(Read(format, 1, "\"abc", GetParam()), ElementsAre("22P04"));
}

// What has come of a row is not searched again with each piece of it: that would be 300 GB here.
TEST(CopyReader, ALongRowInManyPiecesTakesLinearTime) {
  constexpr size_t kPiece = 1 << 10;
  constexpr size_t kRow = 24 << 20;
  for (const bool csv : {false, true}) {
    CopyFormat format;
    format.csv = csv;
    format.null_text = csv ? "" : "\\N";
    CopyReader reader(format, 1);
    std::vector<std::optional<std::string_view>> fields;
    const std::string piece(kPiece, 'x');
    const absl::Time start = absl::Now();
    for (size_t i = 0; i < kRow / kPiece; ++i) {
      reader.Append(piece);
      const auto found = reader.Next(&fields);
      ASSERT_TRUE(found.ok());
      ASSERT_FALSE(*found);
    }
    reader.Append("\n");
    ASSERT_TRUE(*reader.Next(&fields));
    EXPECT_EQ(fields[0]->size(), kRow);
    EXPECT_EQ(reader.line_bytes(), kRow + 1);
    EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  }
}

INSTANTIATE_TEST_SUITE_P(Pieces, CopyReaderTest, testing::Values(1, 3, 1000));

}  // namespace
}  // namespace adbms::gateway::session
