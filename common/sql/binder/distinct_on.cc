// SELECT DISTINCT ON: the first row, in the order of ORDER BY, of those that are equal in its
// items.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Rel;
namespace sqlstate = status::sqlstate;

}  // namespace

absl::StatusOr<std::vector<Binder::OrderItem>> Binder::BindDistinctOn(
    NodeList list, Scope* scope, const std::vector<Target>& targets) {
  std::vector<OrderItem> items;
  for (const Node* node : list) {
    OrderItem item;
    ASSIGN_OR_RETURN(const std::optional<int> target,
                     MatchTarget(node, targets, scope, false, "DISTINCT ON"));
    if (target.has_value()) {
      item.target = *target;
      item.expression = targets[*target].expression;
    } else {
      ASSIGN_OR_RETURN(item.expression, BindExpr(node, scope));
      ASSIGN_OR_RETURN(item.expression, ResolveUnknown(item.expression));
    }
    item.location = item.expression->location;
    if (!types::IsComparable(item.expression->type))
      return ErrorAt(sqlstate::kUndefinedFunction, item.location,
                     absl::StrCat("could not identify an equality operator for type ",
                                  types::Format(item.expression->type)));
    RETURN_IF_ERROR(CheckGroups(item.expression));
    items.push_back(std::move(item));
  }
  return items;
}

absl::Status Binder::MatchDistinctOn(std::vector<OrderItem>* items,
                                     const std::vector<OrderItem>& order,
                                     std::vector<Target>* targets) const {
  for (OrderItem& item : *items) {
    for (size_t i = 0; i < targets->size() && item.target < 0; ++i) {
      if (plan::Equal(*(*targets)[i].expression, *item.expression) &&
          !plan::IsVolatile(item.expression))
        item.target = static_cast<int>(i);
    }
    if (item.target >= 0) continue;
    item.target = static_cast<int>(targets->size());
    targets->push_back({item.expression, "?column?"});
  }
  const auto same_target = [](int target) {
    return [target](const OrderItem& item) { return item.target == target; };
  };
  const auto other = std::find_if(order.begin(), order.end(), [&](const OrderItem& item) {
    return std::none_of(items->begin(), items->end(), same_target(item.target));
  });
  if (other == order.end()) return absl::OkStatus();
  for (const OrderItem& item : *items) {
    if (std::none_of(order.begin(), other, same_target(item.target)))
      return ErrorAt(sqlstate::kInvalidColumnReference, item.location,
                     "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
  }
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::FirstOfEach(RelPtr rel, const std::vector<OrderItem>& items,
                                           const std::vector<OrderItem>& order,
                                           const std::vector<Target>& targets) {
  const auto column = [&](const OrderItem& item) {
    const Target& target = targets[static_cast<size_t>(item.target)];
    return plan::MakeColumn(target.id, target.expression->type);
  };
  const Type kBigint{TypeId::kInt8, 0};
  RelPtr window = plan::MakeRel(Rel::Kind::kWindow, {rel});
  for (const OrderItem& item : items) window->expressions.push_back(column(item));
  for (const OrderItem& item : order) {
    const bool equal = std::any_of(items.begin(), items.end(), [&](const OrderItem& other) {
      return other.target == item.target;
    });
    if (equal) continue;
    ASSIGN_OR_RETURN(ExprPtr by, Ordered(column(item)));
    window->keys.push_back({std::move(by), item.descending, item.nulls_first});
  }
  plan::WindowCall number;
  number.function = common::v1::WINDOW_FUNCTION_ROW_NUMBER;
  window->window_calls.push_back(std::move(number));
  const ColumnId id = query_->AddColumn({"row_number", kBigint, 0, 0, true});
  window->output = rel->output;
  window->output.push_back(id);
  const functions::Function* equal =
      functions::FunctionCatalog::Builtin().BySignature("=(int8,int8)");
  return plan::MakeFilter(
      window, {plan::MakeCall(equal, {plan::MakeColumn(id, kBigint),
                                      plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 1))})});
}

}  // namespace adbms::sql::binder
