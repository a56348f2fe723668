#include "common/types/jsonb_arithmetic.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "common/status/sql_error.h"
#include "common/types/decimal.h"

namespace adbms::types {
namespace {

using enum JsonbArithmetic;

std::string Compute(JsonbArithmetic op, std::string_view a, std::string_view b) {
  std::string left;
  std::string right;
  const auto result = ComputeJsonb(op, *ReadJsonbNumber(a, &left), *ReadJsonbNumber(b, &right),
                                   [](size_t) { return absl::OkStatus(); });
  return result.ok() ? *result : status::FromStatus(result.status()).sqlstate;
}

TEST(JsonbArithmeticTest, ScalesAreThoseOfNumeric) {
  EXPECT_EQ(Compute(kAdd, "1.50", "2"), "3.50");
  EXPECT_EQ(Compute(kAdd, "-1", "1.0"), "0.0");
  EXPECT_EQ(Compute(kSubtract, "1", "999999999999999999999"), "-999999999999999999998");
  EXPECT_EQ(Compute(kMultiply, "-1.5", "0.50"), "-0.750");
  EXPECT_EQ(Compute(kMultiply, "999999999", "999999999"), "999999998000000001");
  EXPECT_EQ(Compute(kDivide, "1", "3"), "0.33333333333333333333");
  EXPECT_EQ(Compute(kDivide, "10", "2"), "5.0000000000000000");
  EXPECT_EQ(Compute(kDivide, "2", "-3"), "-0.66666666666666666667");
  EXPECT_EQ(Compute(kDivide, "1", "0"), "22012");
  EXPECT_EQ(Compute(kModulo, "-7.5", "2"), "-1.5");
  EXPECT_EQ(Compute(kModulo, "7", "-2.50"), "2.00");
  EXPECT_EQ(Compute(kModulo, "7", "0"), "22012");
  EXPECT_EQ(Compute(kMultiply, "1e131071", "10"), "22003");
}

TEST(JsonbArithmeticTest, AgreesWithDecimals) {
  std::mt19937_64 random(7);
  const auto number = [&] {
    std::string text = random() % 2 == 0 ? "-" : "";
    text += std::to_string(random() >> (random() % 60));
    if (random() % 2 == 0) text += "." + std::to_string(random() % 100000);
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string a = number();
    const std::string b = number();
    const Decimal x = *Decimal::Parse(a);
    const Decimal y = *Decimal::Parse(b);
    EXPECT_EQ(Compute(kAdd, a, b), Add(x, y)->ToString()) << a << " + " << b;
    EXPECT_EQ(Compute(kSubtract, a, b), Subtract(x, y)->ToString()) << a << " - " << b;
    if (const auto product = Multiply(x, y); a.size() + b.size() < 36) {
      EXPECT_EQ(Compute(kMultiply, a, b), product->ToString()) << a << " * " << b;
    }
    if (y.is_zero()) continue;
    EXPECT_EQ(Compute(kModulo, a, b), Modulo(x, y)->ToString()) << a << " % " << b;
    if (a.size() < 16) {
      EXPECT_EQ(Compute(kDivide, a, b), Divide(x, y)->ToString()) << a << " / " << b;
    }
  }
}

// (a · b + c) / b leaves c, whatever the digits are.
TEST(JsonbArithmeticTest, LongNumbersDivide) {
  std::mt19937_64 random(11);
  const auto digits = [&](size_t count) {
    // Runs of 0 and 9 are where the guesses of long division are wrong.
    std::string text = std::to_string(1 + random() % 9);
    while (text.size() < count) {
      const char digit = random() % 3 == 0 ? '9' : random() % 2 == 0 ? '0' : '5';
      text.append(1 + random() % 12, digit);
    }
    return text.substr(0, count);
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string b = digits(20 + random() % 60);
    const std::string a = digits(1 + random() % 80);
    const std::string c = digits(1 + random() % 19);
    const std::string sum = Compute(kAdd, Compute(kMultiply, a, b), c);
    EXPECT_EQ(Compute(kModulo, sum, b), c) << a << " " << b << " " << c;
  }
}

TEST(JsonbArithmeticTest, RoundsToWholeNumbers) {
  const auto number = [](std::string_view text, std::string* storage) {
    return *ReadJsonbNumber(text, storage);
  };
  std::string s;
  EXPECT_EQ(CeilingJsonb(number("1.01", &s)), "2");
  EXPECT_EQ(CeilingJsonb(number("-1.99", &s)), "-1");
  EXPECT_EQ(CeilingJsonb(number("-0.5", &s)), "0");
  EXPECT_EQ(CeilingJsonb(number("0.001", &s)), "1");
  EXPECT_EQ(FloorJsonb(number("-0.001", &s)), "-1");
  EXPECT_EQ(FloorJsonb(number("99.9", &s)), "99");
  EXPECT_EQ(CeilingJsonb(number("99.9", &s)), "100");
  EXPECT_EQ(FloorJsonb(number("1200", &s)), "1200");
  EXPECT_EQ(AbsoluteJsonb(number("-1.50", &s)), "1.50");
  EXPECT_EQ(NegateJsonb(number("0.0", &s)), "0.0");
  EXPECT_EQ(NegateJsonb(number("-3", &s)), "3");
}

}  // namespace
}  // namespace adbms::types
