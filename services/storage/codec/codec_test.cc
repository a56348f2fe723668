#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/row_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::codec {
namespace {

using types::DecimalView;
using types::Type;
using types::TypeId;
using types::Value;

constexpr TypeId kTypes[] = {
    TypeId::kBool,   TypeId::kInt2,      TypeId::kInt4,        TypeId::kInt8,    TypeId::kFloat4,
    TypeId::kFloat8, TypeId::kNumeric,   TypeId::kText,        TypeId::kVarchar, TypeId::kBpchar,
    TypeId::kDate,   TypeId::kTimestamp, TypeId::kTimestamptz, TypeId::kTime,    TypeId::kInterval,
    TypeId::kBytea,  TypeId::kUuid,      TypeId::kOid,         TypeId::kName};

class Random {
 public:
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(bound));
  }
  // Small values and extremes are as likely as any.
  int64_t Integer(int bits) {
    const int64_t low =
        bits == 64 ? std::numeric_limits<int64_t>::min() : -(int64_t{1} << (bits - 1));
    const int64_t high =
        bits == 64 ? std::numeric_limits<int64_t>::max() : (int64_t{1} << (bits - 1)) - 1;
    switch (Below(4)) {
      case 0:
        return Below(7) - 3;
      case 1:
        return low;
      case 2:
        return high;
      default:
        return bits == 64 ? static_cast<int64_t>(engine_()) : low + Below(high - low + 1);
    }
  }
  double Double() {
    switch (Below(8)) {
      case 0:
        return 0.0;
      case 1:
        return -0.0;
      case 2:
        return std::numeric_limits<double>::infinity();
      case 3:
        return -std::numeric_limits<double>::infinity();
      case 4:
        return std::numeric_limits<double>::quiet_NaN();
      default:
        return static_cast<double>(Integer(40)) / static_cast<double>(1 + Below(1000));
    }
  }
  Value Wide() {
    std::string text = Below(2) == 0 ? "-" : "";
    for (int64_t i = 39 + Below(3) * 40; i > 0; --i) text += static_cast<char>('1' + Below(2) * 8);
    text += "." + std::string(static_cast<size_t>(Below(3) * 30), '0');
    text += "e" + std::to_string(Below(400) - 200);
    return Value::Numeric(*types::Decimal::Parse(text));
  }
  std::string Bytes(bool text) {
    std::string bytes;
    for (int64_t i = Below(6); i > 0; --i) {
      bytes.push_back(text ? static_cast<char>('a' + Below(3)) : static_cast<char>(Below(3) * 127));
    }
    return bytes;
  }
  Value Of(TypeId id) {
    if (Below(6) == 0) return Value::Null({id, 0});
    switch (types::PhysicalOf(id)) {
      case types::Physical::kBool:
        return Value::Bool(Below(2) == 1);
      case types::Physical::kInt16:
        return Value::Int(id, Integer(16));
      case types::Physical::kInt32:
        return Value::Int(id, Integer(32));
      case types::Physical::kInt64:
        return Value::Int(id, id == TypeId::kOid ? Below(1ll << 32) : Integer(64));
      case types::Physical::kFloat:
        return Value::Float(id, static_cast<float>(Double()));
      case types::Physical::kDouble:
        return Value::Float(id, Double());
      case types::Physical::kDecimal: {
        if (Below(12) == 0) return Value::Numeric(DecimalView::NaN());
        if (Below(12) == 0) return Value::Numeric(DecimalView::Infinity(Below(2) == 0));
        if (Below(5) == 0) return Wide();
        types::int128 unscaled = Integer(Below(2) == 0 ? 8 : 64);
        if (Below(4) == 0) unscaled *= 1000000000000ll;
        return Value::Numeric(DecimalView(unscaled, static_cast<int>(Below(20))));
      }
      case types::Physical::kInterval:
        return Value::OfInterval(
            {Integer(40), static_cast<int32_t>(Integer(16)), static_cast<int32_t>(Integer(10))});
      case types::Physical::kString:
        if (id == TypeId::kUuid) {
          std::string bytes(16, '\0');
          for (char& c : bytes) c = static_cast<char>(Below(3) * 127);
          return Value::String({id, 0}, bytes);
        }
        return Value::String({id, 0}, Bytes(id != TypeId::kBytea));
    }
    return {};
  }

 private:
  std::mt19937_64 engine_{20240229};
};

int Sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

