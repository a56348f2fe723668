// tsvector_ops, of gin and of gist: the lexemes.
#include <algorithm>
#include <vector>

#include "common/sql/operator_classes/class_list.h"
#include "common/types/text_search.h"

namespace adbms::sql {
namespace {

using types::TsOperator;
using types::TsQueryItem;
using Kind = ItemDemand::Kind;

constexpr char kLexeme = 'l';

// What a part of a query asks for.
struct Part {
  Kind kind = Kind::kEverything;
  std::vector<const TsQueryItem*> values;
};

Part Both(Part a, Part b) {
  if (a.kind == Kind::kEverything) return b;
  if (b.kind == Kind::kEverything) return a;
  if (a.kind == Kind::kEvery && b.kind == Kind::kEvery) {
    a.values.insert(a.values.end(), b.values.begin(), b.values.end());
    return a;
  }
  // One of them says enough.
  if (a.kind == Kind::kEvery) return a;
  if (b.kind == Kind::kEvery) return b;
  return a.values.size() <= b.values.size() ? a : b;
}

// Of values that are all there one is: the longest, which will be the rarest.
Part AnyOf(Part part) {
  if (part.kind == Kind::kEvery) {
    part.values = {*std::max_element(part.values.begin(), part.values.end(),
                                     [](const TsQueryItem* a, const TsQueryItem* b) {
                                       if (a->prefix != b->prefix) return a->prefix;
                                       return a->lexeme.size() < b->lexeme.size();
                                     })};
    part.kind = Kind::kAny;
  }
  return part;
}

Part Either(Part a, Part b) {
  if (a.kind == Kind::kEverything || b.kind == Kind::kEverything) return {};
  a = AnyOf(std::move(a));
  b = AnyOf(std::move(b));
  a.values.insert(a.values.end(), b.values.begin(), b.values.end());
  return a;
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
  // Operands stand behind their operators.
  std::vector<Part> parts(items.size());
  for (size_t i = items.size(); i-- > 0;) {
    const TsQueryItem& item = items[i];
    if (!item.is_operator) {
      parts[i] = {Kind::kEvery, {&item}};
    } else if (item.Is(TsOperator::kOr)) {
      parts[i] = Either(std::move(parts[i + 1]), std::move(parts[item.left]));
    } else if (!item.Is(TsOperator::kNot)) {
      parts[i] = Both(std::move(parts[i + 1]), std::move(parts[item.left]));
    }
  }
  for (const TsQueryItem* value : parts[0].values) {
    if (value->prefix) {
      sink->AddPrefix(kLexeme, value->lexeme);
    } else {
      sink->Add(kLexeme, value->lexeme);
    }
  }
  return {parts[0].kind};
}

}  // namespace adbms::sql
