#include "services/security/authn/token.h"

#include <gtest/gtest.h>

namespace adbms::security::authn {
namespace {

TEST(TokenTest, ATokenIsReadByTheClusterThatIssuedIt) {
  const auto token = MakeToken("secret");
  ASSERT_TRUE(token.ok()) << token.status();
  const auto read = ParseToken(token->text, "secret");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, token->read.id);
  EXPECT_TRUE(SameDigest(read->digest, token->read.digest));
  EXPECT_EQ(token->text.find(read->digest), std::string::npos);
  EXPECT_FALSE(ParseToken(token->text, "another").has_value());
}

TEST(TokenTest, NoTwoAreAlike) {
  EXPECT_NE(MakeToken("secret")->read.id, MakeToken("secret")->read.id);
}

TEST(TokenTest, EveryChangedCharacterIsSeen) {
  const std::string text = MakeToken("secret")->text;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '0' ? '1' : '0';
    if (changed != text) EXPECT_FALSE(ParseToken(changed, "secret").has_value()) << i;
  }
  for (const std::string& other :
       {std::string(), std::string("adbms_"), text + "0", text.substr(1), text + text,
        std::string(1 << 20, 'a'), std::string(text.size(), '\0')}) {
    EXPECT_FALSE(ParseToken(other, "secret").has_value());
  }
}

}  // namespace
}  // namespace adbms::security::authn
