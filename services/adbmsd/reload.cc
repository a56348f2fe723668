// What a running process takes over from a configuration that was read again.
#include <functional>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/status/sql_error.h"
#include "common/telemetry/machine.h"
#include "services/adbmsd/memory_shares.h"
#include "services/adbmsd/process.h"

namespace adbms::adbmsd {

Process::Telemetry& Process::MainTelemetry() {
  for (const char* service : {"gateway", "orchestrator", "storage"}) {
    const auto found = telemetry_.find(service);
    if (found != telemetry_.end()) return found->second;
  }
  return telemetry_.begin()->second;
}

void Process::Reload(const absl::StatusOr<common::v1::Config>& next) {
  transport_->Reload();
  if (!next.ok()) {
    const std::string error = status::FromStatus(next.status()).message;
    MainLog()->Error("the configuration is not taken over; the old one stays", {{"error", error}});
    return;
  }
  const std::vector<config::Entry> changes = config::Changes(live_, *next);
  MainLog()->Info("the configuration was read again", {{"changes", absl::StrCat(changes.size())}});
  for (const config::Entry& change : changes) {
    if (change.live) continue;
    MainLog()->Warn("a changed setting needs a restart", {{"key", change.key}});
  }
  for (auto& [service, telemetry] : telemetry_) {
    telemetry.logger->SetLevel(next->logging().level());
  }
  statement_timeout_ms_ = next->gateway().session().statement_timeout_ms();
  if (security_server_ != nullptr) security_server_->SetConfig(next->security());
  if (orchestrator_server_ != nullptr) orchestrator_server_->SetConfig(next->orchestrator());
  for (const config::Entry& change : changes) {
    if (!change.live) continue;
    if (absl::Status status = SetMemory(change.key, next->storage()); !status.ok()) {
      MainLog()->Error("a changed setting was not taken over",
                       {{"key", change.key}, {"error", std::string(status.message())}});
      continue;
    }
    MainLog()->Info("a setting changes", {{"key", change.key}, {"value", change.value}});
  }
  live_ = *next;
}

absl::Status Process::SetMemory(const std::string& key, const common::v1::StorageConfig& storage) {
  if (storage_server_ == nullptr) return absl::OkStatus();
  const common::v1::StorageConfig shares =
      WithShares(storage, MemoryBudget(config_.tuner(), telemetry::UsableMemoryBytes()));
  const std::pair<const char*, uint64_t> sizes[] = {
      {"block_cache_bytes", shares.block_cache_bytes()},
      {"memtable_bytes", shares.memtable_bytes()},
      {"query_memory_bytes", shares.query_memory_bytes()}};
  rpc::CallContext context;
  context.user = "adbms";
  for (const auto& [name, bytes] : sizes) {
    if (key != absl::StrCat("storage.", name)) continue;
    return storage_server_->SetKnob(context, name, static_cast<int64_t>(bytes)).status();
  }
  return absl::OkStatus();
}

}  // namespace adbms::adbmsd
