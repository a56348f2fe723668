// AFTER triggers get the rows that a statement has written as further columns of its result, and
// what their transition tables are stands in FROM (decision 050).
#include <algorithm>
#include <utility>

#include "common/sql/binder/binder.h"
#include "common/sql/binder/triggers.h"
#include "common/status/macros.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using plan::Rel;

constexpr Type kOidType{TypeId::kOid, 0};
constexpr Type kBoolType{TypeId::kBool, 0};
constexpr Type kIntegerType{TypeId::kInt4, 0};

}  // namespace

// RETURNING sees the new row and the input's further columns: the old one becomes such. It is
// locked first, so that it is the one which is then changed.
std::vector<ColumnId> Binder::KeepOldRow() {
  LockTarget(common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE);
  RelPtr project = PassOn(query_->root);
  std::vector<ColumnId> kept;
  for (const ColumnId id : query_->change.columns) {
    kept.push_back(query_->AddColumn({"old", query_->columns[id].type, 0, 0, false}));
    project->output.push_back(kept.back());
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  query_->root = project;
  return kept;
}

absl::Status Binder::SendTriggerRows(TriggerEvent event, const std::vector<uint32_t>& assigned,
                                     bool alone, std::vector<ExprPtr>* returning) {
  const TableDescriptor& table = *query_->target;
  const bool upserts = !query_->insert.conflict_update.empty();
  const std::vector<uint32_t>& updated = upserts ? query_->insert.conflict_assigned : assigned;
  const auto of_statement = [&](TriggerEvent one) {
    for (const auto timing : {TriggerDescriptor::TIMING_BEFORE, TriggerDescriptor::TIMING_AFTER}) {
      if (!TriggersOf(table, one, timing, false, updated, is_replica()).empty()) return true;
    }
    return false;
  };
  const auto of_rows = [&](TriggerEvent one) {
    return !IsView(table) && WantsRows(*input_.catalog, table, one, updated, is_replica());
  };
  bool rows = of_rows(event) || acts_outside_;
  bool statement = of_statement(event);
  if (upserts) {
    rows |= of_rows(TriggerEvent::kUpdate);
    statement |= of_statement(TriggerEvent::kUpdate);
  }
  const bool moves = event == TriggerEvent::kUpdate && table.has_partition_key();
  if (moves) rows |= of_rows(TriggerEvent::kInsert) || of_rows(TriggerEvent::kDelete);
  if (!rows && !statement) return absl::OkStatus();
  common::v1::TriggerRows sent;
  sent.set_table_id(table.table_id());
  sent.set_event(KindOf(event));
  // What triggers write instead is returned by the tree.
  sent.set_client_columns(
      static_cast<uint32_t>(IsView(table) ? query_->output.size() : returning->size()));
  for (const uint32_t ordinal : updated) sent.add_assigned(ordinal);
  const auto send_one = [&](ColumnId id, const char* name) {
    returning->push_back(plan::MakeColumn(id, query_->columns[id].type));
    query_->output_names.emplace_back(name);
  };
  const auto send = [&](const std::vector<ColumnId>& columns, const char* record) {
    for (int i = 0; i < table.columns_size(); ++i) {
      if (!table.columns(i).dropped()) send_one(columns[static_cast<size_t>(i)], record);
    }
  };
  if (rows && upserts) {
    sent.set_has_old(true);
    for (const ColumnId id : query_->insert.columns)
      query_->insert.existing.push_back(query_->AddColumn(query_->columns[id]));
    query_->insert.existing.push_back(query_->AddColumn({"updated", kBoolType, 0, 0, true}));
    send(query_->insert.existing, "old");
  } else if (rows && event != TriggerEvent::kInsert) {
    sent.set_has_old(true);
    send(event == TriggerEvent::kUpdate ? KeepOldRow() : query_->change.columns, "old");
  }
  if (rows && event != TriggerEvent::kDelete) {
    sent.set_has_new(true);
    send(event == TriggerEvent::kInsert ? query_->insert.columns : query_->change.new_columns,
         "new");
  }
  if (rows && table.has_partition_key()) {
    sent.set_has_table_oid(true);
    if (query_->table_oid == 0)
      query_->table_oid = query_->AddColumn({"tableoid", kOidType, 0, 0, true});
    send_one(query_->table_oid, "tableoid");
  }
  if (rows && upserts) {
    sent.set_tells_updated(true);
    send_one(query_->insert.existing.back(), "updated");
  }
  if (rows && moves) {
    sent.set_has_old_table_oid(true);
    send_one(query_->change.table_oid, "old tableoid");
  }
  if (alone) {
    query_->trigger_rows = std::move(sent);
  } else {
    query_->with_trigger_rows.push_back(std::move(sent));
    with_trigger_ctes_.push_back(query_->ctes.size());
  }
  return absl::OkStatus();
}

absl::Status Binder::SendTriggerRowsOfWith() {
  if (query_->with_trigger_rows.empty()) return absl::OkStatus();
  const auto types_of = [](const plan::Write& write) {
    std::vector<Type> types;
    for (const ExprPtr& e : write.kind == common::v1::STATEMENT_KIND_INSERT
                                ? write.insert.returning
                                : write.change.returning)
      types.push_back(e->type);
    return types;
  };
  const auto types_of_cte = [&](const plan::Cte& cte) {
    if (cte.write != nullptr) return types_of(*cte.write);
    std::vector<Type> types;
    for (const ColumnId id : cte.rel->output) types.push_back(query_->columns[id].type);
    return types;
  };
  // A reader of all columns of what a WITH query returns.
  const auto read = [&](uint32_t cte, const std::vector<Type>& types) {
    RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
    reader->cte = cte;
    for (const Type& type : types)
      reader->output.push_back(query_->AddColumn({"", type, 0, 0, false}));
    ++query_->ctes[cte].references;
    return reader;
  };
  std::vector<std::pair<RelPtr, size_t>> parts;  // And how many of its first columns are left out.
  std::vector<std::string> names = query_->output_names;
  if (query_->kind == common::v1::STATEMENT_KIND_SELECT || query_->written_elsewhere) {
    RelPtr own = plan::MakeRel(Rel::Kind::kProject, {query_->root});
    for (const ColumnId id : query_->output) {
      own->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
      own->output.push_back(query_->AddColumn(query_->columns[id]));
    }
    parts.emplace_back(own, 0);
  } else {
    // What the statement itself writes is written by a last WITH query.
    auto write = std::make_shared<plan::Write>(static_cast<const plan::Write&>(*query_));
    std::vector<Type> types = types_of(*write);
    const bool silent = types.empty();
    if (silent) {
      // Its rows are counted.
      (write->kind == common::v1::STATEMENT_KIND_INSERT ? write->insert.returning
                                                        : write->change.returning)
          .push_back(plan::MakeBool(true));
      write->output_names.emplace_back();
      types.push_back(kBoolType);
    }
    plan::Cte cte{"", query_->root};
    cte.write = std::move(write);
    cte.eager = true;
    const auto index = static_cast<uint32_t>(query_->ctes.size());
    query_->ctes.push_back(std::move(cte));
    plan::Write select;
    select.kind = query_->kind;
    select.written_elsewhere = true;
    static_cast<plan::Write&>(*query_) = std::move(select);
    parts.emplace_back(read(index, types), silent ? 1 : 0);
  }
  for (size_t i = 0; i < with_trigger_ctes_.size(); ++i) {
    const auto cte = static_cast<uint32_t>(with_trigger_ctes_[i]);
    parts.emplace_back(read(cte, types_of_cte(query_->ctes[cte])),
                       query_->with_trigger_rows[i].client_columns());
  }
  // Each part has its own columns and NULL in those of the others.
  std::vector<Type> types;
  std::vector<size_t> first;
  for (const auto& [rel, skipped] : parts) {
    first.push_back(types.size());
    for (size_t i = skipped; i < rel->output.size(); ++i)
      types.push_back(query_->columns[rel->output[i]].type);
  }
  types.push_back(kIntegerType);
  names.resize(types.size());
  RelPtr all = plan::MakeRel(Rel::Kind::kAppend);
  for (size_t part = 0; part < parts.size(); ++part) {
    const auto& [rel, skipped] = parts[part];
    RelPtr project = plan::MakeRel(Rel::Kind::kProject, {rel});
    const size_t width = rel->output.size() - skipped;
    for (size_t i = 0; i < types.size(); ++i) {
      ExprPtr value = plan::MakeNull(types[i]);
      if (i >= first[part] && i < first[part] + width)
        value = plan::MakeColumn(rel->output[i - first[part] + skipped], types[i]);
      if (i + 1 == types.size())
        value = plan::MakeLiteral(types::Value::Int(TypeId::kInt4, static_cast<int>(part)));
      project->expressions.push_back(std::move(value));
      project->output.push_back(query_->AddColumn({"", types[i], 0, 0, false}));
    }
    all->inputs.push_back(std::move(project));
  }
  for (const Type& type : types) all->output.push_back(query_->AddColumn({"", type, 0, 0, false}));
  if (query_->trigger_rows.table_id() == 0)
    query_->trigger_rows.set_client_columns(
        static_cast<uint32_t>(parts[0].first->output.size() - parts[0].second));
  query_->root = all;
  query_->output = all->output;
  query_->output_names = std::move(names);
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::ReadTransitionTable(const TransitionTable& table, ScopeItem* item) {
  auto known = transition_ctes_.find(table.name);
  if (known == transition_ctes_.end()) {
    RelPtr shape = plan::MakeRel(Rel::Kind::kValues);
    for (const auto& [name, type] : table.columns)
      shape->output.push_back(query_->AddColumn({name, type, 0, 0, false}));
    plan::Cte cte{table.name, std::move(shape)};
    cte.materialize = true;
    cte.given = table.name;
    known = transition_ctes_.emplace(table.name, query_->ctes.size()).first;
    query_->ctes.push_back(std::move(cte));
  }
  RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
  reader->cte = static_cast<uint32_t>(known->second);
  ++query_->ctes[known->second].references;
  for (const auto& [name, type] : table.columns) {
    reader->output.push_back(query_->AddColumn({name, type, 0, 0, false}));
    item->columns.push_back({name, reader->output.back(), type});
  }
  return reader;
}

}  // namespace adbms::sql::binder
