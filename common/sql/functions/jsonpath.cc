// The functions and operators of jsonpath.
#include <memory>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/jsonpath_evaluation.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "common/types/jsonb_builder.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
using CursorPtr = std::unique_ptr<TableFunction::Cursor>;
using Found = JsonpathEvaluation::Found;
using Options = JsonpathEvaluation::Options;

// {}
const std::string& NoVariables() {
  static const auto* const kEmpty = new std::string(*types::ParseJsonb("{}"));
  return *kEmpty;
}

// kOperator: @? and @@, which are silent and know no variables.
enum class Kind { kFunction, kWithZone, kOperator };

// Reads a row's document, path, variables and whether to be silent, of which the last two may be
// missing, and evaluates. The items are valid while this lives.
class Call {
 public:
  Call(const EvaluationContext& context, Kind kind)
      : context_(context),
        takes_variables_(kind != Kind::kOperator),
        options_{kind == Kind::kOperator, kind == Kind::kWithZone},
        items_(context) {}

  absl::Status Prepare(const std::vector<const Vector*>& arguments, uint32_t row) {
    const auto text = [&](size_t i) { return arguments[i]->data<View>()[row]; };
    if (arguments.size() > 3) options_.silent = arguments[3]->data<uint8_t>()[row] != 0;
    if (arguments.size() > 2) return Prepare(text(0), text(1), text(2));
    return Prepare(text(0), text(1), NoVariables());
  }
  absl::Status Prepare(View document, View path, View variables) {
    ASSIGN_OR_RETURN(auto compiled, JsonpathCache::Of(context_).Find(path));
    const auto given = takes_variables_ ? std::optional<Jsonb>(variables) : std::nullopt;
    evaluation_.emplace(context_, std::move(compiled), Jsonb(document), given, options_);
    return absl::OkStatus();
  }
  // Whether there is an item.
  absl::StatusOr<Found> Exists() { return evaluation_->Run(nullptr); }
  absl::StatusOr<const PathItems*> Items() {
    RETURN_IF_ERROR(evaluation_->Run(&items_).status());
    return &items_;
  }
  bool silent() const { return options_.silent; }
  // REQUIRES: before Prepare().
  void set_silent(bool silent) { options_.silent = silent; }

 private:
  const EvaluationContext& context_;
  const bool takes_variables_;
  Options options_;
  PathItems items_;
  std::optional<JsonpathEvaluation> evaluation_;
};

template <Kind kKind>
absl::Status PathExists(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  Call call(context, kKind);
  RETURN_IF_ERROR(call.Prepare(arguments, row));
  ASSIGN_OR_RETURN(const Found found, call.Exists());
  if (found == Found::kError) {
    result->SetNull(row);
  } else {
    result->data<uint8_t>()[row] = found == Found::kYes;
  }
  return absl::OkStatus();
}

template <Kind kKind>
absl::Status PathMatch(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  Call call(context, kKind);
  RETURN_IF_ERROR(call.Prepare(arguments, row));
  ASSIGN_OR_RETURN(const PathItems* items, call.Items());
  const bool single = items->size() == 1;
  if (single && (*items)[0].Is(JsonbKind::kBool)) {
    result->data<uint8_t>()[row] = (*items)[0].value.bool_value();
    return absl::OkStatus();
  }
  result->SetNull(row);
  if (call.silent() || (single && (*items)[0].Is(JsonbKind::kNull))) return absl::OkStatus();
  return status::Error("22038", "single boolean result is expected");
}

template <Kind kKind>
absl::Status PathArray(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  Call call(context, kKind);
  RETURN_IF_ERROR(call.Prepare(arguments, row));
  ASSIGN_OR_RETURN(const PathItems* items, call.Items());
  types::JsonbBuilder array;
  GrowingText grown(context);
  RETURN_IF_ERROR(array.BeginArray());
  for (const PathItem& item : *items) {
    RETURN_IF_ERROR(array.Add(item.value));
    RETURN_IF_ERROR(grown.Reached(array.bytes()));
    RETURN_IF_ERROR(context.Handled(item.value.bytes().size()));
  }
  RETURN_IF_ERROR(array.EndArray());
  StoreBytes(array.Take(), row, result);
  return absl::OkStatus();
}

template <Kind kKind>
absl::Status PathFirst(const EvaluationContext& context,
                       const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  Call call(context, kKind);
  RETURN_IF_ERROR(call.Prepare(arguments, row));
  ASSIGN_OR_RETURN(const PathItems* items, call.Items());
  if (items->size() == 0) {
    result->SetNull(row);
  } else {
    StoreBytes((*items)[0].value.bytes(), row, result);
  }
  return absl::OkStatus();
}

