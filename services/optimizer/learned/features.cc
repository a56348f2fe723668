#include "services/optimizer/learned/features.h"

#include <algorithm>
#include <cmath>

namespace adbms::optimizer::learned {
namespace {

using common::v1::TestExpression;
using sql::plan::Expr;
using sql::plan::ExprPtr;

enum Kind : uint32_t {
  kEqual = 1,
  kBound = 2,
  kInList = 3,
  kPattern = 4,
  kNullTest = 5,
  kOther = 6,
};

constexpr size_t kDetailed = 3;
constexpr size_t kFirstDetail = 11;
constexpr double kLeast = 1e-9;

Kind KindOf(const Expr& e) {
  if (e.kind == Expr::Kind::kInList) return kInList;
  if (e.kind == Expr::Kind::kTest &&
      (e.test == TestExpression::KIND_IS_NULL || e.test == TestExpression::KIND_IS_NOT_NULL))
    return kNullTest;
  if (e.kind != Expr::Kind::kCall || !e.function->is_operator || e.args.size() != 2) return kOther;
  const std::string& name = e.function->name;
  if (name.find('~') != std::string::npos) return kPattern;
  if (name == "=") return kEqual;
  if (name == "<" || name == "<=" || name == ">" || name == ">=") return kBound;
  return kOther;
}

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29);
}

}  // namespace

std::vector<float> FeaturesOf(const sql::plan::Query& query, const sql::plan::Rel& scan,
                              const std::vector<ExprPtr>& conditions, double rows,
                              const cost::StatisticsEstimator& estimator) {
  struct One {
    double selectivity;
    uint32_t column;
    Kind kind;
  };
  std::vector<One> all;
  uint64_t sum = 0;
  std::vector<float> features(kFeatureCount, 0);
  for (const ExprPtr& condition : conditions) {
    const Kind kind = KindOf(*condition);
    const sql::plan::ColumnSet columns = sql::plan::ColumnsOf(condition);
    uint64_t hash = Mix(17, kind);
    for (const sql::plan::ColumnId column : columns)
      hash = Mix(hash, query.columns[column].column_number);
    if (condition->kind == Expr::Kind::kCall) {
      for (const char c : condition->function->name) hash = Mix(hash, static_cast<uint8_t>(c));
    }
    sum += hash;
    const uint32_t column = columns.size() == 1 ? query.columns[*columns.begin()].column_number : 0;
    all.push_back({estimator.Selectivity(query, *condition), column, kind});
    features[4 + kind] += 1;
  }
  const double table_rows = std::max(1.0, estimator.TableRows(*scan.table));
  const uint64_t hash = Mix(Mix(23, scan.table->table_id()), sum);
  features[0] = kFormat;
  features[1] = static_cast<float>(hash & 0xffffff);
  features[2] = static_cast<float>(std::log(table_rows));
  features[3] = static_cast<float>(std::log(std::max(1.0, rows) / table_rows));
  features[4] = static_cast<float>(conditions.size());
  std::stable_sort(all.begin(), all.end(),
                   [](const One& a, const One& b) { return a.selectivity < b.selectivity; });
  for (size_t i = 0; i < std::min(kDetailed, all.size()); ++i) {
    features[kFirstDetail + 3 * i] = static_cast<float>(all[i].column);
    features[kFirstDetail + 3 * i + 1] = static_cast<float>(all[i].kind);
    features[kFirstDetail + 3 * i + 2] =
        static_cast<float>(std::log(std::max(kLeast, all[i].selectivity)));
  }
  return features;
}

bool AreFeatures(const std::vector<float>& features) {
  return features.size() == kFeatureCount && features[0] == kFormat &&
         std::all_of(features.begin(), features.end(), [](float f) { return std::isfinite(f); });
}

}  // namespace adbms::optimizer::learned
