#include "services/security/audit/audit_log.h"

#include <gtest/gtest.h>

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
    const auto log = AuditLog::Open(directory_);
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_TRUE((*log)->Append({Record("a \"quoted\"\nline"), Record("b")}).ok());
  }
  const auto found = Verify(directory_ + "/audit.jsonl");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->records, 6u);
  EXPECT_EQ(found->first_bad_line, 0u) << found->problem;
}

TEST_F(AuditLogTest, AChangedLineIsFound) {
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  text.replace(text.find("\"b\""), 3, "\"x\"");
  Write(text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, AMissingLineIsFound) {
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  const size_t first_end = text.find('\n') + 1;
  text.erase(first_end, text.find('\n', first_end) + 1 - first_end);
  Write(text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, ATornLastLineIsCutAndTheChainGoesOn) {
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("a"), Record("b")}).ok());
  Write(Read() + "{\"time\":\"2023");
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("c")}).ok());
  const auto found = Verify(directory_ + "/audit.jsonl");
  EXPECT_EQ(found->records, 3u);
  EXPECT_EQ(found->first_bad_line, 0u);
}

TEST_F(AuditLogTest, DamageInTheMiddleStaysVisible) {
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("a"), Record("b"), Record("c")}).ok());
  std::string text = Read();
  text[text.find("\"hash\"", text.find('\n'))] = '\'';
  Write(text);
  ASSERT_TRUE((*AuditLog::Open(directory_))->Append({Record("d")}).ok());
  EXPECT_EQ(Read().substr(0, text.size()), text);
  EXPECT_EQ(Verify(directory_ + "/audit.jsonl")->first_bad_line, 2u);
}

TEST_F(AuditLogTest, NoFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Verify(directory_ + "/nothing").status()));
}

}  // namespace
}  // namespace adbms::security::audit
