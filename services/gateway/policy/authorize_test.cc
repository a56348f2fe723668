// Whose rights a plan is checked by, and how old they may be.
#include "services/gateway/policy/authorize.h"

#include <gtest/gtest.h>

#include <map>

#include "common/status/sql_error.h"

namespace adbms::gateway::policy {
namespace {

using common::v1::PRIVILEGE_SELECT;
namespace sqlstate = status::sqlstate;

constexpr uint32_t kPayroll = 20000;
constexpr uint32_t kView = 20001;
constexpr uint32_t kRoles = 20002;
constexpr uint32_t kPublic = 2200;

sql::Catalog MakeCatalog() {
  auto snapshot = std::make_shared<common::v1::CatalogSnapshot>();
  auto* schema = snapshot->add_schemas();
  schema->set_schema_id(kPublic);
  schema->set_name("public");
  schema->set_owner("root");
  snapshot->add_schemas()->set_name("adbms");
  const auto add = [&](uint32_t id, const char* in, const char* name, const char* owner) {
    auto* table = snapshot->add_tables();
    table->set_table_id(id);
    table->set_schema(in);
    table->set_name(name);
    table->set_owner(owner);
    return table;
  };
  auto* payroll = add(kPayroll, "public", "payroll", "root");
  for (const char* name : {"who", "pay", "bank", "gone"}) payroll->add_columns()->set_name(name);
  payroll->mutable_columns(3)->set_dropped(true);
  add(kView, "public", "v", "ann")->set_view_sql("SELECT 1");
  add(kRoles, "adbms", "roles", "root");
  return sql::Catalog(snapshot);
}

security::v1::Policy MakePolicy(const std::string& role, uint64_t version,
                                const std::vector<uint32_t>& readable = {}) {
  security::v1::Policy policy;
  policy.set_role(role);
  policy.set_version(version);
  policy.set_lease_ms(60000);
  policy.add_member_of(role);
  const auto grant = [&](uint32_t object, common::v1::Privilege privilege) {
    auto* added = policy.add_grants();
    added->set_table_id(object);
    added->add_privileges(privilege);
  };
  grant(kPublic, common::v1::PRIVILEGE_USAGE);
  for (const uint32_t table : readable) grant(table, PRIVILEGE_SELECT);
  return policy;
}

void Use(uint32_t table, const std::string& as_role, common::v1::Plan* plan) {
  auto* use = plan->add_tables();
  use->set_table_id(table);
  use->set_as_role(as_role);
  use->add_privileges(PRIVILEGE_SELECT);
}

// Knows some roles; counts how often it is asked.
class Roles : public security::api::Security {
 public:
  std::map<std::string, security::v1::Policy> policies;
  int asked = 0;
  bool reachable = true;

  absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext&, const security::v1::GetPolicyRequest& request) override {
    ++asked;
    if (!reachable) return absl::UnavailableError("gone");
    const auto found = policies.find(request.user());
    if (found == policies.end()) return absl::NotFoundError("no such role");
    security::v1::GetPolicyResponse response;
    *response.mutable_policy() = found->second;
    return response;
  }
  absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext&, const security::v1::StartScramRequest&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext&, const security::v1::FinishScramRequest&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext&, const security::v1::AuthenticateRequest&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext&, const security::v1::ChangeRolesRequest&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext&, const security::v1::ReportAuditRequest&) override {
    return absl::UnimplementedError("");
  }
};

class AuthorizeTest : public ::testing::Test {
 protected:
  absl::Status Check(const security::v1::Policy& session) {
    return Authorize(
        session, plan_, catalog_,
        [&](const std::string& role) { return cache_.Of({}, role, session.version()); }, &version_);
  }
  static bool IsDenied(const absl::Status& status) {
    return status::HasSqlState(status, sqlstate::kInsufficientPrivilege);
  }

  Roles roles_;
  PolicyCache cache_{&roles_, absl::Hours(1)};
  const sql::Catalog catalog_ = MakeCatalog();
  common::v1::Plan plan_;
  uint64_t version_ = 0;
};

