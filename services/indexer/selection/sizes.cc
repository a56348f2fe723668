#include "services/indexer/selection/sizes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/status/macros.h"

namespace adbms::indexer::selection {
namespace {

using candidates::Candidate;

constexpr double kEntryBytes = 12;   // Index id, separators, trailer.
constexpr double kColumnBytes = 12;  // Of a column without statistics.
constexpr double kRowIdBytes = 8;
// An item of a value takes about as much of it: a trigram a character, a word or an element more.
constexpr double kBytesPerTrigram = 1;
constexpr double kBytesPerItem = 8;

}  // namespace

absl::Status Sizes::Learn(const rpc::CallContext& context, optimizer::api::Optimizer* optimizer,
                          const std::vector<candidates::Bundle>& candidates) {
  optimizer::v1::WhatIfRequest request;
  request.set_database(scene_.database);
  std::vector<std::pair<uint32_t, std::string>> asked;
  for (const candidates::Bundle& bundle : candidates) {
    for (const Candidate& candidate : bundle) {
      const auto* table = scene_.catalog->FindTable(candidate.table_id);
      if (table == nullptr || !candidate.index.has_predicate()) continue;
      auto key = std::make_pair(candidate.table_id, candidate.index.predicate().bound());
      if (!fractions_.try_emplace(key, 1).second) continue;
      request.add_statements()->set_sql(
          absl::StrCat("SELECT 1 FROM ", candidates::QuoteIdentifier(table->schema()), ".",
                       candidates::QuoteIdentifier(table->name()), " WHERE ",
                       candidates::Predicate(candidate, *table)));
      asked.push_back(std::move(key));
    }
  }
  if (asked.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto response, optimizer->WhatIf(context, request));
  for (size_t i = 0; i < asked.size() && static_cast<int>(i) < response.outcomes_size(); ++i) {
    const auto* statistics = StatisticsOf(asked[i].first);
    const auto& outcome = response.outcomes(static_cast<int>(i));
    if (statistics == nullptr || statistics->row_count() <= 0 || !outcome.error().empty()) continue;
    fractions_[asked[i]] =
        std::clamp(outcome.rows() / static_cast<double>(statistics->row_count()), 0.0, 1.0);
  }
  return absl::OkStatus();
}

double Sizes::Fraction(const Candidate& candidate) const {
  if (!candidate.index.has_predicate()) return 1;
  const auto found =
      fractions_.find(std::make_pair(candidate.table_id, candidate.index.predicate().bound()));
  return found == fractions_.end() ? 1 : found->second;
}

double Sizes::EntriesPerRow(const Candidate& candidate, double key_bytes) const {
  if (!sql::IsInverted(candidate.index)) return 1;
  const bool trigrams = candidate.index.operator_classes(0).find("trgm") != std::string::npos;
  return std::max(1.0, key_bytes / (trigrams ? kBytesPerTrigram : kBytesPerItem));
}

uint64_t Sizes::Bytes(const Candidate& candidate) const {
  const auto* statistics = StatisticsOf(candidate.table_id);
  const auto* table = scene_.catalog->FindTable(candidate.table_id);
  if (statistics == nullptr || table == nullptr) return 0;
  const auto width_of = [&](const auto& ordinals) {
    double width = 0;
    for (const uint32_t ordinal : ordinals) {
      if (ordinal == sql::kExpressionKey) continue;
      const auto found =
          std::find_if(statistics->columns().begin(), statistics->columns().end(),
                       [ordinal](const auto& column) { return column.column() == ordinal; });
      width += found == statistics->columns().end() ? kColumnBytes : found->average_width_bytes();
    }
    return width;
  };
  double keys = width_of(candidate.index.columns());
  for (const auto& expression : candidate.index.expressions())
    keys += width_of(expression.columns());
  const double row = table->primary_key().empty() ? kRowIdBytes : width_of(table->primary_key());
  const double entries = EntriesPerRow(candidate, keys);
  const double entry = kEntryBytes + (entries > 1 ? kBytesPerItem : keys) +
                       width_of(candidate.index.include()) + row;
  return static_cast<uint64_t>(static_cast<double>(statistics->row_count()) * Fraction(candidate) *
                               entries * entry);
}

const common::v1::TableStatistics* Sizes::StatisticsOf(uint32_t table_id) const {
  for (const auto& one : scene_.statistics->tables()) {
    if (one.table_id() == table_id) return &one;
  }
  return nullptr;
}

}  // namespace adbms::indexer::selection
