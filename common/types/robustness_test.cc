// Garbage must give errors, never crashes.
#include <gtest/gtest.h>

#include <random>

#include "common/types/text_io.h"

namespace adbms::types {
namespace {

TypeId RandomType(std::mt19937& random) {
  TypeId id;
  do {
    id = static_cast<TypeId>(random() % 256);
  } while (OidOf(id) == 0);
  return id;
}

TEST(RobustnessTest, ParseTextSurvivesGarbage) {
  std::mt19937 random(1);
  constexpr std::string_view kAlphabet = "0123456789-+:./ eTPYMDHSZ{}\",\\xabcNulinfgjokdwy";
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (size_t length = random() % 24; length > 0; --length) {
      text.push_back(kAlphabet[random() % kAlphabet.size()]);
    }
    const auto value = ParseText(text, Type{RandomType(random), 0}, TextOptions{});
    if (!value.ok()) continue;
    std::string printed;
    FormatText(*value, TextOptions{}, &printed);
    const auto again = ParseText(printed, value->type(), TextOptions{});
    ASSERT_TRUE(again.ok()) << Format(value->type()) << " '" << text << "' '" << printed << "' "
                            << again.status();
    EXPECT_TRUE(*again == *value) << Format(value->type()) << " '" << text << "' '" << printed;
  }
}

TEST(RobustnessTest, ParseBinarySurvivesGarbage) {
  std::mt19937 random(2);
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes;
    for (size_t length = random() % 40; length > 0; --length) {
      bytes.push_back(static_cast<char>(random() % 4 == 0 ? random() : random() % 3));
    }
    const auto value = ParseBinary(bytes, Type{RandomType(random), 0});
    if (!value.ok()) continue;
    std::string printed;
    FormatText(*value, TextOptions{}, &printed);
  }
}

TEST(RobustnessTest, DecodeBatchSurvivesDamage) {
  Batch batch;
  batch.row_count = 100;
  for (const TypeId id : {TypeId::kInt4, TypeId::kText, TypeId::kNumeric, TypeId::kBool}) {
    auto column = std::make_shared<Vector>(Type{id, 0});
    column->Resize(100);
    column->SetNull(7);
    if (id == TypeId::kText) column->Set(5, Value::Text("hello"));
    if (id == TypeId::kNumeric) column->Set(0, Value::Numeric(*Decimal::Parse("1e50")));
    batch.columns.push_back(column);
  }
  std::string bytes;
  EncodeBatch(batch, &bytes);
  ASSERT_TRUE(DecodeBatch(bytes).ok());
  std::mt19937 random(3);
  for (int i = 0; i < 50'000; ++i) {
    std::string damaged =
        bytes.substr(0, random() % 4 == 0 ? random() % bytes.size() : bytes.size());
    for (size_t changes = random() % 4; changes > 0 && !damaged.empty(); --changes) {
      damaged[random() % std::min<size_t>(damaged.size(), 200)] = static_cast<char>(random());
    }
    const auto decoded = DecodeBatch(damaged);
    if (!decoded.ok()) continue;
    std::string again;
    EncodeBatch(*decoded, &again);
  }
}

}  // namespace
}  // namespace adbms::types
