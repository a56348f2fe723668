#include "common/sql/functions/function_catalog.h"
#include "common/sql/temporary_schema.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/function_list.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/text_search.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/bit_string.h"
#include "common/types/bytes_text.h"
#include "common/types/datetime.h"
#include "common/types/time_modifier.h"
#include "common/types/time_zone.h"
#include "common/types/timetz.h"

namespace adbms::sql::functions {
namespace {

using types::Type;
using types::TypeId;
using types::Vector;

// Entries by name, views into the entries themselves.
template <typename T>
class Index {
 public:
  void Add(const T& entry) {
    by_name_[entry.name].push_back(&entry);
    by_signature_.emplace(entry.signature, &entry);
  }
  std::vector<const T*> Find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::vector<const T*>() : found->second;
  }
  const T* BySignature(std::string_view signature) const {
    const auto found = by_signature_.find(signature);
    return found == by_signature_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string_view, std::vector<const T*>> by_name_;
  std::unordered_map<std::string_view, const T*> by_signature_;
};

// Copies NULLs of `input` into `result`.
void CopyNulls(const Vector& input, Vector* result) {
  if (!input.may_have_nulls()) return;
  for (uint32_t row = 0; row < input.size(); ++row) {
    if (input.is_null(row)) result->SetNull(row);
  }
}

// An array of the same shape with what is in `elements`.
std::string WithElements(const types::ArrayView& array, const Vector& elements, TypeId type) {
  types::ArrayBuilder builder(type);
  for (uint32_t i = 0; i < elements.size(); ++i) builder.Add(elements, i);
  // int2vector has no other than one dimension.
  return types::IsVector(type) ? builder.Finish() : builder.Finish(array.shape());
}

absl::Status ApplyModifier(bool is_explicit, Vector* result);

absl::Status ApplyToElements(bool is_explicit, Vector* result) {
  const Type type = result->type();
  for (uint32_t row = 0; row < result->size(); ++row) {
    if (result->is_null(row)) continue;
    std::string_view& bytes = result->data<std::string_view>()[row];
    const types::ArrayView array(bytes, type.id);
    Vector elements(types::ElementOf(type));
    elements.Resize(array.size());
    for (uint32_t i = 0; i < array.size(); ++i) array.Load(i, &elements, i);
    RETURN_IF_ERROR(ApplyModifier(is_explicit, &elements));
    bytes = result->arena()->Add(WithElements(array, elements, type.id));
  }
  return absl::OkStatus();
}

// Brings converted values to the result type's modifier.
absl::Status ApplyModifier(bool is_explicit, Vector* result) {
  const Type& type = result->type();
  if (type.modifier == 0) return absl::OkStatus();
  if (types::IsArray(type.id)) return ApplyToElements(is_explicit, result);
  const uint32_t rows = result->size();
  if (const auto numeric = types::NumericModifierOf(type)) {
    const auto* values = result->data<types::DecimalView>();
    for (uint32_t row = 0; row < rows; ++row) {
      if (result->is_null(row)) continue;
      ASSIGN_OR_RETURN(const types::Decimal fit,
                       values[row].Fit(numeric->precision, numeric->scale));
      result->SetDecimal(row, fit);
    }
  } else if (types::IsBitString(type.id)) {
    auto* values = result->data<std::string_view>();
    std::string scratch;
    for (uint32_t row = 0; row < rows; ++row) {
      if (result->is_null(row)) continue;
      ASSIGN_OR_RETURN(const std::string_view fitted,
                       types::FitBits(values[row], type, is_explicit, &scratch));
      values[row] = fitted.data() == scratch.data() ? result->arena()->Add(fitted) : fitted;
    }
  } else if (type.id == types::TypeId::kTimetz) {
    auto* values = result->data<int64_t>();
    for (uint32_t row = 0; row < rows; ++row) {
      if (!result->is_null(row)) values[row] = types::RoundTimeTz(values[row], type.modifier);
    }
  } else if (types::LengthModifierOf(type).has_value()) {
    auto* values = result->data<std::string_view>();
    std::string scratch;
    for (uint32_t row = 0; row < rows; ++row) {
      if (result->is_null(row)) continue;
      ASSIGN_OR_RETURN(const std::string_view fitted,
                       types::FitString(values[row], type, is_explicit, &scratch));
      values[row] = fitted.data() == scratch.data() ? result->arena()->Add(fitted) : fitted;
    }
  } else if (result->physical() == types::Physical::kInt64) {
    auto* values = result->data<int64_t>();
    for (uint32_t row = 0; row < rows; ++row) {
      values[row] = types::RoundToPrecision(values[row], type.modifier);
    }
  } else if (result->physical() == types::Physical::kInterval) {
    auto* values = result->data<types::Interval>();
    for (uint32_t row = 0; row < rows; ++row) {
      types::FitInterval(type, &values[row]);
    }
  }
  return absl::OkStatus();
}

class BuiltinCatalog : public FunctionCatalog {
 public:
  BuiltinCatalog() {
    AddArithmetic(content_);
    AddFloatArithmetic(content_);
    AddComparisons(content_);
    AddCasts(content_);
    AddStrings(content_);
    AddCollations(content_);
    AddStringFormatting(content_);
    AddTextReaders(content_);
    AddPatterns(content_);
    AddMath(content_);
    AddDatetime(content_);
    AddDatetimeFields(content_);
    AddToChar(content_);
    AddArrays(content_);
    AddEnums(content_);
    AddRows(content_);
    AddRowReading(content_);
    AddJson(content_);
    AddJsonSets(content_);
    AddJsonMake(content_);
    AddJsonbAccess(content_);
    AddJsonbContains(content_);
    AddJsonbEdit(content_);
    AddJsonbSets(content_);
    AddJsonpath(content_);
    AddTextSearch(content_);
    AddTextSearchValues(content_);
    AddTextSearchRanks(content_);
    AddTextSearchSets(content_);
    AddJsonbCasts(content_);
    AddBytes(content_);
    AddNetwork(content_);
    AddBitStrings(content_);
    AddTimeTz(content_);
    AddControl(content_);
    AddSystem(content_);
    AddSessionEffects(content_);
    AddSettings(content_);
    AddConditionals(content_);
    AddTableFunctions(content_);
    AddTextSets(content_);
    AddKeywords(content_);
    AddRecordSets(content_);
    AddSampling(content_);
    AddRanges(content_);
    AddOrderedSetAggregates(content_);
    AddRegressionAggregates(content_);
    AddRegexpFind(content_);
    AddDegrees(content_);
    AddByteBits(content_);
    AddCrypto(content_);
    AddUuidNames(content_);
    AddTrigrams(content_);
    AddPartitioning(content_);
    AddAggregates(content_);
    AddExtremes(content_);
    AddStatisticalAggregates(content_);
    AddJsonAggregates(content_);
    for (const Function& function : content_.functions) {
      (function.is_operator ? operators_ : functions_).Add(function);
    }
    for (const auto& aggregate : content_.aggregates) aggregates_.Add(aggregate);
    for (const auto& function : content_.table_functions) table_functions_.Add(function);
  }

