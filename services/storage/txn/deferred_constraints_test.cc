#include "services/storage/txn/deferred_constraints.h"

#include "gtest/gtest.h"
#include "services/storage/txn/row_changes.h"

namespace adbms::storage::txn {
namespace {

using common::v1::DEFERRAL_DEFERRED;
using common::v1::DEFERRAL_IMMEDIATE;
using common::v1::DEFERRAL_UNSPECIFIED;

codec::IndexLayout Key() {
  codec::IndexLayout index;
  index.name = "k";
  index.deferral = DEFERRAL_DEFERRED;
  return index;
}

TEST(DeferredConstraintsTest, AConstraintIsAsDeclaredUntilItIsSet) {
  DeferredConstraints deferred;
  EXPECT_TRUE(deferred.IsDeferred(1, "k", DEFERRAL_DEFERRED));
  EXPECT_FALSE(deferred.IsDeferred(1, "k", DEFERRAL_IMMEDIATE));
  deferred.Set(1, "k", true);
  EXPECT_TRUE(deferred.IsDeferred(1, "k", DEFERRAL_IMMEDIATE));
  EXPECT_FALSE(deferred.IsDeferred(2, "k", DEFERRAL_IMMEDIATE));
  deferred.SetAll(false);
  EXPECT_FALSE(deferred.IsDeferred(1, "k", DEFERRAL_IMMEDIATE));
  EXPECT_FALSE(deferred.IsDeferred(1, "k", DEFERRAL_DEFERRED));
}

TEST(DeferredConstraintsTest, WhatIsNotDeferrableNeverIsDeferred) {
  DeferredConstraints deferred;
  deferred.SetAll(true);
  EXPECT_FALSE(deferred.IsDeferred(1, "k", DEFERRAL_UNSPECIFIED));
}

TEST(DeferredConstraintsTest, ARollbackForgetsWhatCameAfter) {
  const codec::IndexLayout index = Key();
  DeferredConstraints deferred;
  deferred.Add(1, StoredKeys{&index, true, {"one"}});
  const DeferredConstraints::Mark mark = deferred.Here();
  const uint64_t bytes = deferred.bytes();
  deferred.Add(2, StoredKeys{&index, true, {"two"}});
  deferred.SetAll(false);
  EXPECT_TRUE(deferred.Awaits(2));
  EXPECT_GT(deferred.bytes(), bytes);
  deferred.RollbackTo(mark);
  EXPECT_TRUE(deferred.Awaits(1));
  EXPECT_FALSE(deferred.Awaits(2));
  EXPECT_EQ(deferred.bytes(), bytes);
  EXPECT_TRUE(deferred.IsDeferred(1, "k", DEFERRAL_DEFERRED));
}

}  // namespace
}  // namespace adbms::storage::txn
