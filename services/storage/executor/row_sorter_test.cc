// Sorted rows against std::stable_sort over their values, with ample memory and with little.
#include "services/storage/executor/row_sorter.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>

#include "gtest/gtest.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::executor {
namespace {

using types::Physical;
using types::Type;
using types::TypeId;
using types::Value;

constexpr int64_t kAmple = int64_t{1} << 30;
constexpr int64_t kLittle = 1 << 20;

using MakeValue = std::function<Value(std::mt19937&)>;
using Row = std::vector<Value>;

int64_t Below(std::mt19937& random, int64_t end) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(end));
}

Value Int(std::mt19937& random) { return Value::Int(TypeId::kInt4, Below(random, 2000) - 1000); }
Value Bigint(std::mt19937& random) {
  const int64_t value = static_cast<int64_t>(uint64_t{random()} << 32 | random());
  return Value::Int(TypeId::kInt8, value >> Below(random, 64));
}
Value Text(std::string text) { return Value::String({TypeId::kText, 0}, std::move(text)); }
// Many equal ones, some of which are beginnings of others.
Value Word(std::mt19937& random) {
  return Text(std::string("abababababababababab").substr(0, random() % 20));
}
Value Prefixed(std::mt19937& random) {
  return Text(std::string(100, 'p') + std::to_string(Below(random, 100000)));
}
Value WithZeros(std::mt19937& random) {
  std::string text(random() % 12, '\0');
  for (char& c : text) c = "\0\x01\xff"[random() % 3];
  return Text(std::move(text));
}
Value Numeric(std::mt19937& random) {
  if (random() % 50 == 0) return Value::Numeric(types::DecimalView::NaN());
  if (random() % 50 == 0) {
    // Beyond 128 bits.
    const std::string text = "1e" + std::to_string(40 + random() % 100);
    return Value::Numeric(*types::Decimal::Parse((random() % 2 == 0 ? "-" : "") + text));
  }
  return Value::Numeric(
      types::DecimalView(Below(random, 200001) - 100000, static_cast<int>(random() % 4)));
}
Value Float(std::mt19937& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double values[] = {0.0, -0.0, std::nan(""), -std::nan(""), kInfinity, -kInfinity, 1e-300};
  const size_t kind = random() % 20;
  return Value::Float(TypeId::kFloat8, kind < std::size(values)
                                           ? values[kind]
                                           : static_cast<double>(Below(random, 999)) / 7 - 70);
}

// -1, 0, 1 as SQL compares them.
int CompareAsSql(const Value& a, const Value& b) {
  const auto three_way = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (types::PhysicalOf(a.type().id)) {
    case Physical::kString:
      return three_way(a.bytes(), b.bytes());
    case Physical::kDouble: {
      const double x = a.float_value();
      const double y = b.float_value();
      if (std::isnan(x) || std::isnan(y)) return three_way(std::isnan(x), std::isnan(y));
      return three_way(x, y);
    }
    case Physical::kDecimal: {
      const types::DecimalView x = a.decimal();
      const types::DecimalView y = b.decimal();
      if (x.is_nan() || y.is_nan()) return three_way(x.is_nan(), y.is_nan());
      return three_way(x.ToDouble(), y.ToDouble());
    }
    default:
      return three_way(a.int_value(), b.int_value());
  }
}

struct Case {
  std::string name;
  std::vector<std::pair<Type, MakeValue>> columns;
  std::vector<SortColumn> by;
};

Type Of(TypeId id) { return {id, 0}; }

