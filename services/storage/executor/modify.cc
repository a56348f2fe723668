#include "services/storage/executor/modify.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/executor/cascade_rules.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::executor {

absl::StatusOr<std::vector<Check>> CompileChecks(
    const google::protobuf::RepeatedPtrField<common::v1::CheckConstraint>& checks) {
  std::vector<Check> result;
  for (const common::v1::CheckConstraint& check : checks) {
    ASSIGN_OR_RETURN(CompiledExpressionPtr condition, sql::expression::Compile(check.condition()));
    result.push_back({check.name(), std::move(condition), check.of_view(), check.row_security()});
  }
  return result;
}

std::vector<Check> TakeChecks(std::vector<Check>* checks,
                              const std::function<bool(const Check&)>& belongs) {
  const auto taken = std::stable_partition(
      checks->begin(), checks->end(), [&belongs](const Check& check) { return !belongs(check); });
  std::vector<Check> result(std::make_move_iterator(taken), std::make_move_iterator(checks->end()));
  checks->erase(taken, checks->end());
  return result;
}

namespace {

absl::Status PolicyViolation(const Check& check, const catalog::TableEntry& table) {
  const bool existing = check.row_security == common::v1::CheckConstraint::ROW_SECURITY_EXISTING;
  return status::Error(status::sqlstate::kInsufficientPrivilege,
                       absl::StrCat("new row violates row-level security policy ",
                                    check.name.empty() ? "" : absl::StrCat("\"", check.name, "\" "),
                                    existing ? "(USING expression) " : "", "for table \"",
                                    table.descriptor.name(), "\""));
}

}  // namespace

absl::Status VerifyChecks(const std::vector<Check>& checks, const catalog::TableEntry& table,
                          sql::expression::EvaluationState& state, const types::Batch& rows) {
  for (const Check& check : checks) {
    ASSIGN_OR_RETURN(const types::VectorPtr result, check.condition->Evaluate(state, rows));
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      const bool null = result->is_null(row);
      const bool policy =
          check.row_security != common::v1::CheckConstraint::ROW_SECURITY_UNSPECIFIED;
      if (null ? !check.of_view && !policy : result->data<uint8_t>()[row] != 0) continue;
      if (policy) return PolicyViolation(check, table);
      const std::vector<const types::Vector*> columns = Pointers(rows);
      return check.of_view ? txn::ViewCheckViolation(table, check.name, columns, row)
                           : txn::CheckViolation(table, check.name, columns, row);
    }
  }
  return absl::OkStatus();
}

absl::Status ComputeGenerated(const catalog::TableEntry& table, types::Batch* rows) {
  return table.layout.generated == nullptr ? absl::OkStatus()
                                           : table.layout.generated->Compute(rows);
}

ModifyOperator::ModifyOperator(ExecutionContext* context, uint32_t id,
                               const catalog::TableEntry* table, const PlanNode* input,
                               const std::vector<CompiledExpressionPtr>* returning,
                               const CascadeTargets* cascades, const PartitionTargets* partitions,
                               bool buffer_input)
    : Operator(context, id),
      table_(*table),
      returning_(*returning),
      cascades_(cascades),
      partitions_(partitions),
      buffer_input_(buffer_input),
      input_(input->Open(context)),
      results_(context) {}

absl::Status ModifyOperator::DoRewind() {
  return absl::InternalError("a writing operator runs once");
}

absl::Status ModifyOperator::Run() {
  if (buffer_input_) {
    SpooledRows rows(context_);
    types::Batch batch;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) break;
      RETURN_IF_ERROR(rows.Add(std::move(batch)));
    }
    RETURN_IF_ERROR(rows.Finish());
    SpooledRows::Reader reader(&rows);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&batch));
      if (!more) break;
      RETURN_IF_ERROR(context_->call->Check());
      RETURN_IF_ERROR(Apply(std::move(batch)));
    }
  } else {
    while (true) {
      types::Batch batch;
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) break;
      RETURN_IF_ERROR(context_->call->Check());
      RETURN_IF_ERROR(Apply(std::move(batch)));
    }
  }
  RETURN_IF_ERROR(results_.Finish());
  if (!context_->puts_off_ends) return Finish(context_, writers_, cascades_);
  context_->ends.emplace_back([context = context_, writers = writers_, cascades = cascades_] {
    return Finish(context, writers, cascades);
  });
  return absl::OkStatus();
}

