// ts_rewrite: a part of a query is found whatever the order of what & and | join.
#include <algorithm>
#include <memory>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/vector_edits.h"

namespace adbms::text_search {
namespace {

using types::ReadTsQuery;
using types::TsOperator;
using types::TsQueryBuilder;
using types::TsQueryItem;
using types::TsQueryItems;

// A query as a tree of operators with any number of operands, the last one first.
struct Node {
  TsQueryItem item;
  bool is_new = false;
  std::vector<std::unique_ptr<Node>> operands;
};
using NodePtr = std::unique_ptr<Node>;

// Right operands, negations and phrases lie in each other; & and | are joined while they are read.
constexpr int kDeepest = 1000;

bool Joins(const TsQueryItem& item) {
  return item.Is(TsOperator::kAnd) || item.Is(TsOperator::kOr);
}

class Reader {
 public:
  Reader(const TsQueryItems& items, bool joined) : items_(items), joined_(joined) {}

  absl::StatusOr<NodePtr> Read(uint32_t root, int depth = 0) const {
    if (depth > kDeepest)
      return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                           "The query is nested too deeply.");
    auto node = std::make_unique<Node>();
    node->item = items_[root];
    if (!node->item.is_operator) return node;
    if (joined_ && Joins(node->item)) {
      // All operands of the operators of the same kind in a row.
      std::vector<uint32_t> pending = {items_[root].left, root + 1};
      while (!pending.empty()) {
        const uint32_t at = pending.back();
        pending.pop_back();
        if (items_[at].is_operator && items_[at].op == node->item.op) {
          pending.push_back(items_[at].left);
          pending.push_back(at + 1);
          continue;
        }
        ASSIGN_OR_RETURN(node->operands.emplace_back(), Read(at, depth + 1));
      }
      return node;
    }
    ASSIGN_OR_RETURN(node->operands.emplace_back(), Read(root + 1, depth + 1));
    if (node->item.IsBinary()) {
      ASSIGN_OR_RETURN(node->operands.emplace_back(), Read(node->item.left, depth + 1));
    }
    return node;
  }

 private:
  const TsQueryItems& items_;
  const bool joined_;
};

// What orders two values, and values before operators, as comparison of queries has it.
std::string ValueKey(const TsQueryItem& item) {
  TsQueryBuilder builder;
  std::string key;
  if (!builder.PushValue(item.lexeme, 0, false).ok()) return key;
  types::AppendTsQueryKey(builder.Finish(), &key);
  // The number of items and the size are no part of it.
  return key.substr(8);
}

int Compare(const Node& a, const Node& b) {
  if (a.item.is_operator != b.item.is_operator) return a.item.is_operator ? -1 : 1;
  if (!a.item.is_operator) {
    return a.item.lexeme == b.item.lexeme ? 0 : ValueKey(a.item).compare(ValueKey(b.item));
  }
  if (a.item.op != b.item.op) return a.item.op > b.item.op ? -1 : 1;
  if (a.operands.size() != b.operands.size()) return a.operands.size() > b.operands.size() ? -1 : 1;
  for (size_t i = 0; i < a.operands.size(); ++i) {
    const int order = Compare(*a.operands[i], *b.operands[i]);
    if (order != 0) return order;
  }
  if (!a.item.Is(TsOperator::kPhrase) || a.item.distance == b.item.distance) return 0;
  return a.item.distance > b.item.distance ? -1 : 1;
}

void Sort(Node* node) {
  for (const NodePtr& operand : node->operands) Sort(operand.get());
  if (!Joins(node->item)) return;
  std::stable_sort(node->operands.begin(), node->operands.end(),
                   [](const NodePtr& a, const NodePtr& b) { return Compare(*a, *b) < 0; });
}

class Rewriter {
 public:
  Rewriter(const Node& target, const TsQueryItems& substitute)
      : target_(target), substitute_(substitute) {}

