// Collects the built-ins while the catalog is being made. Each family of functions registers itself
// through one Add… function, in a file of its own. Not thread-safe; lives only during construction.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// Converts rows that are not NULL; the result is sized and its NULLs are set. The catalog applies
// the target's modifier afterwards, unless the type is a string with a length.
using CastKernel = absl::Status (*)(const EvaluationContext& context, const types::Vector& input,
                                    bool is_explicit, types::Vector* result);

struct CastRule {
  CastContext context = CastContext::kExplicit;
  CastKernel kernel = nullptr;
};

// "lower(text)".
std::string SignatureOf(std::string_view name, const std::vector<types::TypeId>& arguments);

struct FunctionOptions {
  bool strict = true;
  bool variadic = false;
  Volatility volatility = Volatility::kImmutable;
};
// What an assignment to an element of an array makes; of no name that a statement can write.
inline constexpr char kArrayAssignment[] = "array with element";
// The same of a slice.
inline constexpr char kArraySliceAssignment[] = "array with slice";
// Whether a row is in the sample of TABLESAMPLE; of no name that a statement can write.
inline constexpr char kIsSampled[] = "is sampled";
// The hash of a partition's keys, key after key, and its remainder; of no names that a statement
// can write.
inline constexpr char kPartitionHash[] = "partition hash";
inline constexpr char kPartitionRemainder[] = "partition remainder";
inline constexpr FunctionOptions kStable = {true, false, Volatility::kStable};
inline constexpr FunctionOptions kVolatile = {true, false, Volatility::kVolatile};
inline constexpr FunctionOptions kNotStrict = {false, false, Volatility::kImmutable};

class CatalogBuilder {
 public:
  using Types = std::vector<types::TypeId>;

  void AddFunction(std::string_view name, Types arguments, types::TypeId result, Kernel kernel,
                   FunctionOptions options = {});
  void AddOperator(std::string_view symbol, Types arguments, types::TypeId result, Kernel kernel,
                   std::string_view commutator = {}, std::string_view negator = {},
                   FunctionOptions options = {});
  void AddAggregate(std::string_view name, Types arguments, types::TypeId result,
                    std::function<std::unique_ptr<Aggregate>()> create);
  void AddTableFunction(TableFunction function);
  void AddCast(types::TypeId from, types::TypeId to, CastContext context, CastKernel kernel);

  std::vector<Function> functions;
  std::vector<AggregateFunction> aggregates;
  std::vector<TableFunction> table_functions;
  std::unordered_map<uint32_t, CastRule> casts;  // By CastKey.
};

inline uint32_t CastKey(types::TypeId from, types::TypeId to) {
  return static_cast<uint32_t>(from) << 8 | static_cast<uint32_t>(to);
}

void AddArithmetic(CatalogBuilder& builder);
void AddFloatArithmetic(CatalogBuilder& builder);
void AddComparisons(CatalogBuilder& builder);
void AddCasts(CatalogBuilder& builder);
void AddStrings(CatalogBuilder& builder);
void AddCollations(CatalogBuilder& builder);
void AddStringFormatting(CatalogBuilder& builder);
void AddTextReaders(CatalogBuilder& builder);
void AddPatterns(CatalogBuilder& builder);
void AddMath(CatalogBuilder& builder);
void AddDatetime(CatalogBuilder& builder);
void AddDatetimeFields(CatalogBuilder& builder);
void AddToChar(CatalogBuilder& builder);
void AddArrays(CatalogBuilder& builder);
void AddEnums(CatalogBuilder& builder);
void AddArrayEdits(CatalogBuilder& builder);
void AddArraySearches(CatalogBuilder& builder);
void AddArrayTexts(CatalogBuilder& builder);
void AddJson(CatalogBuilder& builder);
void AddJsonSets(CatalogBuilder& builder);
void AddJsonMake(CatalogBuilder& builder);
void AddJsonAggregates(CatalogBuilder& builder);
void AddJsonbAccess(CatalogBuilder& builder);
void AddJsonbContains(CatalogBuilder& builder);
void AddJsonbEdit(CatalogBuilder& builder);
void AddJsonbSets(CatalogBuilder& builder);
void AddJsonpath(CatalogBuilder& builder);
void AddJsonbCasts(CatalogBuilder& builder);
void AddBytes(CatalogBuilder& builder);
void AddNetwork(CatalogBuilder& builder);
void AddControl(CatalogBuilder& builder);
void AddSystem(CatalogBuilder& builder);
void AddSessionEffects(CatalogBuilder& builder);
void AddSettings(CatalogBuilder& builder);
void AddConditionals(CatalogBuilder& builder);
void AddAggregates(CatalogBuilder& builder);
void AddArrayAggregates(CatalogBuilder& builder);
void AddExtremes(CatalogBuilder& builder);
void AddStatisticalAggregates(CatalogBuilder& builder);
void AddTableFunctions(CatalogBuilder& builder);
void AddTextSets(CatalogBuilder& builder);
void AddKeywords(CatalogBuilder& builder);
void AddRecordSets(CatalogBuilder& builder);
void AddRows(CatalogBuilder& builder);
void AddRowReading(CatalogBuilder& builder);
void AddSampling(CatalogBuilder& builder);
void AddRanges(CatalogBuilder& builder);
void AddOrderedSetAggregates(CatalogBuilder& builder);
void AddRegressionAggregates(CatalogBuilder& builder);
void AddRegexpFind(CatalogBuilder& builder);
void AddDegrees(CatalogBuilder& builder);
void AddByteBits(CatalogBuilder& builder);
void AddBitStrings(CatalogBuilder& builder);
void AddTimeTz(CatalogBuilder& builder);
void AddCrypto(CatalogBuilder& builder);
void AddUuidNames(CatalogBuilder& builder);
void AddTrigrams(CatalogBuilder& builder);
void AddPartitioning(CatalogBuilder& builder);

}  // namespace adbms::sql::functions