  std::vector<const Function*> FindFunctions(std::string_view name) const override {
    return functions_.Find(name);
  }
  std::vector<const Function*> FindOperators(std::string_view symbol) const override {
    return operators_.Find(symbol == "!=" ? "<>" : symbol);
  }
  std::vector<const AggregateFunction*> FindAggregates(std::string_view name) const override {
    return aggregates_.Find(name);
  }
  std::vector<const TableFunction*> FindTableFunctions(std::string_view name) const override {
    return table_functions_.Find(name);
  }
  const CatalogBuilder& content() const { return content_; }

  const Function* BySignature(std::string_view signature) const override {
    const Function* found = functions_.BySignature(signature);
    return found != nullptr ? found : operators_.BySignature(signature);
  }
  const AggregateFunction* AggregateBySignature(std::string_view signature) const override {
    return aggregates_.BySignature(signature);
  }
  const TableFunction* TableFunctionBySignature(std::string_view signature) const override {
    return table_functions_.BySignature(signature);
  }

  bool CanCast(TypeId from, TypeId to, CastContext context) const override {
    if (from == to) return true;
    const auto found = content_.casts.find(CastKey(from, to));
    if (found != content_.casts.end()) return found->second.context <= context;
    // Arrays as their elements.
    return types::IsArray(from) && types::IsArray(to) && !types::IsVector(to) &&
           CanCast(types::ElementOf(from), types::ElementOf(to), context);
  }