std::vector<Case> Cases() {
  const auto int4 = std::make_pair(Of(TypeId::kInt4), MakeValue(Int));
  const auto int8 = std::make_pair(Of(TypeId::kInt8), MakeValue(Bigint));
  const auto word = std::make_pair(Of(TypeId::kText), MakeValue(Word));
  const auto prefixed = std::make_pair(Of(TypeId::kText), MakeValue(Prefixed));
  const auto zeros = std::make_pair(Of(TypeId::kText), MakeValue(WithZeros));
  const auto numeric = std::make_pair(Of(TypeId::kNumeric), MakeValue(Numeric));
  const auto real = std::make_pair(Of(TypeId::kFloat8), MakeValue(Float));
  return {
      {"int", {int4}, {{0}}},
      {"int descending", {int4, word}, {{0, true, true}}},
      {"bigint", {int8}, {{0, false, true}}},
      {"two ints", {int4, int4}, {{1, true}, {0, false, true}}},
      {"word", {word, int4}, {{0}}},
      {"prefixed", {prefixed}, {{0, true}}},
      {"zeros", {zeros, int4}, {{0}, {1, true}}},
      {"zeros descending", {int4, zeros}, {{1, true, true}, {0}}},
      {"numeric", {numeric}, {{0}}},
      {"float", {real, word}, {{0}}},
      {"float descending", {real}, {{0, true, true}}},
      {"mixed",
       {int4, word, numeric, real, int8, zeros},
       {{1, true}, {2}, {5, false, true}, {3, true, true}, {0}}},
      {"nothing", {int4}, {}},
  };
}

class RowSorterTest : public ::testing::Test {
 protected:
  RowSorterTest() { shared_.temp_dir = dir_.path(); }

  // Rows of the case with, behind its columns, the number of the row.
  static std::vector<Row> Make(const Case& one, size_t count) {
    std::mt19937 random(static_cast<uint32_t>(count));
    std::vector<Row> rows(count);
    for (size_t i = 0; i < count; ++i) {
      for (const auto& [type, make] : one.columns)
        rows[i].push_back(random() % 10 == 0 ? Value::Null(type) : make(random));
      rows[i].push_back(Value::Int(TypeId::kInt4, static_cast<int64_t>(i)));
    }
    return rows;
  }

  static std::vector<Type> TypesOf(const Case& one) {
    std::vector<Type> types;
    for (const auto& [type, make] : one.columns) types.push_back(type);
    types.push_back(Of(TypeId::kInt4));
    return types;
  }

