// The AFTER triggers that a statement has to fire, and those of the actions of foreign keys that it
// sets off: one queue, first in first out, as PostgreSQL's. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adbms/common/v1/plan.pb.h"
#include "common/sql/binder/triggers.h"
#include "services/gateway/program/host.h"

namespace adbms::gateway::session {

// Rows that a session has under a name, for the statements of a trigger's function.
struct TransitionRows {
  std::string name;
  program::Rows rows;
};
// Of a statement, before a trigger has given them names: the old and the new ones for INSERT, for
// UPDATE and for DELETE. Empty: no trigger wants them.
using TransitionTables = std::vector<TransitionRows>;

class AfterQueue {
 public:
  // What one kind of statement has changed in a table: what transition tables show.
  struct Changes {
    common::v1::TriggerRows sent;
    program::Rows rows;
    // Made for the first trigger that has some; what is changed afterwards is shown to others.
    std::optional<TransitionTables> transitions;
  };
  struct Unit {
    std::shared_ptr<Changes> changes;
    bool of_statement = false;  // Triggers for each statement; else for each of the rows.
    program::Rows rows;
  };

  // Triggers for each statement fire once for all changes that have been shown to no trigger yet,
  // behind those of the last.
  void Add(const common::v1::TriggerRows& sent, const program::Rows& rows);
  // Nothing: all have fired.
  std::optional<Unit> Next();
  // Whether triggers BEFORE … FOR EACH STATEMENT are to fire: the first time that is asked, and
  // when what was changed since has been shown.
  bool Begin(uint32_t table_id, sql::binder::TriggerEvent event);

 private:
  std::deque<Unit> units_;
  // What was changed last, by table and event; null: nothing yet.
  std::map<std::pair<uint32_t, common::v1::StatementKind>, std::shared_ptr<Changes>> begun_;
};

}  // namespace adbms::gateway::session
