#include "services/gateway/session/after_queue.h"

#include <algorithm>

namespace adbms::gateway::session {

namespace {

// Whether rows of the two have the same columns, and fire the same.
bool AreAlike(const common::v1::TriggerRows& a, const common::v1::TriggerRows& b) {
  return a.table_id() == b.table_id() && a.event() == b.event() && a.has_old() == b.has_old() &&
         a.has_new() == b.has_new() && a.has_table_oid() == b.has_table_oid() &&
         a.tells_updated() == b.tells_updated() && a.has_old_table_oid() == b.has_old_table_oid();
}

}  // namespace

void AfterQueue::Add(const common::v1::TriggerRows& sent, const program::Rows& rows) {
  const auto same = [&](const Unit& unit) {
    return unit.of_statement && !unit.changes->transitions.has_value() &&
           AreAlike(unit.changes->sent, sent);
  };
  Unit statement;
  const auto known = std::find_if(units_.begin(), units_.end(), same);
  if (known != units_.end()) {
    statement = std::move(*known);
    units_.erase(known);
  } else {
    statement.of_statement = true;
    statement.changes = std::make_shared<Changes>();
    statement.changes->sent = sent;
    statement.changes->rows.types = rows.types;
  }
  begun_[{sent.table_id(), sent.event()}] = statement.changes;
  program::Rows& all = statement.changes->rows;
  all.batches.insert(all.batches.end(), rows.batches.begin(), rows.batches.end());
  all.size += rows.size;
  if (rows.size > 0) units_.push_back({statement.changes, /*of_statement=*/false, rows});
  units_.push_back(std::move(statement));
}

bool AfterQueue::Begin(uint32_t table_id, sql::binder::TriggerEvent event) {
  const auto [known, added] = begun_.try_emplace({table_id, sql::binder::KindOf(event)}, nullptr);
  const bool shown = known->second != nullptr && known->second->transitions.has_value();
  if (shown) known->second = nullptr;
  return added || shown;
}

std::optional<AfterQueue::Unit> AfterQueue::Next() {
  if (units_.empty()) return std::nullopt;
  Unit next = std::move(units_.front());
  units_.pop_front();
  return next;
}

}  // namespace adbms::gateway::session
