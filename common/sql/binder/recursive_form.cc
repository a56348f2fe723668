#include "common/sql/binder/recursive_form.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/tree_walk.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;

constexpr std::string_view kInvalidRecursion = "42P19";

// Where a reference stands that may not stand there; empty: it may.
using Place = std::string_view;

// Visits the references to a WITH query below a message.
class References {
 public:
  using Visit = std::function<void(const PgQuery__RangeVar&, Place)>;
  References(std::string_view name, Visit visit) : name_(name), visit_(std::move(visit)) {}

  void Walk(const ProtobufCMessage& message, Place place) {
    const ProtobufCMessageDescriptor* type = message.descriptor;
    if (type == &pg_query__range_var__descriptor) {
      const auto& range = reinterpret_cast<const PgQuery__RangeVar&>(message);
      if (parser::View(range.schemaname).empty() && parser::View(range.relname) == name_)
        visit_(range, place);
    } else if (type == &pg_query__select_stmt__descriptor) {
      WalkSelect(reinterpret_cast<const PgQuery__SelectStmt&>(message), place);
    } else if (type == &pg_query__join_expr__descriptor) {
      WalkJoin(reinterpret_cast<const PgQuery__JoinExpr&>(message), place);
    } else if (type == &pg_query__sub_link__descriptor) {
      const auto& link = reinterpret_cast<const PgQuery__SubLink&>(message);
      if (link.testexpr != nullptr) Walk(link.testexpr->base, place);
      if (link.subselect != nullptr) Walk(link.subselect->base, "a subquery");
    } else {
      WalkChildren(message, place);
    }
  }

 private:
  void WalkChildren(const ProtobufCMessage& message, Place place) {
    parser::ForEachChild(message, [&](const ProtobufCMessage& child) { Walk(child, place); });
  }

  void WalkSelect(const PgQuery__SelectStmt& select, Place place) {
    // An inner WITH query of the name hides this one, from itself on or, RECURSIVE, everywhere.
    if (select.with_clause != nullptr) {
      bool hidden = false;
      const PgQuery__WithClause& with = *select.with_clause;
      const auto hides = [&](const PgQuery__Node* item) {
        return parser::View(item->common_table_expr->ctename) == name_;
      };
      const parser::NodeList items(with.ctes, with.n_ctes);
      if (with.recursive && std::any_of(items.begin(), items.end(), hides)) return;
      for (const PgQuery__Node* item : items) {
        if (!hidden) Walk(item->common_table_expr->ctequery->base, place);
        hidden |= hides(item);
      }
      if (hidden) return;
    }
    const bool intersect = select.op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT;
    const bool except = select.op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT;
    parser::ForEachChild(select.base, [&](const ProtobufCMessage& child) {
      if (child.descriptor == &pg_query__with_clause__descriptor) return;
      const bool right = select.rarg != nullptr && &child == &select.rarg->base;
      const bool left = select.larg != nullptr && &child == &select.larg->base;
      if (intersect && select.all && (left || right))
        Walk(child, "INTERSECT");
      else if (except && (right || (left && select.all)))
        Walk(child, "EXCEPT");
      else
        Walk(child, place);
    });
  }

  void WalkJoin(const PgQuery__JoinExpr& join, Place place) {
    const bool full = join.jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL;
    const bool left_padded = full || join.jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT;
    const bool right_padded = full || join.jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT;
    Walk(join.larg->base, left_padded ? "an outer join" : place);
    Walk(join.rarg->base, right_padded ? "an outer join" : place);
    if (join.quals != nullptr) Walk(join.quals->base, place);
  }

  const std::string_view name_;
  const Visit visit_;
};

RecursionFault Misplaced(std::string_view name, std::string_view place, int location) {
  return {kInvalidRecursion,
          absl::StrCat("recursive reference to query \"", std::string(name),
                       "\" must not appear within ", std::string(place)),
          location};
}

}  // namespace

bool Mentions(const ProtobufCMessage& query, std::string_view name) {
  bool found = false;
  References(name, [&found](const PgQuery__RangeVar&, Place) { found = true; }).Walk(query, {});
  return found;
}

RecursionFault OrderItems(parser::NodeList items, std::vector<size_t>* order) {
  const auto name = [&](size_t i) { return parser::View(items[i]->common_table_expr->ctename); };
  std::vector<bool> placed(items.size(), false);
  while (order->size() < items.size()) {
    const size_t before = order->size();
    for (size_t i = 0; i < items.size() && order->size() == before; ++i) {
      bool ready = !placed[i];
      for (size_t j = 0; ready && j < items.size(); ++j)
        ready =
            i == j || placed[j] || !Mentions(items[i]->common_table_expr->ctequery->base, name(j));
      if (!ready) continue;
      placed[i] = true;
      order->push_back(i);
    }
    if (order->size() > before) continue;
    const size_t first = std::find(placed.begin(), placed.end(), false) - placed.begin();
    return {sqlstate::kFeatureNotSupported,
            "mutual recursion between WITH items is not implemented",
            items[first]->common_table_expr->location};
  }
  return {};
}

RecursionFault CheckRecursion(const PgQuery__CommonTableExpr& item) {
  const std::string_view name = parser::View(item.ctename);
  if (item.ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return {kInvalidRecursion,
            absl::StrCat("recursive query \"", std::string(name),
                         "\" must not contain data-modifying statements"),
            item.location};
  const PgQuery__SelectStmt& select = *item.ctequery->select_stmt;
  if (select.op != PG_QUERY__SET_OPERATION__SETOP_UNION)
    return {kInvalidRecursion,
            absl::StrCat("recursive query \"", std::string(name),
                         "\" does not have the form non-recursive-term UNION [ALL] recursive-term"),
            item.location};
  RecursionFault fault;
  const auto refuse = [&](std::string_view place) {
    return [&fault, name, place](const PgQuery__RangeVar& range, Place) {
      if (fault.message.empty()) fault = Misplaced(name, place, range.location);
    };
  };
  References(name, refuse("its non-recursive term")).Walk(select.larg->base, {});
  if (fault.message.empty() && select.with_clause != nullptr)
    References(name, refuse("a subquery")).Walk(select.with_clause->base, {});
  int count = 0;
  References(name, [&](const PgQuery__RangeVar& range, Place place) {
    if (!fault.message.empty()) return;
    if (!place.empty()) {
      fault = Misplaced(name, place, range.location);
    } else if (++count > 1) {
      fault = {kInvalidRecursion,
               absl::StrCat("recursive reference to query \"", std::string(name),
                            "\" must not appear more than once"),
               range.location};
    }
  }).Walk(select.rarg->base, {});
  if (!fault.message.empty()) return fault;
  const auto absent = [&](const char* what) {
    return RecursionFault{sqlstate::kFeatureNotSupported,
                          absl::StrCat(what, " in a recursive query is not implemented")};
  };
  if (select.n_sort_clause > 0) return absent("ORDER BY");
  if (select.limit_offset != nullptr) return absent("OFFSET");
  if (select.limit_count != nullptr) return absent("LIMIT");
  if (select.n_locking_clause > 0) return absent("FOR UPDATE/SHARE");
  return {};
}

}  // namespace adbms::sql::binder
