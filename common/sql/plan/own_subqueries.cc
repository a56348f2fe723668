#include "common/sql/plan/own_subqueries.h"

#include <set>

namespace adbms::sql::plan {
namespace {

class Owner {
 public:
  explicit Owner(Query* query) : query_(*query) {}

  void Own(Rel& rel) {
    ForEachExpression(rel, [this](ExprPtr& e) { Own(&e); });
    for (const RelPtr& input : rel.inputs) Own(*input);
  }
  void Own(std::vector<ExprPtr>* list) {
    for (ExprPtr& e : *list) Own(&e);
  }
  void Own(std::vector<CheckCondition>* checks) {
    for (CheckCondition& check : *checks) Own(&check.condition);
  }
  void Own(ExprPtr* expression) {
    if (*expression == nullptr || !HasSubquery(*expression)) return;
    auto copy = std::make_shared<Expr>(**expression);
    Own(&copy->args);
    if (copy->query != nullptr) {
      if (!owned_.insert(copy->query.get()).second) {
        std::map<ColumnId, ColumnId> columns;
        copy->query = CopyWithNewColumns(copy->query, &query_, &columns);
        owned_.insert(copy->query.get());
      }
      Own(*copy->query);
    }
    *expression = std::move(copy);
  }

 private:
  Query& query_;
  std::set<const Rel*> owned_;
};

}  // namespace

void OwnSubqueries(Query* query) {
  Owner owner(query);
  owner.Own(*query->root);
  for (Cte& cte : query->ctes) owner.Own(*cte.rel);
  ForEachWrite(query, [&owner](Write& write, RelPtr&) {
    owner.Own(&write.insert.returning);
    owner.Own(&write.insert.conflict_update);
    owner.Own(&write.insert.conflict_filter);
    owner.Own(&write.change.values);
    owner.Own(&write.change.returning);
    owner.Own(&write.change.recheck);
    owner.Own(&write.checks);
  });
}

}  // namespace adbms::sql::plan
