#include "services/orchestrator/registry/module_registry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status/macros.h"

namespace adbms::orchestrator::registry {
namespace {

using types::Value;

constexpr absl::Duration kPatience = absl::Seconds(5);
// Of a call of a registered module, and how long it is left alone after one that failed.
constexpr absl::Duration kCallPatience = absl::Seconds(2);
constexpr absl::Duration kFirstRest = absl::Seconds(5);
constexpr absl::Duration kLongestRest = absl::Minutes(5);
constexpr const char* kNames[] = {"", "off", "observe", "recommend", "auto"};

}  // namespace

std::string AutonomyName(v1::Autonomy autonomy) {
  const int index = static_cast<int>(autonomy);
  return index >= 1 && index <= 4 ? kNames[index] : "unspecified";
}

v1::Autonomy AutonomyFromName(const std::string& name) {
  for (int i = 1; i <= 4; ++i) {
    if (name == kNames[i]) return static_cast<v1::Autonomy>(i);
  }
  return v1::AUTONOMY_UNSPECIFIED;
}

absl::Status ModuleRegistry::Open(const rpc::CallContext& context) {
  for (const char* statement :
       {"CREATE TABLE IF NOT EXISTS adbms.modules (name text PRIMARY KEY, autonomy text, "
        "description text, version text, address text, autonomy_set_by text)",
        // Where it stands in a table made before there was the column, the configuration holds:
        // what it was at the first start was stored as if somebody had set it.
        "ALTER TABLE adbms.modules ADD COLUMN IF NOT EXISTS autonomy_set_by text",
        // False: it was registered, and is asked again after a restart.
        "ALTER TABLE adbms.modules ADD COLUMN IF NOT EXISTS own boolean"}) {
    RETURN_IF_ERROR(sql_->Run(context, statement).status());
  }
  ASSIGN_OR_RETURN(const auto rows,
                   sql_->Run(context,
                             "SELECT name, autonomy FROM adbms.modules WHERE autonomy_set_by "
                             "= 'user'"));
  absl::MutexLock lock(&mutex_);
  for (const auto& row : rows.rows) {
    if (row[1].is_null()) continue;
    set_[std::string(row[0].bytes())] = AutonomyFromName(std::string(row[1].bytes()));
  }
  return absl::OkStatus();
}

v1::Autonomy ModuleRegistry::AutonomyOf(const std::string& name) const {
  const auto set = set_.find(name);
  const bool known = set != set_.end() && set->second != v1::AUTONOMY_UNSPECIFIED;
  return known ? set->second : default_autonomy_;
}

absl::Status ModuleRegistry::Store(const rpc::CallContext& context, const RegisteredModule& entry) {
  bool set = false;
  {
    absl::MutexLock lock(&mutex_);
    set = set_.count(entry.name) > 0;
  }
  const std::vector<Value> row = {Value::Text(entry.name),
                                  Value::Text(AutonomyName(entry.autonomy)),
                                  Value::Text(entry.description.description()),
                                  Value::Text(entry.description.version()),
                                  Value::Text(entry.address),
                                  Value::Text(set ? "user" : "configuration"),
                                  Value::Bool(entry.own)};
  ASSIGN_OR_RETURN(const auto updated,
                   sql_->Run(context,
                             "UPDATE adbms.modules SET autonomy = $2, description = $3, version = "
                             "$4, address = $5, autonomy_set_by = $6 WHERE name = $1",
                             row));
  if (updated.rows_affected > 0) return absl::OkStatus();
  return sql_
      ->Run(context,
            "INSERT INTO adbms.modules (name, autonomy, description, "
            "version, address, autonomy_set_by, own) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            row)
      .status();
}

absl::StatusOr<std::map<std::string, std::string>> ModuleRegistry::Registered(
    const rpc::CallContext& context) {
  std::map<std::string, std::string> registered;
  ASSIGN_OR_RETURN(const auto rows,
                   sql_->Run(context, "SELECT name, address FROM adbms.modules WHERE NOT own"));
  for (const auto& row : rows.rows) {
    if (!row[1].is_null())
      registered.emplace(std::string(row[0].bytes()), std::string(row[1].bytes()));
  }
  return registered;
}

void ModuleRegistry::Expect(const std::string& name, std::shared_ptr<api::Module> module,
                            const std::string& address) {
  RegisteredModule entry;
  entry.name = name;
  entry.module = std::move(module);
  entry.address = address;
  entry.own = false;
  absl::MutexLock lock(&mutex_);
  silent_.push_back(std::move(entry));
}

absl::Status ModuleRegistry::Remove(const rpc::CallContext& context, const std::string& name) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = modules_.find(name);
    if (found != modules_.end() && found->second.own) {
      return absl::FailedPreconditionError(
          absl::StrCat("the module \"", name, "\" is the system's own"));
    }
    const size_t removed =
        modules_.erase(name) + std::erase_if(silent_, [&name](const RegisteredModule& one) {
          return !one.own && one.name == name;
        });
    if (removed == 0) return absl::NotFoundError(absl::StrCat("there is no module \"", name, "\""));
    set_.erase(name);
  }
  return sql_->Run(context, "DELETE FROM adbms.modules WHERE name = $1", {Value::Text(name)})
      .status();
}

