// numeric where it leaves 128 bits, at the ends of its range, and beyond: PostgreSQL's answers.
#include "common/types/decimal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/key_form.h"

namespace adbms::types {
namespace {

const std::string kNines(38, '9');

Decimal D(const std::string& text) {
  const auto parsed = Decimal::Parse(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.value_or(Decimal());
}

std::string Text(const absl::StatusOr<Decimal>& result) {
  if (result.ok()) return result->ToString();
  return status::FromStatus(result.status()).sqlstate;
}

std::string Zeros(size_t count) { return std::string(count, '0'); }

TEST(DecimalEdges, SumsAndDifferences) {
  EXPECT_EQ(Text(Add(D(kNines), D("0"))), kNines);
  EXPECT_EQ(Text(Add(D(kNines), D("1"))), "1" + Zeros(38));
  EXPECT_EQ(Text(Subtract(D("-" + kNines), D("1"))), "-1" + Zeros(38));
  // Back from there.
  const Decimal back = *Subtract(*Add(D(kNines), D("1")), D("1"));
  EXPECT_TRUE(back.is_narrow());
  EXPECT_EQ(back.ToString(), kNines);
  // Past 128 bits, where a sum would wrap.
  const std::string large = "9" + Zeros(37);
  EXPECT_EQ(Text(Add(D(large), D(large))), "18" + Zeros(37));
  EXPECT_EQ(Text(Subtract(D("-" + large), D(large))), "-18" + Zeros(37));
  EXPECT_EQ(Text(Add(D(large), D("0.4"))), large + ".4");
}

TEST(DecimalEdges, ProductsAndQuotients) {
  const std::string ten19 = "1" + Zeros(19);
  EXPECT_EQ(Text(Multiply(D(ten19), D("9999999999999999999"))), "9999999999999999999" + Zeros(19));
  EXPECT_EQ(Text(Multiply(D(ten19), D(ten19))), "1" + Zeros(38));
  EXPECT_EQ(Text(Divide(D(kNines), D("0.1"))), kNines + "0.0");
  EXPECT_EQ(Text(Divide(D("1"), D("0"))), "22012");
  EXPECT_EQ(Text(Divide(D("1"), D("3e40"))), "0." + Zeros(40) + "33333333333333333333");
  EXPECT_EQ(Text(Multiply(D("1e-10000"), D("1e-10000"))), "0." + Zeros(16383));
}

TEST(DecimalEdges, Range) {
  EXPECT_EQ(Text(Decimal::Parse("1e38")), "1" + Zeros(38));
  EXPECT_EQ(Text(Decimal::Parse("1e131071")), "1" + Zeros(131071));
  for (const char* text : {"1e131072", "1e-16384", "0e-16384", "1e2147483647"})
    EXPECT_EQ(Text(Decimal::Parse(text)), "22003") << text;
  const Decimal most = D(std::string(131072, '9'));
  EXPECT_EQ(Text(Add(most, D("1"))), "22003");
  EXPECT_EQ(Text(Multiply(most, D("10"))), "22003");
  EXPECT_EQ(Text(Add(most, D("0." + std::string(16383, '9')))),
            std::string(131072, '9') + "." + std::string(16383, '9'));
  EXPECT_EQ(Text(Power(D("10"), D("200000"))), "22003");
  EXPECT_EQ(Text(Factorial(32178)), "22003");
  EXPECT_EQ(Factorial(30000)->ToString().size(), 121288U);
  EXPECT_EQ(Text(D(kNines).Rescale(1)), kNines + ".0");
  EXPECT_EQ(Text(D(kNines).Fit(38, 1)), "22003");
  EXPECT_EQ(Text(D("123456").Fit(3, -3)), "123000");
  EXPECT_EQ(Text(D("999500").Fit(3, -3)), "22003");
  EXPECT_EQ(Text(D("0.000123456").Fit(3, 6)), "0.000123");
}

TEST(DecimalEdges, WhatIsNotFinite) {
  const Decimal infinity = DecimalView::Infinity(false);
  const Decimal minus = DecimalView::Infinity(true);
  const Decimal nan = DecimalView::NaN();
  EXPECT_EQ(Text(Decimal::Parse(" -inf ")), "-Infinity");
  EXPECT_EQ(Text(Add(infinity, minus)), "NaN");
  EXPECT_EQ(Text(Subtract(infinity, D("1e200"))), "Infinity");
  EXPECT_EQ(Text(Multiply(minus, D("-2"))), "Infinity");
  EXPECT_EQ(Text(Multiply(minus, D("0"))), "NaN");
  EXPECT_EQ(Text(Divide(D("1"), minus)), "0");
  EXPECT_EQ(Text(Divide(infinity, D("0"))), "22012");
  EXPECT_EQ(Text(Modulo(D("5"), infinity)), "5");
  EXPECT_EQ(Text(infinity.Fit(10, 2)), "22003");
  EXPECT_EQ(Text(Decimal::FromDouble(-INFINITY)), "-Infinity");
  EXPECT_EQ(status::FromStatus(infinity.ToInt64().status()).sqlstate, "0A000");
  EXPECT_TRUE(Compare(nan, infinity) > 0 && Compare(infinity, D("1e131071")) > 0 &&
              Compare(minus, D("-1e131071")) < 0 && Compare(nan, nan) == 0);
}

// Values of every size: narrow, wide, and the same ones with more zeros behind the point.
std::vector<Decimal> Samples(size_t count) {
  std::mt19937_64 random(7);
  std::vector<Decimal> samples;
  while (samples.size() < count) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const size_t digits = 1 + random() % (random() % 4 == 0 ? 400 : 50);
    const size_t point = random() % (digits + 1);
    for (size_t i = 0; i < digits; ++i) {
      if (i == point) text += i == 0 ? "0." : ".";
      const auto digit = static_cast<char>('0' + random() % 10);
      text += random() % 3 == 0 ? "09"[random() % 2] : digit;
    }
    samples.push_back(D(text));
    const Decimal& last = samples.back();
    if (random() % 3 == 0) samples.push_back(*last.Rescale(last.scale() + 1 + random() % 60));
    if (random() % 9 == 0)
      samples.push_back(*Multiply(last, D("1e" + std::to_string(random() % 500))));
  }
  for (const bool negative : {false, true}) samples.push_back(DecimalView::Infinity(negative));
  samples.push_back(DecimalView::NaN());
  return samples;
}

TEST(DecimalEdges, EqualValuesHaveEqualHashesAndKeysAndKeysAreInOrder) {
  const std::vector<Decimal> samples = Samples(600);
  std::vector<std::string> keys;
  for (const Decimal& sample : samples) {
    keys.emplace_back();
    key_form::AppendDecimal(sample, &keys.back());
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    for (size_t j = 0; j < samples.size(); ++j) {
      const auto order = Compare(samples[i], samples[j]);
      const int by_key = keys[i].compare(keys[j]);
      EXPECT_EQ(order < 0, by_key < 0) << samples[i].ToString() << " " << samples[j].ToString();
      EXPECT_EQ(order == 0, by_key == 0);
      if (order == 0) {
        EXPECT_EQ(Hash(samples[i]), Hash(samples[j])) << samples[i].ToString();
      }
    }
  }
}

TEST(DecimalEdges, WhatIsComputedIsConsistent) {
  const std::vector<Decimal> samples = Samples(2000);
  for (size_t i = 0; i + 1 < samples.size(); i += 2) {
    const Decimal& a = samples[i];
    const Decimal& b = samples[i + 1];
    if (!a.is_finite() || !b.is_finite()) continue;
    SCOPED_TRACE(a.ToString() + " and " + b.ToString());
    EXPECT_EQ(D(a.ToString()).ToString(), a.ToString());
    EXPECT_TRUE(Compare(*Subtract(*Add(a, b), b), a) == 0);
    EXPECT_EQ(Add(a, b)->ToString(), Subtract(a, Negate(b))->ToString());
    if (b.is_zero()) continue;
    // a = div(a, b) · b + a % b
    const Decimal product = *Multiply(*DivideWhole(a, b), b);
    EXPECT_TRUE(Compare(*Add(product, *Modulo(a, b)), a) == 0);
    EXPECT_TRUE(Compare(*Divide(*Multiply(a, b), b), a) == 0 || a.scale() + b.scale() > 900);
    const Decimal root = *SquareRootToScale(*Multiply(a, a), a.scale());
    EXPECT_TRUE(Compare(root, Absolute(a)) == 0);
  }
}

TEST(DecimalEdges, FormsOfOthersAreRefused) {
  const Decimal wide = D("12345678901234567890123456789012345678901234567890.5");
  ASSERT_TRUE(wide.is_wide());
  const std::string form(wide.form());
  EXPECT_TRUE(DecimalView::IsForm(form));
  EXPECT_FALSE(DecimalView::IsForm(form + std::string(1, '\0')));
  EXPECT_FALSE(DecimalView::IsForm(form.substr(0, 8)));  // It would be narrow.
  EXPECT_FALSE(DecimalView::IsForm("\2" + form.substr(1)));
  EXPECT_FALSE(DecimalView::IsForm(form + std::string(70000, '\1')));
  EXPECT_FALSE(DecimalView::IsForm(""));
}

TEST(DecimalEdges, DoublesAreTheNearest) {
  EXPECT_EQ(D("1e300").ToDouble(), 1e300);
  EXPECT_EQ(D("-1e400").ToDouble(), -INFINITY);
  EXPECT_EQ(D("1e-400").ToDouble(), 0);
  EXPECT_EQ(D("123456789012345678901234567890123456789012345").ToDouble(),
            123456789012345678901234567890123456789012345.0);
}

}  // namespace
}  // namespace adbms::types
