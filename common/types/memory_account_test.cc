#include "common/types/memory_account.h"

#include <gtest/gtest.h>

#include <string>

#include "common/status/sql_error.h"
#include "common/types/vector.h"

namespace adbms::types {
namespace {

class Limited : public MemoryAccount {
 public:
  explicit Limited(int64_t limit) : limit_(limit) {}
  bool Take(int64_t bytes) override {
    if (used + bytes > limit_) return false;
    used += bytes;
    return true;
  }
  void Give(int64_t bytes) override { used -= bytes; }
  absl::Status Refusal() const override { return absl::ResourceExhaustedError("full"); }

  int64_t used = 0;

 private:
  const int64_t limit_;
};

constexpr Type kText{TypeId::kText, 0};

TEST(MemoryAccount, CountsWhatAVectorKeeps) {
  auto account = std::make_shared<Limited>(1 << 20);
  auto vector = std::make_shared<Vector>(kText);
  vector->CountStrings(account);
  EXPECT_EQ(account->used, 0);
  for (int i = 0; i < 100; ++i) vector->Append(Value::Text(std::string(1000, 'x')));
  EXPECT_GE(account->used, 100'000);
  EXPECT_LT(account->used, 300'000);
  EXPECT_FALSE(vector->strings_refused());
  EXPECT_TRUE(vector->strings_counted());
  // Whoever shares the strings keeps them counted.
  const uint32_t first = 0;
  VectorPtr gathered = Gather(*vector, &first, 1);
  EXPECT_TRUE(gathered->strings_counted());
  vector.reset();
  EXPECT_GE(account->used, 100'000);
  gathered.reset();
  EXPECT_EQ(account->used, 0);
}

TEST(MemoryAccount, RefusesBeforeMemoryIsTaken) {
  auto account = std::make_shared<Limited>(64 << 10);
  Vector vector(kText);
  vector.CountStrings(account);
  vector.Append(Value::Text("short"));
  vector.Append(Value::Text(std::string(100'000, 'x')));
  EXPECT_TRUE(vector.strings_refused());
  EXPECT_LE(account->used, 64 << 10);
  EXPECT_EQ(vector.Get(0).bytes(), "short");
  // Nor are they to be used by whoever shares them.
  const uint32_t second = 1;
  EXPECT_TRUE(Gather(vector, &second, 1)->strings_refused());
}

TEST(MemoryAccount, NoValueIsLongerThanAGigabyte) {
  auto account = std::make_shared<Limited>(int64_t{1} << 40);
  Arena arena(account);
  EXPECT_EQ(arena.TryAllocate(kLargestText + 1), nullptr);
  EXPECT_TRUE(arena.refused());
  EXPECT_EQ(status::FromStatus(arena.Refusal()).sqlstate, "54000");
  EXPECT_EQ(account->used, 0);
}

TEST(MemoryAccount, NothingIsNeverRefused) {
  Arena arena(std::make_shared<Limited>(0));
  EXPECT_NE(arena.TryAllocate(0), nullptr);
  EXPECT_EQ(arena.Add("").size(), 0);
  EXPECT_FALSE(arena.refused());
  EXPECT_EQ(arena.TryAllocate(1), nullptr);
  EXPECT_TRUE(arena.refused());
}

TEST(MemoryAccount, MixedStringsAreNotCounted) {
  auto account = std::make_shared<Limited>(1 << 20);
  Vector counted(kText);
  counted.CountStrings(account);
  counted.Append(Value::Text("a"));
  Vector own(kText);
  own.Append(Value::Text("b"));
  EXPECT_FALSE(own.strings_counted());
  Vector both(kText);
  both.ShareStrings(counted);
  EXPECT_TRUE(both.strings_counted());
  both.ShareStrings(own);
  EXPECT_FALSE(both.strings_counted());
}

}  // namespace
}  // namespace adbms::types
