#include "common/types/declared_type.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/text_io.h"
#include "common/types/vector.h"

namespace adbms::types {
namespace {

common::v1::DeclaredType Mood(uint32_t oid = 16384) {
  common::v1::DeclaredType mood;
  mood.set_kind(common::v1::DeclaredType::KIND_ENUM);
  mood.set_oid(oid);
  mood.set_array_oid(oid + 1);
  mood.set_schema("public");
  mood.set_name("mood");
  mood.set_array_name("_mood");
  double order = 1;
  for (const char* label : {"sad", "ok", "a b"}) {
    auto* added = mood.add_labels();
    added->set_name(label);
    added->set_sort_order(order++);
  }
  return mood;
}

std::string Printed(const Value& value) {
  std::string text;
  FormatText(value, {}, &text);
  return text;
}

TEST(DeclaredType, EqualDefinitionsAreOne) {
  const Type type = TypeOf(Intern(Mood()));
  EXPECT_EQ(type, TypeOf(Intern(Mood())));
  EXPECT_EQ(type, FromProto(ToProto(type)));
  auto longer = Mood();
  longer.add_labels()->set_name("new");
  EXPECT_NE(type, TypeOf(Intern(longer)));
  EXPECT_EQ(OidOf(type), 16384u);
  EXPECT_EQ(OidOf(ArrayOf(type)), 16385u);
  EXPECT_EQ(ElementOf(ArrayOf(type)), type);
  EXPECT_EQ(Format(ArrayOf(type)), "mood[]");
}

TEST(DeclaredType, WhatIsNoDefinitionHasNone) {
  EXPECT_EQ(Intern({}), nullptr);
  common::v1::DeclaredType domain;
  domain.set_kind(common::v1::DeclaredType::KIND_DOMAIN);
  EXPECT_EQ(Intern(domain), nullptr);
}

TEST(DeclaredType, LabelsAreReadAndWritten) {
  const Type type = TypeOf(Intern(Mood()));
  const auto ok = ParseText("ok", type, {});
  ASSERT_TRUE(ok.ok());
  EXPECT_EQ(Printed(*ok), "ok");
  EXPECT_LT(CompareValues(*ParseText("sad", type, {}), *ok), 0);
  EXPECT_EQ(status::FromStatus(ParseText("bad", type, {}).status()).message,
            "invalid input value for enum mood: \"bad\"");
  const auto array = ParseText("{sad,\"a b\",NULL}", ArrayOf(type), {});
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(Printed(*array), "{sad,\"a b\",NULL}");
  Vector vector(ArrayOf(type));
  vector.Append(*array);
  std::string binary;
  FormatBinary(vector, 0, &binary);
  const auto again = ParseBinary(binary, ArrayOf(type));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(Printed(*again), "{sad,\"a b\",NULL}");
}

TEST(DeclaredType, ALabelIsUsedOnceItIsCommitted) {
  auto mood = Mood();
  mood.mutable_labels(1)->set_uncommitted(true);
  const auto value = ParseText("ok", TypeOf(Intern(mood)), {});
  EXPECT_EQ(status::FromStatus(value.status()).sqlstate, "55P04");
}

TEST(DeclaredType, BatchesBringTheirDefinitions) {
  const Type type = TypeOf(Intern(Mood()));
  auto column = std::make_shared<Vector>(type);
  column->Append(*ParseText("ok", type, {}));
  column->AppendNull();
  Batch batch{{column}, 2};
  std::string bytes;
  EncodeBatch(batch, &bytes);
  const auto decoded = DecodeBatch(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->columns[0]->type(), type);
  EXPECT_EQ(Printed(decoded->columns[0]->Get(0)), "ok");
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeBatch(std::string_view(bytes).substr(0, size)).ok());
}

TEST(DeclaredType, ADomainIsWhatItIsOver) {
  common::v1::DeclaredType positive;
  positive.set_kind(common::v1::DeclaredType::KIND_DOMAIN);
  positive.set_oid(20000);
  positive.set_array_oid(20001);
  positive.set_name("positive");
  positive.set_schema("public");
  positive.mutable_base()->set_id(common::v1::TYPE_ID_INT4);
  const Type type = TypeOf(Intern(positive));
  EXPECT_EQ(type.id, TypeId::kInt4);
  EXPECT_TRUE(IsDomain(type));
  EXPECT_EQ(BaseOf(type), (Type{TypeId::kInt4, 0}));
  EXPECT_EQ(Format(type), "positive");
  EXPECT_EQ(OidOf(type), 20000u);
}

TEST(DeclaredType, TenThousandEnumsCostSomeMegabytes) {
  const size_t before = InternedDefinitions();
  for (uint32_t i = 0; i < 10000; ++i) {
    Intern(Mood(100000 + 2 * i));
    Intern(Mood(100000 + 2 * i));
  }
  EXPECT_EQ(InternedDefinitions() - before, 10000u);
}

}  // namespace
}  // namespace adbms::types
