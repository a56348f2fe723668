// Rows of text search: tokens, what becomes of them, lexemes of a tsvector.
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/array_arguments.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/table_cursors.h"
#include "common/sql/functions/text_search.h"
#include "common/sql/functions/text_search_call.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/default_parser.h"
#include "common/types/array.h"
#include "common/types/batch_rows.h"
#include "common/types/text_search.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using text_search::Token;
using types::Type;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

using Row = std::vector<Value>;

// Rows that a function makes one by one; `make` answers false at the end.
class MadeRows : public TableFunction::Cursor {
 public:
  using Make = std::function<absl::StatusOr<bool>(Row* row)>;
  MadeRows(const EvaluationContext& context, std::vector<TypeId> types, Make make)
      : context_(context), types_(std::move(types)), make_(std::move(make)) {}

  absl::StatusOr<bool> Next(types::Batch* batch) override {
    *batch = types::Batch();
    std::vector<std::shared_ptr<Vector>> columns;
    for (const TypeId type : types_) {
      columns.push_back(std::make_shared<Vector>(Type{type, 0}));
      columns.back()->CountStrings(context_.memory);
    }
    Row row;
    while (batch->row_count < types::BatchRows()) {
      row.clear();
      RETURN_IF_ERROR(context_.Handled(64));
      ASSIGN_OR_RETURN(const bool any, make_(&row));
      if (!any) break;
      for (size_t i = 0; i < columns.size(); ++i) columns[i]->Append(row[i]);
      ++batch->row_count;
    }
    for (const auto& column : columns) {
      if (column->strings_refused()) return column->StringsRefusal();
      batch->columns.push_back(column);
    }
    return batch->row_count > 0;
  }

 private:
  const EvaluationContext& context_;  // Of the execution.
  const std::vector<TypeId> types_;
  const Make make_;
};

bool AnyNull(const Row& arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_null()) return true;
  }
  return false;
}

// The only parser there is, by name or number.
absl::Status CheckParser(const Value& parser) {
  if (parser.type().id == TypeId::kOid) {
    if (parser.int_value() == types::kDefaultTextSearchParser) return absl::OkStatus();
    return Error(sqlstate::kInternalError,
                 absl::StrCat("cache lookup failed for text search parser ", parser.int_value()));
  }
  const View name = parser.bytes();
  if (name == "default" || name == "pg_catalog.default") return absl::OkStatus();
  return Error(sqlstate::kUndefinedObject,
               absl::StrCat("text search parser \"", std::string(name), "\" does not exist"));
}

std::vector<TypeId> TokenColumns() { return {TypeId::kInt4, TypeId::kText}; }

std::vector<TypeId> TokenTypeColumns() { return {TypeId::kInt4, TypeId::kText, TypeId::kText}; }

Value TextOf(View text) { return Value::Text(std::string(text)); }

// A parser and the text that it borrows.
struct ParsedText {
  explicit ParsedText(View document) : text(document), parser(text) {}
  const std::string text;
  text_search::DefaultParser parser;
};

absl::StatusOr<CursorPtr> OpenTokens(const EvaluationContext& context, const Row& arguments) {
  if (AnyNull(arguments)) return std::make_unique<EmptyCursor>();
  RETURN_IF_ERROR(CheckParser(arguments[0]));
  auto parsed = std::make_shared<ParsedText>(arguments[1].bytes());
  return std::make_unique<MadeRows>(
      context, TokenColumns(), [parsed](Row* row) -> absl::StatusOr<bool> {
        Token token;
        if (!parsed->parser.Next(&token)) return false;
        *row = {Value::Int(TypeId::kInt4, static_cast<int64_t>(token.type)), TextOf(token.text)};
        return true;
      });
}

absl::StatusOr<CursorPtr> OpenTokenTypes(const EvaluationContext& context, const Row& arguments) {
  if (AnyNull(arguments)) return std::make_unique<EmptyCursor>();
  RETURN_IF_ERROR(CheckParser(arguments[0]));
  auto next = std::make_shared<size_t>(0);
  return std::make_unique<MadeRows>(
      context, TokenTypeColumns(), [next](Row* row) -> absl::StatusOr<bool> {
        const auto names = text_search::TokenTypeNames();
        if (*next >= names.size()) return false;
        const text_search::TokenTypeName& name = names[(*next)++];
        *row = {Value::Int(TypeId::kInt4, static_cast<int64_t>(*next)), TextOf(name.alias),
                TextOf(name.description)};
        return true;
      });
}

std::vector<TypeId> DebugColumns() {
  return {TypeId::kText,          TypeId::kText,
          TypeId::kText,          types::ArrayOf(TypeId::kRegdictionary),
          TypeId::kRegdictionary, TypeId::kTextArray};
}

// What a dictionary makes of a token, as the array of its lexemes.
std::string LexemeArray(const std::string& lexeme) {
  types::ArrayBuilder lexemes(TypeId::kTextArray);
  if (!lexeme.empty()) lexemes.AddBytes(lexeme);
  return lexemes.Finish();
}