absl::Status ModuleRegistry::Describe(const rpc::CallContext& context, RegisteredModule entry) {
  // One that does not answer holds nobody up.
  rpc::CallContext bounded = context;
  bounded.deadline = std::min(bounded.deadline, absl::Now() + kPatience);
  ASSIGN_OR_RETURN(entry.description, entry.module->Describe(bounded, {}));
  entry.name = entry.description.name();
  if (entry.name.empty()) return absl::InvalidArgumentError("the module has no name");
  {
    absl::MutexLock lock(&mutex_);
    entry.autonomy = AutonomyOf(entry.name);
  }
  RETURN_IF_ERROR(Store(context, entry));
  absl::MutexLock lock(&mutex_);
  modules_[entry.name] = std::move(entry);
  return absl::OkStatus();
}

absl::Status ModuleRegistry::Add(const rpc::CallContext& context,
                                 std::shared_ptr<api::Module> module, const std::string& address,
                                 bool own) {
  RegisteredModule entry;
  entry.module = std::move(module);
  entry.address = address;
  entry.own = own;
  const absl::Status status = Describe(context, entry);
  if (!status.ok()) {
    absl::MutexLock lock(&mutex_);
    silent_.push_back(std::move(entry));
  }
  return status;
}

void ModuleRegistry::Refresh(const rpc::CallContext& context) {
  std::vector<RegisteredModule> silent;
  {
    absl::MutexLock lock(&mutex_);
    silent.swap(silent_);
  }
  for (RegisteredModule& entry : silent) {
    if (Describe(context, entry).ok()) continue;
    absl::MutexLock lock(&mutex_);
    silent_.push_back(std::move(entry));
  }
}

std::vector<RegisteredModule> ModuleRegistry::List() const {
  std::vector<RegisteredModule> all;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, entry] : modules_) all.push_back(entry);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.description.order() < b.description.order();
  });
  return all;
}

absl::StatusOr<RegisteredModule> ModuleRegistry::Find(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = modules_.find(name);
  if (found == modules_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no module \"", name, "\""));
  }
  return found->second;
}

absl::Status ModuleRegistry::SetAutonomy(const rpc::CallContext& context, const std::string& name,
                                         v1::Autonomy autonomy) {
  if (autonomy < v1::AUTONOMY_UNSPECIFIED || autonomy > v1::AUTONOMY_AUTO) {
    return absl::InvalidArgumentError("autonomy is off, observe, recommend or auto");
  }
  ASSIGN_OR_RETURN(RegisteredModule entry, Find(name));
  {
    absl::MutexLock lock(&mutex_);
    if (autonomy == v1::AUTONOMY_UNSPECIFIED) {
      set_.erase(name);
    } else {
      set_[name] = autonomy;
    }
    entry.autonomy = modules_[name].autonomy = AutonomyOf(name);
  }
  return Store(context, entry);
}

void ModuleRegistry::SetDefault(const rpc::CallContext& context, v1::Autonomy autonomy) {
  std::vector<RegisteredModule> changed;
  {
    absl::MutexLock lock(&mutex_);
    if (autonomy == v1::AUTONOMY_UNSPECIFIED || autonomy == default_autonomy_) return;
    default_autonomy_ = autonomy;
    for (auto& [name, entry] : modules_) {
      entry.autonomy = AutonomyOf(name);
      changed.push_back(entry);
    }
  }
  // What cannot be written now is written at the next start.
  for (const RegisteredModule& entry : changed) (void)Store(context, entry);
}

void ModuleRegistry::SetHealthy(const std::string& name, bool healthy) {
  absl::MutexLock lock(&mutex_);
  const auto found = modules_.find(name);
  if (found == modules_.end()) return;
  RegisteredModule& entry = found->second;
  entry.healthy = healthy;
  entry.failures = healthy ? 0 : entry.failures + 1;
  entry.ask_again =
      healthy || entry.own
          ? absl::InfinitePast()
          : absl::Now() +
                std::min(kLongestRest, kFirstRest * (1 << std::min(entry.failures - 1, 10)));
}

bool ModuleRegistry::MayAsk(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = modules_.find(name);
  return found != modules_.end() && found->second.ask_again <= absl::Now();
}

rpc::CallContext RegisteredModule::Bounded(rpc::CallContext context) const {
  if (!own) context.deadline = std::min(context.deadline, absl::Now() + kCallPatience);
  return context;
}

}  // namespace adbms::orchestrator::registry