  // The node, changed or another one; null: it is gone.
  absl::StatusOr<NodePtr> Rewrite(NodePtr node) const {
    if (Compare(*node, target_) == 0) return Substitute();
    RETURN_IF_ERROR(ReplaceSome(node.get()));
    std::vector<NodePtr> operands;
    for (NodePtr& operand : node->operands) {
      if (!operand->is_new) {
        ASSIGN_OR_RETURN(operand, Rewrite(std::move(operand)));
      }
      if (operand != nullptr) operands.push_back(std::move(operand));
    }
    if (!node->item.is_operator) return node;
    if (operands.empty()) return NodePtr();
    if (operands.size() == 1 && node->item.op != TsOperator::kNot) return std::move(operands[0]);
    node->operands = std::move(operands);
    return node;
  }

 private:
  absl::StatusOr<NodePtr> Substitute() const {
    if (substitute_.empty()) return NodePtr();
    ASSIGN_OR_RETURN(NodePtr node, Reader(substitute_, false).Read(0));
    node->is_new = true;
    return node;
  }

  // Some of the operands are all of the target's.
  absl::Status ReplaceSome(Node* node) const {
    if (!node->item.is_operator || !target_.item.is_operator || node->item.op != target_.item.op)
      return absl::OkStatus();
    if (node->operands.size() <= target_.operands.size() || target_.operands.empty())
      return absl::OkStatus();
    std::vector<bool> matched(node->operands.size());
    size_t j = 0;
    for (size_t i = 0; i < node->operands.size() && j < target_.operands.size(); ++i) {
      const int order = Compare(*node->operands[i], *target_.operands[j]);
      if (order > 0) break;
      matched[i] = order == 0;
      if (matched[i]) ++j;
    }
    if (j < target_.operands.size()) return absl::OkStatus();
    std::vector<NodePtr> operands;
    for (size_t i = 0; i < node->operands.size(); ++i) {
      if (!matched[i]) operands.push_back(std::move(node->operands[i]));
    }
    ASSIGN_OR_RETURN(NodePtr substitute, Substitute());
    if (substitute != nullptr) operands.push_back(std::move(substitute));
    node->operands = std::move(operands);
    Sort(node);
    return absl::OkStatus();
  }

  const Node& target_;
  const TsQueryItems& substitute_;
};

absl::Status Push(const Node& node, TsQueryBuilder* builder) {
  if (!node.item.is_operator)
    return builder->PushValue(node.item.lexeme, node.item.weights, node.item.prefix);
  const std::vector<NodePtr>& operands = node.operands;
  if (operands.size() == 1) {
    RETURN_IF_ERROR(Push(*operands[0], builder));
    return builder->PushOperator(node.item.op);
  }
  // The first two are joined, then that with the last, and so on towards the third.
  for (size_t i = 2; i < operands.size(); ++i) RETURN_IF_ERROR(Push(*operands[i], builder));
  RETURN_IF_ERROR(Push(*operands[1], builder));
  RETURN_IF_ERROR(Push(*operands[0], builder));
  for (size_t i = 1; i < operands.size(); ++i)
    RETURN_IF_ERROR(builder->PushOperator(node.item.op, node.item.distance));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Rewrite(std::string_view query, std::string_view target,
                                    std::string_view substitute) {
  const TsQueryItems items = ReadTsQuery(query);
  const TsQueryItems target_items = ReadTsQuery(target);
  const TsQueryItems substitute_items = ReadTsQuery(substitute);
  if (items.empty() || target_items.empty()) return std::string(query);
  ASSIGN_OR_RETURN(NodePtr root, Reader(items, true).Read(0));
  ASSIGN_OR_RETURN(const NodePtr sought, Reader(target_items, true).Read(0));
  Sort(root.get());
  Sort(sought.get());
  ASSIGN_OR_RETURN(root, Rewriter(*sought, substitute_items).Rewrite(std::move(root)));
  TsQueryBuilder builder;
  if (root != nullptr) RETURN_IF_ERROR(Push(*root, &builder));
  return builder.Finish();
}

}  // namespace adbms::text_search
