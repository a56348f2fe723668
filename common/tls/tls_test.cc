// The development authority, what is read of its certificates, and files that change.
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "common/tls/authority.h"
#include "common/tls/keeper.h"
#include "common/tls/server_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace adbms::tls {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Tls : public testing::Test {
 protected:
  Tls() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    auto made = Authority::Make(directory_, "test authority", absl::Hours(24));
    EXPECT_TRUE(made.ok()) << made.status();
    authority_ = std::make_unique<Authority>(*std::move(made));
  }
  ~Tls() override { std::filesystem::remove_all(directory_); }

  Files FilesOf(const std::string& name) const {
    return {directory_ + "/" + name + ".crt", directory_ + "/" + name + ".key",
            directory_ + "/ca.crt"};
  }
  void Issue(const std::string& name, absl::Duration lifetime = absl::Hours(1)) const {
    const Subject subject = {name, {ServiceUri(name)}, {"localhost", "127.0.0.1", "::1"}};
    const absl::Status issued = authority_->Issue(directory_ + "/" + name, subject, lifetime);
    EXPECT_TRUE(issued.ok()) << issued;
  }
  void Write(const std::string& path, const std::string& text) const {
    std::ofstream(path, std::ios::binary) << text;
  }

  const std::string directory_ =
      testing::TempDir() + "tls_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::unique_ptr<Authority> authority_;
};

TEST_F(Tls, ACertificateSaysWhatItWasIssuedFor) {
  Issue("storage");
  const auto loaded = Load(FilesOf("storage"));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT((*loaded)->uris, ElementsAre("adbms://service/storage"));
  EXPECT_THAT((*loaded)->hosts, ElementsAre("localhost", "127.0.0.1", "::1"));
  EXPECT_THAT((*loaded)->subject, HasSubstr("CN=storage"));
  EXPECT_THAT((*loaded)->issuer, HasSubstr("CN=test authority"));
  EXPECT_EQ((*loaded)->endpoint_hash.size(), 32u);
  EXPECT_GT((*loaded)->not_after, absl::Now());
}

TEST_F(Tls, KeysAreTheirOwnersAlone) {
  Issue("storage");
  for (const char* key : {"/ca.key", "/storage.key"}) {
    struct stat about {};
    ASSERT_EQ(::stat((directory_ + key).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u) << key;
  }
  ::chmod((directory_ + "/storage.key").c_str(), 0644);
  EXPECT_TRUE(absl::IsPermissionDenied(Load(FilesOf("storage")).status()));
}

TEST_F(Tls, AnAuthorityIsNotReplaced) {
  EXPECT_TRUE(absl::IsAlreadyExists(Authority::Make(directory_, "other", absl::Hours(1)).status()));
  EXPECT_TRUE(absl::IsNotFound(Authority::Open(directory_ + "/none").status()));
}

TEST_F(Tls, NothingHoldsLongerThanItsAuthority) {
  Issue("storage", absl::Hours(24 * 365));
  EXPECT_LE((*Load(FilesOf("storage")))->not_after, authority_->certificate().not_after);
}

TEST_F(Tls, NamesThatAreNoneAreRefused) {
  for (const char* host : {"", "a,b", "a b", "a/b", "a\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        authority_->Issue(directory_ + "/x", {"x", {}, {host}}, absl::Hours(1))))
        << host;
  }
  EXPECT_FALSE(
      authority_->Issue(directory_ + "/x", {std::string(65, 'x'), {}, {}}, absl::Hours(1)).ok());
}

TEST_F(Tls, FilesThatDoNotFitAreToldByName) {
  Issue("storage");
  Issue("gateway");
  Files mixed = FilesOf("storage");
  mixed.key = FilesOf("gateway").key;
  EXPECT_THAT(std::string(Load(mixed).status().message()), HasSubstr("does not belong"));
  Files missing = FilesOf("storage");
  missing.certificate = directory_ + "/none.crt";
  EXPECT_THAT(std::string(Load(missing).status().message()), HasSubstr("none.crt"));
  Files garbage = FilesOf("storage");
  garbage.authority = directory_ + "/garbage";
  for (const std::string& text : {std::string(), std::string("x"), std::string(1 << 16, '\0'),
                                  std::string("-----BEGIN CERTIFICATE-----\nAAAA\n")}) {
    Write(garbage.authority, text);
    EXPECT_TRUE(absl::IsInvalidArgument(Load(garbage).status()));
    EXPECT_FALSE(Describe(text).ok());
  }
}

TEST_F(Tls, AKeeperTakesOverWhatFitsAndKeepsWhatItHas) {
  Issue("storage");
  const auto keeper = CertificateKeeper::Open(FilesOf("storage"));
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  std::vector<CertificateKeeper::Outcome> outcomes;
  (*keeper)->AddListener([&](const auto& outcome) { outcomes.push_back(outcome); });
  ServerContext context(keeper->get(), {.ask_clients = true});
  const auto before = context.current();
  ASSERT_NE(before.context, nullptr);
  (*keeper)->Reload();  // Nothing has changed.
  EXPECT_EQ((*keeper)->current(), before.certificate);

  Write(FilesOf("storage").certificate, "no certificate");
  (*keeper)->Reload();
  EXPECT_EQ((*keeper)->current(), before.certificate);
  EXPECT_EQ(context.current().context, before.context);
  EXPECT_GE((*keeper)->failures(), 1u);

  Issue("storage");
  (*keeper)->Reload();
  EXPECT_NE((*keeper)->current(), before.certificate);
  EXPECT_NE(context.current().context, before.context);
  EXPECT_EQ(context.current().certificate, (*keeper)->current());

  const CertificatePtr good = (*keeper)->current();
  Issue("storage", -absl::Minutes(1));  // Expired already.
  (*keeper)->Reload();
  EXPECT_EQ((*keeper)->current(), good);
  ASSERT_GE(outcomes.size(), 3u);
  EXPECT_THAT(std::string(outcomes.back().error.message()), HasSubstr("has expired"));
}

}  // namespace
}  // namespace adbms::tls
