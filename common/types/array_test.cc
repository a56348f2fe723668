#include "common/types/array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/types/form.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

std::string Parsed(std::string_view text, TypeId element) {
  auto value = ParseText(text, ArrayOf(Type{element, 0}), {});
  EXPECT_TRUE(value.ok()) << text << " " << value.status();
  return value.ok() ? std::string(value->bytes()) : std::string();
}

std::string Printed(std::string_view bytes, TypeId element) {
  std::string text;
  FormatArray(bytes, {ArrayOf(element), 0}, {}, &text);
  return text;
}

std::string KeyOf(std::string_view bytes, TypeId element) {
  std::string key;
  AppendOrderKey(ArrayOf(element), bytes, &key);
  return key;
}

TEST(ArrayTest, FormIsAsDocumented) {
  EXPECT_EQ(Parsed("{}", TypeId::kInt4), std::string_view("\0\0", 2));
  EXPECT_EQ(Parsed("{7,NULL}", TypeId::kInt2),
            std::string_view("\1\1\2\0\0\0\1\0\0\0\2\7\0\0\0", 15));
  EXPECT_EQ(Parsed("[0:1]={a,bc}", TypeId::kText),
            std::string_view("\1\0\2\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0abc", 21));
}

TEST(ArrayTest, EveryElementTypeComesBack) {
  const std::pair<TypeId, const char*> kArrays[] = {
      {TypeId::kBool, "{t,f,NULL}"},
      {TypeId::kInt2, "{{1,-2},{3,4}}"},
      {TypeId::kInt4, "[-1:0]={5,6}"},
      {TypeId::kInt8, "{9000000000}"},
      {TypeId::kFloat4, "{1.5,NaN}"},
      {TypeId::kFloat8, "{-1e+300,Infinity}"},
      {TypeId::kNumeric, "{1.50,-12345678901234567890.001,NaN}"},
      {TypeId::kNumeric,
       "{1.50,NULL,-123456789012345678901234567890123456789012345.001,Infinity,-Infinity,NaN}"},
      {TypeId::kText, "{\"\",\"a b\",\"NULL\",NULL,\"q\\\"\\\\\"}"},
      {TypeId::kDate, "{1999-12-31,infinity}"},
      {TypeId::kInterval, "{\"1 day\",02:00:00}"},
      {TypeId::kBytea, "{\"\\\\x00ff\"}"},
      {TypeId::kUuid, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
      {TypeId::kJsonb, "{\"{\\\"a\\\": 1}\",null}"},
      {TypeId::kInet, "{10.0.0.1,::1/64}"},
      {TypeId::kMacaddr, "{08:00:2b:01:02:03}"},
  };
  for (const auto& [element, text] : kArrays) {
    const std::string bytes = Parsed(text, element);
    std::string expected = text;
    if (element == TypeId::kJsonb) expected = "{\"{\\\"a\\\": 1}\",NULL}";
    EXPECT_EQ(Printed(bytes, element), expected);
    EXPECT_TRUE(IsWellFormed(ArrayOf(element), bytes)) << text;
    // And through the wire.
    Vector vector(ArrayOf(Type{element, 0}));
    vector.Append(Value::String(vector.type(), bytes));
    std::string wire;
    FormatBinary(vector, 0, &wire);
    const auto back = ParseBinary(wire, vector.type());
    ASSERT_TRUE(back.ok()) << text << back.status();
    EXPECT_EQ(Printed(back->bytes(), element), expected);
  }
}

TEST(ArrayTest, OrderIsPostgresAndKeysKeepIt) {
  const std::pair<TypeId, std::vector<const char*>> kAscending[] = {
      {TypeId::kInt4,
       {"{}", "{-5,100}", "{1}", "{1,2}", "{{1,2}}", "{1,2,3}", "{1,3}", "{1,NULL}", "{NULL}"}},
      {TypeId::kText, {"{}", "{\"\"}", "{\"\",x}", "{a}", "{a,b}", "{ab}", "{b}", "{NULL}"}},
      {TypeId::kNumeric,
       {"{-Infinity}", "{-1e40}", "{-1}", "{0.5}", "{1.0,1}", "{1.00,2}", "{2}", "{1e40}",
        "{1e40,2}", "{Infinity}", "{NaN}"}},
      {TypeId::kFloat8, {"{-1}", "{0}", "{1e10}", "{NaN}"}},
      {TypeId::kJsonb, {"{1}", "{1,2}", "{2}"}},
  };
  for (const auto& [element, texts] : kAscending) {
    for (size_t i = 0; i < texts.size(); ++i) {
      for (size_t j = 0; j < texts.size(); ++j) {
        const std::string a = Parsed(texts[i], element);
        const std::string b = Parsed(texts[j], element);
        const int wanted = i < j ? -1 : (i > j ? 1 : 0);
        const int order = CompareArrays(a, b, ArrayOf(element));
        EXPECT_EQ(order < 0 ? -1 : (order > 0 ? 1 : 0), wanted) << texts[i] << " " << texts[j];
        const int keys = KeyOf(a, element).compare(KeyOf(b, element));
        EXPECT_EQ(keys < 0 ? -1 : (keys > 0 ? 1 : 0), wanted) << texts[i] << " " << texts[j];
      }
    }
  }
}

TEST(ArrayTest, EqualNumbersOfDifferentScaleAreEqual) {
  const std::string a = Parsed("{1.0,2.50}", TypeId::kNumeric);
  const std::string b = Parsed("{1,2.5}", TypeId::kNumeric);
  EXPECT_NE(a, b);
  EXPECT_EQ(CompareArrays(a, b, ArrayOf(TypeId::kNumeric)), 0);
  EXPECT_EQ(KeyOf(a, TypeId::kNumeric), KeyOf(b, TypeId::kNumeric));
}

TEST(ArrayTest, MalformedTextIsRefused) {
  for (const char* text :
       {"", "1,2", "{1", "{1}}", "{{1},{2,3}}", "{1,}", "{,1}", "[1:2]={1}", "[1:2]", "[]={1}",
        "{\"1\"2}", "{1{2}}", "{x}", "[2:1]={1}", "{{{{{{{1}}}}}}}", "[1:999999999]={1}"}) {
    EXPECT_FALSE(ParseText(text, Type{TypeId::kInt4Array, 0}, {}).ok()) << text;
  }
}

TEST(ArrayTest, ModifiersApplyToElements) {
  const Type type = ArrayOf(NumericType(4, 1));
  EXPECT_EQ(Format(type), "numeric(4,1)[]");
  const auto value = ParseText("{1.25,2}", type, {});
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(Printed(value->bytes(), TypeId::kNumeric), "{1.3,2.0}");
}

// Whatever the bytes are, reading them ends within them.
TEST(ArrayTest, DamageIsSeenOrHarmless) {
  std::mt19937 random(7);
  for (const TypeId element :
       {TypeId::kBool, TypeId::kInt4, TypeId::kNumeric, TypeId::kText, TypeId::kJsonb}) {
    const std::string whole = element == TypeId::kBool ? Parsed("{t,NULL,f,t}", element)
                                                       : Parsed("{{1,NULL,3},{4,5,6}}", element);
    for (int i = 0; i < 20'000; ++i) {
      std::string bytes = whole.substr(0, random() % (whole.size() + 1));
      for (int changes = static_cast<int>(random() % 4); changes > 0 && !bytes.empty(); --changes)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      const ArrayView view(bytes, ArrayOf(element));
      const bool well_formed = IsWellFormed(ArrayOf(element), bytes);
      CompareArrays(bytes, whole, ArrayOf(element));
      KeyOf(bytes, element);
      if (!well_formed || PhysicalOf(element) == Physical::kString) continue;
      const std::string again = Parsed(Printed(bytes, element), element);
      EXPECT_EQ(CompareArrays(again, bytes, ArrayOf(element)), 0) << Printed(bytes, element);
    }
  }
}

}  // namespace
}  // namespace adbms::types
