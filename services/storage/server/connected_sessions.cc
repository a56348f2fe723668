#include "services/storage/server/connected_sessions.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/server/session.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;

constexpr absl::Duration kLongestWait = absl::Seconds(5);
constexpr absl::Duration kPoll = absl::Milliseconds(10);

absl::Status InUse(const std::string& what, const std::string& name, int others) {
  return status::Error(
      sqlstate::kObjectInUse, what + " \"" + name + "\" is being accessed by other users",
      others == 1 ? "There is 1 other session using the database."
                  : "There are " + std::to_string(others) + " other sessions using the database.");
}

}  // namespace

absl::Status ConnectedSessions::Enter(SessionState* session) {
  absl::MutexLock lock(&mutex_);
  Members& members = members_[session->database()->id()];
  if (members.closed) {
    return status::Error(sqlstate::kObjectInUse, "the database is being dropped", {},
                         "Try again, or connect to another database.");
  }
  members.sessions.insert(session);
  return absl::OkStatus();
}

void ConnectedSessions::Leave(SessionState* session) {
  absl::MutexLock lock(&mutex_);
  const auto found = members_.find(session->database()->id());
  if (found == members_.end()) return;
  found->second.sessions.erase(session);
  found->second.clients.erase(session);
  if (found->second.sessions.empty() && !found->second.closed) members_.erase(found);
}

absl::Status ConnectedSessions::Connect(SessionState* session, bool superuser) {
  const catalog::CatalogStatePtr catalog = session->database()->Current();
  const common::v1::DatabaseDescriptor* const database = catalog->database();
  if (database == nullptr)
    return status::Error(sqlstate::kInvalidCatalogName, "the database does not exist",
                         "It seems to have just been dropped or renamed.");
  if (!database->allows_connections()) {
    return status::Error(
        sqlstate::kObjectNotInPrerequisiteState,
        "database \"" + database->name() + "\" is not currently accepting connections");
  }
  absl::MutexLock lock(&mutex_);
  Members& members = members_[database->database_id()];
  if (!superuser && database->connection_limit() >= 0 &&
      members.clients.size() >= static_cast<size_t>(database->connection_limit())) {
    return status::Error(sqlstate::kTooManyConnections,
                         "too many connections for database \"" + database->name() + "\"");
  }
  members.clients.insert(session);
  return absl::OkStatus();
}

int ConnectedSessions::Others(const SessionState* self, uint32_t database_id,
                              const Counts& counts) const {
  const auto found = members_.find(database_id);
  if (found == members_.end()) return 0;
  int others = 0;
  for (const SessionState* session : found->second.sessions) {
    if (session != self && counts(*session)) ++others;
  }
  return others;
}

absl::StatusOr<int> ConnectedSessions::AwaitNone(const rpc::CallContext& context,
                                                 const SessionState* self, uint32_t database_id,
                                                 const Counts& counts) {
  const absl::Time give_up = absl::Now() + kLongestWait;
  for (;;) {
    int others = 0;
    {
      absl::MutexLock lock(&mutex_);
      others = Others(self, database_id, counts);
    }
    if (others == 0 || absl::Now() >= give_up) return others;
    RETURN_IF_ERROR(context.Check());
    absl::SleepFor(kPoll);
  }
}

absl::Status ConnectedSessions::AwaitAlone(const rpc::CallContext& context,
                                           const SessionState* self, uint32_t database_id,
                                           const std::string& what, const std::string& name) {
  ASSIGN_OR_RETURN(const int others,
                   AwaitNone(context, self, database_id,
                             [](const SessionState& session) { return !session.is_ended(); }));
  return others == 0 ? absl::OkStatus() : InUse(what, name, others);
}

absl::Status ConnectedSessions::Close(const rpc::CallContext& context, const SessionState* self,
                                      uint32_t database_id, const std::string& name, bool force) {
  {
    absl::MutexLock lock(&mutex_);
    Members& members = members_[database_id];
    if (members.closed)
      return status::Error(sqlstate::kObjectInUse,
                           "database \"" + name + "\" is being dropped by another session");
    members.closed = true;
    if (force) {
      for (SessionState* session : members.sessions) session->EndByOther();
    }
  }
  absl::Status status = AwaitAlone(context, self, database_id, "database", name);
  // What those who were ended have begun comes to its end.
  if (status.ok() && force) {
    const auto begun = [](const SessionState& session) { return session.busy(); };
    status = AwaitNone(context, self, database_id, begun).status();
  }
  if (status.ok() && force) {
    // A client that does not fetch the rest of its rows is not waited for any longer; it gets an
    // error when it does. A commit is.
    absl::MutexLock lock(&mutex_);
    const int others =
        Others(self, database_id, [](const SessionState& session) { return session.in_call(); });
    if (others > 0) status = InUse("database", name, others);
  }
  if (!status.ok()) Reopen(database_id);
  return status;
}

absl::StatusOr<bool> ConnectedSessions::Signal(
    int64_t pid, bool terminate, const std::function<absl::Status(const std::string& user)>& may) {
  std::vector<std::string> users;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, members] : members_) {
      for (const SessionState* session : members.sessions) {
        if (session->pid() == pid && pid != 0 && !session->is_ended())
          users.push_back(session->activity().user());
      }
    }
  }
  for (const std::string& user : users) RETURN_IF_ERROR(may(user));
  bool found = false;
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, members] : members_) {
    for (SessionState* session : members.sessions) {
      if (session->pid() != pid || pid == 0 || session->is_ended()) continue;
      if (std::find(users.begin(), users.end(), session->activity()->user()) == users.end())
        continue;
      found = true;
      if (!terminate) {
        session->CancelByOther();
        continue;
      }
      session->EndByOther();
      session->RollBackByOther();
    }
  }
  return found;
}

void ConnectedSessions::Reopen(uint32_t database_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = members_.find(database_id);
  if (found == members_.end()) return;
  found->second.closed = false;
  if (found->second.sessions.empty()) members_.erase(found);
}

txn::NotificationBus* ConnectedSessions::BusOf(uint32_t database_id) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<txn::NotificationBus>& bus = buses_[database_id];
  if (bus == nullptr) bus = std::make_unique<txn::NotificationBus>();
  return bus.get();
}

}  // namespace adbms::storage::server
