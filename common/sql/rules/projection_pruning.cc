// Projection pruning.
#include <algorithm>

#include "common/sql/rules/rewriter.h"

namespace adbms::sql::rules {
namespace {

using plan::ColumnId;
using plan::ColumnSet;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

void Use(const std::vector<ExprPtr>& list, ColumnSet* used) {
  for (const ExprPtr& e : list) plan::CollectColumns(*e, used);
}

// A tree whose output is exactly `columns`.
RelPtr Exactly(RelPtr rel, const std::vector<ColumnId>& columns, const plan::Query& query) {
  if (rel->output == columns) return rel;
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {rel});
  for (const ColumnId id : columns) {
    project->expressions.push_back(plan::MakeColumn(id, query.columns[id].type));
    project->output.push_back(id);
  }
  return project;
}

RelPtr Prune(RelPtr rel, const ColumnSet& required, plan::Query* query) {
  switch (rel->kind) {
    case Rel::Kind::kScan: {
      std::vector<ColumnId> output;
      std::vector<uint32_t> ordinals;
      for (size_t i = 0; i < rel->output.size(); ++i) {
        if (!required.contains(rel->output[i])) continue;
        output.push_back(rel->output[i]);
        ordinals.push_back(rel->ordinals[i]);
      }
      rel->output = std::move(output);
      rel->ordinals = std::move(ordinals);
      return rel;
    }
    case Rel::Kind::kValues: {
      std::vector<size_t> kept;
      for (size_t i = 0; i < rel->output.size(); ++i) {
        if (required.contains(rel->output[i])) kept.push_back(i);
      }
      std::vector<ColumnId> output;
      for (const size_t i : kept) output.push_back(rel->output[i]);
      for (auto& row : rel->rows) {
        std::vector<ExprPtr> values;
        for (const size_t i : kept) values.push_back(row[i]);
        row = std::move(values);
      }
      rel->output = std::move(output);
      return rel;
    }
    case Rel::Kind::kFunction:
    case Rel::Kind::kCte:
    case Rel::Kind::kWorkingTable:
      return rel;
    case Rel::Kind::kProjectSet: {
      // Each function counts for the rows, whoever looks at its columns.
      const std::vector<ColumnId> computed = plan::ComputedColumns(*rel);
      ColumnSet used = required;
      plan::ForEachExpression(*rel, [&used](ExprPtr& e) { plan::CollectColumns(*e, &used); });
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      rel->output = rel->inputs[0]->output;
      rel->output.insert(rel->output.end(), computed.begin(), computed.end());
      return rel;
    }
    case Rel::Kind::kFilter: {
      ColumnSet used = required;
      Use(rel->conditions, &used);
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      rel->output = rel->inputs[0]->output;
      return rel;
    }
    case Rel::Kind::kProject: {
      std::vector<ColumnId> output;
      std::vector<ExprPtr> expressions;
      for (size_t i = 0; i < rel->output.size(); ++i) {
        // What has an effect of its own happens whether or not somebody looks at it.
        if (!required.contains(rel->output[i]) && !plan::IsVolatile(rel->expressions[i])) continue;
        output.push_back(rel->output[i]);
        expressions.push_back(rel->expressions[i]);
      }
      rel->output = std::move(output);
      rel->expressions = std::move(expressions);
      ColumnSet used;
      Use(rel->expressions, &used);
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      return rel;
    }
    case Rel::Kind::kJoin: {
      ColumnSet used = required;
      Use(rel->conditions, &used);
      rel->inputs[1] = Prune(rel->inputs[1], used, query);
      if (rel->lateral) used.merge(plan::FreeColumns(*rel->inputs[1]));
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      const bool left_only = rel->join_type == common::v1::JOIN_TYPE_SEMI ||
                             rel->join_type == common::v1::JOIN_TYPE_ANTI ||
                             rel->join_type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE;
      rel->output = rel->inputs[0]->output;
      if (!left_only)
        rel->output.insert(rel->output.end(), rel->inputs[1]->output.begin(),
                           rel->inputs[1]->output.end());
      return rel;
    }
    case Rel::Kind::kAggregate: {
      const size_t keys = rel->expressions.size();
      std::vector<ColumnId> output(rel->output.begin(),
                                   rel->output.begin() + static_cast<long>(keys));
      std::vector<plan::AggregateCall> aggregates;
      for (size_t i = 0; i < rel->aggregates.size(); ++i) {
        if (!required.contains(rel->output[keys + i])) continue;
        output.push_back(rel->output[keys + i]);
        aggregates.push_back(rel->aggregates[i]);
      }
      rel->output = std::move(output);
      rel->aggregates = std::move(aggregates);
      ColumnSet used;
      plan::ForEachExpression(*rel, [&used](ExprPtr& e) { plan::CollectColumns(*e, &used); });
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      return rel;
    }
    case Rel::Kind::kWindow: {
      const size_t first = rel->output.size() - rel->window_calls.size();
      std::vector<ColumnId> computed;
      std::vector<plan::WindowCall> calls;
      for (size_t i = 0; i < rel->window_calls.size(); ++i) {
        if (!required.contains(rel->output[first + i])) continue;
        computed.push_back(rel->output[first + i]);
        calls.push_back(rel->window_calls[i]);
      }
      if (calls.empty()) return Prune(rel->inputs[0], required, query);
      rel->window_calls = std::move(calls);
      ColumnSet used = required;
      plan::ForEachExpression(*rel, [&used](ExprPtr& e) { plan::CollectColumns(*e, &used); });
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      rel->output = rel->inputs[0]->output;
      rel->output.insert(rel->output.end(), computed.begin(), computed.end());
      return rel;
    }
    case Rel::Kind::kMerge: {
      const ColumnId action = rel->output.back();
      ColumnSet used = required;
      Use(rel->conditions, &used);
      Use(rel->expressions, &used);
      used.insert(rel->target_columns.begin(), rel->target_columns.end());
      used.insert(rel->row_key);
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      rel->output = rel->inputs[0]->output;
      rel->output.push_back(action);
      return rel;
    }
    case Rel::Kind::kSort:
    case Rel::Kind::kLimit: {
      ColumnSet used = required;
      for (const plan::SortKey& key : rel->keys) plan::CollectColumns(*key.expression, &used);
      Use(rel->ties, &used);
      rel->inputs[0] = Prune(rel->inputs[0], used, query);
      rel->output = rel->inputs[0]->output;
      return rel;
    }
    case Rel::Kind::kAppend: {
      std::vector<size_t> kept;
      for (size_t i = 0; i < rel->output.size(); ++i) {
        if (required.contains(rel->output[i])) kept.push_back(i);
      }
      for (RelPtr& input : rel->inputs) {
        std::vector<ColumnId> columns;
        for (const size_t i : kept) columns.push_back(input->output[i]);
        input = Exactly(Prune(input, {columns.begin(), columns.end()}, query), columns, *query);
      }
      std::vector<ColumnId> output;
      for (const size_t i : kept) output.push_back(rel->output[i]);
      rel->output = std::move(output);
      return rel;
    }
    case Rel::Kind::kRecursiveUnion:
    case Rel::Kind::kSetOperation:
      for (RelPtr& input : rel->inputs) {
        const std::vector<ColumnId> columns = input->output;
        input = Exactly(Prune(input, {columns.begin(), columns.end()}, query), columns, *query);
      }
      return rel;
  }
  return rel;
}

}  // namespace

RelPtr PruneColumns(RelPtr rel, const ColumnSet& required, plan::Query* query) {
  RelPtr result = Prune(std::move(rel), required, query);
  RewriteSubqueries(result.get(), [query](RelPtr inner, const Expr& subquery) {
    const std::vector<ColumnId> output = inner->output;
    if (subquery.subquery == common::v1::SubqueryExpression::KIND_EXISTS)
      return PruneColumns(inner, {}, query);
    return Exactly(PruneColumns(inner, {output.begin(), output.end()}, query), output, *query);
  });
  return result;
}

}  // namespace adbms::sql::rules
