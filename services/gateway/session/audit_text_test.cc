#include "services/gateway/session/audit_text.h"

#include <gtest/gtest.h>

namespace adbms::gateway::session {
namespace {

std::string Of(const std::string& sql) {
  const auto statements = sql::Parse(sql);
  EXPECT_TRUE(statements.ok()) << statements.status();
  return AuditText(statements->front());
}

TEST(AuditTextTest, ChangesOfRolesNameObjectGranteeAndOptions) {
  for (const char* text :
       {"CREATE ROLE clerk LOGIN NOSUPERUSER CREATEROLE", "DROP ROLE IF EXISTS a, b",
        "GRANT SELECT, INSERT ON TABLE depot.boxes, stock TO clerk, PUBLIC",
        "REVOKE ALL ON ALL TABLES IN SCHEMA depot FROM clerk", "GRANT USAGE ON SCHEMA depot TO a",
        "GRANT CREATE ON DATABASE adbms TO a", "GRANT staff TO clerk", "REVOKE staff FROM clerk",
        "GRANT USAGE ON SEQUENCE s TO clerk"}) {
    EXPECT_EQ(Of(text), text);
  }
}

TEST(AuditTextTest, PasswordsStayOut) {
  EXPECT_EQ(Of("ALTER ROLE clerk PASSWORD 'hidden'"), "ALTER ROLE clerk PASSWORD (not shown)");
  EXPECT_EQ(Of("ALTER ROLE clerk PASSWORD NULL"), "ALTER ROLE clerk PASSWORD NULL");
  EXPECT_EQ(AuditText("ALTER ROLE clerk PASSWORD 'hid'den'").find("hid"), std::string::npos);
  EXPECT_EQ(Of("SELECT * FROM t WHERE secret = 'hidden'").find("hidden"), std::string::npos);
}

TEST(AuditTextTest, ConstantsAreNumberedBehindTheParameters) {
  EXPECT_EQ(Of("SELECT 11111 FROM t WHERE a = 'x'"), "SELECT $1 FROM t WHERE a=$2");
  EXPECT_EQ(Of("SELECT 5 FROM t WHERE a = $1 AND b = $2"), "SELECT $3 FROM t WHERE a=$1 AND b=$2");
}

}  // namespace
}  // namespace adbms::gateway::session