  static std::vector<int64_t> Expected(const Case& one, const std::vector<Row>& rows,
                                       uint64_t limit) {
    std::vector<int64_t> order(rows.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      for (const SortColumn& by : one.by) {
        const Value& x = rows[static_cast<size_t>(a)][by.column];
        const Value& y = rows[static_cast<size_t>(b)][by.column];
        if (x.is_null() && y.is_null()) continue;
        if (x.is_null() || y.is_null()) return x.is_null() == by.nulls_first;
        const int c = CompareAsSql(x, y);
        if (c != 0) return by.descending ? c > 0 : c < 0;
      }
      return false;
    });
    if (limit < order.size()) order.resize(limit);
    return order;
  }

  // Adds the rows in batches of different sizes.
  static absl::Status AddAll(ExecutionContext* context, const std::vector<Type>& types,
                             const std::vector<Row>& rows, RowSorter* sorter) {
    std::mt19937 random(7);
    for (size_t next = 0; next < rows.size();) {
      const size_t count = std::min<size_t>(rows.size() - next, 1 + random() % 800);
      types::Batch batch;
      batch.row_count = static_cast<uint32_t>(count);
      for (size_t c = 0; c < types.size(); ++c) {
        auto column = std::make_shared<types::Vector>(types[c]);
        column->CountStrings(context->memory.account());
        for (size_t i = 0; i < count; ++i) column->Append(rows[next + i][c]);
        batch.columns.push_back(std::move(column));
      }
      // A batch's own strings have to fit beside what is sorted.
      RETURN_IF_ERROR(CheckStrings(batch));
      RETURN_IF_ERROR(sorter->Add(std::move(batch)));
      next += count;
    }
    return sorter->Finish();
  }

  static bool SameValue(const Value& a, const Value& b) {
    return a.is_null() || b.is_null() ? a.is_null() == b.is_null() : CompareAsSql(a, b) == 0;
  }

  void ExpectRows(const std::vector<Row>& rows, const std::vector<int64_t>& expected,
                  RowSorter* sorter) {
    types::Batch batch;
    size_t at = 0;
    while (true) {
      const absl::StatusOr<bool> more = sorter->Next(&batch);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) break;
      ASSERT_GT(batch.row_count, 0u);
      ASSERT_LE(at + batch.row_count, expected.size());
      for (uint32_t i = 0; i < batch.row_count; ++i, ++at) {
        ASSERT_EQ(batch.columns.back()->Get(i).int_value(), expected[at]) << "at " << at;
        const Row& row = rows[static_cast<size_t>(expected[at])];
        for (size_t c = 0; c < row.size(); ++c)
          ASSERT_TRUE(SameValue(batch.columns[c]->Get(i), row[c])) << "at " << at << ", " << c;
      }
    }
    EXPECT_EQ(at, expected.size());
  }

  // Files have no names: those that this process holds open.
  size_t OpenFiles() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
      if (target.rfind(dir_.path(), 0) == 0) ++count;
    }
    return count;
  }

  void Check(const Case& one, size_t count, int64_t memory, uint64_t limit, bool spills) {
    SCOPED_TRACE(one.name + ", rows: " + std::to_string(count) +
                 ", memory: " + std::to_string(memory) + ", limit: " + std::to_string(limit));
    shared_.query_memory.SetLimit(memory);
    const std::vector<Row> rows = Make(one, count);
    ExecutionContext context(&shared_);
    context.call = &call_;
    RowSorter sorter(&context, TypesOf(one), one.by);
    // Twice: it can be used again.
    for (int round = 0; round < 2; ++round) {
      if (limit < UINT64_MAX) sorter.SetLimit(limit);
      const absl::Status added = AddAll(&context, TypesOf(one), rows, &sorter);
      ASSERT_TRUE(added.ok()) << added;
      EXPECT_EQ(context.spilled_bytes > 0, spills);
      EXPECT_EQ(OpenFiles() > 0, spills);
      ExpectRows(rows, Expected(one, rows, limit), &sorter);
      sorter.Clear();
      EXPECT_EQ(context.memory.account()->used(), 0);
      EXPECT_EQ(OpenFiles(), 0u);
    }
  }

  testing::TempDir dir_;
  txn::Shared shared_;
  const rpc::CallContext call_;
};

TEST_F(RowSorterTest, SortsInMemory) {
  for (const Case& one : Cases()) {
    for (const size_t count : {0, 1, 3, 2048, 5000, 20000})
      Check(one, count, kAmple, UINT64_MAX, false);
  }
}

TEST_F(RowSorterTest, SortsByWayOfTheDisk) {
  for (const Case& one : Cases()) Check(one, 50000, kLittle, UINT64_MAX, true);
}

TEST_F(RowSorterTest, SortsManyRows) {
  Check(Cases()[0], 200000, kAmple, UINT64_MAX, false);
  Check(Cases()[4], 200000, kLittle, UINT64_MAX, true);
  Check(Cases()[11], 200000, kLittle, UINT64_MAX, true);
}

TEST_F(RowSorterTest, KeepsTheFirstRows) {
  for (const Case& one : Cases()) {
    for (const uint64_t limit : {0, 1, 10, 5000}) {
      Check(one, 3, kAmple, limit, false);
      Check(one, 40000, kAmple, limit, false);
    }
    Check(one, 40000, 4 << 20, 10, false);
  }
  // More than fit.
  Check(Cases()[5], 60000, kLittle, 50000, true);
  Check(Cases()[11], 60000, kLittle, 20000, true);
}

