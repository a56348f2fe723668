#include "services/storage/codec/generated_columns.h"

#include <algorithm>
#include <set>

#include "common/sql/routing/row_expression.h"
#include "common/status/macros.h"

namespace adbms::storage::codec {

absl::StatusOr<std::shared_ptr<const GeneratedColumns>> GeneratedColumns::Make(
    const common::v1::TableDescriptor& table) {
  std::shared_ptr<GeneratedColumns> generated;
  const auto count = static_cast<size_t>(table.columns_size());
  for (uint32_t i = 0; i < count; ++i) {
    const common::v1::ColumnDescriptor& column = table.columns(static_cast<int>(i));
    if (!column.has_generated() || column.dropped()) continue;
    common::v1::Expression bound;
    if (!bound.ParseFromString(column.generated().bound()))
      return absl::InternalError("a malformed generation expression");
    std::set<uint32_t> read;
    ASSIGN_OR_RETURN(auto value, sql::routing::CompileOverRow(bound, count, &read));
    const types::Type declared = types::FromProto(column.type());
    if (types::PhysicalOf(value->type().id) != types::PhysicalOf(declared.id))
      return absl::InternalError("a generation expression of another type than its column");
    for (const uint32_t ordinal : read) {
      if (table.columns(static_cast<int>(ordinal)).has_generated())
        return absl::InternalError("a generation expression over a generated column");
    }
    if (generated == nullptr) generated = std::make_shared<GeneratedColumns>();
    generated->columns_.push_back({i, std::move(value), {read.begin(), read.end()}});
  }
  return std::shared_ptr<const GeneratedColumns>(std::move(generated));
}

absl::Status GeneratedColumns::Compute(types::Batch* rows) const {
  const std::vector<types::Value> no_parameters;
  sql::expression::EvaluationState state;
  state.parameters = &no_parameters;
  for (const Column& column : columns_) {
    ASSIGN_OR_RETURN(types::VectorPtr value, column.value->Evaluate(state, *rows));
    if (value->strings_refused()) return value->StringsRefusal();
    rows->columns[column.ordinal] = std::move(value);
  }
  return absl::OkStatus();
}

void GeneratedColumns::MarkChanged(std::vector<bool>* assigned) const {
  for (const Column& column : columns_) {
    const bool changes = std::any_of(column.read.begin(), column.read.end(),
                                     [&](uint32_t ordinal) { return (*assigned)[ordinal]; });
    if (changes) (*assigned)[column.ordinal] = true;
  }
}

}  // namespace adbms::storage::codec
