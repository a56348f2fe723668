// Arithmetic and methods of paths.
#include <cmath>
#include <cstdio>

#include "common/sql/functions/jsonpath_evaluation.h"
#include "common/sql/functions/jsonpath_template.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_arithmetic.h"
#include "common/types/jsonb_builder.h"
#include "common/types/number_text.h"

namespace adbms::sql::functions {

using types::Jsonb;
using types::JsonbArithmetic;
using types::JsonbKind;
using types::JsonpathOp;
using View = std::string_view;

namespace {

constexpr View kNonNumericItem = "22036";

JsonbArithmetic ArithmeticOf(JsonpathOp op) {
  switch (op) {
    case JsonpathOp::kAdd:
      return JsonbArithmetic::kAdd;
    case JsonpathOp::kSubtract:
      return JsonbArithmetic::kSubtract;
    case JsonpathOp::kMultiply:
      return JsonbArithmetic::kMultiply;
    case JsonpathOp::kDivide:
      return JsonbArithmetic::kDivide;
    default:
      return JsonbArithmetic::kModulo;
  }
}

View TypeNameOf(const PathItem& item) {
  if (item.time != nullptr) return NameOf(item.time->kind);
  switch (item.value.kind()) {
    case JsonbKind::kNull:
      return "null";
    case JsonbKind::kString:
      return "string";
    case JsonbKind::kNumber:
      return "number";
    case JsonbKind::kBool:
      return "boolean";
    case JsonbKind::kArray:
      return "array";
    case JsonbKind::kObject:
      break;
  }
  return "object";
}

std::string StringBytes(View text) {
  std::string bytes(text);
  bytes.push_back(types::JsonbTagByte(types::JsonbTag::kString));
  return bytes;
}

}  // namespace

JsonpathEvaluation::Found JsonpathEvaluation::Arithmetic(const Node& node, const PathItem& item,
                                                         PathItems* found) {
  PathItems lefts(context_);
  if (Operand(node.left, item, true, &lefts) == Found::kError) return Found::kError;
  PathItems rights(context_);
  if (Operand(node.right, item, true, &rights) == Found::kError) return Found::kError;
  const auto is_number = [](const PathItems& items) {
    return items.size() == 1 && items[0].Is(JsonbKind::kNumber);
  };
  if (!is_number(lefts) || !is_number(rights)) {
    return Fail("22038", std::string(is_number(lefts) ? "right" : "left") +
                             " operand of jsonpath operator " +
                             std::string(types::JsonpathOperatorName(node.op)) +
                             " is not a single numeric value");
  }
  const types::JsonbNumber left = lefts[0].value.number();
  const types::JsonbNumber right = rights[0].value.number();
  absl::Status interrupted;
  const auto check = [&](size_t bytes) { return interrupted = context_.Handled(bytes); };
  const absl::StatusOr<std::string> text =
      types::ComputeJsonb(ArithmeticOf(node.op), left, right, check);
  if (!interrupted.ok()) return Throw(std::move(interrupted));
  if (!text.ok()) return Fail(text.status());
  PathItem result;
  if (!MakeNumber(*text, &result)) return Found::kError;
  return Next(node, result, found);
}

JsonpathEvaluation::Found JsonpathEvaluation::Signed(const Node& node, const PathItem& item,
                                                     PathItems* found) {
  PathItems operands(context_);
  if (Operand(node.left, item, true, &operands) == Found::kError) return Found::kError;
  const bool only_asked = node.next < 0 && found == nullptr;
  Found result = Found::kNo;
  for (const PathItem& operand : operands) {
    const bool number = operand.Is(JsonbKind::kNumber);
    if (only_asked && number) return Found::kYes;
    if (only_asked) continue;
    if (!number) {
      return Fail("2203B", "operand of unary jsonpath operator " +
                               std::string(types::JsonpathOperatorName(node.op)) +
                               " is not a numeric value");
    }
    PathItem signed_item = operand;
    if (node.op == JsonpathOp::kMinus &&
        !MakeNumber(types::NegateJsonb(operand.value.number()), &signed_item)) {
      return Found::kError;
    }
    const Found next = Next(node, signed_item, found);
    if (next == Found::kError) return next;
    if (next == Found::kYes && found == nullptr) return next;
    if (next == Found::kYes) result = next;
  }
  return result;
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Method(int32_t at, PathItem* item,
                                                                    PathItems* found) {
  const Node& node = path_.at(at);
  switch (node.op) {
    case JsonpathOp::kType:
      if (!MakeItem(StringBytes(TypeNameOf(*item)), item)) return Found::kError;
      return std::nullopt;
    case JsonpathOp::kSize:
      return Size(item);
    case JsonpathOp::kDouble:
      return Double(item);
    case JsonpathOp::kDatetime:
      return Datetime(node, item);
    case JsonpathOp::kKeyvalue:
      return Keyvalue(node, *item, found);
    default:
      return Rounded(node, item);
  }
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Size(PathItem* item) {
  const bool array = item->Is(JsonbKind::kArray);
  if (!array && !lax()) {
    if (ignores_structure_) return Found::kNo;
    return Fail("22039", "jsonpath item method .size() can only be applied to an array");
  }
  if (!MakeNumber(std::to_string(array ? item->value.size() : 1), item)) return Found::kError;
  return std::nullopt;
}

// abs(), floor() and ceiling().
std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Rounded(const Node& node,
                                                                     PathItem* item) {
  if (!item->Is(JsonbKind::kNumber)) {
    return Fail(kNonNumericItem, "jsonpath item method ." +
                                     std::string(types::JsonpathMethodName(node.op)) +
                                     "() can only be applied to a numeric value");
  }
  const types::JsonbNumber number = item->value.number();
  const std::string text = node.op == JsonpathOp::kAbs     ? types::AbsoluteJsonb(number)
                           : node.op == JsonpathOp::kFloor ? types::FloorJsonb(number)
                                                           : types::CeilingJsonb(number);
  if (!MakeNumber(text, item)) return Found::kError;
  return std::nullopt;
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Double(PathItem* item) {
  if (item->Is(JsonbKind::kNumber)) {
    if (types::ToDouble(item->value.number()).ok()) return std::nullopt;
    return Fail(kNonNumericItem,
                "numeric argument of jsonpath item method .double() is out of range for type "
                "double precision");
  }
  if (!item->Is(JsonbKind::kString)) {
    return Fail(kNonNumericItem,
                "jsonpath item method .double() can only be applied to a string or numeric value");
  }
  double value = 0;
  if (!types::ParseFloat8(item->value.text(), &value).ok() || !std::isfinite(value)) {
    return Fail(kNonNumericItem,
                "string argument of jsonpath item method .double() is not a valid representation "
                "of a double precision number");
  }
  char text[32];
  std::snprintf(text, sizeof(text), "%.15g", value);
  if (!MakeNumber(text, item)) return Found::kError;
  return std::nullopt;
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Datetime(const Node& node,
                                                                      PathItem* item) {
  constexpr View kInvalidArgument = "22031";
  if (!item->Is(JsonbKind::kString)) {
    return Fail(kInvalidArgument,
                "jsonpath item method .datetime() can only be applied to a string");
  }
  const View text = item->value.text();
  PathTime time;
  if (node.flag) {
    // What is wrong with the template is no matter of the document.
    const absl::StatusOr<PathTemplate> format = PathTemplate::Parse(node.text);
    if (!format.ok()) return Throw(format.status());
    const absl::StatusOr<PathTime> read = format->Read(text);
    if (!read.ok()) return Fail(read.status());
    time = *read;
  } else {
    const std::optional<PathTime> read = ReadPathTime(text);
    if (!read.has_value()) {
      return Fail(kInvalidArgument,
                  "datetime format is not recognized: \"" + std::string(text) + "\"",
                  "Use a datetime template argument to specify the input data format.");
    }
    time = *read;
  }
  if (!MakeItem(StringBytes(FormatPathTime(time)), item)) return Found::kError;
  item->time = &times_.emplace_back(time);
  return std::nullopt;
}

absl::StatusOr<int64_t> JsonpathEvaluation::IdOf(const Jsonb& object) {
  constexpr int64_t kBaseFactor = 10'000'000'000;
  JsonbObjectIds& ids = base_.id == kRootBase        ? root_ids_
                        : base_.id == kVariablesBase ? variable_ids_
                                                     : made_ids_;
  ASSIGN_OR_RETURN(const int64_t offset, ids.Offset(context_, base_.value, object));
  return offset + base_.id * kBaseFactor;
}

JsonpathEvaluation::Found JsonpathEvaluation::Keyvalue(const Node& node, const PathItem& item,
                                                       PathItems* found) {
  if (!item.Is(JsonbKind::kObject))
    return Fail("2203C", "jsonpath item method .keyvalue() can only be applied to an object");
  const Jsonb& object = item.value;
  if (object.size() == 0) return Found::kNo;
  if (node.next < 0 && found == nullptr) return Found::kYes;
  const absl::StatusOr<int64_t> number = IdOf(object);
  if (!number.ok()) return Throw(number.status());
  const std::string id = std::to_string(*number);
  Found result = Found::kNo;
  for (uint32_t i = 0; i < object.size(); ++i) {
    if (absl::Status handled = context_.Handled(object.At(i).bytes().size() + 64); !handled.ok())
      return Throw(std::move(handled));
    types::JsonbBuilder pair;
    const absl::Status made = [&]() -> absl::Status {
      RETURN_IF_ERROR(pair.BeginObject());
      RETURN_IF_ERROR(pair.Key("key"));
      RETURN_IF_ERROR(pair.String(object.Key(i)));
      RETURN_IF_ERROR(pair.Key("value"));
      RETURN_IF_ERROR(pair.Add(object.At(i)));
      RETURN_IF_ERROR(pair.Key("id"));
      RETURN_IF_ERROR(pair.Number(id));
      return pair.EndObject();
    }();
    if (!made.ok()) return Throw(made);
    PathItem pair_item;
    if (!MakeItem(pair.Take(), &pair_item)) return Found::kError;
    const Base before = base_;
    base_ = {pair_item.value, next_id_++};
    result = Next(node, pair_item, found);
    base_ = before;
    if (result == Found::kError || (result == Found::kYes && found == nullptr)) return result;
  }
  return result;
}

}  // namespace adbms::sql::functions
