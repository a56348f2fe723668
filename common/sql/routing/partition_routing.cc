#include "common/sql/routing/partition_routing.h"

#include <algorithm>
#include <set>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/routing/row_expression.h"
#include "common/status/macros.h"
#include "common/types/text_io.h"

namespace adbms::sql::routing {

absl::StatusOr<std::shared_ptr<const PartitionRouting>> PartitionRouting::Make(
    const common::v1::TableDescriptor& table) {
  if (!table.has_partition_key()) return std::shared_ptr<const PartitionRouting>();
  auto routing = std::make_shared<PartitionRouting>();
  const common::v1::PartitionKey& source = table.partition_key();
  const auto count = static_cast<size_t>(table.columns_size());
  int next = 0;
  for (const uint32_t ordinal : source.columns()) {
    Key& key = routing->keys_.emplace_back();
    if (ordinal != kExpressionKey) {
      if (ordinal >= count) return absl::InternalError("a partition key names no column");
      key.ordinal = ordinal;
      key.text = table.columns(static_cast<int>(ordinal)).name();
      key.read = {ordinal};
      continue;
    }
    common::v1::Expression bound;
    if (next >= source.expressions_size() ||
        !bound.ParseFromString(source.expressions(next).bound()))
      return absl::InternalError("a malformed partition key");
    std::set<uint32_t> read;
    ASSIGN_OR_RETURN(key.expression, CompileOverRow(bound, count, &read));
    key.read.assign(read.begin(), read.end());
    key.text = explain::DeparseKey(
        source.expressions(next++),
        [&](uint32_t column) { return table.columns(static_cast<int>(column)).name(); }, false);
  }
  ASSIGN_OR_RETURN(routing->bounds_, partition::PartitionBounds::Make(source));
  for (const auto& member : source.partitions()) routing->members_.push_back(member.table_id());
  return std::shared_ptr<const PartitionRouting>(std::move(routing));
}

absl::StatusOr<std::vector<types::VectorPtr>> PartitionRouting::Keys(
    const types::Batch& rows) const {
  const std::vector<types::Value> no_parameters;
  expression::EvaluationState state;
  state.parameters = &no_parameters;
  std::vector<types::VectorPtr> keys;
  for (const Key& key : keys_) {
    if (key.expression == nullptr) {
      keys.push_back(rows.columns[key.ordinal]);
      continue;
    }
    ASSIGN_OR_RETURN(types::VectorPtr value, key.expression->Evaluate(state, rows));
    if (value->strings_refused()) return value->StringsRefusal();
    keys.push_back(std::move(value));
  }
  return keys;
}

absl::Status PartitionRouting::Route(const types::Batch& rows,
                                     std::vector<uint32_t>* table_ids) const {
  ASSIGN_OR_RETURN(const std::vector<types::VectorPtr> keys, Keys(rows));
  table_ids->resize(rows.row_count);
  std::vector<types::Value> values(keys.size());
  for (uint32_t row = 0; row < rows.row_count; ++row) {
    for (size_t i = 0; i < keys.size(); ++i) values[i] = keys[i]->Get(row);
    const std::optional<size_t> member = bounds_.Find(values);
    (*table_ids)[row] = member.has_value() ? members_[*member] : 0;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PartitionRouting::DescribeKey(const types::Batch& rows,
                                                          uint32_t row) const {
  ASSIGN_OR_RETURN(const std::vector<types::VectorPtr> keys, Keys(rows));
  std::string names, values;
  for (size_t i = 0; i < keys.size(); ++i) {
    names += (i == 0 ? "" : ", ") + keys_[i].text;
    values += i == 0 ? "" : ", ";
    if (keys[i]->is_null(row)) {
      values += "null";
    } else {
      types::FormatText(*keys[i], row, types::TextOptions(), &values);
    }
  }
  return "(" + names + ") = (" + values + ")";
}

bool PartitionRouting::Reads(const std::vector<bool>& columns) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
    return std::any_of(key.read.begin(), key.read.end(), [&](uint32_t ordinal) {
      return ordinal < columns.size() && columns[ordinal];
    });
  });
}

}  // namespace adbms::sql::routing
