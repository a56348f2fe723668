#include "services/indexer/candidates/key_reader.h"

#include <algorithm>
#include <set>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/plan/expression_decoder.h"
#include "common/sql/plan/immutability.h"
#include "common/types/declared_type.h"

namespace adbms::indexer::candidates {
namespace {

using common::v1::Expression;
using types::TypeId;

// Adds what the expression is made of; false when it has what belongs to a statement, not to a row:
// parameters, subqueries, values of the session.
bool AddParts(Expression* expression, std::vector<Expression*>* parts) {
  const auto all = [parts](auto* list) {
    for (Expression& one : *list) parts->push_back(&one);
  };
  switch (expression->node_case()) {
    case Expression::kLiteral:
    case Expression::kColumn:
      return true;
    case Expression::kCall:
      all(expression->mutable_call()->mutable_arguments());
      return true;
    case Expression::kCast:
      parts->push_back(expression->mutable_cast()->mutable_argument());
      return true;
    case Expression::kLogical:
      all(expression->mutable_logical()->mutable_arguments());
      return true;
    case Expression::kTest:
      all(expression->mutable_test()->mutable_arguments());
      return true;
    case Expression::kCase:
      all(expression->mutable_case_()->mutable_when());
      all(expression->mutable_case_()->mutable_then());
      if (expression->case_().has_otherwise())
        parts->push_back(expression->mutable_case_()->mutable_otherwise());
      return true;
    case Expression::kCoalesce:
      all(expression->mutable_coalesce()->mutable_items());
      return true;
    case Expression::kInList:
      parts->push_back(expression->mutable_in_list()->mutable_argument());
      all(expression->mutable_in_list()->mutable_items());
      return true;
    default:
      return false;
  }
}

// Makes columns of ordinals; false when they are not all of one table, or it cannot be kept.
bool OverOrdinals(Expression* expression, const Sources& sources, uint32_t* table_id,
                  std::set<uint32_t>* ordinals) {
  if (expression->node_case() == Expression::kColumn) {
    const auto source = ColumnOf(*expression, sources);
    if (!source.has_value() || (*table_id != 0 && *table_id != source->table_id)) return false;
    *table_id = source->table_id;
    ordinals->insert(source->ordinal);
    expression->set_column(source->ordinal);
    return true;
  }
  std::vector<Expression*> parts;
  return AddParts(expression, &parts) && std::all_of(parts.begin(), parts.end(), [&](auto* part) {
           return OverOrdinals(part, sources, table_id, ordinals);
         });
}

bool IsText(TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; }

}  // namespace

std::optional<Source> ColumnOf(const Expression& expression, const Sources& sources) {
  if (expression.node_case() == Expression::kColumn && expression.column() < sources.size())
    return sources[expression.column()];
  return std::nullopt;
}

std::vector<Source> ColumnsIn(const Expression& expression, const Sources& sources) {
  std::vector<Source> found;
  Expression copy = expression;
  std::vector<Expression*> parts = {&copy};
  while (!parts.empty()) {
    Expression* const part = parts.back();
    parts.pop_back();
    if (const auto source = ColumnOf(*part, sources)) found.push_back(*source);
    AddParts(part, &parts);
  }
  return found;
}

const Expression& WithoutRelabels(const Expression& expression) {
  if (!expression.has_cast()) return expression;
  const Expression& inner = expression.cast().argument();
  const types::Type from = types::FromProto(inner.type());
  const types::Type to = types::FromProto(expression.type());
  const bool relabel = to.modifier == 0 && !types::IsDomain(to) &&
                       ((IsText(from.id) && IsText(to.id)) || from.id == to.id);
  const bool widens = types::IsInteger(from.id) && types::IsInteger(to.id) && from.id < to.id;
  return relabel || widens ? WithoutRelabels(inner) : expression;
}

std::optional<TableKey> ReadKey(const Expression& expression, const Sources& sources,
                                const sql::Catalog& catalog) {
  const Expression& bare = WithoutRelabels(expression);
  if (const auto source = ColumnOf(bare, sources)) {
    const auto* table = catalog.FindTable(source->table_id);
    if (table == nullptr || source->ordinal >= static_cast<uint32_t>(table->columns_size()))
      return std::nullopt;
    return TableKey{source->table_id, {source->ordinal, {}}, types::FromProto(bare.type())};
  }
  TableKey read;
  Expression over_ordinals = bare;
  std::set<uint32_t> ordinals;
  if (!OverOrdinals(&over_ordinals, sources, &read.table_id, &ordinals) || ordinals.empty())
    return std::nullopt;
  const auto* table = catalog.FindTable(read.table_id);
  if (table == nullptr || *ordinals.rbegin() >= static_cast<uint32_t>(table->columns_size()))
    return std::nullopt;
  const auto decoded = sql::plan::Decode(over_ordinals, [table](uint32_t ordinal) {
    return sql::plan::MakeColumn(
        ordinal, types::FromProto(table->columns(static_cast<int>(ordinal)).type()));
  });
  if (!decoded.ok() || !sql::plan::IsImmutable(*decoded)) return std::nullopt;
  common::v1::IndexExpression kept;
  over_ordinals.SerializeToString(kept.mutable_bound());
  // What reads it later does so with the usual limit of nesting.
  if (Expression parsed; !parsed.ParseFromString(kept.bound())) return std::nullopt;
  *kept.mutable_type() = over_ordinals.type();
  for (const uint32_t ordinal : ordinals) kept.add_columns(ordinal);
  read.key = {sql::kExpressionKey, kept.SerializeAsString()};
  read.type = types::FromProto(over_ordinals.type());
  return read;
}

}  // namespace adbms::indexer::candidates
