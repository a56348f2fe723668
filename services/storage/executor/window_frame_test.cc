// Frames against their definition, row by row, with ample memory and with little.
#include "services/storage/executor/window_frame.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "gtest/gtest.h"

#include "common/rpc/call_context.h"
#include "common/status/sql_error.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::executor {
namespace {

using types::TypeId;
using types::Value;
using Bound = BoundProto;

struct Key {
  bool null = false;
  int64_t value = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

struct Shape {
  FrameProto::Mode mode;
  Bound::Kind start;
  Bound::Kind end;
  FrameProto::Exclusion exclusion;
  bool descending;
  bool nulls_first;
};

constexpr int64_t kOffset = 2;

// Where a row lies for a bound: negative before what it allows, positive after.
int64_t Place(const Shape& shape, Bound::Kind kind, const std::vector<Key>& keys,
              const std::vector<int64_t>& groups, size_t row, size_t other) {
  const int64_t by = kind == Bound::KIND_OFFSET_PRECEDING   ? -kOffset
                     : kind == Bound::KIND_OFFSET_FOLLOWING ? kOffset
                                                            : 0;
  if (kind == Bound::KIND_UNBOUNDED_PRECEDING) return 1;
  if (kind == Bound::KIND_UNBOUNDED_FOLLOWING) return -1;
  if (shape.mode == FrameProto::MODE_ROWS)
    return static_cast<int64_t>(other) - static_cast<int64_t>(row) - by;
  if (shape.mode == FrameProto::MODE_GROUPS || by == 0) return groups[other] - groups[row] - by;
  // NULLs are at no distance from values.
  if (keys[row].null || keys[other].null) {
    if (keys[row].null == keys[other].null) return 0;
    return keys[other].null == shape.nulls_first ? -1 : 1;
  }
  const int64_t apart = keys[other].value - keys[row].value;
  return (shape.descending ? -apart : apart) - by;
}

std::vector<uint64_t> Expected(const Shape& shape, const std::vector<Key>& keys,
                               const std::vector<int64_t>& groups, size_t row) {
  std::vector<uint64_t> rows;
  for (size_t other = 0; other < keys.size(); ++other) {
    if (Place(shape, shape.start, keys, groups, row, other) < 0) continue;
    if (Place(shape, shape.end, keys, groups, row, other) > 0) continue;
    const bool peer = groups[other] == groups[row];
    if (shape.exclusion == FrameProto::EXCLUSION_CURRENT_ROW && other == row) continue;
    if (shape.exclusion == FrameProto::EXCLUSION_GROUP && peer) continue;
    if (shape.exclusion == FrameProto::EXCLUSION_TIES && peer && other != row) continue;
    rows.push_back(other);
  }
  return rows;
}

class WindowFrameTest : public ::testing::Test {
 protected:
  WindowFrameTest() : context_(&shared_) {
    shared_.temp_dir = dir_.path();
    context_.call = &call_;
  }

  static std::vector<Key> Make(std::mt19937* random, size_t count, const Shape& shape) {
    std::vector<Key> keys(count);
    for (Key& key : keys) {
      key.null = (*random)() % 5 == 0;
      key.value = key.null ? 0 : static_cast<int64_t>((*random)() % (count + 1));
    }
    std::stable_sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
      if (a.null || b.null) return a.null != b.null && a.null == shape.nulls_first;
      return shape.descending ? a.value > b.value : a.value < b.value;
    });
    return keys;
  }

  static FrameProto Proto(const Shape& shape) {
    FrameProto frame;
    frame.set_mode(shape.mode);
    frame.mutable_start()->set_kind(shape.start);
    frame.mutable_end()->set_kind(shape.end);
    frame.set_exclusion(shape.exclusion);
    for (Bound* bound : {frame.mutable_start(), frame.mutable_end()})
      *bound->mutable_offset() = testing::Literal(Value::Int(TypeId::kInt8, kOffset));
    return frame;
  }

  static google::protobuf::RepeatedPtrField<common::v1::SortKey> Order(const Shape& shape) {
    google::protobuf::RepeatedPtrField<common::v1::SortKey> order;
    common::v1::SortKey* key = order.Add();
    *key->mutable_expression() = testing::Column(0, TypeId::kInt4);
    key->set_descending(shape.descending);
    key->set_nulls_first(shape.nulls_first);
    return order;
  }

  void Check(const Shape& shape, const std::vector<Key>& keys, uint64_t first) {
    absl::StatusOr<WindowFrameSpec> spec = CompileFrame(Proto(shape), Order(shape), {0});
    ASSERT_TRUE(spec.ok()) << spec.status();
    spec->group_column = 1;
    std::vector<int64_t> groups(keys.size());
    for (size_t i = 1; i < keys.size(); ++i)
      groups[i] = groups[i - 1] + (keys[i] == keys[i - 1] ? 0 : 1);
    WindowRows rows(&context_);
    WindowFrame frame(&context_, &*spec, &rows, true, true);
    // Another partition's rows lie before.
    for (size_t next = 0; next < first + keys.size(); next += 3) {
      types::Batch batch;
      batch.row_count = static_cast<uint32_t>(std::min<size_t>(3, first + keys.size() - next));
      batch.columns = {std::make_shared<types::Vector>(types::Type{TypeId::kInt4, 0}),
                       std::make_shared<types::Vector>(types::Type{TypeId::kInt8, 0})};
      for (size_t i = next; i < next + batch.row_count; ++i) {
        const bool before = i < first;
        const Key key = before ? Key{} : keys[i - first];
        batch.columns[0]->Append(key.null ? Value::Null({TypeId::kInt4, 0})
                                          : Value::Int(TypeId::kInt4, key.value));
        batch.columns[1]->Append(Value::Int(TypeId::kInt8, before ? -1 : groups[i - first]));
      }
      ASSERT_TRUE(rows.Add(std::move(batch)).ok());
    }
    ASSERT_TRUE(frame.Start().ok());
    frame.StartPartition({first, first + keys.size()});
    for (size_t i = 0; i < keys.size(); ++i) {
      WindowRow row;
      const absl::Status status = frame.Next(&row);
      ASSERT_TRUE(status.ok()) << status;
      ASSERT_EQ(row.row, first + i);
      std::vector<uint64_t> found;
      for (int range = 0; range < row.ranges; ++range) {
        ASSERT_LT(row.frame[range].begin, row.frame[range].end);
        for (uint64_t r = row.frame[range].begin; r < row.frame[range].end; ++r)
          found.push_back(r - first);
      }
      ASSERT_EQ(found, Expected(shape, keys, groups, i))
          << "mode " << shape.mode << " from " << shape.start << " to " << shape.end
          << " excluding " << shape.exclusion << " row " << i << " of " << keys.size();
    }
  }

