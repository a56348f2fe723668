// numeric at the edges of 38 digits: an exact result, a rounded fraction or 22003, never a wrapped
// number.
#include "common/types/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "common/status/sql_error.h"

namespace adbms::types {
namespace {

const std::string kNines(38, '9');

Decimal D(const std::string& text) {
  const auto parsed = Decimal::Parse(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.value_or(Decimal{});
}

std::string Text(const absl::StatusOr<Decimal>& result) {
  if (result.ok()) return result->ToString();
  return status::FromStatus(result.status()).sqlstate;
}

TEST(DecimalEdges, SumsAndDifferences) {
  EXPECT_EQ(Text(Add(D(kNines), D("0"))), kNines);
  EXPECT_EQ(Text(Add(D(kNines), D("1"))), "22003");
  EXPECT_EQ(Text(Subtract(D("-" + kNines), D("1"))), "22003");
  EXPECT_EQ(Text(Subtract(D(kNines), D(kNines))), "0");
  // Past 128 bits, where a sum would wrap.
  const std::string large = "9" + std::string(37, '0');
  EXPECT_EQ(Text(Add(D(large), D(large))), "22003");
  EXPECT_EQ(Text(Subtract(D("-" + large), D(large))), "22003");
  // Fraction digits give way first.
  EXPECT_EQ(Text(Add(D(large), D("0.4"))), large);
  EXPECT_EQ(Text(Add(D("9" + std::string(36, '0') + ".5"), D("0.5"))),
            "9" + std::string(35, '0') + "1.0");
}

TEST(DecimalEdges, ProductsAndQuotients) {
  const std::string ten19 = "1" + std::string(19, '0');
  EXPECT_EQ(Text(Multiply(D(ten19), D("9999999999999999999"))),
            "9999999999999999999" + std::string(19, '0'));
  EXPECT_EQ(Text(Multiply(D(ten19), D(ten19))), "22003");
  EXPECT_EQ(Text(Multiply(D(kNines), D("-" + kNines))), "22003");
  EXPECT_EQ(Text(Divide(D(kNines), D("0.1"))), "22003");
  EXPECT_EQ(Text(Divide(D(kNines), D("1"))), kNines);
  EXPECT_EQ(Text(Divide(D("1"), D("0"))), "22012");
}

TEST(DecimalEdges, Conversions) {
  EXPECT_EQ(Text(Decimal::Parse("1" + std::string(38, '0'))), "22003");
  EXPECT_EQ(Text(Decimal::Parse("1e38")), "22003");
  EXPECT_EQ(Text(Decimal::Parse("1e37")), "1" + std::string(37, '0'));
  EXPECT_EQ(Text(Decimal::FromDouble(1e39)), "22003");
  EXPECT_EQ(Text(D(kNines).Rescale(1)), "22003");
  EXPECT_EQ(Text(D(kNines).Fit(38, 1)), "22003");
}

// Random operands of every size: the result is the one in double precision, as far as that goes, or
// an error where that is beyond 38 digits.
TEST(DecimalEdges, NothingWraps) {
  std::mt19937_64 random(7);
  const auto operand = [&random] {
    std::string text = random() % 2 == 0 ? "-" : "";
    const size_t digits = 1 + random() % 38;
    const size_t point = random() % (digits + 1);
    for (size_t i = 0; i < digits; ++i) {
      if (i == point) text += i == 0 ? "0." : ".";
      text += static_cast<char>('0' + (random() % 4 == 0 ? 9 : random() % 10));
    }
    return D(text);
  };
  int errors = 0;
  for (int i = 0; i < 20000; ++i) {
    const Decimal a = operand();
    const Decimal b = operand();
    const double x = a.ToDouble();
    const double y = b.ToDouble();
    const auto expect = [&](const absl::StatusOr<Decimal>& result, double exact, char op) {
      if (!result.ok()) {
        ++errors;
        EXPECT_EQ(status::FromStatus(result.status()).sqlstate, "22003");
        EXPECT_GT(std::abs(exact), 9e37) << a.ToString() << op << b.ToString();
        return;
      }
      const double tolerance =
          std::abs(exact) * 1e-12 + (std::abs(x) + std::abs(y)) * 1e-14 + 1e-37;
      EXPECT_NEAR(result->ToDouble(), exact, tolerance) << a.ToString() << op << b.ToString();
    };
    expect(Add(a, b), x + y, '+');
    expect(Subtract(a, b), x - y, '-');
    expect(Multiply(a, b), x * y, '*');
  }
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace adbms::types
