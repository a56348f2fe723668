// Operators and functions over tsvector and tsquery themselves.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/text_search.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/match.h"
#include "common/text_search/vector_edits.h"
#include "common/types/array.h"
#include "common/types/text_search.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::ArrayView;
using types::ReadTsQuery;
using types::TsOperator;
using types::TsVectorView;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Text = std::string;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

absl::StatusOr<bool> VectorMatches(const EvaluationContext& context, const View& vector,
                                   const View& query) {
  return text_search::Matches(TsVectorView(vector), ReadTsQuery(query),
                              [&context](size_t bytes) { return context.Handled(bytes); });
}

absl::StatusOr<bool> QueryMatches(const EvaluationContext& context, const View& query,
                                  const View& vector) {
  return VectorMatches(context, vector, query);
}

int32_t Length(const View& vector) { return static_cast<int32_t>(TsVectorView(vector).size()); }

int32_t CountNodes(const View& query) { return static_cast<int32_t>(ReadTsQuery(query).size()); }

absl::StatusOr<Text> Phrase(const View& left, const View& right, int32_t distance) {
  if (distance < 0 || distance > types::kLastPosition + 1)
    return Error(sqlstate::kInvalidParameterValue,
                 absl::StrCat("distance in phrase operator must be an integer value between zero "
                              "and ",
                              types::kLastPosition + 1, " inclusive"));
  return text_search::JoinQueries(TsOperator::kPhrase, distance, left, right);
}

template <TsOperator kOperator>
absl::StatusOr<Text> Join(const View& left, const View& right) {
  return text_search::JoinQueries(kOperator, 1, left, right);
}

absl::StatusOr<Text> Rewrite(const View& query, const View& target, const View& substitute) {
  return text_search::Rewrite(query, target, substitute);
}

absl::StatusOr<Text> RefuseRewriteByStatement(const View&, const View&) {
  return Error(sqlstate::kFeatureNotSupported, "ts_rewrite with a statement is not supported", {},
               "Call ts_rewrite(query, target, substitute) for each row.");
}

// 0 to 3 for the letter of a weight; -1: it is none.
int WeightOf(View letter) {
  const int c = letter.empty() ? 0 : static_cast<unsigned char>(letter[0]) & ~0x20;
  return c >= 'A' && c <= 'D' ? 'D' - c : -1;
}

absl::StatusOr<int> ReadWeight(View letter) {
  const int weight = WeightOf(letter);
  if (weight >= 0) return weight;
  const int code = letter.empty() ? 0 : static_cast<signed char>(letter[0]);
  return Error(sqlstate::kInternalError, absl::StrCat("unrecognized weight: ", code));
}

// The texts of a text[], NULLs aside.
std::set<View> LexemesOf(const ArrayView& array) {
  std::set<View> lexemes;
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (!array.is_null(i)) lexemes.insert(array.bytes(i));
  }
  return lexemes;
}

absl::StatusOr<Text> SetWeight(const View& vector, const View& letter) {
  ASSIGN_OR_RETURN(const int weight, ReadWeight(letter));
  return text_search::SetWeight(vector, weight, [](View) { return true; });
}

absl::Status SetWeightOfSome(const EvaluationContext&, const Arguments& arguments, uint32_t row,
                             Vector* result) {
  ASSIGN_OR_RETURN(const int weight, ReadWeight(arguments[1]->data<View>()[row]));
  const std::set<View> lexemes = LexemesOf(ArrayAt(*arguments[2], row));
  const Text changed =
      text_search::SetWeight(arguments[0]->data<View>()[row], weight,
                             [&lexemes](View lexeme) { return lexemes.contains(lexeme); });
  return StoreArray(changed, row, result);
}

Text DeleteOne(const View& vector, const View& deleted) {
  return text_search::Without(vector, [&deleted](View lexeme) { return lexeme == deleted; });
}

absl::Status DeleteSome(const EvaluationContext&, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  const std::set<View> lexemes = LexemesOf(ArrayAt(*arguments[1], row));
  const Text changed =
      text_search::Without(arguments[0]->data<View>()[row],
                           [&lexemes](View lexeme) { return lexemes.contains(lexeme); });
  return StoreArray(changed, row, result);
}

absl::Status Filter(const EvaluationContext&, const Arguments& arguments, uint32_t row,
                    Vector* result) {
  const ArrayView letters = ArrayAt(*arguments[1], row);
  int weights = 0;
  for (uint32_t i = 0; i < letters.size(); ++i) {
    if (letters.is_null(i))
      return Error(sqlstate::kNullNotAllowed, "weight array may not contain nulls");
    const int weight = WeightOf(letters.bytes(i));
    if (weight < 0)
      return Error(sqlstate::kInvalidParameterValue,
                   absl::StrCat("unrecognized weight: \"", std::string(letters.bytes(i)), "\""));
    weights |= 1 << weight;
  }
  return StoreArray(text_search::Filter(arguments[0]->data<View>()[row], weights), row, result);
}