  testing::TempDir dir_;
  txn::Shared shared_;
  rpc::CallContext call_;
  ExecutionContext context_;
};

TEST_F(WindowFrameTest, EveryFrameIsAsDefined) {
  std::mt19937 random(11);
  for (const auto mode : {FrameProto::MODE_ROWS, FrameProto::MODE_RANGE, FrameProto::MODE_GROUPS}) {
    for (int start = Bound::KIND_UNBOUNDED_PRECEDING; start <= Bound::KIND_OFFSET_FOLLOWING;
         ++start) {
      for (int end = std::max<int>(start, Bound::KIND_OFFSET_PRECEDING);
           end <= Bound::KIND_UNBOUNDED_FOLLOWING; ++end) {
        for (int exclusion = 0; exclusion <= FrameProto::EXCLUSION_TIES; ++exclusion) {
          for (int direction = 0; direction < 4; ++direction) {
            const Shape shape{mode,
                              static_cast<Bound::Kind>(start),
                              static_cast<Bound::Kind>(end),
                              static_cast<FrameProto::Exclusion>(exclusion),
                              (direction & 1) != 0,
                              (direction & 2) != 0};
            for (const size_t count : {1, 2, 9, 14})
              ASSERT_NO_FATAL_FAILURE(Check(shape, Make(&random, count, shape), random() % 5));
            ASSERT_NO_FATAL_FAILURE(Check(shape, std::vector<Key>(4, Key{true}), 1));
          }
        }
      }
    }
  }
}

TEST_F(WindowFrameTest, RefusesWhatIsNoFrame) {
  const Shape good{FrameProto::MODE_RANGE,
                   Bound::KIND_OFFSET_PRECEDING,
                   Bound::KIND_CURRENT_ROW,
                   FrameProto::EXCLUSION_UNSPECIFIED,
                   false,
                   false};
  ASSERT_TRUE(CompileFrame(Proto(good), Order(good), {0}).ok());
  const auto refused = [&](const FrameProto& frame) {
    return CompileFrame(frame, Order(good), {0}).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  FrameProto frame = Proto(good);
  frame.set_mode(static_cast<FrameProto::Mode>(9));
  EXPECT_TRUE(refused(frame));
  frame = Proto(good);
  frame.mutable_start()->set_kind(Bound::KIND_UNBOUNDED_FOLLOWING);
  EXPECT_TRUE(refused(frame));
  frame = Proto(good);
  frame.mutable_end()->set_kind(Bound::KIND_UNSPECIFIED);
  EXPECT_TRUE(refused(frame));
  frame = Proto(good);
  frame.set_exclusion(static_cast<FrameProto::Exclusion>(-1));
  EXPECT_TRUE(refused(frame));
  frame = Proto(good);
  frame.mutable_start()->clear_offset();
  EXPECT_TRUE(refused(frame));
  frame = Proto(good);
  *frame.mutable_start()->mutable_offset() = testing::TextLiteral("x");
  EXPECT_TRUE(refused(frame));
  EXPECT_FALSE(CompileFrame(Proto(good), {}, {}).ok());
}

TEST(RangeDistanceTest, SumsBeyondAllValuesAreInfinite) {
  const auto distance =
      RangeDistance::Create(TypeId::kInt8, Value::Int(TypeId::kInt8, INT64_MAX), {});
  ASSERT_TRUE(distance.ok());
  types::Vector values(types::Type{TypeId::kInt8, 0});
  values.Append(Value::Int(TypeId::kInt8, 5));
  EXPECT_TRUE(*distance->Holds(values, 0, values, 0, false, true));
  EXPECT_FALSE(*distance->Holds(values, 0, values, 0, false, false));
  EXPECT_TRUE(*distance->Holds(values, 0, values, 0, true, false));
}

TEST(RangeDistanceTest, RefusesNegativeOffsets) {
  const auto code = [](TypeId type, Value offset) {
    return status::FromStatus(RangeDistance::Create(type, offset, {}).status()).sqlstate;
  };
  EXPECT_EQ(code(TypeId::kInt4, Value::Int(TypeId::kInt8, -1)), "22013");
  EXPECT_EQ(code(TypeId::kFloat4, Value::Float(TypeId::kFloat8, -0.5)), "22013");
  EXPECT_EQ(code(TypeId::kFloat8, Value::Float(TypeId::kFloat8, std::nan(""))), "22013");
}

}  // namespace
}  // namespace adbms::storage::executor
