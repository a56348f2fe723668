// Data-modifying WITH: all parts of the statement see the rows from before it.
#include <algorithm>
#include <functional>
#include <set>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;
using Tables = std::set<uint32_t>;

// Tables whose rows may be the same: partitions and what they are parts of count as one.
uint32_t RowsOf(const common::v1::TableDescriptor& table) {
  return table.has_partition_key() || table.partition_of() != 0 ? 0 : table.table_id();
}

// Puts scans of some tables into WITH queries of their own.
class ScanMover {
 public:
  explicit ScanMover(const Tables* tables) : tables_(*tables) {}

  void Visit(const RelPtr& rel) {
    if (rel->kind == Rel::Kind::kFilter && Reads(*rel->inputs[0])) {
      MoveFiltered(rel.get());
    } else if (Reads(*rel)) {
      *rel = *Move(std::make_shared<Rel>(*rel));
    }
    for (const RelPtr& input : rel->inputs) Visit(input);
    plan::ForEachExpression(*rel, [this](ExprPtr& e) { VisitIn(*e); });
  }
  void VisitIn(const Expr& e) {
    for (const ExprPtr& arg : e.args) VisitIn(*arg);
    if (e.query != nullptr) Visit(e.query);
  }
  // The moved trees; their readers count from 0 behind the query's own WITH queries.
  std::vector<plan::Cte> moved;
  uint32_t first = 0;

 private:
  bool Reads(const Rel& rel) const {
    return rel.kind == Rel::Kind::kScan && tables_.contains(RowsOf(*rel.table));
  }

  RelPtr Move(RelPtr tree) {
    RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
    const Rel& scan = tree->kind == Rel::Kind::kFilter ? *tree->inputs[0] : *tree;
    reader->cte = first + static_cast<uint32_t>(moved.size());
    reader->alias = scan.alias;
    reader->output = tree->output;
    plan::Cte cte{scan.alias, tree};
    cte.references = 1;
    cte.materialize = cte.eager = true;
    moved.push_back(std::move(cte));
    return reader;
  }

  // The conditions that need nothing else go with the scan.
  void MoveFiltered(Rel* filter) {
    const RelPtr scan = filter->inputs[0];
    const ColumnSet own(scan->output.begin(), scan->output.end());
    std::vector<ExprPtr> moving, staying;
    for (const ExprPtr& e : filter->conditions) {
      const bool moves =
          !plan::HasSubquery(e) && !plan::IsVolatile(e) && plan::IsSubset(plan::ColumnsOf(e), own);
      (moves ? moving : staying).push_back(e);
    }
    const RelPtr reader = Move(moving.empty() ? scan : plan::MakeFilter(scan, std::move(moving)));
    if (staying.empty()) {
      *filter = *reader;
    } else {
      filter->inputs[0] = reader;
      filter->conditions = std::move(staying);
    }
  }

  const Tables& tables_;
};

}  // namespace

void KeepOldRows(plan::Query* query) {
  Tables written;
  for (plan::Cte& cte : query->ctes) {
    if (cte.write != nullptr) written.insert(RowsOf(*cte.write->target));
  }
  if (written.empty()) return;
  std::vector<plan::Cte> moved;
  const auto own = static_cast<uint32_t>(query->ctes.size());
  const auto visit = [&](const RelPtr& root, const std::vector<ExprPtr>& values,
                         const Tables& tables) {
    ScanMover mover(&tables);
    mover.first = own + static_cast<uint32_t>(moved.size());
    mover.Visit(root);
    for (const ExprPtr& e : values) mover.VisitIn(*e);
    std::move(mover.moved.begin(), mover.moved.end(), std::back_inserter(moved));
  };
  Tables before;  // Written by WITH queries that come first.
  for (plan::Cte& cte : query->ctes) {
    if (cte.write == nullptr) {
      // One that is computed in its turn reads before what follows writes.
      visit(cte.rel, {}, cte.eager ? before : written);
      continue;
    }
    cte.eager = true;
    visit(cte.rel, cte.write->change.values, before);
    before.insert(RowsOf(*cte.write->target));
  }
  visit(query->root, query->change.values, written);
  // What is read comes before what writes.
  const auto count = static_cast<uint32_t>(moved.size());
  std::move(query->ctes.begin(), query->ctes.end(), std::back_inserter(moved));
  query->ctes = std::move(moved);
  plan::ForEachRel(query, [own, count](const RelPtr& rel) {
    if (rel->kind != Rel::Kind::kCte) return;
    rel->cte = rel->cte < own ? rel->cte + count : rel->cte - own;
  });
}

}  // namespace adbms::sql::rules
