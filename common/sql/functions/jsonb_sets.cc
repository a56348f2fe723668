// jsonb: rows of objects and arrays.
#include <memory>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"

namespace adbms::sql::functions {
namespace {

using types::Jsonb;
using types::JsonbKind;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
using CursorPtr = std::unique_ptr<TableFunction::Cursor>;

// What a set-returning function yields of each member or element.
enum class Yield { kKeys, kValues, kTexts, kPairs, kTextPairs };

class PartsCursor : public TableFunction::Cursor {
 public:
  // The scratch counts the value, as long as it is held.
  PartsCursor(std::string bytes, Yield yield, std::unique_ptr<ScratchMemory> scratch,
              const EvaluationContext& context)
      : scratch_(std::move(scratch)),
        context_(context),
        bytes_(std::move(bytes)),
        value_(bytes_),
        yield_(yield) {}

  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (next_ >= value_.size()) return false;
    *batch = types::Batch();
    const bool keys =
        yield_ == Yield::kKeys || yield_ == Yield::kPairs || yield_ == Yield::kTextPairs;
    const bool texts = yield_ == Yield::kTexts || yield_ == Yield::kTextPairs;
    const types::Type type{texts ? TypeId::kText : TypeId::kJsonb, 0};
    auto key_column = std::make_shared<Vector>(types::Type{TypeId::kText, 0});
    auto value_column = std::make_shared<Vector>(type);
    key_column->CountStrings(context_.memory);
    value_column->CountStrings(context_.memory);
    for (; next_ < value_.size() && batch->row_count < types::BatchRows(); ++next_) {
      ++batch->row_count;
      if (keys) key_column->Append(Value::Text(std::string(value_.Key(next_))));
      if (yield_ == Yield::kKeys) continue;
      const Jsonb part = value_.At(next_);
      const std::optional<std::string> text =
          texts ? JsonbAsText(part) : std::optional<std::string>(part.bytes());
      value_column->Append(text.has_value() ? Value::String(type, *text) : Value::Null(type));
    }
    for (const auto& column : {key_column, value_column}) {
      if (column->strings_refused()) return column->StringsRefusal();
    }
    if (keys) batch->columns.push_back(std::move(key_column));
    if (yield_ != Yield::kKeys) batch->columns.push_back(std::move(value_column));
    return true;
  }

 private:
  const std::unique_ptr<ScratchMemory> scratch_;
  const EvaluationContext& context_;  // Of the execution.
  const std::string bytes_;
  const Jsonb value_;  // Points into bytes_.
  const Yield yield_;
  uint32_t next_ = 0;
};

class NoParts : public TableFunction::Cursor {
 public:
  absl::StatusOr<bool> Next(types::Batch*) override { return false; }
};

constexpr std::string_view NameOf(Yield yield) {
  switch (yield) {
    case Yield::kKeys:
      return "jsonb_object_keys";
    case Yield::kValues:
      return "jsonb_array_elements";
    case Yield::kTexts:
      return "jsonb_array_elements_text";
    case Yield::kPairs:
      return "jsonb_each";
    case Yield::kTextPairs:
      return "jsonb_each_text";
  }
  return {};
}

absl::Status WrongKind(Yield yield, const Jsonb& value) {
  std::string message = "cannot ";
  const bool elements = yield == Yield::kValues || yield == Yield::kTexts;
  if (elements) {
    message +=
        value.IsContainer() ? "extract elements from an object" : "extract elements from a scalar";
  } else if (yield == Yield::kKeys) {
    message += "call jsonb_object_keys on ";
    message += value.IsContainer() ? "an array" : "a scalar";
  } else {
    message += "call " + std::string(NameOf(yield)) + " on a non-object";
  }
  return status::Error(status::sqlstate::kInvalidParameterValue, message);
}

template <Yield kYield>
absl::StatusOr<CursorPtr> Open(const EvaluationContext& context,
                               const std::vector<Value>& arguments) {
  if (arguments[0].is_null()) return std::make_unique<NoParts>();
  constexpr bool kElements = kYield == Yield::kValues || kYield == Yield::kTexts;
  const Jsonb value(arguments[0].bytes());
  if (value.kind() != (kElements ? JsonbKind::kArray : JsonbKind::kObject)) {
    return WrongKind(kYield, value);
  }
  auto scratch = std::make_unique<ScratchMemory>(context);
  RETURN_IF_ERROR(scratch->Take(value.bytes().size()));
  return std::make_unique<PartsCursor>(std::string(value.bytes()), kYield, std::move(scratch),
                                       context);
}

}  // namespace

void AddJsonbSets(CatalogBuilder& builder) {
  const TypeId jsonb = TypeId::kJsonb;
  const TypeId text = TypeId::kText;
  using Opener = absl::StatusOr<CursorPtr> (*)(const EvaluationContext&, const std::vector<Value>&);
  const auto add = [&](Yield yield, std::vector<TypeId> types, std::vector<std::string> columns,
                       Opener open) {
    TableFunction function;
    function.name = NameOf(yield);
    function.arguments = {jsonb};
    function.result = std::move(types);
    function.column_names = std::move(columns);
    function.open = open;
    builder.AddTableFunction(std::move(function));
  };
  add(Yield::kValues, {jsonb}, {"value"}, Open<Yield::kValues>);
  add(Yield::kTexts, {text}, {"value"}, Open<Yield::kTexts>);
  add(Yield::kKeys, {text}, {"jsonb_object_keys"}, Open<Yield::kKeys>);
  add(Yield::kPairs, {text, jsonb}, {"key", "value"}, Open<Yield::kPairs>);
  add(Yield::kTextPairs, {text, text}, {"key", "value"}, Open<Yield::kTextPairs>);
}

}  // namespace adbms::sql::functions
