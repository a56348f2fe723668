// WHERE CURRENT OF: the statement asks for the primary key of the row on which a cursor stands,
// which the cursor's query gives behind the client's columns (decision 054).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr Type kTidType{TypeId::kTid, 0};

// By what a row of the table is found.
std::vector<uint32_t> KeyOf(const TableDescriptor& table) {
  if (table.primary_key_size() == 0) return {plan::kRowKeyOrdinal};
  return {table.primary_key().begin(), table.primary_key().end()};
}

// A table whose rows the tree's rows are made of, with the columns of its key that the tree emits.
struct Exposed {
  const TableDescriptor* table = nullptr;
  std::vector<ColumnId> columns;
  bool locked = false;
};

class Exposure {
 public:
  explicit Exposure(plan::Query* query) : query_(query) {}

  // Adds the keys to what the tree emits, as far as each of its rows is made of one of the table's.
  std::vector<Exposed> Visit(Rel* rel) {
    switch (rel->kind) {
      case Rel::Kind::kScan:
        return Scan(rel);
      case Rel::Kind::kFilter:
      case Rel::Kind::kBarrier:
      case Rel::Kind::kSort:
      case Rel::Kind::kLimit: {
        std::vector<Exposed> found = Visit(rel->inputs[0].get());
        rel->output = rel->inputs[0]->output;
        return found;
      }
      case Rel::Kind::kProject: {
        std::vector<Exposed> found = Visit(rel->inputs[0].get());
        for (const Exposed& one : found) {
          for (const ColumnId id : one.columns) {
            if (std::find(rel->output.begin(), rel->output.end(), id) != rel->output.end())
              continue;
            rel->output.push_back(id);
            rel->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
          }
        }
        return found;
      }
      case Rel::Kind::kJoin: {
        joins_ = true;
        std::vector<Exposed> found = Visit(rel->inputs[0].get());
        std::vector<ColumnId> output = rel->inputs[0]->output;
        if (rel->join_type != common::v1::JOIN_TYPE_SEMI &&
            rel->join_type != common::v1::JOIN_TYPE_ANTI &&
            rel->join_type != common::v1::JOIN_TYPE_ANTI_NULL_AWARE) {
          for (Exposed& one : Visit(rel->inputs[1].get())) found.push_back(std::move(one));
          const std::vector<ColumnId>& right = rel->inputs[1]->output;
          output.insert(output.end(), right.begin(), right.end());
        }
        rel->output = std::move(output);
        return found;
      }
      default:
        return {};
    }
  }
  bool joins() const { return joins_; }

 private:
  std::vector<Exposed> Scan(Rel* scan) {
    if (scan->table->is_virtual()) return {};
    Exposed exposed{scan->table, {}, scan->lock.has_value()};
    for (const uint32_t ordinal : KeyOf(*scan->table)) {
      const auto known = std::find(scan->ordinals.begin(), scan->ordinals.end(), ordinal);
      if (known != scan->ordinals.end()) {
        exposed.columns.push_back(
            scan->output[static_cast<size_t>(known - scan->ordinals.begin())]);
        continue;
      }
      plan::ColumnInfo info{"ctid", kTidType, 0, 0, true};
      if (ordinal != plan::kRowKeyOrdinal) {
        const auto& column = scan->table->columns(static_cast<int>(ordinal));
        info = {column.name(), types::FromProto(column.type()), scan->table->table_id(),
                ordinal + 1, column.not_null()};
      }
      exposed.columns.push_back(query_->AddColumn(std::move(info)));
      scan->output.push_back(exposed.columns.back());
      scan->ordinals.push_back(ordinal);
    }
    return {exposed};
  }

  plan::Query* const query_;
  bool joins_ = false;
};

}  // namespace

void Binder::ExposeRows(Rel* rel) {
  Exposure exposure(query_.get());
  for (const Exposed& one : exposure.Visit(rel)) {
    common::v1::CursorRow& row = query_->cursor_rows.emplace_back();
    row.set_table_id(one.table->table_id());
    row.set_column(static_cast<uint32_t>(query_->output.size()));
    row.set_locked(one.locked);
    row.set_alone(!exposure.joins());
    for (const ColumnId id : one.columns) {
      query_->output.push_back(id);
      query_->output_names.push_back(query_->columns[id].name);
    }
  }
}

absl::StatusOr<ExprPtr> Binder::BindCurrentOf(const PgQuery__CurrentOfExpr& of) {
  const TableDescriptor& table = *query_->target;
  if (!target_views_.empty() || IsView(table))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "WHERE CURRENT OF on a view is not implemented");
  met_program_ |= !inlining_.empty();
  if (!programs_allowed_ || !inlining_.empty()) return Unsupported(-1, "WHERE CURRENT OF here");
  const std::string name(parser::View(of.cursor_name));
  // A program's variable has the name.
  ExprPtr cursor = FindVariable({name}, -1);
  if (cursor == nullptr || cursor->type.id != TypeId::kText)
    cursor = plan::MakeLiteral(types::Value::Text(name));
  const std::vector<uint32_t> key = KeyOf(table);
  plan::ProgramCall call;
  call.current_of = &table;
  call.arguments = {std::move(cursor)};
  call.first_parameter = kFirstProgramResult;
  for (const plan::ProgramCall& before : query_->program_calls)
    call.first_parameter += static_cast<int>(before.results.size());
  for (const uint32_t ordinal : key)
    call.results.push_back(ordinal == plan::kRowKeyOrdinal
                               ? kTidType
                               : types::FromProto(table.columns(static_cast<int>(ordinal)).type()));
  query_->calls_volatile = true;
  query_->program_calls.push_back(std::move(call));
  const plan::ChangeTarget& change = query_->change;
  std::vector<ExprPtr> conditions;
  for (size_t i = 0; i < key.size(); ++i) {
    const bool by_row = key[i] == plan::kRowKeyOrdinal;
    if (by_row) query_->columns[change.row_key].type = kTidType;
    const ColumnId id = by_row ? change.row_key : change.columns[key[i]];
    ASSIGN_OR_RETURN(ExprPtr equal,
                     Operator("=", plan::MakeColumn(id, query_->columns[id].type),
                              ProgramResult(query_->program_calls.size() - 1, i, -1), -1));
    conditions.push_back(std::move(equal));
  }
  return plan::MakeAnd(std::move(conditions));
}

}  // namespace adbms::sql::binder