absl::Status FromArray(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  const ArrayView array = ArrayAt(*arguments[0], row);
  ScratchMemory scratch(context);
  RETURN_IF_ERROR(TakeForBuilding(arguments, row, &scratch));
  if (array.has_nulls())
    return Error(sqlstate::kNullNotAllowed, "lexeme array may not contain nulls");
  const std::set<View> lexemes = LexemesOf(array);
  types::TsVectorBuilder builder;
  for (const View lexeme : lexemes) {
    if (lexeme.empty()) return Error("2200F", "lexeme array may not contain empty strings");
    if (lexeme.size() > types::kLongestLexeme)
      return Error(sqlstate::kProgramLimitExceeded,
                   absl::StrCat("word is too long (", lexeme.size(), " bytes, max ",
                                types::kLongestLexeme, " bytes)"));
    builder.Add(lexeme);
  }
  ASSIGN_OR_RETURN(const Text vector, builder.Finish());
  return StoreArray(vector, row, result);
}

absl::Status ToArray(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                     Vector* result) {
  const TsVectorView vector(arguments[0]->data<View>()[row]);
  RETURN_IF_ERROR(context.Handled(arguments[0]->data<View>()[row].size()));
  types::ArrayBuilder builder(TypeId::kTextArray);
  for (uint32_t i = 0; i < vector.size(); ++i) builder.AddBytes(vector.At(i).text);
  return StoreArray(builder.Finish(), row, result);
}

void AddVectorFunctions(CatalogBuilder& builder) {
  const TypeId vector = TypeId::kTsVector;
  const TypeId texts = TypeId::kTextArray;
  builder.AddOperator(
      "||", {vector, vector}, vector,
      Map<[](const View& a, const View& b) { return text_search::Concatenate(a, b); }>);
  builder.AddFunction(
      "tsvector_concat", {vector, vector}, vector,
      Map<[](const View& a, const View& b) { return text_search::Concatenate(a, b); }>);
  builder.AddFunction("length", {vector}, TypeId::kInt4, Map<Length>);
  builder.AddFunction("strip", {vector}, vector,
                      Map<[](const View& v) { return text_search::Strip(v); }>);
  builder.AddFunction("setweight", {vector, TypeId::kChar}, vector, Map<SetWeight>);
  builder.AddFunction("setweight", {vector, TypeId::kChar, texts}, vector, MapAny<SetWeightOfSome>);
  builder.AddFunction("ts_delete", {vector, TypeId::kText}, vector, Map<DeleteOne>);
  builder.AddFunction("ts_delete", {vector, texts}, vector, MapAny<DeleteSome>);
  builder.AddFunction("ts_filter", {vector, types::ArrayOf(TypeId::kChar)}, vector, MapAny<Filter>);
  builder.AddFunction("array_to_tsvector", {texts}, vector, MapAny<FromArray>);
  builder.AddFunction("tsvector_to_array", {vector}, texts, MapAny<ToArray>);
}

void AddQueryFunctions(CatalogBuilder& builder) {
  const TypeId query = TypeId::kTsQuery;
  builder.AddOperator("&&", {query, query}, query, Map<Join<TsOperator::kAnd>>);
  builder.AddOperator("||", {query, query}, query, Map<Join<TsOperator::kOr>>);
  builder.AddOperator("<->", {query, query}, query, Map<Join<TsOperator::kPhrase>>);
  builder.AddOperator("!!", {query}, query,
                      Map<[](const View& q) { return text_search::Negate(q); }>);
  builder.AddOperator(
      "@>", {query, query}, TypeId::kBool,
      Map<[](const View& a, const View& b) { return text_search::ContainsQuery(a, b); }>, "<@");
  builder.AddOperator(
      "<@", {query, query}, TypeId::kBool,
      Map<[](const View& a, const View& b) { return text_search::ContainsQuery(b, a); }>, "@>");
  builder.AddFunction("tsquery_and", {query, query}, query, Map<Join<TsOperator::kAnd>>);
  builder.AddFunction("tsquery_or", {query, query}, query, Map<Join<TsOperator::kOr>>);
  builder.AddFunction("tsquery_not", {query}, query,
                      Map<[](const View& q) { return text_search::Negate(q); }>);
  builder.AddFunction("tsquery_phrase", {query, query}, query, Map<Join<TsOperator::kPhrase>>);
  builder.AddFunction("tsquery_phrase", {query, query, TypeId::kInt4}, query, Map<Phrase>);
  builder.AddFunction("numnode", {query}, TypeId::kInt4, Map<CountNodes>);
  builder.AddFunction("querytree", {query}, TypeId::kText,
                      Map<[](const View& q) { return text_search::QueryTree(q); }>);
  builder.AddFunction("ts_rewrite", {query, query, query}, query, Map<Rewrite>);
  builder.AddFunction("ts_rewrite", {query, TypeId::kText}, query, Map<RefuseRewriteByStatement>,
                      kVolatile);
}

}  // namespace

void AddTextSearchValues(CatalogBuilder& builder) {
  const TypeId vector = TypeId::kTsVector;
  const TypeId query = TypeId::kTsQuery;
  for (const char* symbol : {"@@", "@@@"}) {
    builder.AddOperator(symbol, {vector, query}, TypeId::kBool, Map<VectorMatches>, symbol);
    builder.AddOperator(symbol, {query, vector}, TypeId::kBool, Map<QueryMatches>, symbol);
  }
  builder.AddFunction("ts_match_vq", {vector, query}, TypeId::kBool, Map<VectorMatches>);
  builder.AddFunction("ts_match_qv", {query, vector}, TypeId::kBool, Map<QueryMatches>);
  AddVectorFunctions(builder);
  AddQueryFunctions(builder);
}

}  // namespace adbms::sql::functions
