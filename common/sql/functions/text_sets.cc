// Rows of texts: regexp_matches, regexp_split_to_table, string_to_table.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/regex.h"
#include "common/sql/functions/table_cursors.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/types/array.h"
#include "common/types/batch_rows.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;

// regexp_matches: the groups of each match, or of the first one.
class MatchesCursor : public TableFunction::Cursor {
 public:
  // The scratch counts the text, as long as it is held.
  MatchesCursor(std::string text, Regex regex, bool global, std::unique_ptr<ScratchMemory> scratch,
                const EvaluationContext& context)
      : text_(std::move(text)),
        regex_(std::move(regex)),
        global_(global),
        scratch_(std::move(scratch)),
        context_(context) {}

  absl::StatusOr<bool> Next(types::Batch* batch) override {
    auto column = std::make_shared<Vector>(types::Type{TypeId::kTextArray, 0});
    column->CountStrings(context_.memory);
    while (!ended_ && column->size() < types::BatchRows()) {
      RETURN_IF_ERROR(context_.Handled(64));
      ASSIGN_OR_RETURN(const bool found, Find());
      ended_ = !found;
      if (ended_) break;
      column->Append(Value::String({TypeId::kTextArray, 0}, Groups()));
      ended_ = !global_;
    }
    if (column->strings_refused()) return column->StringsRefusal();
    if (column->size() == 0) return false;
    *batch = types::Batch();
    batch->row_count = column->size();
    batch->columns.push_back(std::move(column));
    return true;
  }

 private:
  // The next match into groups_.
  absl::StatusOr<bool> Find() {
    if (position_ > text_.size()) return false;
    if (position_ == 0) regex_.SetText(text_, &context_);
    ASSIGN_OR_RETURN(const bool matches, regex_.Find(position_, &groups_));
    if (!matches) return false;
    const auto found = static_cast<size_t>(groups_[0].data() - text_.data());
    position_ = found + groups_[0].size();
    if (groups_[0].empty())
      position_ += position_ < text_.size() ? CharacterLength(text_[position_]) : 1;
    return true;
  }

  std::string Groups() const {
    std::vector<types::ArrayElement> elements;
    for (size_t i = groups_.size() > 1 ? 1 : 0; i < groups_.size(); ++i)
      elements.push_back({std::string(groups_[i]), groups_[i].data() == nullptr});
    return types::TextArray(elements);
  }

  const std::string text_;
  Regex regex_;
  const bool global_;
  const std::unique_ptr<ScratchMemory> scratch_;
  const EvaluationContext& context_;  // Of the execution.
  size_t position_ = 0;
  bool ended_ = false;
  std::vector<View> groups_;
};

bool HasNull(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_null()) return true;
  }
  return false;
}

absl::StatusOr<CursorPtr> OpenMatches(const EvaluationContext& context,
                                      const std::vector<Value>& arguments) {
  if (HasNull(arguments)) return std::make_unique<EmptyCursor>();
  ASSIGN_OR_RETURN(const RegexFlags flags,
                   ReadRegexFlags(arguments.size() > 2 ? arguments[2].bytes() : View()));
  Regex regex;
  RETURN_IF_ERROR(regex.Prepare(arguments[1].bytes(), flags));
  auto scratch = std::make_unique<ScratchMemory>(context);
  RETURN_IF_ERROR(scratch->Take(3 * arguments[0].bytes().size()));
  return std::make_unique<MatchesCursor>(std::string(arguments[0].bytes()), std::move(regex),
                                         flags.global, std::move(scratch), context);
}

// The elements of the array that the function of this name has for the arguments.
absl::StatusOr<CursorPtr> OpenArrayOf(View function_name, const EvaluationContext& context,
                                      const std::vector<Value>& arguments) {
  const std::vector<TypeId> texts(arguments.size(), TypeId::kText);
  const Function* function =
      FunctionCatalog::Builtin().BySignature(SignatureOf(function_name, texts));
  if (function->strict && HasNull(arguments)) return std::make_unique<EmptyCursor>();
  std::vector<std::unique_ptr<Vector>> columns;
  std::vector<const Vector*> pointers;
  for (const Value& argument : arguments) {
    columns.push_back(std::make_unique<Vector>(types::Type{TypeId::kText, 0}));
    columns.back()->Append(argument);
    pointers.push_back(columns.back().get());
  }
  Vector result({function->result, 0});
  result.CountStrings(context.memory);
  result.Resize(1);
  RETURN_IF_ERROR(function->kernel(context, pointers, 1, &result));
  if (result.strings_refused()) return result.StringsRefusal();
  if (result.is_null(0)) return std::make_unique<EmptyCursor>();
  return OpenElements(context, result.data<View>()[0], function->result);
}

absl::StatusOr<CursorPtr> OpenSplit(const EvaluationContext& context,
                                    const std::vector<Value>& arguments) {
  return OpenArrayOf("regexp_split_to_array", context, arguments);
}

absl::StatusOr<CursorPtr> OpenStrings(const EvaluationContext& context,
                                      const std::vector<Value>& arguments) {
  return OpenArrayOf("string_to_array", context, arguments);
}

}  // namespace

void AddTextSets(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const std::vector<Value>&);
  const auto add = [&](const char* name, TypeId result, Opener open) {
    for (const size_t count : {2, 3}) {
      TableFunction function;
      function.name = name;
      function.arguments = std::vector<TypeId>(count, text);
      function.result = {result};
      function.column_names = {name};
      function.open = open;
      builder.AddTableFunction(std::move(function));
    }
  };
  add("regexp_matches", TypeId::kTextArray, OpenMatches);
  add("regexp_split_to_table", text, OpenSplit);
  add("string_to_table", text, OpenStrings);
}

}  // namespace adbms::sql::functions
