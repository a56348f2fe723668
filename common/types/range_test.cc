#include "common/types/range.h"

#include <gtest/gtest.h>

#include "common/types/declared_type.h"
#include "common/types/form.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

common::v1::DeclaredType RangeOver(const Type& subtype) {
  common::v1::DeclaredType definition;
  definition.set_kind(common::v1::DeclaredType::KIND_RANGE);
  definition.set_oid(20000);
  definition.set_array_oid(20001);
  definition.set_schema("public");
  definition.set_name("r");
  definition.set_array_name("_r");
  common::v1::RangeDefinition& range = *definition.mutable_range();
  *range.mutable_subtype() = ToProto(subtype);
  range.set_multirange_schema("public");
  range.set_multirange_name("mr");
  range.set_multirange_array_name("_mr");
  range.set_multirange_oid(20002);
  range.set_multirange_array_oid(20003);
  return definition;
}

common::v1::DeclaredType Positive() {
  common::v1::DeclaredType definition;
  definition.set_kind(common::v1::DeclaredType::KIND_DOMAIN);
  definition.set_oid(20010);
  definition.set_array_oid(20011);
  definition.set_name("positive");
  *definition.mutable_base() = ToProto(Type(TypeId::kFloat8));
  return definition;
}

std::string Read(const char* text, const Type& type) {
  const auto form = ParseRange(text, type, TextOptions());
  EXPECT_TRUE(form.ok()) << text << form.status();
  return form.value_or("");
}

std::string Written(const std::string& form, const Type& type) {
  std::string text;
  FormatRange(form, type, TextOptions(), &text);
  return text;
}

TEST(DeclaredRange, HasItsMultirange) {
  const Type range = TypeOf(Intern(RangeOver(Type(TypeId::kText))));
  const Type multirange = MultirangeOf(range);
  EXPECT_EQ(range.id, TypeId::kRange);
  EXPECT_EQ(multirange.id, TypeId::kMultirange);
  EXPECT_EQ(OidOf(multirange), 20002U);
  EXPECT_EQ(OidOf(ArrayOf(multirange)), 20003U);
  EXPECT_EQ(RangeOf(multirange), range);
  EXPECT_EQ(BoundOf(multirange).id, TypeId::kText);
  EXPECT_EQ(Format(multirange), "mr");
}

TEST(DeclaredRange, TextAndOrder) {
  const Type range = TypeOf(Intern(RangeOver(Type(TypeId::kText))));
  EXPECT_EQ(Written(Read("[a,\"b c\")", range), range), "[a,\"b c\")");
  EXPECT_EQ(Written(Read("[b,b)", range), range), "empty");
  EXPECT_EQ(Written(Read("{[c,d),[a,b],(b,c)}", MultirangeOf(range)), MultirangeOf(range)),
            "{[a,d)}");
  const char* const ordered[] = {"empty", "(,a)", "[a,b)", "[a,b]", "(a,b)", "[b,)"};
  std::string last_key;
  std::string last;
  for (const char* text : ordered) {
    const std::string form = Read(text, range);
    std::string key;
    AppendOrderKey(TypeId::kRange, form, &key);
    if (!last.empty()) {
      EXPECT_LT(CompareRangeForms(last, form, TypeId::kRange), 0) << text;
      EXPECT_LT(last_key, key) << text;
    }
    last = form;
    last_key = key;
  }
}

// A whole number's range is canonical only with a function for it.
TEST(DeclaredRange, IsNotDiscrete) {
  const Type range = TypeOf(Intern(RangeOver(Type(TypeId::kInt4))));
  EXPECT_EQ(Written(Read("[1,2]", range), range), "[1,2]");
}

TEST(DeclaredRange, Binary) {
  const Type range = TypeOf(Intern(RangeOver(Type(TypeId::kFloat8))));
  const Type multirange = MultirangeOf(range);
  std::string bytes;
  FormatRangeBinary(Read("{[1,2),(3,)}", multirange), multirange, &bytes);
  const auto form = ParseRangeBinary(bytes, multirange);
  ASSERT_TRUE(form.ok()) << form.status();
  EXPECT_EQ(Written(*form, multirange), "{[1,2),(3,)}");
}

// Every prefix and every changed byte is either a range or refused, and never read beyond.
TEST(DeclaredRange, BytesFromElsewhere) {
  const Type range = TypeOf(Intern(RangeOver(Type(TypeId::kNumeric))));
  const std::string form = Read("[1.5,123456789012345678901234567890123456789012345.5)", range);
  ASSERT_TRUE(IsWellFormedRange(form, TypeId::kRange));
  for (size_t i = 0; i < form.size(); ++i) {
    EXPECT_FALSE(IsWellFormedRange(form.substr(0, i), TypeId::kRange));
    for (const int bit : {1, 8, 128}) {
      std::string changed = form;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      if (!IsWellFormedRange(changed, TypeId::kRange)) continue;
      (void)Written(changed, range);
      (void)CompareRangeForms(changed, form, TypeId::kRange);
    }
  }
}

TEST(DeclaredRange, Unchecked) {
  const Type positive = TypeOf(Intern(Positive()));
  const Type range = TypeOf(Intern(RangeOver(positive)));
  EXPECT_TRUE(HoldsDomain(range));
  EXPECT_TRUE(HoldsDomain(MultirangeOf(range)));
  EXPECT_TRUE(HoldsDomain(ArrayOf(positive)));
  EXPECT_FALSE(HoldsDomain(positive));
  EXPECT_EQ(Unchecked(positive).declared, nullptr);
  EXPECT_EQ(Unchecked(ArrayOf(positive)), ArrayOf(Type(TypeId::kFloat8)));
  const Type read = Unchecked(range);
  EXPECT_FALSE(HoldsDomain(read));
  EXPECT_EQ(OidOf(read), OidOf(range));
  EXPECT_EQ(BoundOf(read).id, TypeId::kFloat8);
}

}  // namespace
}  // namespace adbms::types