TEST(KeyCodecTest, BytesOrderAsValuesDo) {
  Random random;
  for (TypeId id : kTypes) {
    for (int i = 0; i < 4000; ++i) {
      const Value a = random.Of(id);
      const Value b = random.Of(id);
      for (bool descending : {false, true}) {
        const KeyColumn column{{id, 0}, descending, true};
        std::string x, y;
        AppendKey(a, column, &x);
        AppendKey(b, column, &y);
        // What follows a column must not disturb its order.
        x += "\xff";
        y += std::string(1, '\0');
        const int expected = Sign(types::CompareValues(a, b)) * (descending ? -1 : 1);
        if (expected == 0) {
          EXPECT_EQ(x.substr(0, x.size() - 1), y.substr(0, y.size() - 1)) << types::CatalogName(id);
        } else {
          EXPECT_EQ(Sign(x.compare(y)), expected) << types::CatalogName(id) << " " << i;
        }
      }
    }
  }
}

TEST(KeyCodecTest, VectorsAndValuesEncodeAlikeAndExactTypesComeBack) {
  Random random;
  for (TypeId id : kTypes) {
    for (int i = 0; i < 500; ++i) {
      const Value value = random.Of(id);
      types::Vector in({id, 0});
      in.Append(value);
      for (bool descending : {false, true}) {
        const KeyColumn column{{id, 0}, descending, true};
        std::string from_vector, from_value;
        AppendKey(in, 0, column, &from_vector);
        AppendKey(value, column, &from_value);
        ASSERT_EQ(from_vector, from_value);
        std::string_view rest = from_vector;
        types::Vector out({id, 0});
        out.Resize(1);
        ASSERT_TRUE(DecodeKey(&rest, column, IsExact(id) ? &out : nullptr, 0))
            << types::CatalogName(id);
        EXPECT_TRUE(rest.empty()) << types::CatalogName(id);
        if (!IsExact(id)) continue;
        ASSERT_EQ(out.is_null(0), value.is_null());
        if (!value.is_null()) EXPECT_TRUE(out.Get(0) == value) << types::CatalogName(id);
      }
    }
  }
}

TEST(RowCodecTest, EveryColumnComesBackAlone) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    std::vector<Type> row_types;
    std::vector<Value> missing;
    std::vector<Value> values;
    for (int64_t i = 1 + random.Below(20); i > 0; --i) {
      const TypeId id = kTypes[random.Below(std::size(kTypes))];
      row_types.push_back({id, 0});
      values.push_back(random.Of(id));
      if (id == TypeId::kText && random.Below(20) == 0)
        values.back() = Value::Text(std::string(70000, 'x'));
      missing.push_back(random.Of(id));
    }
    // The row was written with fewer columns than there are now.
    const size_t written =
        1 + static_cast<size_t>(random.Below(static_cast<int64_t>(row_types.size())));
    const RowLayout old_layout({row_types.begin(), row_types.begin() + static_cast<long>(written)});
    const RowLayout layout(row_types);
    std::vector<std::unique_ptr<types::Vector>> vectors;
    std::vector<const types::Vector*> columns;
    for (size_t i = 0; i < written; ++i) {
      vectors.push_back(std::make_unique<types::Vector>(row_types[i]));
      vectors.back()->Append(values[i]);
      columns.push_back(vectors.back().get());
    }
    std::string bytes;
    old_layout.Append(columns, 0, &bytes);
    for (uint32_t i = 0; i < row_types.size(); ++i) {
      const RowDecoder decoder(&layout, {i}, &missing);
      types::Vector out(row_types[i]);
      out.Resize(1);
      types::Vector* target = &out;
      ASSERT_TRUE(decoder.Decode(bytes, 0, &target).ok());
      const Value& expected = i < written ? values[i] : missing[i];
      ASSERT_EQ(out.is_null(0), expected.is_null());
      if (expected.is_null()) continue;
      if (types::PhysicalOf(row_types[i].id) == types::Physical::kDecimal) {
        EXPECT_EQ(out.Get(0).decimal().scale(), expected.decimal().scale());
      }
      EXPECT_EQ(types::CompareValues(out.Get(0), expected), 0);
    }
    // Cut rows are refused, not read past their end.
    for (size_t size = 0; size < std::min<size_t>(bytes.size(), 200); ++size) {
      std::vector<uint32_t> all;
      std::vector<std::unique_ptr<types::Vector>> outs;
      std::vector<types::Vector*> targets;
      for (uint32_t i = 0; i < written; ++i) {
        all.push_back(i);
        outs.push_back(std::make_unique<types::Vector>(row_types[i]));
        outs.back()->Resize(1);
        targets.push_back(outs.back().get());
      }
      const std::string cut = bytes.substr(0, size);
      const absl::Status status = RowDecoder(&layout, all, &missing).Decode(cut, 0, targets.data());
      if (size < 4) EXPECT_FALSE(status.ok());
    }
  }
}

TEST(KeyCodecTest, PrefixEndIsAboveAllWithThePrefix) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_GT(PrefixEnd("a"), std::string("a\xff\xff\xff"));
}

}  // namespace
}  // namespace adbms::storage::codec
