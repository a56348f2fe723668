#include "common/sql/functions/jsonpath_evaluation.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {

using status::Error;
using types::Jsonb;
using types::JsonbKind;
using types::JsonpathOp;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

namespace {

// How often evaluation may be within itself: more than levels of a document and of a path.
constexpr int kDeepest = types::kDeepestJson + types::kMostJsonpathLevels;
constexpr size_t kManyItems = 1024;
constexpr size_t kManyBytes = size_t{64} << 10;

constexpr char kFalseByte = types::JsonbTagByte(types::JsonbTag::kFalse);
constexpr char kTrueByte = types::JsonbTagByte(types::JsonbTag::kTrue);

// Sets a value for as long as this lives.
template <typename T>
class Restored {
 public:
  explicit Restored(T* target) : target_(target), before_(*target) {}
  Restored(T* target, T value) : Restored(target) { *target = std::move(value); }
  ~Restored() { *target_ = std::move(before_); }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  T* const target_;
  T before_;
};

absl::Status TooDeep() {
  return Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
               "Simplify the path: its parts are nested too deeply.");
}

}  // namespace

absl::Status PathItems::Add(const PathItem& item) {
  // What doubles is there twice while it does.
  if (items_.size() >= kManyItems && items_.size() == items_.capacity()) {
    if (!scratch_.has_value()) scratch_.emplace(context_);
    RETURN_IF_ERROR(scratch_->Take(2 * items_.size() * sizeof(PathItem)));
  }
  items_.push_back(item);
  return absl::OkStatus();
}

JsonpathEvaluation::JsonpathEvaluation(const EvaluationContext& context,
                                       std::shared_ptr<CompiledJsonpath> path,
                                       const Jsonb& document, std::optional<Jsonb> variables,
                                       Options options)
    : context_(context),
      compiled_(std::move(path)),
      path_(compiled_->path()),
      root_(document),
      variables_(variables),
      options_(options),
      throws_(!options.silent),
      ignores_structure_(!path_.strict),
      current_{document},
      base_{document},
      scratch_(context) {}

