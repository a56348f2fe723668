// What window functions are over: PARTITION BY, ORDER BY, frames, and windows made of others.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/window_scope.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/distance.h"

namespace adbms::sql::binder {
namespace {

using functions::CastContext;
namespace sqlstate = status::sqlstate;

bool Same(const std::vector<ExprPtr>& a, const std::vector<ExprPtr>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](const ExprPtr& x, const ExprPtr& y) { return plan::Equal(*x, *y); });
}

bool Same(const std::vector<plan::SortKey>& a, const std::vector<plan::SortKey>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](const plan::SortKey& x, const plan::SortKey& y) {
                                              return plan::Equal(*x.expression, *y.expression) &&
                                                     x.descending == y.descending &&
                                                     x.nulls_first == y.nulls_first;
                                            });
}

bool Same(const ExprPtr& a, const ExprPtr& b) {
  return a == b || (a != nullptr && b != nullptr && plan::Equal(*a, *b));
}

bool Same(const plan::WindowFrame& a, const plan::WindowFrame& b) {
  return a.mode == b.mode && a.start == b.start && a.end == b.end && a.exclusion == b.exclusion &&
         Same(a.start_offset, b.start_offset) && Same(a.end_offset, b.end_offset);
}

}  // namespace

bool Same(const WindowDefinition& a, const WindowDefinition& b) {
  return Same(a.partition, b.partition) && Same(a.order, b.order) && Same(a.frame, b.frame);
}

absl::StatusOr<WindowDefinition> Binder::BindWindowDefinition(const PgQuery__WindowDef& definition,
                                                              Scope* scope) {
  const WindowRefusal refusal(scope, "window functions are not allowed in window definitions");
  WindowDefinition window;
  {
    // Constants that were lifted would make equal windows differ.
    ++no_lift_;
    auto order =
        BindOrderBy({definition.order_clause, definition.n_order_clause}, scope, {}, false);
    auto partition = BindExprs({definition.partition_clause, definition.n_partition_clause}, scope);
    --no_lift_;
    RETURN_IF_ERROR(order.status());
    RETURN_IF_ERROR(partition.status());
    for (const OrderItem& item : *order) {
      ASSIGN_OR_RETURN(ExprPtr by, Ordered(item.expression));
      window.order.push_back({std::move(by), item.descending, item.nulls_first});
    }
    for (ExprPtr e : *partition) {
      ASSIGN_OR_RETURN(e, ResolveUnknown(e));
      if (!types::IsComparable(e->type))
        return ErrorAt(sqlstate::kUndefinedFunction, e->location,
                       absl::StrCat("could not identify an equality operator for type ",
                                    types::Format(e->type)));
      RETURN_IF_ERROR(CheckGroups(e));
      window.partition.push_back(std::move(e));
    }
  }
  const std::string base(parser::View(definition.refname));
  if (!base.empty()) {
    const auto& windows = scope->windowing->windows;
    const auto found =
        std::find_if(windows.begin(), windows.end(),
                     [&](const WindowDefinition& known) { return known.name == base; });
    if (found == windows.end())
      return ErrorAt(sqlstate::kUndefinedObject, definition.location,
                     absl::StrCat("window \"", base, "\" does not exist"));
    RETURN_IF_ERROR(InheritWindow(definition, *found, &window));
  }
  RETURN_IF_ERROR(BindFrame(definition, scope, &window));
  return window;
}

namespace {

// Bits of WindowDef.frame_options: PostgreSQL's parsenodes.h.
enum FrameOption : int {
  kRange = 0x00002,
  kRows = 0x00004,
  kGroups = 0x00008,
  kStartUnboundedPreceding = 0x00020,
  kEndUnboundedFollowing = 0x00100,
  kStartCurrentRow = 0x00200,
  kEndCurrentRow = 0x00400,
  kStartOffsetPreceding = 0x00800,
  kEndOffsetPreceding = 0x01000,
  kStartOffsetFollowing = 0x02000,
  kEndOffsetFollowing = 0x04000,
  kExcludeCurrentRow = 0x08000,
  kExcludeGroup = 0x10000,
  kExcludeTies = 0x20000,
};
constexpr int kDefaultFrame = kRange | kStartUnboundedPreceding | kEndCurrentRow;

const char* WordOf(common::v1::WindowFrame::Mode mode) {
  switch (mode) {
    case common::v1::WindowFrame::MODE_ROWS:
      return "ROWS";
    case common::v1::WindowFrame::MODE_GROUPS:
      return "GROUPS";
    default:
      return "RANGE";
  }
}

}  // namespace

absl::Status Binder::InheritWindow(const PgQuery__WindowDef& definition,
                                   const WindowDefinition& base, WindowDefinition* window) {
  const auto refuse = [&](std::string_view message, std::string_view hint = {}) {
    return ErrorAt(sqlstate::kWindowingError, definition.location, message, hint);
  };
  if (!window->partition.empty())
    return refuse(
        absl::StrCat("cannot override PARTITION BY clause of window \"", base.name, "\""));
  if (!window->order.empty() && !base.order.empty())
    return refuse(absl::StrCat("cannot override ORDER BY clause of window \"", base.name, "\""));
  if (base.framed) {
    const bool more = !parser::View(definition.name).empty() || !window->order.empty() ||
                      definition.frame_options != kDefaultFrame;
    return refuse(
        absl::StrCat("cannot copy window \"", base.name, "\" because it has a frame clause"),
        more ? "" : "Omit the parentheses in this OVER clause.");
  }
  window->partition = base.partition;
  if (window->order.empty()) window->order = base.order;
  return absl::OkStatus();
}

