// ts_rank, ts_rank_cd and ts_headline.
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/text_search.h"
#include "common/sql/functions/text_search_call.h"
#include "common/sql/functions/text_search_json.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/headline.h"
#include "common/text_search/rank.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using text_search::RankWeights;
using types::ArrayView;
using types::TsVectorView;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;
namespace sqlstate = status::sqlstate;

// Negative numbers stand for the usual weights.
absl::StatusOr<RankWeights> WeightsOf(const ArrayView& array) {
  if (array.shape().dimensions != 1)
    return Error("2202E", "array of weight must be one-dimensional");
  if (array.size() < std::tuple_size_v<RankWeights>)
    return Error("2202E", "array of weight is too short");
  if (array.has_nulls())
    return Error(sqlstate::kNullNotAllowed, "array of weight must not contain nulls");
  RankWeights weights = text_search::kRankWeights;
  for (uint32_t i = 0; i < weights.size(); ++i) {
    const auto weight = static_cast<float>(array.Get(i).float_value());
    if (weight >= 0) weights[i] = weight;
    if (weights[i] > 1) return Error(sqlstate::kInvalidParameterValue, "weight out of range");
  }
  return weights;
}

using Ranking = absl::StatusOr<float> (*)(const RankWeights&, const TsVectorView&,
                                          const types::TsQueryItems&, int, text_search::Progress);

// [weights,] vector, query [, normalization]
template <Ranking kRanking>
absl::Status Rank(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                  Vector* result) {
  size_t next = 0;
  RankWeights weights = text_search::kRankWeights;
  if (arguments[0]->type().id != TypeId::kTsVector) {
    ASSIGN_OR_RETURN(weights, WeightsOf(ArrayAt(*arguments[0], row)));
    next = 1;
  }
  const View vector = arguments[next]->data<View>()[row];
  const View query = arguments[next + 1]->data<View>()[row];
  const int normalization =
      arguments.size() > next + 2 ? arguments[next + 2]->data<int32_t>()[row] : 0;
  ScratchMemory scratch(context);
  if (vector.size() > internal::kLargeArguments) RETURN_IF_ERROR(scratch.Take(32 * vector.size()));
  ASSIGN_OR_RETURN(result->data<float>()[row],
                   kRanking(weights, TsVectorView(vector), types::ReadTsQuery(query), normalization,
                            [&context](size_t bytes) { return context.Handled(bytes); }));
  return absl::OkStatus();
}

// [configuration,] document, query [, options]
absl::Status HeadlineOf(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  ASSIGN_OR_RETURN(const auto call, TextSearchCall::Of(context, arguments, row));
  const View document = call->Text(0);
  text_search::HeadlineOptions options;
  if (call->size() > 2) {
    ASSIGN_OR_RETURN(options, text_search::HeadlineOptions::Parse(call->Text(2)));
  }
  ScratchMemory scratch(context);
  // Every word is kept.
  if (document.size() > internal::kLargeArguments)
    RETURN_IF_ERROR(scratch.Take(32 * document.size()));
  const types::TsQueryItems query = types::ReadTsQuery(call->Text(1));
  const auto progress = [&call](size_t bytes) { return call->Progress(bytes); };
  text_search::Headline headline(query, options, call->normalizer, progress);
  std::string text;
  if (call->TypeOf(0) == TypeId::kText) {
    ASSIGN_OR_RETURN(text, headline.Of(document));
  } else {
    ASSIGN_OR_RETURN(text, MapJsonStrings(document, call->TypeOf(0),
                                          [&headline](View part) { return headline.Of(part); }));
  }
  return StoreArray(text, row, result);
}

template <Ranking kRanking>
void AddRank(CatalogBuilder& builder, View name) {
  const TypeId vector = TypeId::kTsVector;
  const TypeId query = TypeId::kTsQuery;
  const TypeId weights = types::ArrayOf(TypeId::kFloat4);
  const TypeId int4 = TypeId::kInt4;
  const TypeId rank = TypeId::kFloat4;
  builder.AddFunction(name, {vector, query}, rank, MapAny<Rank<kRanking>>);
  builder.AddFunction(name, {vector, query, int4}, rank, MapAny<Rank<kRanking>>);
  builder.AddFunction(name, {weights, vector, query}, rank, MapAny<Rank<kRanking>>);
  builder.AddFunction(name, {weights, vector, query, int4}, rank, MapAny<Rank<kRanking>>);
}

}  // namespace

void AddTextSearchRanks(CatalogBuilder& builder) {
  AddRank<text_search::Rank>(builder, "ts_rank");
  AddRank<text_search::CoverRank>(builder, "ts_rank_cd");
  const TypeId query = TypeId::kTsQuery;
  const TypeId text = TypeId::kText;
  const TypeId configuration = TypeId::kRegconfig;
  for (const TypeId id : {text, TypeId::kJson, TypeId::kJsonb}) {
    builder.AddFunction("ts_headline", {id, query}, id, MapAny<HeadlineOf>, kStable);
    builder.AddFunction("ts_headline", {id, query, text}, id, MapAny<HeadlineOf>, kStable);
    builder.AddFunction("ts_headline", {configuration, id, query}, id, MapAny<HeadlineOf>);
    builder.AddFunction("ts_headline", {configuration, id, query, text}, id, MapAny<HeadlineOf>);
  }
}

}  // namespace adbms::sql::functions
