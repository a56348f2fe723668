#include "services/storage/api/service_rights.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::Status Denied(absl::string_view what) {
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for this service: ", what));
}

// The tables that the message and all below it name, whatever the operator.
void TablesOf(const Message& message, std::vector<uint32_t>* tables) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 && field->name() == "table_id" &&
        !field->is_repeated()) {
      tables->push_back(reflection->GetUInt32(message, field));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      TablesOf(reflection->GetMessage(message, field), tables);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i)
      TablesOf(reflection->GetRepeatedMessage(message, field, i), tables);
  }
}

}  // namespace

struct ServiceRights::Rule {
  std::string_view service;
  std::vector<std::string_view> tables;  // Of schema adbms in the database adbms.
  bool analyzes = false;                 // ANALYZE of any table.
  bool indexes = false;                  // CREATE and DROP INDEX of any table.
  bool everything = false;
};

const std::vector<ServiceRights::Rule>& ServiceRights::Rules() {
  static const std::vector<Rule> kRules = {
      {.service = "gateway", .everything = true},
      {.service = "security",
       .tables = {"roles", "role_members", "grants", "role_settings", "default_grants",
                  "policy_version", "tokens", "security_events", "audit_heads"}},
      {.service = "optimizer", .tables = {"models", "plan_choices"}, .analyzes = true},
      {.service = "tuner", .tables = {"knob_history", "actions"}},
      {.service = "indexer", .indexes = true},
      {.service = "orchestrator",
       .tables = {"actions", "modules", "leases", "statements", "statement_plans"}}};
  return kRules;
}

ServiceRights::ServiceRights(const std::vector<std::string>& services) : restricted_(true) {
  for (const Rule& rule : Rules()) {
    if (std::find(services.begin(), services.end(), rule.service) == services.end()) continue;
    rules_.push_back(&rule);
    if (rule.everything) restricted_ = false;
  }
}

bool ServiceRights::MayUse(const common::v1::TableDescriptor& table) const {
  if (table.schema() != "adbms") return false;
  const std::string_view name = table.name();
  return std::any_of(rules_.begin(), rules_.end(), [name](const Rule* rule) {
    return std::find(rule->tables.begin(), rule->tables.end(), name) != rule->tables.end();
  });
}

absl::Status ServiceRights::CheckTables(const std::vector<uint32_t>& tables,
                                        Storage* storage) const {
  if (tables.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto catalog, storage->GetCatalog(rpc::CallContext(), 0));
  if (catalog == nullptr) return absl::InternalError("storage gave no catalog");
  for (const uint32_t id : tables) {
    const auto found = std::find_if(catalog->tables().begin(), catalog->tables().end(),
                                    [id](const auto& table) { return table.table_id() == id; });
    // One that is not there any more makes the plan stale, which the session says itself.
    if (found == catalog->tables().end()) continue;
    if (!MayUse(*found)) return Denied(absl::StrCat("table ", found->schema(), ".", found->name()));
  }
  return absl::OkStatus();
}

absl::Status ServiceRights::CheckPlan(const common::v1::Plan& plan, Storage* storage) const {
  if (!restricted_) return absl::OkStatus();
  std::vector<uint32_t> tables;
  TablesOf(plan, &tables);
  return CheckTables(tables, storage);
}

absl::Status ServiceRights::CheckDdl(const v1::SessionRequest& request, Storage* storage) const {
  const common::v1::DdlStatement& ddl = request.ddl();
  if (ddl.has_create_index() || ddl.has_drop_index()) {
    const bool indexes =
        std::any_of(rules_.begin(), rules_.end(), [](const Rule* rule) { return rule->indexes; });
    return indexes ? absl::OkStatus() : Denied("CREATE INDEX and DROP INDEX");
  }
  if (ddl.has_create_table() && MayUse(ddl.create_table().table())) return absl::OkStatus();
  if (ddl.has_alter_table()) return CheckTables({ddl.alter_table().table_id()}, storage);
  return Denied("this change of the catalog");
}

absl::Status ServiceRights::CheckRequest(const v1::SessionRequest& request,
                                         Storage* storage) const {
  if (!restricted_) return absl::OkStatus();
  using Body = v1::SessionRequest::BodyCase;
  // Its tables are in one database; which those of the numbers in another are, nothing says here.
  const bool at_home = request.database().empty() || request.database() == kSystemDatabase;
  const auto any = [this](bool Rule::*right) {
    return std::any_of(rules_.begin(), rules_.end(),
                       [right](const Rule* rule) { return rule->*right; });
  };
  switch (request.body_case()) {
    case Body::kCommit:
    case Body::kRollback:
    case Body::kSavepoint:
    case Body::kNext:
    case Body::kClose:
    case Body::kCatalog:
    case Body::kEnd:
      return absl::OkStatus();
    case Body::kExecute:
      return at_home ? absl::OkStatus() : Denied("statements in other databases");
    case Body::kDdl: {
      const bool index = request.ddl().has_create_index() || request.ddl().has_drop_index();
      if (!at_home && !index) return Denied("changes in other databases");
      return CheckDdl(request, storage);
    }
    case Body::kAnalyze:
      return any(&Rule::analyzes) ? absl::OkStatus() : Denied("ANALYZE");
    default:
      return Denied("what only sessions of clients do");
  }
}

}  // namespace adbms::storage::api
