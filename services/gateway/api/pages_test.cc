#include "services/gateway/api/pages.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/status/sql_error.h"

namespace adbms::gateway::api {
namespace {

types::VectorPtr Column(types::TypeId type, const std::vector<std::string>& texts) {
  auto vector = std::make_shared<types::Vector>(types::Type{type, 0});
  for (const std::string& text : texts) {
    if (text == "NULL") {
      vector->AppendNull();
    } else {
      vector->Append(*types::ParseText(text, {type, 0}, types::TextOptions()));
    }
  }
  return vector;
}

types::Batch BatchOf(std::vector<types::VectorPtr> columns) {
  types::Batch batch;
  batch.row_count = columns.empty() ? 0 : columns[0]->size();
  batch.columns = std::move(columns);
  return batch;
}

v1::Page PageOf(const types::Batch& batch, uint32_t split = 0) {
  const types::TextOptions options;
  PageBuilder builder(&options);
  if (split > 0) builder.Add(batch, 0, split);
  builder.Add(batch, split, batch.row_count);
  return builder.Take();
}

std::string TextOf(const types::Batch& batch, size_t column, uint32_t row) {
  if (batch.columns[column]->is_null(row)) return "NULL";
  std::string text;
  types::FormatText(*batch.columns[column], row, types::TextOptions(), &text);
  return text;
}

TEST(Pages, NumbersLieAsFixedWidthsLittleEndian) {
  const v1::Page page = PageOf(BatchOf({Column(types::TypeId::kInt4, {"1", "NULL", "-2"})}));
  EXPECT_EQ(page.row_count(), 3u);
  EXPECT_EQ(page.columns(0).encoding(), v1::ENCODING_INT32);
  EXPECT_EQ(page.columns(0).values(), std::string("\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff", 12));
  EXPECT_EQ(page.columns(0).nulls(), std::string("\x02", 1));
  EXPECT_TRUE(page.columns(0).offsets().empty());
}

TEST(Pages, TextsHaveOffsets) {
  const v1::Page page = PageOf(BatchOf({Column(types::TypeId::kNumeric, {"1.50", "NULL", "-7"})}));
  EXPECT_EQ(page.columns(0).encoding(), v1::ENCODING_TEXT);
  EXPECT_EQ(page.columns(0).values(), "1.50-7");
  EXPECT_EQ(page.columns(0).offsets(), std::string("\0\0\0\0\4\0\0\0\4\0\0\0\6\0\0\0", 16));
}

TEST(Pages, EveryEncodingComesBack) {
  using types::TypeId;
  const std::vector<std::pair<TypeId, std::string>> samples = {
      {TypeId::kBool, "t"},
      {TypeId::kInt2, "-32768"},
      {TypeId::kInt4, "2147483647"},
      {TypeId::kInt8, "-9223372036854775808"},
      {TypeId::kFloat4, "1.5"},
      {TypeId::kFloat8, "-0.1"},
      {TypeId::kDate, "1999-12-31"},
      {TypeId::kTime, "23:59:59.5"},
      {TypeId::kTimestamp, "2024-02-29 12:00:00"},
      {TypeId::kTimestamptz, "infinity"},
      {TypeId::kInterval, "1 year 2 mons -3 days +04:05:06"},
      {TypeId::kUuid, "00112233-4455-6677-8899-aabbccddeeff"},
      {TypeId::kBytea, "\\x00ff"},
      {TypeId::kText, "grün"}};
  for (const auto& [type, text] : samples) {
    std::vector<std::string> texts(70, text);
    texts[3] = texts[64] = "NULL";
    // In two steps, so that the bitmap begins late and grows.
    const v1::Page page = PageOf(BatchOf({Column(type, texts)}), 2);
    EXPECT_EQ(TypeOfEncoding(page.columns(0).encoding()), type);
    const auto batch = DecodePage(page);
    ASSERT_TRUE(batch.ok()) << batch.status();
    const types::Batch before = BatchOf({Column(type, texts)});
    for (uint32_t row = 0; row < texts.size(); ++row)
      EXPECT_EQ(TextOf(*batch, 0, row), TextOf(before, 0, row)) << text << " " << row;
  }
}

TEST(Pages, NullsBeforeRowsWithoutAnyAreKept) {
  const v1::Page page = PageOf(
      BatchOf({Column(types::TypeId::kInt2, {"NULL", "1", "2", "3", "4", "5", "6", "7", "8"})}), 1);
  EXPECT_EQ(page.columns(0).nulls(), std::string("\x01\0", 2));
}

class BadPages : public testing::Test {
 protected:
  BadPages() {
    page_.set_row_count(2);
    column_ = page_.add_columns();
  }
  std::string State() const {
    const auto batch = DecodePage(page_);
    return batch.ok() ? "" : status::FromStatus(batch.status()).sqlstate;
  }
  v1::Page page_;
  v1::PageColumn* column_;
};

TEST_F(BadPages, AreRefused) {
  EXPECT_EQ(State(), "08P01");  // No encoding.
  column_->set_encoding(v1::ENCODING_INT32);
  column_->set_values("1234");
  EXPECT_EQ(State(), "08P01");  // One value for two rows.
  column_->set_values("12345678");
  EXPECT_EQ(State(), "");
  column_->set_nulls("xx");
  EXPECT_EQ(State(), "08P01");
  column_->clear_nulls();
  column_->set_offsets("1234");
  EXPECT_EQ(State(), "08P01");
  column_->clear_offsets();
  column_->set_encoding(v1::ENCODING_BOOL);
  column_->set_values("\x01\x02");
  EXPECT_EQ(State(), "08P01");
}

TEST_F(BadPages, OffsetsAreChecked) {
  column_->set_encoding(v1::ENCODING_TEXT);
  column_->set_values("abc");
  const auto offsets = [this](std::vector<uint32_t> numbers) {
    column_->set_offsets(numbers.data(), numbers.size() * sizeof(uint32_t));
    return State();
  };
  EXPECT_EQ(offsets({0, 1, 3}), "");
  EXPECT_EQ(offsets({0, 3}), "08P01");
  EXPECT_EQ(offsets({1, 1, 3}), "08P01");
  EXPECT_EQ(offsets({0, 1, 2}), "08P01");
  EXPECT_EQ(offsets({0, 4000000000, 3}), "08P01");
  page_.set_row_count(4'000'000'000);
  EXPECT_EQ(offsets({0, 1, 3}), "08P01");
  page_.set_row_count(2);
  column_->set_values(std::string("a\0b", 3));
  EXPECT_EQ(offsets({0, 1, 3}), "22021");
  column_->set_values("a\xff\xff");
  EXPECT_EQ(offsets({0, 1, 3}), "22021");
}

TEST_F(BadPages, DatesAndTimesHaveARange) {
  column_->set_encoding(v1::ENCODING_DATE);
  const auto days = [this](int32_t one, int32_t two) {
    const int32_t both[] = {one, two};
    column_->set_values(both, sizeof(both));
    return State();
  };
  EXPECT_EQ(days(INT32_MIN, INT32_MAX), "");  // Infinities.
  EXPECT_EQ(days(0, INT32_MAX - 1), "22008");
  column_->set_encoding(v1::ENCODING_TIME);
  const auto microseconds = [this](int64_t one, int64_t two) {
    const int64_t both[] = {one, two};
    column_->set_values(both, sizeof(both));
    return State();
  };
  EXPECT_EQ(microseconds(0, 86400000000), "");
  EXPECT_EQ(microseconds(0, -1), "22008");
  column_->set_encoding(v1::ENCODING_TIMESTAMP);
  EXPECT_EQ(microseconds(INT64_MIN, INT64_MAX), "");
  EXPECT_EQ(microseconds(INT64_MIN + 1, 0), "22008");
}

}  // namespace
}  // namespace adbms::gateway::api
