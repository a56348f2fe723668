#include "common/sql/functions/numeric_state.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::DecimalView;

template <bool kSquares>
struct Sums {
  Sums() { std::memset(static_cast<void*>(&state), 0, sizeof(state)); }
  ~Sums() { state.Destroy(); }
  NumericSums<kSquares> state;
};

Decimal D(const std::string& text) { return *Decimal::Parse(text); }

// Of one scale mostly, near the end of 128 bits now and then, wide now and then.
std::vector<Decimal> Values(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Decimal> values;
  for (int i = 0; i < 200; ++i) {
    const std::string sign = random() % 2 == 0 ? "-" : "";
    std::string text = std::to_string(random() % 1'000'000'000);
    if (random() % 10 == 0) text += std::string(28, '9');
    if (random() % 20 == 0) text += std::string(60, '7');
    text += "." + std::to_string(10 + random() % 90);
    if (random() % 10 == 0) text += std::string(random() % 50, '3');
    values.push_back(D(sign + text));
  }
  return values;
}

TEST(NumericSums, AreExactWhateverComesInWhateverOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Sums<true> whole;
    Sums<true> halves[2];
    Decimal sum;
    Decimal squares;
    const std::vector<Decimal> values = Values(seed);
    for (size_t i = 0; i < values.size(); ++i) {
      whole.state.Add(values[i]);
      halves[i % 2].state.Add(values[i]);
      sum = *types::Add(sum, values[i]);
      squares = *types::Add(squares, *types::Multiply(values[i], values[i]));
    }
    halves[0].state.Combine(halves[1].state);
    for (const auto* sums : {&whole, &halves[0]}) {
      EXPECT_EQ(sums->state.count(), 200);
      EXPECT_EQ(sums->state.total()->ToString(), sum.ToString());
      EXPECT_EQ(sums->state.squares().Finish()->ToString(), squares.ToString());
    }
  }
}

TEST(NumericSums, WhatIsTakenOutIsAsIfItHadNeverCome) {
  Sums<false> sums;
  sums.state.Add(D("1.25"));
  sums.state.Add(D("99999999999999999999999999999999999.75"));
  ASSERT_TRUE(sums.state.Remove(D("1.25")));
  EXPECT_EQ(sums.state.total()->ToString(), "99999999999999999999999999999999999.75");
  EXPECT_FALSE(sums.state.Remove(D("1.5")));  // Of another scale.
  ASSERT_TRUE(sums.state.Remove(D("99999999999999999999999999999999999.75")));
  sums.state.Add(D("2"));
  EXPECT_EQ(sums.state.total()->ToString(), "2");
}

TEST(NumericSums, KnowWhatIsNotFinite) {
  Sums<false> sums;
  sums.state.Add(D("1e50"));
  sums.state.Add(DecimalView::Infinity(true));
  EXPECT_EQ(sums.state.total()->ToString(), "-Infinity");
  sums.state.Add(DecimalView::Infinity(false));
  EXPECT_EQ(sums.state.total()->ToString(), "NaN");
}

TEST(StoredDecimal, OwnsWhatItHolds) {
  StoredDecimal stored;
  std::memset(static_cast<void*>(&stored), 0, sizeof(stored));
  EXPECT_EQ(stored.Get().ToString(), "0");
  {
    const Decimal wide = D("1e60");
    stored.Set(wide);
  }
  EXPECT_EQ(stored.Get().ToString(), "1" + std::string(60, '0'));
  stored.Set(stored.Get());
  EXPECT_EQ(stored.Get().ToString(), "1" + std::string(60, '0'));
  stored.Set(DecimalView(15, 1));
  EXPECT_EQ(stored.Get().ToString(), "1.5");
}

}  // namespace
}  // namespace adbms::sql::functions