absl::Status Binder::BindFrame(const PgQuery__WindowDef& definition, Scope* scope,
                               WindowDefinition* window) {
  using Bound = common::v1::WindowFrame::Bound;
  const int options = definition.frame_options;
  plan::WindowFrame& frame = window->frame;
  window->framed = options != kDefaultFrame;
  frame.mode = (options & kRows) != 0     ? common::v1::WindowFrame::MODE_ROWS
               : (options & kGroups) != 0 ? common::v1::WindowFrame::MODE_GROUPS
                                          : common::v1::WindowFrame::MODE_RANGE;
  frame.start = (options & kStartOffsetPreceding) != 0   ? Bound::KIND_OFFSET_PRECEDING
                : (options & kStartOffsetFollowing) != 0 ? Bound::KIND_OFFSET_FOLLOWING
                : (options & kStartCurrentRow) != 0      ? Bound::KIND_CURRENT_ROW
                                                         : Bound::KIND_UNBOUNDED_PRECEDING;
  frame.end = (options & kEndOffsetPreceding) != 0      ? Bound::KIND_OFFSET_PRECEDING
              : (options & kEndOffsetFollowing) != 0    ? Bound::KIND_OFFSET_FOLLOWING
              : (options & kEndUnboundedFollowing) != 0 ? Bound::KIND_UNBOUNDED_FOLLOWING
                                                        : Bound::KIND_CURRENT_ROW;
  frame.exclusion =
      (options & kExcludeCurrentRow) != 0 ? common::v1::WindowFrame::EXCLUSION_CURRENT_ROW
      : (options & kExcludeGroup) != 0    ? common::v1::WindowFrame::EXCLUSION_GROUP
      : (options & kExcludeTies) != 0     ? common::v1::WindowFrame::EXCLUSION_TIES
                                          : common::v1::WindowFrame::EXCLUSION_UNSPECIFIED;
  const bool offsets = definition.start_offset != nullptr || definition.end_offset != nullptr;
  if (frame.mode == common::v1::WindowFrame::MODE_RANGE && offsets && window->order.size() != 1)
    return ErrorAt(sqlstate::kWindowingError, definition.location,
                   "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
  if (frame.mode == common::v1::WindowFrame::MODE_GROUPS && window->order.empty())
    return ErrorAt(sqlstate::kWindowingError, definition.location,
                   "GROUPS mode requires an ORDER BY clause");
  if (definition.start_offset != nullptr) {
    ASSIGN_OR_RETURN(frame.start_offset, BindFrameOffset(definition.start_offset, *window, scope));
  }
  if (definition.end_offset != nullptr) {
    ASSIGN_OR_RETURN(frame.end_offset, BindFrameOffset(definition.end_offset, *window, scope));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::BindFrameOffset(const Node* node, const WindowDefinition& window,
                                                Scope* scope) {
  const std::string word = WordOf(window.frame.mode);
  const std::string clause = absl::StrCat("window ", word);
  GroupingState* grouping = scope->grouping;
  const char* outer_clause = scope->clause;
  scope->grouping = nullptr;
  scope->clause = clause.c_str();
  absl::StatusOr<ExprPtr> bound = BindExpr(node, scope);
  scope->grouping = grouping;
  scope->clause = outer_clause;
  RETURN_IF_ERROR(bound.status());
  const Type from = (*bound)->type;
  const int location = (*bound)->location;
  const bool range = window.frame.mode == common::v1::WindowFrame::MODE_RANGE;
  const Type of = range ? window.order[0].expression->type : Type{};
  const TypeId to = range ? types::DistanceOf(of.id) : TypeId::kInt8;
  if (to == TypeId::kUnspecified)
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        absl::StrCat("RANGE with offset PRECEDING/FOLLOWING is not supported for column type ",
                     types::Format({of.id, 0})));
  ASSIGN_OR_RETURN(
      ExprPtr offset,
      TryCoerce(*bound, {to, 0}, range ? CastContext::kImplicit : CastContext::kAssignment));
  if (offset == nullptr && range)
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        absl::StrCat("RANGE with offset PRECEDING/FOLLOWING is not supported for column type ",
                     types::Format({of.id, 0}), " and offset type ", types::Format({from.id, 0})),
        "Cast the offset value to an appropriate type.");
  if (offset == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat("argument of ", word, " must be type bigint, not type ",
                                types::Format({from.id, 0})));
  const plan::ColumnSet used = plan::ColumnsOf(offset);
  for (const ScopeItem& item : scope->items) {
    for (const ScopeColumn& column : item.columns) {
      if (used.contains(column.id))
        return ErrorAt(sqlstate::kInvalidColumnReference, location,
                       absl::StrCat("argument of ", word, " must not contain variables"));
    }
  }
  return offset;
}

}  // namespace adbms::sql::binder
