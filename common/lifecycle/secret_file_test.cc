#include "common/lifecycle/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace adbms::lifecycle {
namespace {

constexpr uid_t kSomebody = 10001;

class SecretFileTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/secret_" + RandomHex(4);
    std::filesystem::create_directory(directory_);
    ::chmod(directory_.c_str(), 0755);
    path_ = directory_ + "/secret";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Make(mode_t mode) {
    std::ofstream(path_) << "word\n";
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }

  std::string directory_;
  std::string path_;
};

TEST_F(SecretFileTest, OnlyTheOwnerMayReadIt) {
  Make(0600);
  EXPECT_EQ(*ReadSecret(path_), "word");
  Make(0640);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadSecret(path_).status()));
  Make(0604);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadSecret(path_).status()));
}

TEST_F(SecretFileTest, WhatRootMountsIsReadByTheGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const auto read_as_somebody = [this](mode_t mode) {
    Make(mode);
    EXPECT_EQ(::chown(path_.c_str(), 0, kSomebody), 0);
    EXPECT_EQ(::setegid(kSomebody), 0);
    EXPECT_EQ(::seteuid(kSomebody), 0);
    const auto secret = ReadSecret(path_);
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::setegid(0), 0);
    return secret;
  };
  const auto mounted = read_as_somebody(0440);
  ASSERT_TRUE(mounted.ok()) << mounted.status();
  EXPECT_EQ(*mounted, "word");
  EXPECT_TRUE(absl::IsPermissionDenied(read_as_somebody(0444).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(read_as_somebody(0460).status()));
}

TEST_F(SecretFileTest, WhoComesSecondReadsWhatTheFirstMade) {
  const auto first = ReadOrMakeSecret(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->size(), 64);
  EXPECT_EQ(*ReadOrMakeSecret(path_), *first);
}

}  // namespace
}  // namespace adbms::lifecycle
