#include "common/types/composite.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/form.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

// (a int, b text) under a name, so that it can be read.
Type Pair() {
  auto definition =
      RowType({{"a", {TypeId::kInt4, 0}}, {"b", {TypeId::kText, 0}}})->declared->definition;
  definition.set_oid(16384);
  definition.set_array_oid(16385);
  definition.set_schema("public");
  definition.set_name("pair");
  return TypeOf(Intern(definition));
}

std::string Printed(const Value& value) {
  std::string text;
  FormatText(value, {}, &text);
  return text;
}

std::string ErrorOf(std::string_view text) {
  const status::SqlError error = status::FromStatus(ParseText(text, Pair(), {}).status());
  return error.sqlstate + " " + error.detail;
}

TEST(Composite, TextIsReadAndWrittenAsPostgres) {
  for (const char* text : {"(1,x)", "(,)", "(1,\"\")", "(-3,\"a b\")", "(1,\"q\"\"\\\\\")"}) {
    const auto value = ParseText(text, Pair(), {});
    ASSERT_TRUE(value.ok()) << text << value.status();
    EXPECT_EQ(Printed(*value), text);
  }
  EXPECT_EQ(Printed(*ParseText(" ( 1 , x ) ", Pair(), {})), "(1,\" x \")");
}

TEST(Composite, MalformedTextSaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf("1,2"), "22P02 Missing left parenthesis.");
  EXPECT_EQ(ErrorOf("(1)"), "22P02 Too few columns.");
  EXPECT_EQ(ErrorOf("(1,2,3)"), "22P02 Too many columns.");
  EXPECT_EQ(ErrorOf("(1,2"), "22P02 Unexpected end of input.");
  EXPECT_EQ(ErrorOf("(1,2)x"), "22P02 Junk after right parenthesis.");
}

TEST(Composite, RowsCompareFieldByField) {
  const auto row = [](const char* text) { return *ParseText(text, Pair(), {}); };
  EXPECT_LT(CompareValues(row("(1,b)"), row("(2,a)")), 0);
  EXPECT_LT(CompareValues(row("(1,a)"), row("(1,b)")), 0);
  // NULL is last, and equal to itself.
  EXPECT_GT(CompareValues(row("(1,)"), row("(1,z)")), 0);
  EXPECT_EQ(CompareValues(row("(,)"), row("(,)")), 0);
  for (const char* a : {"(1,a)", "(1,)", "(,)", "(-5,zz)"}) {
    for (const char* b : {"(1,a)", "(1,b)", "(,)", "(-5,)"}) {
      std::string x;
      std::string y;
      AppendOrderKey(TypeId::kRecord, row(a).bytes(), &x);
      AppendOrderKey(TypeId::kRecord, row(b).bytes(), &y);
      const int order = CompareValues(row(a), row(b));
      EXPECT_EQ(x.compare(y) < 0, order < 0) << a << b;
      EXPECT_EQ(x == y, order == 0) << a << b;
    }
  }
}

TEST(Composite, AFieldOfAnotherTypeIsNull) {
  const Value row = *ParseText("(7,x)", Pair(), {});
  const CompositeView view(row.bytes());
  Vector wrong({TypeId::kInt8, 0});
  wrong.Resize(1);
  view.Load(0, &wrong, 0);
  EXPECT_TRUE(wrong.is_null(0));
  EXPECT_EQ(view.Field(0, Pair()).data<int32_t>()[0], 7);
}

TEST(Composite, BytesThatAreNoRowAreNotWellFormed) {
  const Value row = *ParseText("(7,x)", Pair(), {});
  EXPECT_TRUE(IsWellFormed(TypeId::kRecord, row.bytes()));
  for (size_t length = 0; length < row.bytes().size(); ++length)
    EXPECT_FALSE(IsWellFormed(TypeId::kRecord, row.bytes().substr(0, length))) << length;
  // Rows in one another without end.
  std::string deep = CompositeBuilder().Finish();
  for (int i = 0; i < 1000; ++i) {
    Vector field({TypeId::kRecord, 0});
    field.Append(Value::String({TypeId::kRecord, 0}, deep));
    CompositeBuilder builder;
    builder.Add(field, 0);
    deep = builder.Finish();
  }
  EXPECT_FALSE(IsWellFormed(TypeId::kRecord, deep));
}

TEST(Composite, AnonymousRowsCannotBeRead) {
  const Type row = *RowType({{"f1", {TypeId::kInt4, 0}}});
  EXPECT_TRUE(status::HasSqlState(ParseText("(1)", row, {}).status(), "0A000"));
  EXPECT_EQ(OidOf(row), 2249u);
  EXPECT_EQ(OidOf(ArrayOf(row)), 2287u);
}

TEST(Composite, RowsAreNotNestedWithoutEnd) {
  Type type = *RowType({{"f1", {TypeId::kInt4, 0}}});
  for (int depth = 1; depth < kMaxRowDepth; ++depth) type = *RowType({{"f1", type}});
  EXPECT_EQ(type.declared->depth, kMaxRowDepth);
  EXPECT_FALSE(RowType({{"f1", type}}).ok());
}

}  // namespace
}  // namespace adbms::types
