// The operators that compute a query's window functions.
#include <algorithm>

#include "common/sql/binder/binder.h"

namespace adbms::sql::binder {

using plan::Rel;

namespace {

// The windows that have calls, so that one whose order begins with another's comes first and its
// rows need not be sorted again.
std::vector<size_t> OrderOfWindows(const std::vector<RelPtr>& windows) {
  const auto order_of = [&](size_t i) {
    std::vector<plan::SortKey> keys;
    for (const ExprPtr& e : windows[i]->expressions) keys.push_back({e, false, false});
    keys.insert(keys.end(), windows[i]->keys.begin(), windows[i]->keys.end());
    return keys;
  };
  const auto begins_with = [](const std::vector<plan::SortKey>& a,
                              const std::vector<plan::SortKey>& b) {
    if (a.size() < b.size()) return false;
    return std::equal(b.begin(), b.end(), a.begin(), [](const auto& x, const auto& y) {
      return plan::Equal(*x.expression, *y.expression) && x.descending == y.descending &&
             x.nulls_first == y.nulls_first;
    });
  };
  std::vector<size_t> left;
  for (size_t i = 0; i < windows.size(); ++i) {
    if (!windows[i]->window_calls.empty()) left.push_back(i);
  }
  std::vector<size_t> result;
  while (!left.empty()) {
    size_t longest = left[0];
    for (const size_t i : left) {
      if (order_of(i).size() > order_of(longest).size() &&
          begins_with(order_of(i), order_of(longest)))
        longest = i;
    }
    const std::vector<plan::SortKey> order = order_of(longest);
    const auto shares = [&](size_t i) { return begins_with(order, order_of(i)); };
    const size_t first = result.size();
    std::copy_if(left.begin(), left.end(), std::back_inserter(result), shares);
    std::erase_if(left, shares);
    std::stable_sort(result.begin() + static_cast<long>(first), result.end(),
                     [&](size_t a, size_t b) { return order_of(a).size() > order_of(b).size(); });
  }
  return result;
}

}  // namespace

RelPtr Binder::ApplyWindows(RelPtr rel, const WindowingState& windowing) {
  // What partitions and orders are made of becomes columns.
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {rel});
  for (const ColumnId id : rel->output) {
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
    project->output.push_back(id);
  }
  const size_t passed = project->output.size();
  const auto column_of = [&](const ExprPtr& e) {
    for (size_t i = 0; i < project->output.size(); ++i) {
      if (plan::Equal(*project->expressions[i], *e) && !plan::IsVolatile(e))
        return plan::MakeColumn(project->output[i], e->type, e->location);
    }
    const ColumnId id = query_->AddColumn({"?column?", e->type, 0, 0, false});
    project->expressions.push_back(e);
    project->output.push_back(id);
    return plan::MakeColumn(id, e->type, e->location);
  };
  std::vector<RelPtr> windows;
  for (const WindowDefinition& definition : windowing.windows) {
    RelPtr window = plan::MakeRel(Rel::Kind::kWindow);
    windows.push_back(window);
    const bool used = std::any_of(
        windowing.calls.begin(), windowing.calls.end(),
        [&](const WindowingState::Call& call) { return call.window == windows.size() - 1; });
    if (!used) continue;
    for (const ExprPtr& e : definition.partition) window->expressions.push_back(column_of(e));
    for (const plan::SortKey& key : definition.order)
      window->keys.push_back({column_of(key.expression), key.descending, key.nulls_first});
    window->frame = definition.frame;
    for (const WindowingState::Call& call : windowing.calls) {
      if (call.window != windows.size() - 1) continue;
      window->window_calls.push_back(call.call);
      window->output.push_back(call.output);
    }
  }
  if (project->output.size() > passed) rel = project;
  for (const size_t i : OrderOfWindows(windows)) {
    windows[i]->inputs = {rel};
    windows[i]->output.insert(windows[i]->output.begin(), rel->output.begin(), rel->output.end());
    rel = windows[i];
  }
  return rel;
}

}  // namespace adbms::sql::binder