  absl::Status Cast(const EvaluationContext& context, const Vector& input, bool is_explicit,
                    Vector* result) const override {
    const TypeId from = input.type().id;
    const TypeId to = result->type().id;
    result->Resize(input.size());
    CopyNulls(input, result);
    if (from == to) {
      CopyValues(input, result);
    } else {
      const auto found = content_.casts.find(CastKey(from, to));
      if (found == content_.casts.end() && types::IsArray(from) && types::IsArray(to)) {
        RETURN_IF_ERROR(CastElements(context, input, is_explicit, result));
      } else if (found == content_.casts.end()) {
        return status::Error(status::sqlstate::kCannotCoerce,
                             "cannot cast type " + types::Format(input.type()) + " to " +
                                 types::Format(result->type()));
      } else {
        RETURN_IF_ERROR(found->second.kernel(context, input, is_explicit, result));
      }
    }
    return ApplyModifier(is_explicit, result);
  }

 private:
  absl::Status CastElements(const EvaluationContext& context, const Vector& input, bool is_explicit,
                            Vector* result) const {
    const TypeId to = result->type().id;
    for (uint32_t row = 0; row < input.size(); ++row) {
      if (result->is_null(row)) continue;
      const std::string_view bytes = input.data<std::string_view>()[row];
      RETURN_IF_ERROR(context.Handled(bytes.size() + 64));
      ScratchMemory scratch(context);
      if (bytes.size() > internal::kLargeArguments) RETURN_IF_ERROR(scratch.Take(4 * bytes.size()));
      const types::ArrayView array(bytes, input.type().id);
      Type element = types::ElementOf(result->type());
      element.modifier = 0;
      Vector elements(element);
      RETURN_IF_ERROR(
          Cast(context, array.Elements(types::ElementOf(input.type())), is_explicit, &elements));
      result->data<std::string_view>()[row] =
          result->arena()->Add(WithElements(array, elements, to));
      if (result->strings_refused()) return result->StringsRefusal();
    }
    return absl::OkStatus();
  }

  static void CopyValues(const Vector& input, Vector* result) {
    if (input.size() == 0) return;
    std::memcpy(result->data<char>(), input.data<char>(),
                input.size() * types::WidthOf(input.physical()));
    result->ShareStrings(input);
  }