// The items as rows.
class ItemsCursor : public TableFunction::Cursor {
 public:
  ItemsCursor(const EvaluationContext& context, Kind kind, std::string document,
              std::string variables)
      : context_(context),
        document_(std::move(document)),
        variables_(std::move(variables)),
        scratch_(context),
        call_(context, kind) {}

  absl::Status Open(View path, bool silent) {
    call_.set_silent(silent);
    RETURN_IF_ERROR(scratch_.Take(document_.size() + variables_.size()));
    RETURN_IF_ERROR(call_.Prepare(document_, path, variables_));
    ASSIGN_OR_RETURN(items_, call_.Items());
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (items_ == nullptr || next_ >= items_->size()) return false;
    *batch = types::Batch();
    const types::Type type{TypeId::kJsonb, 0};
    auto column = std::make_shared<Vector>(type);
    column->CountStrings(context_.memory);
    for (; next_ < items_->size() && batch->row_count < types::BatchRows(); ++next_) {
      ++batch->row_count;
      column->Append(Value::String(type, std::string((*items_)[next_].value.bytes())));
    }
    if (column->strings_refused()) return column->StringsRefusal();
    batch->columns.push_back(std::move(column));
    return true;
  }

 private:
  const EvaluationContext& context_;  // Of the execution.
  const std::string document_;
  const std::string variables_;
  ScratchMemory scratch_;
  Call call_;
  const PathItems* items_ = nullptr;
  size_t next_ = 0;
};

class NoItems : public TableFunction::Cursor {
 public:
  absl::StatusOr<bool> Next(types::Batch*) override { return false; }
};

template <Kind kKind>
absl::StatusOr<CursorPtr> OpenItems(const EvaluationContext& context,
                                    const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    if (argument.is_null()) return std::make_unique<NoItems>();
  }
  auto cursor = std::make_unique<ItemsCursor>(
      context, kKind, std::string(arguments[0].bytes()),
      arguments.size() > 2 ? std::string(arguments[2].bytes()) : NoVariables());
  RETURN_IF_ERROR(
      cursor->Open(arguments[1].bytes(), arguments.size() > 3 && arguments[3].bool_value()));
  return cursor;
}

using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const std::vector<Value>&);

// With two, three and four arguments: variables and silence have defaults.
template <typename F>
void ForEachArity(F add) {
  const std::vector<TypeId> all = {TypeId::kJsonb, TypeId::kJsonpath, TypeId::kJsonb,
                                   TypeId::kBool};
  for (size_t count = 2; count <= all.size(); ++count) {
    add(std::vector<TypeId>(all.begin(), all.begin() + static_cast<long>(count)));
  }
}

void AddPathFunction(CatalogBuilder& builder, const std::string& name, TypeId result, Kernel plain,
                     Kernel with_zone) {
  ForEachArity([&](const std::vector<TypeId>& arguments) {
    builder.AddFunction(name, arguments, result, plain);
    builder.AddFunction(name + "_tz", arguments, result, with_zone, kStable);
  });
}

void AddPathRows(CatalogBuilder& builder, const std::string& name, Opener open) {
  ForEachArity([&](const std::vector<TypeId>& arguments) {
    TableFunction function;
    function.name = name;
    function.arguments = arguments;
    function.result = {TypeId::kJsonb};
    function.column_names = {name};
    function.open = open;
    builder.AddTableFunction(std::move(function));
  });
}

}  // namespace

void AddJsonpath(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  const std::vector<TypeId> operands = {jsonb, TypeId::kJsonpath};
  builder.AddOperator("@?", operands, TypeId::kBool, MapAny<PathExists<Kind::kOperator>>);
  builder.AddOperator("@@", operands, TypeId::kBool, MapAny<PathMatch<Kind::kOperator>>);
  AddPathFunction(builder, "jsonb_path_exists", TypeId::kBool, MapAny<PathExists<Kind::kFunction>>,
                  MapAny<PathExists<Kind::kWithZone>>);
  AddPathFunction(builder, "jsonb_path_match", TypeId::kBool, MapAny<PathMatch<Kind::kFunction>>,
                  MapAny<PathMatch<Kind::kWithZone>>);
  AddPathFunction(builder, "jsonb_path_query_array", jsonb, MapAny<PathArray<Kind::kFunction>>,
                  MapAny<PathArray<Kind::kWithZone>>);
  AddPathFunction(builder, "jsonb_path_query_first", jsonb, MapAny<PathFirst<Kind::kFunction>>,
                  MapAny<PathFirst<Kind::kWithZone>>);
  AddPathRows(builder, "jsonb_path_query", OpenItems<Kind::kFunction>);
  AddPathRows(builder, "jsonb_path_query_tz", OpenItems<Kind::kWithZone>);
}

}  // namespace adbms::sql::functions