absl::StatusOr<CursorPtr> OpenDebug(const EvaluationContext& context, const Row& arguments) {
  if (AnyNull(arguments)) return std::make_unique<EmptyCursor>();
  const types::TextSearchConfiguration* configuration = nullptr;
  if (arguments.size() > 1) {
    ASSIGN_OR_RETURN(configuration, TextSearchConfigurationOf(arguments[0].int_value()));
  } else {
    ASSIGN_OR_RETURN(configuration, DefaultTextSearchConfiguration(context));
  }
  auto parsed = std::make_shared<ParsedText>(arguments.back().bytes());
  auto normalizer = std::make_shared<text_search::Normalizer>(*configuration);
  return std::make_unique<MadeRows>(
      context, DebugColumns(), [parsed, normalizer](Row* row) -> absl::StatusOr<bool> {
        Token token;
        if (!parsed->parser.Next(&token)) return false;
        const auto& name = text_search::TokenTypeNames()[static_cast<size_t>(token.type) - 1];
        const uint32_t dictionary = normalizer->DictionaryOf(token.type);
        const TypeId dictionaries = types::ArrayOf(TypeId::kRegdictionary);
        types::ArrayBuilder all(dictionaries);
        if (dictionary != 0) all.Add(Value::Int(TypeId::kRegdictionary, dictionary));
        *row = {TextOf(name.alias), TextOf(name.description), TextOf(token.text),
                Value::String({dictionaries, 0}, all.Finish())};
        if (dictionary == 0) {
          row->push_back(Value::Null({TypeId::kRegdictionary, 0}));
          row->push_back(Value::Null({TypeId::kTextArray, 0}));
          return true;
        }
        ASSIGN_OR_RETURN(const std::string lexeme, normalizer->LexemeOf(token));
        row->push_back(Value::Int(TypeId::kRegdictionary, dictionary));
        row->push_back(Value::String({TypeId::kTextArray, 0}, LexemeArray(lexeme)));
        return true;
      });
}

absl::StatusOr<CursorPtr> OpenLexemes(const EvaluationContext& context, const Row& arguments) {
  if (AnyNull(arguments)) return std::make_unique<EmptyCursor>();
  auto form = std::make_shared<const std::string>(arguments[0].bytes());
  auto next = std::make_shared<uint32_t>(0);
  const std::vector<TypeId> columns = {TypeId::kText, TypeId::kInt2Array, TypeId::kTextArray};
  return std::make_unique<MadeRows>(
      context, columns, [form, next](Row* row) -> absl::StatusOr<bool> {
        const types::TsVectorView vector(*form);
        if (*next >= vector.size()) return false;
        const types::TsLexeme lexeme = vector.At((*next)++);
        *row = {TextOf(lexeme.text), Value::Null({TypeId::kInt2Array, 0}),
                Value::Null({TypeId::kTextArray, 0})};
        if (lexeme.positions() == 0) return true;
        types::ArrayBuilder positions(TypeId::kInt2Array);
        types::ArrayBuilder weights(TypeId::kTextArray);
        for (size_t i = 0; i < lexeme.positions(); ++i) {
          positions.Add(Value::Int(TypeId::kInt2, lexeme.At(i).position()));
          weights.AddBytes(View(&types::kWeightLetters[lexeme.At(i).weight()], 1));
        }
        (*row)[1] = Value::String({TypeId::kInt2Array, 0}, positions.Finish());
        (*row)[2] = Value::String({TypeId::kTextArray, 0}, weights.Finish());
        return true;
      });
}

absl::StatusOr<CursorPtr> RefuseStatistics(const EvaluationContext&, const Row&) {
  return Error(sqlstate::kFeatureNotSupported, "ts_stat is not supported", {},
               "Count the rows of unnest(tsvector) by lexeme.");
}

absl::Status Lexize(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  const int64_t oid = arguments[0]->data<int64_t>()[row];
  const auto* definition = types::FindTextSearchDictionary(static_cast<uint32_t>(oid));
  if (definition == nullptr)
    return Error(sqlstate::kInternalError,
                 absl::StrCat("cache lookup failed for text search dictionary ", oid));
  const text_search::Dictionary dictionary(*definition);
  ASSIGN_OR_RETURN(const std::string lexeme, dictionary.LexemeOf(arguments[1]->data<View>()[row]));
  return StoreArray(LexemeArray(lexeme), row, result);
}

using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const Row&);

void AddRows(CatalogBuilder& builder, const char* name, std::vector<TypeId> arguments,
             std::vector<TypeId> result, std::vector<std::string> columns, Opener open) {
  TableFunction function;
  function.name = name;
  function.arguments = std::move(arguments);
  function.result = std::move(result);
  function.column_names = std::move(columns);
  function.open = open;
  builder.AddTableFunction(std::move(function));
}

}  // namespace

void AddTextSearchSets(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  for (const TypeId parser : {text, TypeId::kOid}) {
    AddRows(builder, "ts_parse", {parser, text}, TokenColumns(), {"tokid", "token"}, OpenTokens);
    AddRows(builder, "ts_token_type", {parser}, TokenTypeColumns(),
            {"tokid", "alias", "description"}, OpenTokenTypes);
  }
  const std::vector<std::string> debug_names = {"alias",        "description", "token",
                                                "dictionaries", "dictionary",  "lexemes"};
  AddRows(builder, "ts_debug", {TypeId::kRegconfig, text}, DebugColumns(), debug_names, OpenDebug);
  AddRows(builder, "ts_debug", {text}, DebugColumns(), debug_names, OpenDebug);
  AddRows(builder, "unnest", {TypeId::kTsVector}, {text, TypeId::kInt2Array, TypeId::kTextArray},
          {"lexeme", "positions", "weights"}, OpenLexemes);
  for (const std::vector<TypeId>& arguments : {std::vector{text}, std::vector{text, text}})
    AddRows(builder, "ts_stat", arguments, {text, int4, int4}, {"word", "ndoc", "nentry"},
            RefuseStatistics);
  builder.AddFunction("ts_lexize", {TypeId::kRegdictionary, text}, TypeId::kTextArray,
                      MapAny<Lexize>);
}

}  // namespace adbms::sql::functions