// Files in which a run is merged into another are gone when they have been.
TEST_F(RowSorterTest, MergesInSeveralPasses) {
  shared_.query_memory.SetLimit(kLittle);
  const Case one = Cases()[5];
  const std::vector<Row> rows = Make(one, 200000);
  ExecutionContext context(&shared_);
  context.call = &call_;
  RowSorter sorter(&context, TypesOf(one), one.by);
  ASSERT_TRUE(AddAll(&context, TypesOf(one), rows, &sorter).ok());
  // The rows take 20 MiB.
  EXPECT_GT(context.spilled_bytes, 25u << 20);
  EXPECT_LT(OpenFiles(), 16u);
  ExpectRows(rows, Expected(one, rows, UINT64_MAX), &sorter);
}

TEST_F(RowSorterTest, LongValuesFindRoomOneByOne) {
  shared_.query_memory.SetLimit(32 << 20);
  Case one{"long", {{Of(TypeId::kText), nullptr}}, {{0}}};
  std::vector<Row> rows;
  for (int i = 0; i < 40; ++i) {
    rows.push_back({Text(std::string(3 << 20, 'x') + std::to_string(i * 7 % 10)),
                    Value::Int(TypeId::kInt4, i)});
  }
  ExecutionContext context(&shared_);
  context.call = &call_;
  RowSorter sorter(&context, TypesOf(one), one.by);
  for (const Row& row : rows) {
    types::Batch batch;
    batch.row_count = 1;
    for (const Value& value : row) {
      batch.columns.push_back(std::make_shared<types::Vector>(value.type()));
      batch.columns.back()->CountStrings(context.memory.account());
      batch.columns.back()->Append(value);
    }
    const absl::Status added = sorter.Add(std::move(batch));
    ASSERT_TRUE(added.ok()) << added;
  }
  ASSERT_TRUE(sorter.Finish().ok());
  EXPECT_GT(context.spilled_bytes, 0u);
  ExpectRows(rows, Expected(one, rows, UINT64_MAX), &sorter);
}

TEST_F(RowSorterTest, ABatchThatDoesNotFitIsRefused) {
  shared_.query_memory.SetLimit(kLittle);
  ExecutionContext context(&shared_);
  context.call = &call_;
  // Somebody else has it all.
  ASSERT_TRUE(context.memory.TryReserve(kLittle));
  RowSorter sorter(&context, {Of(TypeId::kInt4)}, {{0}});
  types::Batch batch;
  batch.row_count = 50000;
  batch.columns.push_back(std::make_shared<types::Vector>(Of(TypeId::kInt4)));
  batch.columns.back()->Resize(batch.row_count);
  const absl::Status refused = sorter.Add(std::move(batch));
  EXPECT_TRUE(status::HasSqlState(refused, status::sqlstate::kOutOfMemory)) << refused;
  sorter.Clear();
  EXPECT_EQ(context.memory.account()->used(), kLittle);
}

TEST_F(RowSorterTest, OtherColumnsThanToldAreRefused) {
  ExecutionContext context(&shared_);
  context.call = &call_;
  RowSorter sorter(&context, {Of(TypeId::kInt4)}, {{0}});
  types::Batch batch;
  batch.row_count = 1;
  batch.columns.push_back(std::make_shared<types::Vector>(Of(TypeId::kText)));
  batch.columns.back()->Append(Text("x"));
  EXPECT_FALSE(sorter.Add(std::move(batch)).ok());
}

TEST_F(RowSorterTest, WhatIsCancelledEnds) {
  shared_.query_memory.SetLimit(kLittle);
  const Case one = Cases()[4];
  const std::vector<Row> rows = Make(one, 50000);
  rpc::CallContext call;
  call.cancellation = std::make_shared<rpc::Cancellation>();
  call.cancellation->Cancel();
  ExecutionContext context(&shared_);
  context.call = &call;
  RowSorter sorter(&context, TypesOf(one), one.by);
  EXPECT_TRUE(status::HasSqlState(AddAll(&context, TypesOf(one), rows, &sorter),
                                  status::sqlstate::kQueryCanceled));
}

}  // namespace
}  // namespace adbms::storage::executor