TEST_F(AuthorizeTest, EachUseIsForItsRole) {
  Use(kView, "", &plan_);
  Use(kPayroll, "ann", &plan_);
  roles_.policies["ann"] = MakePolicy("ann", 5, {kPayroll});
  EXPECT_TRUE(Check(MakePolicy("bob", 5, {kView})).ok());
  EXPECT_EQ(version_, 5u);
  EXPECT_TRUE(IsDenied(Check(MakePolicy("bob", 5, {kPayroll}))));
  roles_.policies["ann"] = MakePolicy("ann", 6);
  EXPECT_TRUE(IsDenied(Check(MakePolicy("bob", 6, {kView, kPayroll}))));
  // Not even a superuser reads through a view what its owner may not.
  auto superuser = MakePolicy("root", 6);
  superuser.set_superuser(true);
  EXPECT_TRUE(IsDenied(Check(superuser)));
}

TEST_F(AuthorizeTest, RightsOnColumnsWillDoForThese) {
  Use(kPayroll, "", &plan_);
  common::v1::ColumnUse* columns = plan_.mutable_tables(0)->add_columns();
  columns->set_privilege(PRIVILEGE_SELECT);
  auto bob = MakePolicy("bob", 5);
  auto* grant = bob.add_grants();
  grant->set_table_id(kPayroll);
  grant->set_column(3);
  grant->add_privileges(PRIVILEGE_SELECT);
  // Any column, then the one that was granted, then one beside it.
  EXPECT_TRUE(Check(bob).ok());
  columns->add_columns(2);
  EXPECT_TRUE(Check(bob).ok());
  EXPECT_TRUE(Check(MakePolicy("ann", 5, {kPayroll})).ok());
  columns->add_columns(0);
  EXPECT_TRUE(IsDenied(Check(bob)));
  // One that was dropped is none.
  grant->set_column(4);
  columns->clear_columns();
  EXPECT_TRUE(IsDenied(Check(bob)));
  grant->set_column(3);
  EXPECT_TRUE(Check(bob).ok());
  // Of the whole table it is no right.
  plan_.mutable_tables(0)->clear_columns();
  EXPECT_TRUE(IsDenied(Check(bob)));
}

TEST_F(AuthorizeTest, AnOwnerWhoIsGoneReadsNothing) {
  Use(kPayroll, "ann", &plan_);
  EXPECT_TRUE(IsDenied(Check(MakePolicy("bob", 5))));
}

TEST_F(AuthorizeTest, WhatSuperusersReadNobodyLends) {
  Use(kRoles, "root", &plan_);
  roles_.policies["root"] = MakePolicy("root", 5);
  roles_.policies["root"].set_superuser(true);
  EXPECT_TRUE(IsDenied(Check(MakePolicy("bob", 5))));
  EXPECT_TRUE(Check(roles_.policies["root"]).ok());
}

TEST_F(AuthorizeTest, NoPolicyIsOlderThanTheSessionsAndTheOldestCounts) {
  Use(kPayroll, "ann", &plan_);
  roles_.policies["ann"] = MakePolicy("ann", 5, {kPayroll});
  ASSERT_TRUE(Check(MakePolicy("bob", 5)).ok());
  ASSERT_TRUE(Check(MakePolicy("bob", 5)).ok());
  EXPECT_EQ(roles_.asked, 1);
  // Somebody's rights have changed: hers are looked at again, once.
  roles_.policies["ann"] = MakePolicy("ann", 6, {kPayroll});
  ASSERT_TRUE(Check(MakePolicy("bob", 6)).ok());
  EXPECT_EQ(version_, 6u);
  ASSERT_TRUE(Check(MakePolicy("bob", 6)).ok());
  EXPECT_EQ(roles_.asked, 2);
  // Security itself is behind: what was allowed so is looked at again with the next version.
  ASSERT_TRUE(Check(MakePolicy("bob", 7)).ok());
  EXPECT_EQ(version_, 6u);
  roles_.reachable = false;
  EXPECT_TRUE(status::HasSqlState(Check(MakePolicy("bob", 8)), sqlstate::kCannotConnectNow));
}

}  // namespace
}  // namespace adbms::gateway::policy
