// x [NOT] IN (…): a set lookup when the items are constants, comparisons otherwise.
#include <deque>

#include "absl/container/flat_hash_set.h"
#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/types/bytes_text.h"
#include "common/types/form.h"

namespace adbms::sql::expression {
namespace {

using types::Batch;
using types::Physical;
using types::Type;
using types::TypeId;
using types::Value;
using types::Vector;
using types::VectorPtr;

struct TextHash {
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// The items of one list: integers and strings hashed, other types compared one by one.
class ItemSet {
 public:
  // `count`: how many will be added, at most.
  ItemSet(Type type, size_t count) : type_(type), physical_(types::PhysicalOf(type.id)) {
    if (physical_ == Physical::kString) {
      strings_.reserve(count);
    } else if (physical_ == Physical::kInt16 || physical_ == Physical::kInt32 ||
               physical_ == Physical::kInt64) {
      integers_.reserve(count);
    }
  }

  void Add(const Value& value) {
    if (value.is_null()) {
      has_null_ = true;
      return;
    }
    switch (physical_) {
      case Physical::kInt16:
      case Physical::kInt32:
      case Physical::kInt64:
        integers_.insert(value.int_value());
        break;
      case Physical::kString:
        owned_.emplace_back(has_order_key_ ? OrderKey(value.bytes())
                                           : std::string(Key(value.bytes())));
        strings_.insert(owned_.back());
        break;
      default:
        values_.Append(value);
    }
  }

  bool has_null() const { return has_null_; }
  bool Contains(const Vector& column, uint32_t row) const {
    switch (physical_) {
      case Physical::kInt16:
        return integers_.contains(column.data<int16_t>()[row]);
      case Physical::kInt32:
        return integers_.contains(column.data<int32_t>()[row]);
      case Physical::kInt64:
        return integers_.contains(column.data<int64_t>()[row]);
      case Physical::kString:
        if (has_order_key_)
          return strings_.contains(OrderKey(column.data<std::string_view>()[row]));
        return strings_.contains(Key(column.data<std::string_view>()[row]));
      default:
        for (uint32_t i = 0; i < values_.size(); ++i) {
          if (CompareRows(column, row, values_, i) == 0) return true;
        }
        return false;
    }
  }

 private:
  std::string_view Key(std::string_view text) const {
    return type_.id == TypeId::kBpchar ? types::TrimBlanks(text) : text;
  }
  std::string OrderKey(std::string_view bytes) const {
    std::string key;
    types::AppendOrderKey(type_.id, bytes, &key);
    return key;
  }

  Type type_;
  Physical physical_;
  const bool has_order_key_ = types::HasOrderKey(type_.id);
  bool has_null_ = false;
  absl::flat_hash_set<int64_t> integers_;
  std::deque<std::string> owned_;
  absl::flat_hash_set<std::string_view, TextHash, std::equal_to<>> strings_;
  Vector values_{type_};
};

class InListNode : public Node {
 public:
  InListNode(NodePtr argument, NodeList items, bool negated, Type type)
      : Node(type), argument_(std::move(argument)), items_(std::move(items)), negated_(negated) {
    Adopt(*argument_);
    for (const auto& item : items_) {
      Adopt(*item);
      constant_items_ &= item->constant();
      fixed_items_ &= item->fixed();
    }
    BuildLiteralSet();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr values, argument_->Evaluate(state, input));
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    if (input.row_count == 0) return result;
    if (literals_ != nullptr) {
      LookUp(*literals_, *values, result.get());
    } else if (constant_items_) {
      ASSIGN_OR_RETURN(const std::shared_ptr<const ItemSet> set, SetOf(state));
      LookUp(*set, *values, result.get());
    } else {
      RETURN_IF_ERROR(CompareEach(state, input, *values, result.get()));
    }
    return result;
  }

 private:
  // The items' values, made once for an execution unless correlation may change them.
  absl::StatusOr<std::shared_ptr<const ItemSet>> SetOf(EvaluationState& state) const {
    if (fixed_items_) {
      const auto found = state.prepared.find(this);
      if (found != state.prepared.end())
        return std::static_pointer_cast<const ItemSet>(found->second);
    }
    auto set = std::make_shared<ItemSet>(argument_->type(), items_.size());
    for (const auto& item : items_) {
      ASSIGN_OR_RETURN(const Value value, item->EvaluateScalar(state));
      set->Add(value);
    }
    if (fixed_items_) state.prepared.emplace(this, set);
    return std::shared_ptr<const ItemSet>(std::move(set));
  }

  // Literals need no execution state: their set is made once.
  void BuildLiteralSet() {
    if (!constant_items_) return;
    EvaluationState nothing;
    auto set = std::make_unique<ItemSet>(argument_->type(), items_.size());
    for (const auto& item : items_) {
      if (!item->literal()) return;
      const auto value = item->EvaluateScalar(nothing);
      if (!value.ok()) return;
      set->Add(*value);
    }
    literals_ = std::move(set);
  }
  void LookUp(const ItemSet& set, const Vector& values, Vector* result) const {
    auto* out = result->data<uint8_t>();
    for (uint32_t row = 0; row < result->size(); ++row) {
      if (values.is_null(row)) {
        result->SetNull(row);
      } else if (set.Contains(values, row)) {
        out[row] = negated_ ? 0 : 1;
      } else if (set.has_null()) {
        result->SetNull(row);
      } else {
        out[row] = negated_ ? 1 : 0;
      }
    }
  }

  absl::Status CompareEach(EvaluationState& state, const Batch& input, const Vector& values,
                           Vector* result) const {
    std::vector<VectorPtr> items;
    for (const auto& item : items_) {
      ASSIGN_OR_RETURN(VectorPtr column, item->Evaluate(state, input));
      items.push_back(std::move(column));
    }
    auto* out = result->data<uint8_t>();
    for (uint32_t row = 0; row < result->size(); ++row) {
      bool unknown = values.is_null(row);
      bool found = false;
      for (size_t i = 0; i < items.size() && !found && !values.is_null(row); ++i) {
        if (items[i]->is_null(row)) {
          unknown = true;
        } else {
          found = CompareRows(values, row, *items[i], row) == 0;
        }
      }
      if (!found && unknown) {
        result->SetNull(row);
      } else {
        out[row] = found != negated_ ? 1 : 0;
      }
    }
    return absl::OkStatus();
  }

  NodePtr argument_;
  NodeList items_;
  bool negated_;
  bool constant_items_ = true;
  bool fixed_items_ = true;
  std::unique_ptr<const ItemSet> literals_;
};

}  // namespace

NodePtr MakeInList(NodePtr argument, NodeList items, bool negated, Type type) {
  return std::make_unique<InListNode>(std::move(argument), std::move(items), negated, type);
}

}  // namespace adbms::sql::expression
