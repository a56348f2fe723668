// TABLESAMPLE: which rows are in a sample.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/function_catalog.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Vector;
using View = std::string_view;

constexpr std::string_view kInvalidArgument = "2202H";
constexpr std::string_view kInvalidRepeat = "2202G";

// Between 0 and 1, evenly, and the same for the same bytes and seed.
double Place(View key, double seed) {
  uint64_t hash;
  static_assert(sizeof(hash) == sizeof(seed));
  __builtin_memcpy(&hash, &seed, sizeof(hash));
  for (const char c : key) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  hash = (hash ^ (hash >> 32)) * 0xff51afd7ed558ccdu;
  hash ^= hash >> 33;
  return static_cast<double>(hash >> 11) * 0x1p-53;
}

// (row key, percentage, seed)
absl::Status IsSampled(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                       uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (arguments[1]->is_null(row))
      return status::Error(kInvalidArgument, "TABLESAMPLE parameter cannot be null");
    if (arguments[2]->is_null(row))
      return status::Error(kInvalidRepeat, "TABLESAMPLE REPEATABLE parameter cannot be null");
    const double percent = arguments[1]->data<double>()[row];
    if (!(percent >= 0 && percent <= 100))
      return status::Error(kInvalidArgument, "sample percentage must be between 0 and 100");
    const double place = Place(arguments[0]->data<View>()[row], arguments[2]->data<double>()[row]);
    result->data<uint8_t>()[row] = place * 100 < percent;
  }
  return absl::OkStatus();
}

}  // namespace

void AddSampling(CatalogBuilder& builder) {
  builder.AddFunction(kIsSampled, {TypeId::kBytea, TypeId::kFloat8, TypeId::kFloat8}, TypeId::kBool,
                      IsSampled, kNotStrict);
}

}  // namespace adbms::sql::functions
