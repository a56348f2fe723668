#include "services/storage/txn/serializable.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::txn {
namespace {

std::string Key(uint32_t space, std::string_view rest) {
  std::string key;
  codec::AppendSpace(space, &key);
  key.append(rest);
  return key;
}

TEST(ReadSetTest, HasKeysAndRanges) {
  ReadSet reads;
  reads.AddKey(Key(7, "k"));
  reads.AddRange(Key(8, "b"), Key(8, "d"));
  reads.AddRange(Key(8, "x"), Key(8, "x"));  // Nothing.
  EXPECT_TRUE(reads.Has(Key(7, "k")));
  EXPECT_FALSE(reads.Has(Key(7, "kk")));
  EXPECT_FALSE(reads.Has(Key(8, "a")));
  EXPECT_TRUE(reads.Has(Key(8, "b")));
  EXPECT_TRUE(reads.Has(Key(8, "czz")));
  EXPECT_FALSE(reads.Has(Key(8, "d")));
  EXPECT_FALSE(reads.Has(Key(8, "x")));
}

TEST(ReadSetTest, JoinsRanges) {
  ReadSet reads;
  reads.AddRange(Key(8, "b"), Key(8, "d"));
  reads.AddRange(Key(8, "f"), Key(8, "h"));
  reads.AddRange(Key(8, "c"), Key(8, "g"));
  reads.AddRange(Key(8, "a"), Key(8, "b"));
  reads.AddRange(Key(8, "bb"), Key(8, "bc"));
  for (const char* inside : {"a", "b", "c", "d", "e", "f", "g", "gz"})
    EXPECT_TRUE(reads.Has(Key(8, inside))) << inside;
  EXPECT_FALSE(reads.Has(Key(8, "h")));
  EXPECT_FALSE(reads.Has(Key(8, "")));
  EXPECT_TRUE(reads.MayHave(Key(8, ""), Key(8, "a")));
  EXPECT_FALSE(reads.MayHave(Key(8, "h"), Key(8, "z")));
}

TEST(ReadSetTest, TakesWholeSpacesForTooManyKeys) {
  ReadSet reads;
  for (size_t i = 0; i <= ReadSet::kMost; ++i) reads.AddKey(Key(7, std::to_string(i)));
  EXPECT_TRUE(reads.Has(Key(7, "never read")));
  EXPECT_FALSE(reads.Has(Key(8, "0")));
  for (size_t i = 0; i <= ReadSet::kMost; ++i)
    reads.AddRange(Key(9, std::to_string(10 * (1000000 + i))),
                   Key(9, std::to_string(10 * (1000000 + i) + 1)));
  EXPECT_TRUE(reads.Has(Key(9, "10000005")));
  EXPECT_FALSE(reads.Has(Key(10, "")));
}

TEST(WriteSetTest, MeetsByItsEndsWhenThereAreTooMany) {
  ReadSet reads;
  reads.AddRange(Key(7, "5"), Key(7, "6"));
  WriteSet few;
  few.Add(Key(7, "4"));
  few.Add(Key(7, "6"));
  EXPECT_FALSE(few.Meets(reads));
  few.Add(Key(7, "55"));
  EXPECT_TRUE(few.Meets(reads));
  WriteSet many;
  for (size_t i = 0; i <= WriteSet::kMost; ++i) many.Add(Key(7, "6" + std::to_string(i)));
  EXPECT_FALSE(many.Meets(reads));
  many.Add(Key(7, "4"));
  EXPECT_TRUE(many.Meets(reads));
}

// Transactions over one made-up clock of sequences.
class SerializableTest : public ::testing::Test {
 protected:
  using Participant = std::shared_ptr<SerializableTransactions::Participant>;
  Participant Begin(bool read_only = false) {
    Participant one = all_.Begin(read_only);
    all_.TookSnapshot(one, now_);
    return one;
  }
  static void Read(const Participant& one, std::string_view key) {
    one->reads()->AddKey(Key(7, key));
  }
  // Whether it could.
  bool Commit(const Participant& one, std::vector<std::string> keys) {
    WriteSet writes;
    for (const std::string& key : keys) writes.Add(Key(7, key));
    const absl::Status status = all_.Commit(one, std::move(writes), [&] {
      ++now_;
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok() || status::HasSqlState(status, status::sqlstate::kSerializationFailure))
        << status;
    return status.ok();
  }

  uint64_t now_ = 10;
  SerializableTransactions all_{[this] { return now_; }};
};

TEST_F(SerializableTest, WriteSkew) {
  const Participant a = Begin();
  const Participant b = Begin();
  for (const Participant& one : {a, b}) {
    Read(one, "x");
    Read(one, "y");
  }
  EXPECT_TRUE(Commit(a, {"x"}));
  EXPECT_FALSE(Commit(b, {"y"}));
  EXPECT_EQ(all_.active(), 0);
  EXPECT_EQ(all_.kept(), 0);
}

TEST_F(SerializableTest, OneAfterTheOther) {
  const Participant a = Begin();
  Read(a, "x");
  EXPECT_TRUE(Commit(a, {"y"}));
  const Participant b = Begin();
  Read(b, "y");
  EXPECT_TRUE(Commit(b, {"x"}));
}

TEST_F(SerializableTest, OneEdgeIsNoCircle) {
  const Participant a = Begin();
  const Participant b = Begin();
  Read(a, "x");
  Read(b, "z");
  EXPECT_TRUE(Commit(b, {"x"}));
  EXPECT_TRUE(Commit(a, {"y"}));
}

TEST_F(SerializableTest, ThePivotCommitsLast) {
  const Participant first = Begin();
  const Participant pivot = Begin();
  const Participant last = Begin();
  Read(first, "p");
  Read(pivot, "l");
  EXPECT_TRUE(Commit(last, {"l"}));
  EXPECT_TRUE(Commit(first, {"f"}));
  EXPECT_FALSE(Commit(pivot, {"p"}));
}

TEST_F(SerializableTest, ThePivotCommitsBeforeAnybodyReadsIt) {
  const Participant first = Begin();
  const Participant pivot = Begin();
  const Participant last = Begin();
  Read(pivot, "l");
  EXPECT_TRUE(Commit(last, {"l"}));
  EXPECT_TRUE(Commit(pivot, {"p"}));
  Read(first, "p");
  EXPECT_FALSE(Commit(first, {"f"}));
}

// The anomaly of a reader only: a batch is closed, and what is reported of it changes later.
TEST_F(SerializableTest, ReadOnlyAfterTheFirstCommit) {
  const Participant pivot = Begin();
  Read(pivot, "batch");
  const Participant closes = Begin();
  EXPECT_TRUE(Commit(closes, {"batch"}));
  const Participant report = Begin(/*read_only=*/true);
  Read(report, "batch");
  Read(report, "receipts");
  EXPECT_TRUE(Commit(report, {}));
  EXPECT_FALSE(Commit(pivot, {"receipts"}));
}

TEST_F(SerializableTest, ReadOnlyBeforeTheFirstCommit) {
  const Participant pivot = Begin();
  Read(pivot, "batch");
  const Participant report = Begin(/*read_only=*/true);
  Read(report, "receipts");
  const Participant closes = Begin();
  EXPECT_TRUE(Commit(closes, {"batch"}));
  EXPECT_TRUE(Commit(pivot, {"receipts"}));
  EXPECT_TRUE(Commit(report, {}));
}

TEST_F(SerializableTest, WhoStaysTooLongIsRefused) {
  const Participant old = Begin();
  for (size_t i = 0; i < SerializableTransactions::kMostKept; ++i)
    ASSERT_TRUE(Commit(Begin(), {std::to_string(i)}));
  EXPECT_EQ(all_.kept(), SerializableTransactions::kMostKept);
  const Participant young = Begin();
  EXPECT_TRUE(Commit(Begin(), {"one more"}));
  EXPECT_EQ(all_.kept(), 1);  // For the young one.
  EXPECT_TRUE(Commit(young, {"young"}));
  EXPECT_FALSE(Commit(old, {"old"}));
  EXPECT_EQ(all_.kept(), 0);
}

TEST_F(SerializableTest, RolledBackIsForgotten) {
  const Participant a = Begin();
  const Participant b = Begin();
  Read(a, "y");
  Read(b, "x");
  all_.Forget(a);
  EXPECT_EQ(all_.active(), 1);
  EXPECT_TRUE(Commit(b, {"y"}));
  const Participant c = Begin();
  Read(c, "x");
  EXPECT_FALSE(all_.Commit(c, {}, [] { return absl::InternalError("the disk"); }).ok());
  EXPECT_EQ(all_.active(), 0);
  EXPECT_EQ(all_.kept(), 0);
}

}  // namespace
}  // namespace adbms::storage::txn
