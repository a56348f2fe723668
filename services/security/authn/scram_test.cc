#include "services/security/authn/scram.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::security::authn {
namespace {

absl::StatusOr<std::string> Converse(Client* client, const std::string& verifier) {
  const auto challenge = Start(client->First(), verifier);
  if (!challenge.ok()) return challenge.status();
  const auto final_message = client->Final(challenge->server_first);
  if (!final_message.ok()) return final_message.status();
  return Finish(challenge->conversation, *final_message, verifier, "ann");
}

TEST(ScramTest, RightPasswordIsAcceptedAndTheServerProvesItself) {
  const auto verifier = MakeVerifier("sesame");
  ASSERT_TRUE(verifier.ok());
  Client client("sesame");
  const auto server_final = Converse(&client, *verifier);
  ASSERT_TRUE(server_final.ok()) << server_final.status();
  EXPECT_TRUE(client.CheckServer(*server_final));
  EXPECT_FALSE(client.CheckServer("v=AAAA"));
}

TEST(ScramTest, WrongPasswordIsRefused) {
  Client client("guess");
  const auto result = Converse(&client, *MakeVerifier("sesame"));
  EXPECT_TRUE(status::HasSqlState(result.status(), status::sqlstate::kInvalidPassword));
}

TEST(ScramTest, UnknownUserLooksLikeAKnownOne) {
  const std::string mock = MockVerifier("nobody", "secret");
  EXPECT_EQ(mock, MockVerifier("nobody", "secret"));
  EXPECT_NE(mock, MockVerifier("somebody", "secret"));
  Client client("");
  EXPECT_TRUE(
      status::HasSqlState(Converse(&client, mock).status(), status::sqlstate::kInvalidPassword));
}

TEST(ScramTest, SaltsDiffer) { EXPECT_NE(*MakeVerifier("a"), *MakeVerifier("a")); }

TEST(ScramTest, VerifyPassword) {
  const std::string verifier = *MakeVerifier("sesame");
  EXPECT_TRUE(VerifyPassword("sesame", verifier));
  EXPECT_FALSE(VerifyPassword("Sesame", verifier));
  EXPECT_FALSE(VerifyPassword("sesame", "garbage"));
}

TEST(ScramTest, MalformedMessagesAreErrors) {
  const std::string verifier = *MakeVerifier("sesame");
  for (const char* first : {"", "n", "n,", "n,,", "x,,n=,r=abc", "n,,n=,r=", "n,,n=x"}) {
    EXPECT_FALSE(Start(first, verifier).ok()) << first;
  }
  EXPECT_TRUE(status::HasSqlState(Start("p=tls-unique,,n=,r=a", verifier).status(),
                                  status::sqlstate::kProtocolViolation));
  const auto challenge = Start("n,,n=,r=abc", verifier);
  ASSERT_TRUE(challenge.ok());
  for (const char* last : {"", "c=biws", "c=biws,r=abc,p=!!", "c=biws,r=abc,p=QQ==", ",p="}) {
    EXPECT_FALSE(Finish(challenge->conversation, last, verifier, "ann").ok()) << last;
  }
}

TEST(ScramTest, TheHeaderComesAgainWithTheChannelsData) {
  const std::string verifier = *MakeVerifier("sesame");
  const auto challenge = Start("p=tls-server-end-point,,n=,r=abc", verifier);
  ASSERT_TRUE(challenge.ok()) << challenge.status();
  const std::string& first = challenge->server_first;
  const std::string nonce = first.substr(2, first.find(",s=") - 2);
  for (const char* bound : {"n,,", "p=tls-server-end-point,,", "p=tls-unique,,hash", ""}) {
    const std::string last = absl::StrCat("c=", absl::Base64Escape(bound), ",r=", nonce,
                                          ",p=", std::string(43, 'A'), "=");
    EXPECT_TRUE(status::HasSqlState(Finish(challenge->conversation, last, verifier, "ann").status(),
                                    status::sqlstate::kInvalidPassword))
        << bound;
  }
}

}  // namespace
}  // namespace adbms::security::authn
