// Predicates of paths: three-valued, and unknown where an operand cannot be evaluated.
#include "common/sql/functions/jsonpath_evaluation.h"
#include "common/sql/functions/kernel.h"

namespace adbms::sql::functions {

using types::Jsonb;
using types::JsonbKind;
using types::JsonpathOp;
using View = std::string_view;

namespace {

bool Holds(JsonpathOp op, int order) {
  switch (op) {
    case JsonpathOp::kEqual:
      return order == 0;
    case JsonpathOp::kNotEqual:
      return order != 0;
    case JsonpathOp::kLess:
      return order < 0;
    case JsonpathOp::kGreater:
      return order > 0;
    case JsonpathOp::kLessOrEqual:
      return order <= 0;
    default:
      return order >= 0;
  }
}

}  // namespace

JsonpathEvaluation::Truth JsonpathEvaluation::Condition(int32_t at, const PathItem& item) {
  ++depth_;
  const Truth truth = ConditionOf(path_.at(at), at, item);
  --depth_;
  return truth;
}

JsonpathEvaluation::Truth JsonpathEvaluation::ConditionOf(const Node& node, int32_t at,
                                                          const PathItem& item) {
  if (failed()) return Truth::kUnknown;
  switch (node.op) {
    case JsonpathOp::kAnd: {
      const Truth left = Condition(node.left, item);
      if (left == Truth::kFalse) return left;
      const Truth right = Condition(node.right, item);
      return right == Truth::kTrue ? left : right;
    }
    case JsonpathOp::kOr: {
      const Truth left = Condition(node.left, item);
      if (left == Truth::kTrue) return left;
      const Truth right = Condition(node.right, item);
      return right == Truth::kFalse ? left : right;
    }
    case JsonpathOp::kNot: {
      const Truth operand = Condition(node.left, item);
      if (operand == Truth::kUnknown) return operand;
      return operand == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    case JsonpathOp::kIsUnknown:
      return Condition(node.left, item) == Truth::kUnknown ? Truth::kTrue : Truth::kFalse;
    case JsonpathOp::kExists:
      return Exists(node, item);
    default:
      return Predicate(node, at, item);
  }
}

// What goes wrong in it makes the predicate unknown.
JsonpathEvaluation::Found JsonpathEvaluation::QuietOperand(int32_t at, const PathItem& item,
                                                           bool unwrap, PathItems* found) {
  const bool threw = throws_;
  throws_ = false;
  const Found result = Operand(at, item, unwrap, found);
  throws_ = threw;
  return result;
}

JsonpathEvaluation::Truth JsonpathEvaluation::Exists(const Node& node, const PathItem& item) {
  const Passing passing(this);
  // Strictly, an error behind the first item counts as well.
  PathItems all(context_);
  const Found found = QuietOperand(node.left, item, false, lax() ? nullptr : &all);
  if (found == Found::kError) return Truth::kUnknown;
  const bool exists = lax() ? found == Found::kYes : all.size() > 0;
  return exists ? Truth::kTrue : Truth::kFalse;
}

// Holds if it does for one pair of operands. In lax mode the first pair that says something
// decides; strictly all must be comparable.
JsonpathEvaluation::Truth JsonpathEvaluation::Predicate(const Node& node, int32_t at,
                                                        const PathItem& item) {
  const Passing passing(this);
  PathItems lefts(context_);
  if (QuietOperand(node.left, item, true, &lefts) == Found::kError) return Truth::kUnknown;
  PathItems rights(context_);
  if (node.right >= 0) {
    const bool unwrap = node.op != JsonpathOp::kStartsWith;
    if (QuietOperand(node.right, item, unwrap, &rights) == Found::kError) return Truth::kUnknown;
  } else {
    Append({}, &rights);
  }
  bool found = false;
  bool unknown = false;
  for (const PathItem& left : lefts) {
    for (const PathItem& right : rights) {
      if (absl::Status handled = context_.Handled(64); !handled.ok()) Throw(std::move(handled));
      const Truth truth = Test(node, at, left, right);
      if (failed()) return Truth::kUnknown;
      if (truth == Truth::kUnknown && path_.strict) return truth;
      if (truth == Truth::kTrue && lax()) return truth;
      unknown |= truth == Truth::kUnknown;
      found |= truth == Truth::kTrue;
    }
  }
  return found ? Truth::kTrue : unknown ? Truth::kUnknown : Truth::kFalse;
}

JsonpathEvaluation::Truth JsonpathEvaluation::Test(const Node& node, int32_t at,
                                                   const PathItem& left, const PathItem& right) {
  if (node.op != JsonpathOp::kLikeRegex && node.op != JsonpathOp::kStartsWith)
    return Compare(node.op, left, right);
  if (!left.Is(JsonbKind::kString)) return Truth::kUnknown;
  const View text = left.value.text();
  if (node.op == JsonpathOp::kStartsWith) {
    if (!right.Is(JsonbKind::kString)) return Truth::kUnknown;
    return text.starts_with(right.value.text()) ? Truth::kTrue : Truth::kFalse;
  }
  const absl::StatusOr<Regex*> regex = compiled_->RegexOf(at);
  if (!regex.ok()) {
    Throw(regex.status());
    return Truth::kUnknown;
  }
  if (absl::Status handled = context_.Handled(text.size()); !handled.ok())
    Throw(std::move(handled));
  const absl::StatusOr<bool> matches = (*regex)->Matches(text, &context_);
  if (!matches.ok()) {
    Throw(matches.status());
    return Truth::kUnknown;
  }
  return *matches ? Truth::kTrue : Truth::kFalse;
}

JsonpathEvaluation::Truth JsonpathEvaluation::Compare(JsonpathOp op, const PathItem& left,
                                                      const PathItem& right) {
  const JsonbKind kind = left.value.kind();
  std::optional<int> order;
  if ((left.time != nullptr) != (right.time != nullptr) || kind != right.value.kind()) {
    // null is unequal to everything else; otherwise what is of two kinds does not compare.
    if (!left.Is(JsonbKind::kNull) && !right.Is(JsonbKind::kNull)) return Truth::kUnknown;
    return op == JsonpathOp::kNotEqual ? Truth::kTrue : Truth::kFalse;
  }
  if (left.time != nullptr) {
    std::optional<PathZone> zone;
    if (options_.use_zone) zone = PathZone{ZoneOf(context_), context_.transaction_timestamp_us};
    const auto compared = ComparePathTimes(*left.time, *right.time, zone);
    if (!compared.ok()) {
      Throw(compared.status());
      return Truth::kUnknown;
    }
    order = *compared;
  } else if (kind == JsonbKind::kNull) {
    order = 0;
  } else if (kind == JsonbKind::kBool) {
    order = int{left.value.bool_value()} - int{right.value.bool_value()};
  } else if (kind == JsonbKind::kNumber) {
    order = types::CompareJsonbNumbers(left.value.number(), right.value.number());
  } else if (kind == JsonbKind::kString) {
    order = left.value.text().compare(right.value.text());
  }
  if (!order.has_value()) return Truth::kUnknown;
  return Holds(op, *order) ? Truth::kTrue : Truth::kFalse;
}

}  // namespace adbms::sql::functions
