// The end of a writing statement: what the rows that it has written mean for constraints, and what
// the actions of foreign keys (CASCADE, SET NULL, SET DEFAULT) then do to other rows, which in turn
// mean something for constraints, and so on. One queue, first in first out, as PostgreSQL fires its
// triggers. Everything is written by TableWriter, the cascades' rows too. Not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "services/storage/txn/row_changes.h"
#include "services/storage/txn/table_writer.h"

namespace adbms::storage::txn {

// What only whoever evaluates expressions knows of tables.
class RowRules {
 public:
  virtual ~RowRules() = default;
  // Errors: 23514 for a row that violates a CHECK constraint, or is not the partition's.
  virtual absl::Status CheckRows(const catalog::TableEntry& table, const types::Batch& rows) = 0;
  // DEFAULT of a column, for so many rows.
  virtual absl::StatusOr<types::VectorPtr> Defaults(const catalog::TableEntry& table,
                                                    uint32_t ordinal, uint32_t rows) = 0;
};

// Whether the actions of the child's key are the caller's to do, by statements that fire triggers.
bool ActsByStatements(const catalog::CatalogState& catalog, uint32_t child,
                      const common::v1::ForeignKeyDescriptor& key);

class StatementEnd {
 public:
  // Borrows all. `writer`: of the statement's own table. `rules` may be null where no action can be
  // due.
  StatementEnd(const rpc::CallContext* call, Transaction* transaction,
               const catalog::CatalogState* catalog, TableWriter* writer, RowRules* rules);
  ~StatementEnd();

  // Errors: 23503, 23505, 23502, 23514; ADB01 when the statement knows nothing of a table that is
  // reached.
  absl::Status Run();

 private:
  // The key columns of a child that an action sets, and to what.
  struct Action {
    const Reference* reference;
    const std::vector<KeyChange>* keys;
    common::v1::ReferentialAction kind;
    bool removed;  // The parent's rows are gone; otherwise their keys have changed.
  };
  struct Referencing {
    std::string row_key;
    size_t position;  // Of the key that it refers to.
  };
  absl::Status Handle(RowChanges changes, uint32_t table_id);
  absl::Status HandleLost(const LostKeys& lost, const std::vector<KeyChange>& keys,
                          common::v1::ReferentialAction action, bool removed);
  absl::Status Act(const Action& action);
  absl::Status ActOn(const Action& action, TableWriter* writer,
                     const std::vector<Referencing>& rows, bool* gone);
  // Locks the rows and takes their latest versions; those that refer elsewhere by now are dropped.
  // `gone` becomes true when somebody else has removed one, or given it another key.
  absl::Status Lock(const Action& action, TableWriter* writer, const Referencing* rows,
                    size_t count, types::Batch* batch, std::vector<Referencing>* kept, bool* gone);
  absl::Status Change(const Action& action, TableWriter* writer, const types::Batch& rows,
                      const std::vector<Referencing>& referencing);
  TableWriter* WriterOf(const catalog::TableEntry& table);

  const rpc::CallContext& call_;
  Transaction* const transaction_;
  const catalog::CatalogState& catalog_;
  TableWriter* const first_;
  RowRules* const rules_;
  std::map<uint32_t, std::unique_ptr<TableWriter>> writers_;
  std::deque<TableWriter*> written_;  // Whose changes wait.
};

}  // namespace adbms::storage::txn
