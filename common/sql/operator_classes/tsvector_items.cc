// tsvector_ops: the lexemes.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/sql/operator_classes/class_list.h"
#include "common/types/text_search.h"

namespace adbms::sql {
namespace {

using types::TsOperator;
using types::TsQueryItem;
using Kind = ItemDemand::Kind;

constexpr char kLexeme = 'w';

// What a part of a query asks for: everything, all of these lexemes, or any of them.
struct Asked {
  Kind kind = Kind::kEverything;
  std::vector<std::string_view> lexemes;
};

void Append(Asked* to, Asked* from) {
  if (to->lexemes.size() < from->lexemes.size()) std::swap(to->lexemes, from->lexemes);
  to->lexemes.insert(to->lexemes.end(), from->lexemes.begin(), from->lexemes.end());
}

// What both ask for; where that cannot be said, what tells more of the two.
Asked Both(Asked left, Asked right) {
  if (left.kind == Kind::kEverything) return right;
  if (right.kind == Kind::kEverything) return left;
  if (left.kind == Kind::kEvery && right.kind == Kind::kEvery) {
    Append(&left, &right);
    return left;
  }
  if (left.kind != right.kind) return left.kind == Kind::kEvery ? left : right;
  return left.lexemes.size() <= right.lexemes.size() ? left : right;
}

// Of all that must be there, one stands for the others.
void MakeAny(Asked* asked) {
  if (asked->kind != Kind::kEvery) return;
  asked->kind = Kind::kAny;
  asked->lexemes = {*std::max_element(
      asked->lexemes.begin(), asked->lexemes.end(),
      [](std::string_view a, std::string_view b) { return a.size() < b.size(); })};
}

Asked Either(Asked left, Asked right) {
  if (left.kind == Kind::kEverything || right.kind == Kind::kEverything) return {};
  MakeAny(&left);
  MakeAny(&right);
  Append(&left, &right);
  return left;
}

}  // namespace

bool IsTsVector(const types::Type& type) { return type.id == types::TypeId::kTsVector; }

bool TsVectorTakes(std::string_view, const types::Type&, const types::Type& operand) {
  return operand.id == types::TypeId::kTsQuery;
}

void TsVectorItems(const types::Vector& values, uint32_t row, ItemSink* sink) {
  const types::TsVectorView vector(values.data<std::string_view>()[row]);
  for (uint32_t i = 0; i < vector.size(); ++i) sink->Add(kLexeme, vector.At(i).text);
}

ItemDemand TsVectorDemand(std::string_view, const types::Value& operand, ItemSink* sink) {
  const types::TsQueryItems items = types::ReadTsQuery(operand.bytes());
  if (items.empty()) return {Kind::kNothing};
  // Backwards operands come before their operators, the left one first.
  std::vector<Asked> stack;
  for (size_t i = items.size(); i-- > 0;) {
    const TsQueryItem& item = items[i];
    if (!item.is_operator) {
      // Items of which only the beginning is known cannot be asked for.
      stack.push_back(item.prefix ? Asked{} : Asked{Kind::kEvery, {item.lexeme}});
    } else if (item.op == TsOperator::kNot) {
      stack.back() = Asked{};
    } else {
      Asked right = std::move(stack.back());
      stack.pop_back();
      Asked left = std::move(stack.back());
      const bool is_or = item.op == TsOperator::kOr;
      stack.back() = is_or ? Either(std::move(left), std::move(right))
                           : Both(std::move(left), std::move(right));
    }
  }
  for (const std::string_view lexeme : stack.back().lexemes) sink->Add(kLexeme, lexeme);
  return {stack.back().kind};
}

}  // namespace adbms::sql