absl::StatusOr<JsonpathEvaluation::Found> JsonpathEvaluation::Run(PathItems* found) {
  if (variables_.has_value() && variables_->kind() != JsonbKind::kObject) {
    return Error(sqlstate::kInvalidParameterValue, "\"vars\" argument is not an object",
                 "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
  }
  // Strictly, an error behind the first item counts as well.
  PathItems all(context_);
  const bool must_see_all = path_.strict && found == nullptr;
  Found result = Execute(path_.root, {root_}, must_see_all ? &all : found, lax());
  RETURN_IF_ERROR(status_);
  if (must_see_all && result != Found::kError) result = all.size() > 0 ? Found::kYes : Found::kNo;
  return result;
}

JsonpathEvaluation::Found JsonpathEvaluation::Throw(absl::Status error) {
  if (status_.ok()) status_ = std::move(error);
  return Found::kError;
}

JsonpathEvaluation::Found JsonpathEvaluation::Fail(absl::Status error) {
  return throws_ ? Throw(std::move(error)) : Found::kError;
}

JsonpathEvaluation::Found JsonpathEvaluation::Fail(View code, View message, View hint) {
  return throws_ ? Throw(Error(code, message, {}, hint)) : Found::kError;
}

JsonpathEvaluation::Found JsonpathEvaluation::Append(const PathItem& item, PathItems* found) {
  if (found == nullptr) return Found::kYes;
  absl::Status added = found->Add(item);
  return added.ok() ? Found::kYes : Throw(std::move(added));
}

PathItem JsonpathEvaluation::BoolItem(bool value) const {
  return {Jsonb(View(value ? &kTrueByte : &kFalseByte, 1))};
}

bool JsonpathEvaluation::MakeItem(std::string bytes, PathItem* item) {
  made_ += bytes.size() + sizeof(std::string);
  if (made_ > counted_ + kManyBytes) {
    absl::Status taken = scratch_.Take(made_ - counted_);
    if (!taken.ok()) {
      Throw(std::move(taken));
      return false;
    }
    counted_ = made_;
  }
  *item = {Jsonb(bytes_.emplace_back(std::move(bytes)))};
  return true;
}

JsonpathEvaluation::Passing::Passing(JsonpathEvaluation* evaluation)
    : evaluation_(*evaluation),
      bytes_(evaluation->bytes_.size()),
      times_(evaluation->times_.size()),
      made_(evaluation->made_) {}

JsonpathEvaluation::Passing::~Passing() {
  if (evaluation_.bytes_.size() == bytes_) return;
  // Objects are known by where they are.
  evaluation_.made_ids_.Forget();
  while (evaluation_.bytes_.size() > bytes_) evaluation_.bytes_.pop_back();
  while (evaluation_.times_.size() > times_) evaluation_.times_.pop_back();
  evaluation_.made_ = made_;
}

bool JsonpathEvaluation::MakeNumber(View text, PathItem* item) {
  types::JsonbBuilder builder;
  absl::Status status = builder.Number(text);
  if (!status.ok()) {
    Throw(std::move(status));
    return false;
  }
  return MakeItem(builder.Take(), item);
}

// Goes from node to node while each yields one item.
JsonpathEvaluation::Found JsonpathEvaluation::Execute(int32_t at, PathItem item, PathItems* found,
                                                      bool unwrap) {
  const Restored<int> depth(&depth_, depth_ + 1);
  const Restored<Base> base(&base_);
  if (depth_ > kDeepest) return Throw(TooDeep());
  while (true) {
    if (failed()) return Found::kError;
    if (absl::Status handled = context_.Handled(64); !handled.ok()) return Throw(handled);
    const std::optional<Found> done = Step(at, &item, found, unwrap);
    if (done.has_value()) return *done;
    at = path_.at(at).next;
    if (at < 0) return Append(item, found);
    unwrap = lax();
  }
}

JsonpathEvaluation::Found JsonpathEvaluation::Next(const Node& node, const PathItem& item,
                                                   PathItems* found) {
  return node.next < 0 ? Append(item, found) : Execute(node.next, item, found, lax());
}

// One node: an item in place of `*item`, or all that comes of it.
std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Step(int32_t at, PathItem* item,
                                                                  PathItems* found, bool unwrap) {
  const Node& node = path_.at(at);
  switch (node.op) {
    case JsonpathOp::kNull:
      *item = {};
      return std::nullopt;
    case JsonpathOp::kBool:
      *item = BoolItem(node.flag);
      return std::nullopt;
    case JsonpathOp::kNumber:
      *item = {Jsonb(node.text)};
      return std::nullopt;
    case JsonpathOp::kString:
      *item = {Jsonb(compiled_->StringAt(at))};
      return std::nullopt;
    case JsonpathOp::kVariable:
      return Variable(node, item);
    case JsonpathOp::kRoot:
      base_ = {root_, kRootBase};
      *item = {root_};
      return std::nullopt;
    case JsonpathOp::kCurrent:
      *item = current_;
      return std::nullopt;
    case JsonpathOp::kLast:
      if (!MakeNumber(std::to_string(innermost_size_ - 1), item)) return Found::kError;
      return std::nullopt;
    case JsonpathOp::kAdd:
    case JsonpathOp::kSubtract:
    case JsonpathOp::kMultiply:
    case JsonpathOp::kDivide:
    case JsonpathOp::kModulo:
      return Arithmetic(node, *item, found);
    case JsonpathOp::kPlus:
    case JsonpathOp::kMinus:
      return Signed(node, *item, found);
    case JsonpathOp::kAnyElement:
      return AnyElement(node, *item, found);
    case JsonpathOp::kElements:
      return Elements(node, *item, found);
    case JsonpathOp::kAnyLevel:
      return AnyLevel(node, *item, found);
    case JsonpathOp::kType:
    case JsonpathOp::kSize:
      return Method(at, item, found);
    case JsonpathOp::kMember:
    case JsonpathOp::kAnyMember:
    case JsonpathOp::kFilter:
    case JsonpathOp::kAbs:
    case JsonpathOp::kFloor:
    case JsonpathOp::kCeiling:
    case JsonpathOp::kDouble:
    case JsonpathOp::kDatetime:
    case JsonpathOp::kKeyvalue:
      if (unwrap && item->Is(JsonbKind::kArray)) return UnwrapArray(at, *item, found, false);
      if (node.op == JsonpathOp::kMember) return Member(node, item);
      if (node.op == JsonpathOp::kAnyMember) return AnyMember(node, *item, found);
      if (node.op == JsonpathOp::kFilter) return Filter(at, *item, found);
      return Method(at, item, found);
    default: {
      const Truth truth = ConditionOf(node, at, *item);
      if (failed()) return Found::kError;
      *item = truth == Truth::kUnknown ? PathItem{} : BoolItem(truth == Truth::kTrue);
      return std::nullopt;
    }
  }
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Member(const Node& node,
                                                                    PathItem* item) {
  if (!item->Is(JsonbKind::kObject)) {
    if (ignores_structure_) return Found::kNo;
    return Fail("2203A", "jsonpath member accessor can only be applied to an object");
  }
  const std::optional<Jsonb> value = item->value.Find(node.text);
  if (value.has_value()) {
    item->value = *value;
    return std::nullopt;
  }
  if (ignores_structure_) return Found::kNo;
  return Fail("2203A", "JSON object does not contain key \"" + node.text + "\"");
}

std::optional<JsonpathEvaluation::Found> JsonpathEvaluation::Variable(const Node& node,
                                                                      PathItem* item) {
  if (!variables_.has_value()) {
    *item = {};
    return std::nullopt;
  }
  const std::optional<Jsonb> value = variables_->Find(node.text);
  if (!value.has_value()) {
    return Throw(Error(sqlstate::kUndefinedObject,
                       "could not find jsonpath variable \"" + node.text + "\""));
  }
  base_ = {*variables_, kVariablesBase};
  *item = {*value};
  return std::nullopt;
}

// The parts of a container, and theirs, from the first to the last of the bounds' levels; without
// bounds its own.
JsonpathEvaluation::Found JsonpathEvaluation::Any(int32_t at, const Jsonb& container,
                                                  PathItems* found, uint32_t level,
                                                  const Node* bounds, bool unwrap) {
  const uint32_t first = bounds == nullptr ? 1 : bounds->first;
  const uint32_t last = bounds == nullptr ? 1 : bounds->last;
  const bool leaves = first == types::kJsonpathLastLevel && last == types::kJsonpathLastLevel;
  Found result = Found::kNo;
  if (level > last) return result;
  const Restored<int> depth(&depth_, depth_ + 1);
  if (depth_ > kDeepest) return Throw(TooDeep());
  for (uint32_t i = 0; i < container.size(); ++i) {
    if (absl::Status handled = context_.Handled(64); !handled.ok()) return Throw(handled);
    const PathItem part{container.At(i)};
    if (level >= first || (leaves && !part.value.IsContainer())) {
      const Restored<bool> ignores(&ignores_structure_, ignores_structure_ || bounds != nullptr);
      result = at < 0 ? Append(part, found) : Execute(at, part, found, unwrap);
      if (result == Found::kError) return result;
      if (result == Found::kYes && found == nullptr) return result;
    }
    if (level < last && part.value.IsContainer()) {
      result = Any(at, part.value, found, level + 1, bounds, unwrap);
      if (result == Found::kError) return result;
      if (result == Found::kYes && found == nullptr) return result;
    }
  }
  return result;
}

// What the node yields of each element; without a node the elements.
JsonpathEvaluation::Found JsonpathEvaluation::UnwrapArray(int32_t at, const PathItem& array,
                                                          PathItems* found, bool unwrap_elements) {
  return Any(at, array.value, found, 1, nullptr, unwrap_elements);
}

JsonpathEvaluation::Found JsonpathEvaluation::AnyElement(const Node& node, const PathItem& item,
                                                         PathItems* found) {
  if (item.Is(JsonbKind::kArray)) return UnwrapArray(node.next, item, found, lax());
  if (lax()) return Next(node, item, found);
  if (ignores_structure_) return Found::kNo;
  return Fail("22039", "jsonpath wildcard array accessor can only be applied to an array");
}

JsonpathEvaluation::Found JsonpathEvaluation::AnyMember(const Node& node, const PathItem& item,
                                                        PathItems* found) {
  if (item.Is(JsonbKind::kObject)) return Any(node.next, item.value, found, 1, nullptr, lax());
  if (ignores_structure_) return Found::kNo;
  return Fail("2203C", "jsonpath wildcard member accessor can only be applied to an object");
}

JsonpathEvaluation::Found JsonpathEvaluation::AnyLevel(const Node& node, const PathItem& item,
                                                       PathItems* found) {
  Found result = Found::kNo;
  if (node.first == 0) {
    const Restored<bool> ignores(&ignores_structure_, true);
    result = Next(node, item, found);
    // As in PostgreSQL, an error at this level does not keep a silent path from those below.
    if (failed() || (result == Found::kYes && found == nullptr)) return result;
  }
  if (item.time != nullptr || !item.value.IsContainer()) return result;
  return Any(node.next, item.value, found, 1, &node, lax());
}

// A subscript's value; nothing after an error.
std::optional<int64_t> JsonpathEvaluation::Subscript(int32_t at, const PathItem& item) {
  PathItems values(context_);
  if (Execute(at, item, &values, lax()) == Found::kError) return std::nullopt;
  if (values.size() != 1 || !values[0].Is(JsonbKind::kNumber)) {
    Fail("22033", "jsonpath array subscript is not a single numeric value");
    return std::nullopt;
  }
  types::JsonbNumber number = values[0].value.number();
  // Towards zero.
  const auto places = static_cast<size_t>(std::max(number.exponent, 0));
  number.digits = number.digits.substr(0, places);
  const absl::StatusOr<int64_t> index =
      number.digits.empty() ? absl::StatusOr<int64_t>(0) : types::ToInteger(number);
  if (!index.ok() || *index != static_cast<int32_t>(*index)) {
    Fail("22033", "jsonpath array subscript is out of integer range");
    return std::nullopt;
  }
  return *index;
}

JsonpathEvaluation::Found JsonpathEvaluation::Elements(const Node& node, const PathItem& item,
                                                       PathItems* found) {
  const bool array = item.Is(JsonbKind::kArray);
  if (!array && !lax()) {
    if (ignores_structure_) return Found::kNo;
    return Fail("22039", "jsonpath array accessor can only be applied to an array");
  }
  const int64_t size = array ? item.value.size() : 1;
  const Restored<int64_t> innermost(&innermost_size_, size);
  Found result = Found::kNo;
  for (const auto& [from_node, to_node] : node.subscripts) {
    const std::optional<int64_t> from = Subscript(from_node, item);
    if (!from.has_value()) return Found::kError;
    const std::optional<int64_t> to = to_node < 0 ? from : Subscript(to_node, item);
    if (!to.has_value()) return Found::kError;
    if (!ignores_structure_ && (*from < 0 || *from > *to || *to >= size)) {
      return Fail("22033", "jsonpath array subscript is out of bounds");
    }
    result = Found::kNo;
    const int64_t last = std::min(*to, size - 1);
    for (int64_t i = std::max<int64_t>(*from, 0); i <= last; ++i) {
      if (absl::Status handled = context_.Handled(64); !handled.ok()) return Throw(handled);
      const PathItem part = array ? PathItem{item.value.At(static_cast<uint32_t>(i))} : item;
      result = Next(node, part, found);
      if (result == Found::kError || (result == Found::kYes && found == nullptr)) return result;
    }
  }
  return result;
}

JsonpathEvaluation::Found JsonpathEvaluation::Filter(int32_t at, const PathItem& item,
                                                     PathItems* found) {
  const Node& node = path_.at(at);
  Truth truth = Truth::kUnknown;
  {
    const Restored<PathItem> current(&current_, item);
    truth = Condition(node.left, item);
  }
  if (failed()) return Found::kError;
  return truth == Truth::kTrue ? Next(node, item, found) : Found::kNo;
}

JsonpathEvaluation::Found JsonpathEvaluation::Operand(int32_t at, const PathItem& item, bool unwrap,
                                                      PathItems* found) {
  if (!unwrap || !lax()) return Execute(at, item, found, lax());
  PathItems items(context_);
  const Found result = Execute(at, item, &items, lax());
  if (result == Found::kError) return result;
  for (const PathItem& one : items) {
    const Found added =
        one.Is(JsonbKind::kArray) ? UnwrapArray(-1, one, found, false) : Append(one, found);
    if (added == Found::kError) return added;
  }
  return Found::kYes;
}

}  // namespace adbms::sql::functions
