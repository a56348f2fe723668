#include "common/types/vector.h"

#include <gtest/gtest.h>

namespace adbms::types {
namespace {

constexpr Type kText{TypeId::kText, 0};

class Counted : public MemoryAccount {
 public:
  bool Take(int64_t bytes) override {
    used += bytes;
    return true;
  }
  void Give(int64_t bytes) override { used -= bytes; }
  absl::Status Refusal() const override { return absl::InternalError("never refused"); }
  int64_t used = 0;
};

VectorPtr Strings(const MemoryAccountPtr& account, const std::string& text, int count) {
  auto vector = std::make_shared<Vector>(kText);
  vector->CountStrings(account);
  for (int i = 0; i < count; ++i) vector->Append(Value::Text(text + std::to_string(i)));
  return vector;
}

TEST(Vector, SharedStringsLiveAsLongAsOneNeedsThem) {
  auto account = std::make_shared<Counted>();
  Vector both(kText);
  {
    const VectorPtr a = Strings(account, "a", 3);
    const VectorPtr b = Strings(account, "b", 3);
    both.ShareStrings(*a);
    both.ShareStrings(*b);
    both.ShareStrings(*b);
    both.AppendFrom(*a, 1);
    both.AppendFrom(*b, 2);
    both.Append(Value::Text("own"));
  }
  EXPECT_EQ(both.Get(0).bytes(), "a1");
  EXPECT_EQ(both.Get(1).bytes(), "b2");
  EXPECT_EQ(both.Get(2).bytes(), "own");
  EXPECT_GT(account->used, 0);
  const uint32_t last = 2;
  VectorPtr gathered = Gather(both, &last, 1);
  both.Clear();
  EXPECT_EQ(gathered->Get(0).bytes(), "own");
  gathered.reset();
  EXPECT_EQ(account->used, 0);
}

TEST(Vector, WideDecimalsAreKeptAsStringsAre) {
  const std::string text = "-123456789012345678901234567890123456789012345678.5";
  auto account = std::make_shared<Counted>();
  auto wide = std::make_shared<Vector>(Type{TypeId::kNumeric, 0});
  wide->CountStrings(account);
  wide->Append(Value::Numeric(Decimal(15, 1)));
  EXPECT_FALSE(wide->has_strings());
  wide->Append(Value::Numeric(*Decimal::Parse(text)));
  wide->AppendNull();
  EXPECT_TRUE(wide->has_strings());
  EXPECT_GT(account->used, 0);
  const uint32_t rows[] = {1, 0, 2};
  VectorPtr gathered = Gather(*wide, rows, 3);
  Batch batch{{wide}, 3};
  std::string bytes;
  EncodeBatch(batch, &bytes);
  wide.reset();
  batch.columns.clear();
  EXPECT_EQ(gathered->Get(0).decimal().ToString(), text);
  EXPECT_EQ(gathered->Get(1).decimal().ToString(), "1.5");
  EXPECT_TRUE(gathered->is_null(2));
  gathered.reset();
  EXPECT_EQ(account->used, 0);
  const auto decoded = DecodeBatch(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->columns[0]->Get(1).decimal().ToString(), text);
  EXPECT_EQ(ToProto(decoded->columns[0]->Get(1)).bytes_value(), text);
}

TEST(Vector, OwnStringsGoOnAfterOthersWereShared) {
  auto account = std::make_shared<Counted>();
  Vector vector(kText);
  vector.CountStrings(account);
  vector.Append(Value::Text("first"));
  const VectorPtr other = Strings(nullptr, "other", 1);
  vector.ShareStrings(*other);
  EXPECT_FALSE(vector.strings_counted());
  vector.AppendFrom(*other, 0);
  vector.Append(Value::Text("last"));
  EXPECT_EQ(vector.Get(0).bytes(), "first");
  EXPECT_EQ(vector.Get(1).bytes(), "other0");
  EXPECT_EQ(vector.Get(2).bytes(), "last");
}

TEST(Vector, StringsThatNobodyCountsAreNotCounted) {
  const VectorPtr counted = Strings(std::make_shared<Counted>(), "a", 1);
  Vector vector(kText);
  vector.ShareStrings(*counted);
  EXPECT_TRUE(vector.strings_counted());
  vector.Append(Value::Text("into an arena without an account"));
  EXPECT_FALSE(vector.strings_counted());
}

TEST(Vector, CopiesKeepNothingElseAlive) {
  auto account = std::make_shared<Counted>();
  Batch rows;
  rows.row_count = 1000;
  rows.columns.push_back(Strings(account, std::string(1000, 'x'), 1000));
  rows.columns.push_back(std::make_shared<Vector>(Type{TypeId::kInt4, 0}));
  for (int i = 0; i < 1000; ++i) rows.columns[1]->Append(Value::Int(TypeId::kInt4, i));
  rows.columns[0]->SetNull(7);
  const uint32_t chosen[] = {999, 7};
  Batch kept = GatherCopy(rows, chosen, 2, account);
  rows = {};
  EXPECT_LT(account->used, 10'000);
  EXPECT_EQ(kept.columns[0]->Get(0).bytes(), std::string(1000, 'x') + "999");
  EXPECT_TRUE(kept.columns[0]->is_null(1));
  EXPECT_EQ(kept.columns[1]->Get(1).int_value(), 7);
  kept = {};
  EXPECT_EQ(account->used, 0);
}

}  // namespace
}  // namespace adbms::types
