#include "services/security/audit/audit_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace adbms::security::audit {
namespace {

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() {
    directory_ = testing::TempDir() + "/audit_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
  }
  static security::v1::AuditRecord Record(const std::string& statement) {
    security::v1::AuditRecord record;
    record.set_at_us(1700000000000000);
    record.set_event("statement");
    record.set_user("ann");
    record.set_statement(statement);
    return record;
  }
  LogOptions Options() const {
    return {.directory = directory_, .head_path = directory_ + "/head", .key = "key"};
  }
  std::vector<KeptHead> Heads() const {
    const auto head = ReadHead(directory_ + "/head", "key");
    EXPECT_TRUE(head.ok()) << head.status();
    return {{"head", *head}};
  }
  Verification Check() const { return *Verify(directory_ + "/audit.jsonl", Heads()); }
  std::string Read() const {
    std::ifstream in(directory_ + "/audit.jsonl");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void Write(const std::string& text) const {
    std::ofstream(directory_ + "/audit.jsonl", std::ios::trunc) << text;
  }
  std::string directory_;
};

TEST_F(AuditLogTest, ChainGoesOnOverReopening) {
  for (int i = 0; i < 3; ++i) {
    const auto log = AuditLog::Open(Options());
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_TRUE((*log)->Append({Record("a \"quoted\"\nline"), Record("b")}).ok());
  }
  const auto found = Verify(directory_ + "/audit.jsonl");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->records, 6u);
  EXPECT_EQ(found->first_bad_line, 0u) << found->problem;
}

TEST_F(AuditLogTest, AChangedLineIsFound) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  text.replace(text.find("\"b\""), 3, "\"x\"");
  Write(text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, AMissingLineIsFound) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  const size_t first_end = text.find('\n') + 1;
  text.erase(first_end, text.find('\n', first_end) + 1 - first_end);
  Write(text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, ATornLastLineIsCutAndTheChainGoesOn) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b")}).ok());
  Write(Read() + "{\"time\":\"2023");
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("c")}).ok());
  const auto found = Verify(directory_ + "/audit.jsonl");
  EXPECT_EQ(found->records, 4u);  // One says what was cut.
  EXPECT_EQ(found->first_bad_line, 0u);
  EXPECT_NE(Read().find("\"repaired\""), std::string::npos);
  EXPECT_EQ(Check().first_bad_line, 0u);
}

TEST_F(AuditLogTest, ACutEndIsFound) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b"), Record("c")}).ok());
  const std::string text = Read();
  Write(text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 0u);  // The chain cannot tell.
  EXPECT_EQ(Check().first_bad_line, 3u);
  EXPECT_NE(Check().problem.find("the end is missing"), std::string::npos) << Check().problem;
  Write("");
  EXPECT_EQ(Check().first_bad_line, 1u);
}

TEST_F(AuditLogTest, AChainComputedAnewIsFound) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b")}).ok());
  const auto heads = Heads();
  std::filesystem::remove_all(directory_);
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("x")}).ok());
  const auto found = Verify(directory_ + "/audit.jsonl", heads);
  EXPECT_EQ(found->first_bad_line, 2u);
  EXPECT_NE(found->problem.find("computed anew"), std::string::npos) << found->problem;
}

TEST_F(AuditLogTest, TheSignatureNeedsTheKey) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a")}).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadHead(directory_ + "/head", "another").status()));
  Head head = Heads()[0].head;
  head.records = 0;
  ASSERT_TRUE(WriteHead(directory_ + "/head", head, "another").ok());
  const auto log = AuditLog::Open(Options());
  EXPECT_NE((*log)->tampering().find("signature"), std::string::npos) << (*log)->tampering();
}

TEST_F(AuditLogTest, OpeningWhatWasChangedSaysSoInTheLog) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b")}).ok());
  Write("");
  {
    const auto log = AuditLog::Open(Options());
    EXPECT_FALSE((*log)->tampering().empty());
    ASSERT_TRUE((*log)->Append({Record("c")}).ok());
  }
  EXPECT_EQ(Check().first_bad_line, 1u);
  EXPECT_NE(Check().problem.find("tampered"), std::string::npos) << Check().problem;
}

TEST_F(AuditLogTest, AFileChangedUnderTheWriterIsNoticed) {
  const auto log = AuditLog::Open(Options());
  ASSERT_TRUE((*log)->Append({Record("a"), Record("b")}).ok());
  Write("");
  ASSERT_TRUE((*log)->Append({Record("c")}).ok());
  EXPECT_NE(Read().find("\"tampered\""), std::string::npos) << Read();
  std::filesystem::remove(directory_ + "/audit.jsonl");
  ASSERT_TRUE((*log)->Append({Record("d")}).ok());
  EXPECT_NE(Read().find("\"d\""), std::string::npos) << "records go into a file without a name";
  EXPECT_NE(Verify(directory_ + "/audit.jsonl")->first_bad_line, 0u);
}

TEST_F(AuditLogTest, AFullDiskLeavesTheChainWhole) {
  const auto log = AuditLog::Open(Options());
  ASSERT_TRUE((*log)->Append({Record("a")}).ok());
  // The limit of a file's size stands for a full disk: some of the bytes go, the rest does not.
  const auto size = static_cast<rlim_t>(Read().size());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit full = before;
  full.rlim_cur = size + 100;
  ::setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_TRUE(absl::IsUnavailable((*log)->Append({Record("b"), Record("c")})));
  EXPECT_TRUE(absl::IsUnavailable((*log)->Append({Record("b"), Record("c")})));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(Read().size(), size);
  ASSERT_TRUE((*log)->Append({Record("b"), Record("c")}).ok());
  ASSERT_TRUE((*log)->WriteHead().ok());
  EXPECT_EQ(Check().first_bad_line, 0u) << Check().problem;
  EXPECT_NE(Read().find("\"repaired\""), std::string::npos);
}

TEST_F(AuditLogTest, DamageInTheMiddleStaysVisible) {
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  text[text.find("\"hash\"", text.find('\n'))] = '\'';
  Write(text);
  ASSERT_TRUE((*AuditLog::Open(Options()))->Append({Record("d")}).ok());
  EXPECT_EQ(Read().substr(0, text.size()), text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, NoFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Verify(directory_ + "/nothing").status()));
}

}  // namespace
}  // namespace adbms::security::audit
