// Queries out of queries.
#include <algorithm>

#include "common/status/macros.h"
#include "common/text_search/vector_edits.h"

namespace adbms::text_search {
namespace {

using types::ReadTsQuery;
using types::TsOperator;
using types::TsQueryBuilder;
using types::TsQueryItem;
using types::TsQueryItems;

std::vector<std::string_view> LexemesOf(const TsQueryItems& items) {
  std::vector<std::string_view> lexemes;
  for (const TsQueryItem& item : items) {
    if (!item.is_operator) lexemes.push_back(item.lexeme);
  }
  std::sort(lexemes.begin(), lexemes.end());
  lexemes.erase(std::unique(lexemes.begin(), lexemes.end()), lexemes.end());
  return lexemes;
}

}  // namespace

absl::StatusOr<std::string> JoinQueries(TsOperator op, int distance, std::string_view left,
                                        std::string_view right) {
  const TsQueryItems first = ReadTsQuery(left);
  const TsQueryItems second = ReadTsQuery(right);
  if (first.empty()) return std::string(right);
  if (second.empty()) return std::string(left);
  TsQueryBuilder builder;
  RETURN_IF_ERROR(builder.PushQuery(first));
  RETURN_IF_ERROR(builder.PushQuery(second));
  RETURN_IF_ERROR(builder.PushOperator(op, distance));
  return builder.Finish();
}

absl::StatusOr<std::string> Negate(std::string_view query) {
  const TsQueryItems items = ReadTsQuery(query);
  if (items.empty()) return std::string(query);
  TsQueryBuilder builder;
  RETURN_IF_ERROR(builder.PushQuery(items));
  RETURN_IF_ERROR(builder.PushOperator(TsOperator::kNot));
  return builder.Finish();
}

bool ContainsQuery(std::string_view query, std::string_view part) {
  const TsQueryItems items = ReadTsQuery(query);
  const TsQueryItems wanted = ReadTsQuery(part);
  const std::vector<std::string_view> all = LexemesOf(items);
  const std::vector<std::string_view> asked = LexemesOf(wanted);
  return std::includes(all.begin(), all.end(), asked.begin(), asked.end());
}

std::string QueryTree(std::string_view query) {
  const TsQueryItems items = ReadTsQuery(query);
  if (items.empty()) return {};
  // Whether an index can say something of the item.
  std::vector<bool> answers(items.size());
  for (size_t i = items.size(); i-- > 0;) {
    const TsQueryItem& item = items[i];
    if (!item.is_operator) {
      answers[i] = true;
    } else if (item.op != TsOperator::kNot) {
      const bool right = answers[i + 1];
      const bool left = answers[item.left];
      answers[i] = item.op == TsOperator::kOr ? left && right : left || right;
    }
  }
  if (!answers[0]) return "T";
  std::vector<bool> stays(items.size());
  stays[0] = true;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!stays[i] || !items[i].IsBinary()) continue;
    stays[i + 1] = answers[i + 1];
    stays[items[i].left] = answers[items[i].left];
  }
  TsQueryBuilder builder;
  for (size_t i = items.size(); i-- > 0;) {
    const TsQueryItem& item = items[i];
    if (!stays[i]) continue;
    // It is a part of what has been made already.
    if (!item.is_operator) {
      if (!builder.PushValue(item.lexeme, item.weights, item.prefix).ok()) return {};
    } else if (stays[i + 1] && stays[item.left]) {
      if (!builder.PushOperator(item.op, item.distance).ok()) return {};
    }
  }
  std::string text;
  types::FormatTsQuery(builder.Finish(), &text);
  return text;
}

}  // namespace adbms::text_search
