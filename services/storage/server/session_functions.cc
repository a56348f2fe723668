#include "services/storage/server/session_functions.h"

#include <map>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/server/privilege_functions.h"
#include "services/storage/server/session.h"

namespace adbms::storage::server {
namespace {

using txn::AdvisoryKey;
using txn::LockMode;
using types::TypeId;
using types::Value;
using Scope = txn::AdvisoryLocks::Scope;
using Arguments = std::vector<Value>;

constexpr size_t kMostNotices = 1000;

Value Void() { return Value::String({TypeId::kVoid, 0}, ""); }

// (bigint) or (int, int).
AdvisoryKey KeyOf(const Arguments& arguments) {
  const auto first = static_cast<uint64_t>(arguments[0].int_value());
  if (arguments.size() == 1)
    return {static_cast<uint32_t>(first >> 32), static_cast<uint32_t>(first), 1};
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(arguments[1].int_value()), 2};
}

template <LockMode kMode, Scope kScope>
absl::StatusOr<Value> Lock(const Arguments& arguments, SessionUse* use) {
  RETURN_IF_ERROR(
      use->session->advisory_locks()->Lock(*use->call, KeyOf(arguments), kMode, kScope));
  return Void();
}

template <LockMode kMode, Scope kScope>
absl::StatusOr<Value> TryLock(const Arguments& arguments, SessionUse* use) {
  ASSIGN_OR_RETURN(const bool locked,
                   use->session->advisory_locks()->TryLock(KeyOf(arguments), kMode, kScope));
  return Value::Bool(locked);
}

template <LockMode kMode>
absl::StatusOr<Value> Unlock(const Arguments& arguments, SessionUse* use) {
  const bool unlocked = use->session->advisory_locks()->Unlock(KeyOf(arguments), kMode);
  if (!unlocked && use->notices.size() < kMostNotices) {
    v1::Notice& notice = use->notices.emplace_back();
    notice.set_severity("WARNING");
    notice.set_sqlstate("01000");
    notice.set_message(std::string("you don't own a lock of type ") + txn::NameOf(kMode));
  }
  return Value::Bool(unlocked);
}

absl::StatusOr<Value> UnlockAll(const Arguments&, SessionUse* use) {
  use->session->advisory_locks()->UnlockAll();
  return Void();
}

// NULL is as good as nothing.
absl::StatusOr<Value> Notify(const Arguments& arguments, SessionUse* use) {
  if (use->transaction == nullptr) return absl::InternalError("pg_notify outside of a transaction");
  const auto text = [&](size_t i) {
    return arguments[i].is_null() ? std::string() : std::string(arguments[i].bytes());
  };
  RETURN_IF_ERROR(use->transaction->notifications()->Notify(text(0), text(1), use->session->pid()));
  return Void();
}

absl::StatusOr<Value> QueueUsage(const Arguments&, SessionUse* use) {
  return Value::Float(TypeId::kFloat8, use->session->listener()->bus()->Usage());
}

// All of them in one text, separated by zero bytes.
absl::StatusOr<Value> ListeningChannels(const Arguments&, SessionUse* use) {
  std::string names;
  for (const std::string& channel : use->session->listener()->channels()) {
    if (!names.empty()) names.push_back('\0');
    names += channel;
  }
  return Value::Text(names);
}

template <bool kTerminates>
absl::StatusOr<Value> Signal(const Arguments& arguments, SessionUse* use) {
  const ServerParts& parts = use->session->parts();
  const int64_t pid = arguments[0].int_value();
  if (arguments.size() > 1 && arguments[1].int_value() < 0)
    return status::Error("22003", "\"timeout\" must not be negative");
  const catalog::CatalogStatePtr catalog = use->session->database()->Current();
  const auto may = [&](const std::string& user) {
    return MaySignal(parts.shared, *catalog, use->current_user, user, kTerminates);
  };
  ASSIGN_OR_RETURN(const bool found, parts.connected->Signal(pid, kTerminates, may));
  if (!found && use->notices.size() < kMostNotices) {
    v1::Notice& notice = use->notices.emplace_back();
    notice.set_severity("WARNING");
    notice.set_sqlstate("01000");
    notice.set_message("PID " + std::to_string(pid) + " is not a PostgreSQL server process");
  }
  return Value::Bool(found);
}

using Handler = absl::StatusOr<Value> (*)(const Arguments& arguments, SessionUse* use);
const std::map<std::string_view, Handler>& Handlers() {
  constexpr LockMode kExclusive = LockMode::kExclusive;
  constexpr LockMode kShare = LockMode::kShare;
  static const auto* const kHandlers = new std::map<std::string_view, Handler>{
      {"pg_advisory_lock", Lock<kExclusive, Scope::kSession>},
      {"pg_advisory_lock_shared", Lock<kShare, Scope::kSession>},
      {"pg_advisory_xact_lock", Lock<kExclusive, Scope::kTransaction>},
      {"pg_advisory_xact_lock_shared", Lock<kShare, Scope::kTransaction>},
      {"pg_try_advisory_lock", TryLock<kExclusive, Scope::kSession>},
      {"pg_try_advisory_lock_shared", TryLock<kShare, Scope::kSession>},
      {"pg_try_advisory_xact_lock", TryLock<kExclusive, Scope::kTransaction>},
      {"pg_try_advisory_xact_lock_shared", TryLock<kShare, Scope::kTransaction>},
      {"pg_advisory_unlock", Unlock<kExclusive>},
      {"pg_advisory_unlock_shared", Unlock<kShare>},
      {"pg_advisory_unlock_all", UnlockAll},
      {"pg_notify", Notify},
      {"pg_cancel_backend", Signal</*kTerminates=*/false>},
      {"pg_terminate_backend", Signal</*kTerminates=*/true>},
      {"pg_notification_queue_usage", QueueUsage},
      {"pg_listening_channels", ListeningChannels},
  };
  return *kHandlers;
}

}  // namespace

bool IsSessionFunction(std::string_view name) { return Handlers().contains(name); }

absl::StatusOr<Value> CallSessionFunction(std::string_view name, const Arguments& arguments,
                                          SessionUse* use) {
  if (use == nullptr || use->session == nullptr)
    return status::NotSupported("function " + std::string(name) + " here");
  return Handlers().at(name)(arguments, use);
}

}  // namespace adbms::storage::server
