#include "common/types/network.h"

#include <gtest/gtest.h>

#include "common/types/form.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

std::string Form(std::string_view text, TypeId id = TypeId::kInet) {
  const auto value = ParseText(text, Type{id, 0}, {});
  EXPECT_TRUE(value.ok()) << text << " " << value.status();
  return value.ok() ? std::string(value->bytes()) : std::string();
}

std::string Printed(std::string_view form, TypeId id = TypeId::kInet) {
  std::string text;
  FormatText(Value::String({id, 0}, std::string(form)), {}, &text);
  return text;
}

TEST(NetworkTest, TextComesBack) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"10.1.2.3", "10.1.2.3"},
      {"10.1.2.3/24", "10.1.2.3/24"},
      {"10/8", "10.0.0.0/8"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1/64", "2001:db8::1/64"},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"::", "::"},
  };
  for (const auto& [text, printed] : kTexts) EXPECT_EQ(Printed(Form(text)), printed);
}

TEST(NetworkTest, CidrTakesTheClassAndNoHostBits) {
  EXPECT_EQ(Printed(Form("10", TypeId::kCidr), TypeId::kCidr), "10.0.0.0/8");
  EXPECT_EQ(Printed(Form("192.168.1", TypeId::kCidr), TypeId::kCidr), "192.168.1.0/24");
  EXPECT_FALSE(ParseText("10.1.2.3/8", Type{TypeId::kCidr, 0}, {}).ok());
}

TEST(NetworkTest, FormComparesAsPostgres) {
  const char* kAscending[] = {"9.255.0.0/16", "10.0.0.0/8",     "10.1.2.3/8", "10.0.0.0/16",
                              "10.1.0.0/16",  "10.1.2.3/16",    "10.1.2.3",   "::/0",
                              "::1",          "2001:db8::1/32", "2001:db8::1"};
  for (size_t i = 0; i + 1 < std::size(kAscending); ++i)
    EXPECT_LT(Form(kAscending[i]), Form(kAscending[i + 1])) << kAscending[i];
}

TEST(NetworkTest, OnlyFormsAreWellFormed) {
  std::string form = Form("10.1.2.3/8");
  EXPECT_TRUE(IsWellFormed(TypeId::kInet, form));
  EXPECT_FALSE(IsWellFormed(TypeId::kCidr, form));  // Host bits.
  EXPECT_FALSE(IsWellFormed(TypeId::kInet, form.substr(1)));
  form[5] = 33;  // The mask.
  EXPECT_FALSE(IsWellFormed(TypeId::kInet, form));
  EXPECT_FALSE(IsWellFormed(TypeId::kInet, ""));
  EXPECT_FALSE(IsWellFormed(TypeId::kMacaddr, "12345"));
}

TEST(NetworkTest, BinaryFormat) {
  std::string bytes;
  FormatNetworkBinary(NetworkAddress::FromForm(Form("10.1.2.3/24")), TypeId::kInet, &bytes);
  EXPECT_EQ(bytes, std::string_view("\x02\x18\x00\x04\x0a\x01\x02\x03", 8));
  EXPECT_EQ(ParseNetworkBinary(bytes, TypeId::kInet)->ToForm(), Form("10.1.2.3/24"));
  EXPECT_FALSE(ParseNetworkBinary(bytes, TypeId::kCidr).ok());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(ParseNetworkBinary(bytes.substr(0, size), TypeId::kInet).ok());
}

}  // namespace
}  // namespace adbms::types