  CatalogBuilder content_;
  Index<Function> functions_;
  Index<Function> operators_;
  Index<AggregateFunction> aggregates_;
  Index<TableFunction> table_functions_;
};

}  // namespace

std::string SignatureOf(std::string_view name, const std::vector<TypeId>& arguments) {
  std::string signature(name);
  signature.push_back('(');
  for (const TypeId id : arguments) {
    if (signature.back() != '(') signature.push_back(',');
    signature.append(id == TypeId::kUnspecified ? "any" : types::CatalogName(id));
  }
  signature.push_back(')');
  return signature;
}

void CatalogBuilder::AddFunction(std::string_view name, Types arguments, TypeId result,
                                 Kernel kernel, FunctionOptions options) {
  Function function;
  function.name = name;
  function.signature = SignatureOf(name, arguments);
  function.arguments = std::move(arguments);
  function.result = result;
  function.strict = options.strict;
  function.variadic = options.variadic;
  function.volatility = options.volatility;
  function.kernel = kernel;
  functions.push_back(std::move(function));
}

void CatalogBuilder::AddOperator(std::string_view symbol, Types arguments, TypeId result,
                                 Kernel kernel, std::string_view commutator,
                                 std::string_view negator, FunctionOptions options) {
  AddFunction(symbol, std::move(arguments), result, kernel, options);
  functions.back().is_operator = true;
  functions.back().commutator = commutator;
  functions.back().negator = negator;
}

void CatalogBuilder::AddAggregate(std::string_view name, Types arguments, TypeId result,
                                  std::function<std::unique_ptr<Aggregate>()> create) {
  AggregateFunction function;
  function.name = name;
  function.signature =
      name == "count" && arguments.empty() ? "count(*)" : SignatureOf(name, arguments);
  function.arguments = std::move(arguments);
  function.result = result;
  function.create = std::move(create);
  aggregates.push_back(std::move(function));
}

void CatalogBuilder::AddTableFunction(TableFunction function) {
  function.signature = SignatureOf(function.name, function.arguments);
  table_functions.push_back(std::move(function));
}

void CatalogBuilder::AddCast(TypeId from, TypeId to, CastContext context, CastKernel kernel) {
  casts[CastKey(from, to)] = CastRule{context, kernel};
}

absl::Status GrowingText::Count(size_t size) {
  if (size > kLargestText) return TooLong(size);
  // A string doubles, and is there twice while it does.
  const size_t reached = std::max(size, 2 * counted_);
  RETURN_IF_ERROR(scratch_.Take((reached - counted_) * 3 / 2));
  counted_ = reached;
  return absl::OkStatus();
}

absl::Status internal::CheckWide(const EvaluationContext& context, uint32_t row,
                                 const Vector& result) {
  if (result.strings_refused()) return result.StringsRefusal();
  return context.Handled(kWideCost * result.string(row).size());
}

size_t internal::ScratchOf(const std::vector<const Vector*>& arguments, uint32_t row) {
  size_t bytes = 0;
  for (const Vector* argument : arguments) {
    if (argument->has_strings() && !argument->is_null(row)) bytes += argument->string(row).size();
  }
  return bytes;
}

absl::StatusOr<char*> TextOutput::Make(uint64_t size) {
  if (size > kLargestText) return TooLong(size);
  char* target = result_.arena()->TryAllocate(size);
  if (target == nullptr) return result_.StringsRefusal();
  result_.data<std::string_view>()[row_] = {target, size};
  return target;
}

absl::TimeZone ZoneOf(const EvaluationContext& context) {
  if (context.time_zone == "UTC") return absl::UTCTimeZone();
  const auto zone = types::ReadTimeZoneSetting(context.time_zone);
  return zone.ok() ? zone->zone : absl::UTCTimeZone();
}

std::vector<std::string> EffectiveSearchPath(const EvaluationContext& context) {
  std::vector<std::string> path;
  for (const std::string& schema : context.search_path) {
    if (IsTemporarySchema(schema)) continue;
    if (context.catalog != nullptr) {
      const auto exists = context.catalog->Call("schema_exists", {types::Value::Text(schema)});
      if (exists.ok() && !exists->bool_value()) continue;
    }
    path.push_back(schema);
  }
  return path;
}

types::TextOptions OptionsOf(const EvaluationContext& context) {
  types::TextOptions options;
  options.time_zone = ZoneOf(context);
  options.now_us = context.transaction_timestamp_us;
  options.extra_float_digits = context.extra_float_digits;
  options.bytea_hex = context.bytea_hex;
  options.interval_style = context.interval_style;
  options.date_format = context.date_format;
  return options;
}

namespace {

const BuiltinCatalog& TheCatalog() {
  static const BuiltinCatalog* const catalog = new BuiltinCatalog();
  return *catalog;
}

template <typename F>
std::vector<const F*> PointersTo(const std::vector<F>& functions) {
  std::vector<const F*> result;
  for (const F& function : functions) result.push_back(&function);
  return result;
}

}  // namespace

const FunctionCatalog& FunctionCatalog::Builtin() { return TheCatalog(); }

std::vector<const Function*> BuiltinFunctions() {
  std::vector<const Function*> result = PointersTo(TheCatalog().content().functions);
  std::erase_if(result, [](const Function* function) { return function->is_operator; });
  return result;
}

std::vector<const AggregateFunction*> BuiltinAggregates() {
  return PointersTo(TheCatalog().content().aggregates);
}

std::vector<const TableFunction*> BuiltinTableFunctions() {
  return PointersTo(TheCatalog().content().table_functions);
}

}  // namespace adbms::sql::functions