absl::Status ModifyOperator::Finish(ExecutionContext* context, const Writers& writers,
                                    const CascadeTargets* cascades) {
  for (const auto& [id, writer] : writers) {
    CascadeRules rules(context, cascades);
    RETURN_IF_ERROR(writer->FinishStatement(context->catalog.get(), &rules));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ModifyOperator::DoNext(types::Batch* out) {
  if (!ran_) {
    ran_ = true;
    RETURN_IF_ERROR(Run());
    reader_.emplace(&results_);
  }
  return reader_->Next(out);
}

bool ModifyOperator::divided() const { return partitions_ != nullptr && partitions_->divided(); }

txn::TableWriter& ModifyOperator::WriterOf(const catalog::TableEntry& table) {
  std::shared_ptr<txn::TableWriter>& writer = writers_[table.descriptor.table_id()];
  if (writer == nullptr)
    writer = std::make_shared<txn::TableWriter>(context_->call, context_->transaction, &table,
                                                context_->catalog.get());
  return *writer;
}

absl::Status ModifyOperator::Return(const types::Batch& rows, const catalog::TableEntry& table) {
  if (!returns() || rows.row_count == 0) return absl::OkStatus();
  if (!divided()) {
    ASSIGN_OR_RETURN(types::Batch result, EvaluateAll(returning_, context_, rows));
    return results_.Add(std::move(result));
  }
  constexpr types::Type kOid{types::TypeId::kOid, 0};
  types::Batch labeled = rows;
  labeled.columns.insert(labeled.columns.begin() + static_cast<long>(table_.layout.types.size()),
                         Repeat(types::Value::Int(types::TypeId::kOid, table.descriptor.table_id()),
                                kOid, rows.row_count));
  ASSIGN_OR_RETURN(types::Batch result, EvaluateAll(returning_, context_, labeled));
  return results_.Add(std::move(result));
}

absl::Status TargetRows::ChangedByTrigger() const {
  return status::Error("27000",
                       std::string("tuple to be ") + (removes_ ? "deleted" : "updated") +
                           " was already modified by an operation triggered by the current command",
                       {},
                       "Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
                       "changes to other rows.");
}

absl::Status TargetRows::Lock(txn::TableWriter* writer, txn::LockMode mode, types::Batch* batch) {
  const codec::TableLayout& layout = table_.layout;
  const size_t table_columns = layout.types.size();
  if (batch->columns.size() <= table_columns)
    return absl::InternalError("the input lacks the row's key");
  const types::VectorPtr keys = batch->columns[table_columns];
  std::vector<const types::Vector*> old_columns = Pointers(*batch);
  old_columns.resize(table_columns);
  std::vector<uint32_t> kept;     // Input rows to keep, in order.
  std::vector<uint32_t> changed;  // Positions in `kept` whose row is newer than the input's.
  std::vector<std::string> versions;
  std::string expected;
  for (uint32_t row = 0; row < batch->row_count; ++row) {
    if (keys->is_null(row)) continue;  // The nullable side of an outer join.
    const std::string_view key = keys->data<std::string_view>()[row];
    if (!seen_.emplace(key).second) continue;
    engine::PinnableSlice value;
    bool found = false;
    bool unchanged = false;
    if (read_before_) {
      RETURN_IF_ERROR(writer->LockRow(key, mode, &value, &found));
      if (!found) return ChangedByTrigger();
    } else {
      RETURN_IF_ERROR(writer->LockReadRow(key, mode, &value, &found, &unchanged));
    }
    if (!found) {
      RETURN_IF_ERROR(context_->transaction->CheckNotMoved(key));
      continue;
    }
    if (unchanged) {
      kept.push_back(row);
      continue;
    }
    expected.clear();
    layout.row.Append(old_columns, row, &expected);
    if (engine::ToView(value) != expected) {
      changed.push_back(static_cast<uint32_t>(kept.size()));
      versions.emplace_back(value.data(), value.size());
    }
    kept.push_back(row);
  }
  if (kept.size() != batch->row_count) {
    *batch = types::Gather(*batch, kept.data(), static_cast<uint32_t>(kept.size()));
  }
  if (changed.empty()) return absl::OkStatus();

  // Put the latest versions in place, then ask again whether those rows match.
  std::vector<uint32_t> all(table_columns);
  for (uint32_t i = 0; i < table_columns; ++i) all[i] = i;
  const codec::RowDecoder decoder(&layout.row, all, &layout.missing);
  types::Batch latest = NewBatch(layout.types, static_cast<uint32_t>(changed.size()));
  std::vector<types::Vector*> outs;
  for (const types::VectorPtr& column : latest.columns) outs.push_back(column.get());
  for (uint32_t i = 0; i < changed.size(); ++i)
    RETURN_IF_ERROR(decoder.Decode(versions[i], i, outs.data()));
  if (read_before_) {
    // A row that is stored without columns of later is still the same.
    std::vector<const types::Vector*> given = Pointers(*batch);
    given.resize(table_columns);
    for (uint32_t i = 0; i < changed.size(); ++i) {
      std::string was, is;
      layout.row.Append(given, changed[i], &was);
      layout.row.Append(Pointers(latest), i, &is);
      if (was != is) return ChangedByTrigger();
    }
  }
  for (size_t c = 0; c < table_columns; ++c) {
    auto merged = std::make_shared<types::Vector>(layout.types[c]);
    merged->Reserve(batch->row_count);
    merged->ShareStrings(*batch->columns[c]);
    merged->ShareStrings(*latest.columns[c]);
    size_t next = 0;
    for (uint32_t row = 0; row < batch->row_count; ++row) {
      if (next < changed.size() && changed[next] == row) {
        merged->AppendFrom(*latest.columns[c], static_cast<uint32_t>(next++));
      } else {
        merged->AppendFrom(*batch->columns[c], row);
      }
    }
    batch->columns[c] = std::move(merged);
  }
  if (recheck_ == nullptr) return absl::OkStatus();
  const types::Batch subset =
      types::Gather(*batch, changed.data(), static_cast<uint32_t>(changed.size()));
  std::vector<uint32_t> matching;
  RETURN_IF_ERROR(recheck_->Select(context_->state, subset, &matching));
  if (matching.size() == changed.size()) return absl::OkStatus();
  std::vector<bool> drop(batch->row_count, false);
  for (uint32_t row : changed) drop[row] = true;
  for (uint32_t i : matching) drop[changed[i]] = false;
  std::vector<uint32_t> rest;
  for (uint32_t row = 0; row < batch->row_count; ++row) {
    if (!drop[row]) rest.push_back(row);
  }
  *batch = types::Gather(*batch, rest.data(), static_cast<uint32_t>(rest.size()));
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
