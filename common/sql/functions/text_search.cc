// to_tsvector, to_tsquery and the like: documents and texts of queries.
#include "common/sql/functions/text_search.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/text_search_call.h"
#include "common/sql/functions/text_search_json.h"
#include "common/status/macros.h"
#include "common/text_search/documents.h"

namespace adbms::sql::functions {
namespace {

using text_search::DocumentBuilder;
using types::TsOperator;
using types::TsQuerySyntax;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Arguments = std::vector<const Vector*>;

absl::StatusOr<std::string> VectorOf(TextSearchCall& call, View text) {
  RETURN_IF_ERROR(call.TakeFor(text));
  const auto progress = [&call](size_t bytes) { return call.Progress(bytes); };
  DocumentBuilder builder(call.normalizer, progress);
  RETURN_IF_ERROR(builder.Add(text));
  return builder.Finish();
}

absl::StatusOr<std::string> PlainQuery(TextSearchCall& call, View text, TsQuerySyntax syntax,
                                       TsOperator joins) {
  RETURN_IF_ERROR(call.TakeFor(text));
  const auto progress = [&call](size_t bytes) { return call.Progress(bytes); };
  return text_search::QueryOf(text, syntax, joins, call.normalizer, progress);
}

absl::Status ToTsVector(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                        Vector* result) {
  ASSIGN_OR_RETURN(const auto call, TextSearchCall::Of(context, arguments, row));
  ASSIGN_OR_RETURN(const std::string vector, VectorOf(*call, call->Text(0)));
  StoreBytes(vector, row, result);
  return absl::OkStatus();
}

// json and jsonb: their strings, or, with a second argument, what that asks for.
absl::Status JsonToTsVector(const EvaluationContext& context, const Arguments& arguments,
                            uint32_t row, Vector* result) {
  ASSIGN_OR_RETURN(const auto call, TextSearchCall::Of(context, arguments, row));
  JsonParts parts{.strings = true};
  if (call->size() > 1) {
    ASSIGN_OR_RETURN(parts, JsonPartsOf(call->Text(1)));
  }
  RETURN_IF_ERROR(call->TakeFor(call->Text(0)));
  const auto progress = [&call](size_t bytes) { return call->Progress(bytes); };
  DocumentBuilder builder(call->normalizer, progress);
  RETURN_IF_ERROR(ForEachJsonPart(call->Text(0), call->TypeOf(0), parts,
                                  [&builder](View part) { return builder.AddPart(part); }));
  ASSIGN_OR_RETURN(const std::string vector, builder.Finish());
  StoreBytes(vector, row, result);
  return absl::OkStatus();
}

template <TsQuerySyntax kSyntax, TsOperator kJoins>
absl::Status ToTsQuery(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                       Vector* result) {
  ASSIGN_OR_RETURN(const auto call, TextSearchCall::Of(context, arguments, row));
  ASSIGN_OR_RETURN(const std::string query, PlainQuery(*call, call->Text(0), kSyntax, kJoins));
  StoreBytes(query, row, result);
  return absl::OkStatus();
}

absl::Status CurrentConfiguration(const EvaluationContext& context, const Arguments&, uint32_t row,
                                  Vector* result) {
  ASSIGN_OR_RETURN(const auto* configuration, DefaultTextSearchConfiguration(context));
  result->data<int64_t>()[row] = configuration->oid;
  return absl::OkStatus();
}

// text @@ tsquery and text @@ text.
absl::Status MatchesText(const EvaluationContext& context, const Arguments& arguments, uint32_t row,
                         Vector* result) {
  ASSIGN_OR_RETURN(const auto call, TextSearchCall::Of(context, arguments, row));
  ASSIGN_OR_RETURN(const std::string vector, VectorOf(*call, call->Text(0)));
  std::string query(call->Text(1));
  if (call->TypeOf(1) == TypeId::kText) {
    ASSIGN_OR_RETURN(query,
                     PlainQuery(*call, call->Text(1), TsQuerySyntax::kPlain, TsOperator::kAnd));
  }
  ASSIGN_OR_RETURN(const bool matches,
                   text_search::Matches(types::TsVectorView(vector), types::ReadTsQuery(query),
                                        [&call](size_t bytes) { return call->Progress(bytes); }));
  result->data<uint8_t>()[row] = matches;
  return absl::OkStatus();
}

// With the configuration as the first argument, and without.
void AddBoth(CatalogBuilder& builder, View name, const CatalogBuilder::Types& arguments,
             TypeId result, Kernel kernel) {
  builder.AddFunction(name, arguments, result, kernel, kStable);
  CatalogBuilder::Types configured = {TypeId::kRegconfig};
  configured.insert(configured.end(), arguments.begin(), arguments.end());
  builder.AddFunction(name, configured, result, kernel);
}

}  // namespace

void AddTextSearch(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId vector = TypeId::kTsVector;
  const TypeId query = TypeId::kTsQuery;
  AddBoth(builder, "to_tsvector", {text}, vector, MapAny<ToTsVector>);
  for (const TypeId json : {TypeId::kJson, TypeId::kJsonb}) {
    AddBoth(builder, "to_tsvector", {json}, vector, MapAny<JsonToTsVector>);
    AddBoth(builder, json == TypeId::kJson ? "json_to_tsvector" : "jsonb_to_tsvector",
            {json, TypeId::kJsonb}, vector, MapAny<JsonToTsVector>);
  }
  AddBoth(builder, "to_tsquery", {text}, query,
          MapAny<ToTsQuery<TsQuerySyntax::kOperators, TsOperator::kPhrase>>);
  AddBoth(builder, "plainto_tsquery", {text}, query,
          MapAny<ToTsQuery<TsQuerySyntax::kPlain, TsOperator::kAnd>>);
  AddBoth(builder, "phraseto_tsquery", {text}, query,
          MapAny<ToTsQuery<TsQuerySyntax::kPlain, TsOperator::kPhrase>>);
  AddBoth(builder, "websearch_to_tsquery", {text}, query,
          MapAny<ToTsQuery<TsQuerySyntax::kWebSearch, TsOperator::kPhrase>>);
  builder.AddFunction("get_current_ts_config", {}, TypeId::kRegconfig, MapAny<CurrentConfiguration>,
                      kStable);
  builder.AddFunction("ts_match_tt", {text, text}, TypeId::kBool, MapAny<MatchesText>, kStable);
  builder.AddFunction("ts_match_tq", {text, query}, TypeId::kBool, MapAny<MatchesText>, kStable);
  for (const TypeId right : {text, query})
    builder.AddOperator("@@", {text, right}, TypeId::kBool, MapAny<MatchesText>, {}, {}, kStable);
}

}  // namespace adbms::sql::functions
