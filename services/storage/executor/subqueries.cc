#include "services/storage/executor/subqueries.h"

#include "absl/cleanup/cleanup.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

using common::v1::SubqueryExpression;
constexpr size_t kMemoEntries = 1 << 16;
constexpr int64_t kLargestMemo = 64 << 10;
// A hashed form reads all that the sub-plan can read once; so many runs have read about that.
constexpr uint64_t kRunsBeforeHashing = 8;

types::Value Unknown() { return types::Value::Null({types::TypeId::kBool, 0}); }

bool AllEqualities(const SubqueryExpression& subquery, const std::vector<types::Value>& operands,
                   const types::Batch& rows) {
  for (int i = 0; i < subquery.comparisons_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (!subquery.comparisons(i).starts_with("=(")) return false;
    if (at >= operands.size() || at >= rows.columns.size()) return false;
    if (operands[at].type().id != rows.columns[at]->type().id) return false;
  }
  return true;
}

}  // namespace

absl::Status SubqueryExecution::Load(const SubqueryExpression& subquery,
                                     const std::vector<types::Value>& correlation, uint64_t limit,
                                     types::Batch* rows, int64_t* bytes) {
  if (subquery.subplan() >= context_->plan->subplans.size()) {
    return absl::InternalError("malformed plan: no such sub-plan");
  }
  const PlanNode& node = *context_->plan->subplans[subquery.subplan()];
  const common::v1::SubPlan& subplan =
      context_->plan->plan->subplans(static_cast<int>(subquery.subplan()));
  if (correlation.size() != static_cast<size_t>(subplan.correlation_slots_size())) {
    return absl::InternalError("malformed plan: correlation of a sub-plan");
  }
  std::vector<types::Value>& slots = context_->state.correlation_slots;
  std::vector<types::Value> outer;
  for (int i = 0; i < subplan.correlation_slots_size(); ++i) {
    types::Value& slot = slots[subplan.correlation_slots(i)];
    outer.push_back(std::move(slot));
    slot = correlation[static_cast<size_t>(i)];
  }
  // A sub-plan that is already running below itself gets an operator tree of its own.
  OperatorPtr source;
  const auto it = operators_.find(subquery.subplan());
  absl::Status status;
  if (it != operators_.end() && it->second != nullptr) {
    source = std::move(it->second);
    status = source->Rewind();
  } else {
    source = node.Open(context_);
  }
  std::vector<types::Batch> batches;
  uint64_t count = 0;
  int64_t reserved = 0;
  while (status.ok() && count < limit) {
    types::Batch batch;
    absl::StatusOr<bool> more = source->Next(&batch);
    status = more.status();
    if (!status.ok() || !*more) break;
    count += batch.row_count;
    const int64_t taken = MemoryOf(batch);
    status = context_->memory.Reserve(taken);
    if (status.ok()) reserved += taken;
    batches.push_back(std::move(batch));
  }
  operators_[subquery.subplan()] = std::move(source);
  for (int i = 0; i < subplan.correlation_slots_size(); ++i) {
    slots[subplan.correlation_slots(i)] = std::move(outer[static_cast<size_t>(i)]);
  }
  const bool repeats = subplan.correlation_slots_size() > 0 ||
                       !context_->plan->outer_slots[subquery.subplan()].empty();
  if (repeats || !status.ok()) {  // Dropped after the answer.
    context_->memory.Release(reserved);
    reserved = 0;
  }
  RETURN_IF_ERROR(status);
  *bytes = reserved;
  *rows = Concatenate(batches, node.output());
  return absl::OkStatus();
}

absl::StatusOr<types::Value> SubqueryExecution::Run(const SubqueryExpression& subquery,
                                                    const types::Type& result_type,
                                                    const std::vector<types::Value>& correlation,
                                                    const std::vector<types::Value>& operands) {
  const uint64_t limit = subquery.kind() == SubqueryExpression::KIND_EXISTS   ? 1
                         : subquery.kind() == SubqueryExpression::KIND_SCALAR ? 2
                                                                              : UINT64_MAX;
  if (subquery.subplan() >= context_->plan->outer_slots.size()) {
    return absl::InternalError("malformed plan: no such sub-plan");
  }
  const std::vector<uint32_t>& outer_slots = context_->plan->outer_slots[subquery.subplan()];
  if (correlation.empty() && outer_slots.empty()) {
    Rows& rows = uncorrelated_[subquery.subplan()];
    if (!rows.computed) {
      RETURN_IF_ERROR(Load(subquery, correlation, limit, &rows.batch, &rows.bytes));
      rows.computed = true;
    }
    if (subquery.kind() == SubqueryExpression::KIND_ANY &&
        (rows.hashed || AllEqualities(subquery, operands, rows.batch))) {
      bool null_operand = false;
      for (const types::Value& operand : operands) null_operand |= operand.is_null();
      if (!null_operand || operands.size() == 1) return HashedAny(&rows, operands);
    }
    return Answer(subquery, result_type, rows.batch, operands);
  }
  // Values of the outer row are here three times: given, in the slot, and in the key.
  size_t bytes_of_values = 0;
  for (const std::vector<types::Value>* values : {&correlation, &operands}) {
    for (const types::Value& value : *values) {
      if (!value.is_null()) bytes_of_values += value.bytes().size();
    }
  }
  sql::functions::ScratchMemory scratch(context_->state.context);
  if (bytes_of_values > kLongIdentity) RETURN_IF_ERROR(scratch.Take(3 * bytes_of_values));
  std::string key;
  for (const types::Value& value : correlation) AppendIdentity(value, &key);
  for (const types::Value& value : operands) AppendIdentity(value, &key);
  for (uint32_t slot : outer_slots) AppendIdentity(context_->state.correlation_slots[slot], &key);
  Asked& asked = asked_[&subquery];
  if (const auto it = asked.memo.find(key); it != asked.memo.end()) return it->second;
  ++asked.runs;
  types::Batch rows;
  int64_t none = 0;
  RETURN_IF_ERROR(Load(subquery, correlation, limit, &rows, &none));
  ASSIGN_OR_RETURN(types::Value answer, Answer(subquery, result_type, rows, operands));
  auto& current = asked.memo;
  const auto bytes = static_cast<int64_t>(key.size() + sizeof(types::Value) + 64 +
                                          (answer.is_null() ? 0 : answer.bytes().size()));
  // Remembering is not worth a refusal.
  if (current.size() < kMemoEntries && bytes < kLargestMemo &&
      context_->memory.TryReserveSpillable(bytes)) {
    current.emplace(std::move(key), answer);
  }
  return answer;
}

bool SubqueryExecution::PrefersHashed(const SubqueryExpression& exists) const {
  const auto it = asked_.find(&exists);
  return it != asked_.end() && it->second.runs >= kRunsBeforeHashing && !it->second.hashed_fails;
}

void SubqueryExecution::GiveUpHashed(const SubqueryExpression& exists) {
  asked_[&exists].hashed_fails = true;
}

absl::Status SubqueryExecution::Hash(Rows* rows) {
  const std::vector<const types::Vector*> columns = Pointers(rows->batch);
  for (uint32_t row = 0; row < rows->batch.row_count; ++row) {
    bool null = false;
    for (const types::Vector* column : columns) null |= column->is_null(row);
    rows->has_null |= null;
    if (null) continue;
    const int64_t bytes = static_cast<int64_t>(IdentityBytes(columns, row)) + 64;
    RETURN_IF_ERROR(context_->memory.Reserve(bytes));
    rows->bytes += bytes;
    std::string key;
    AppendRowIdentity(columns, row, &key);
    rows->hashes.insert(std::move(key));
  }
  rows->hashed = true;
  if (columns.size() > 1) return absl::OkStatus();  // A NULL in an operand is compared row by row.
  const int64_t batch = MemoryOf(rows->batch);
  rows->batch.columns.clear();
  context_->memory.Release(std::min(batch, rows->bytes));
  rows->bytes -= std::min(batch, rows->bytes);
  return absl::OkStatus();
}

absl::StatusOr<types::Value> SubqueryExecution::HashedAny(
    Rows* rows, const std::vector<types::Value>& operands) {
  if (!rows->hashed) {
    const absl::Status status = Hash(rows);
    if (!status.ok()) {
      context_->memory.Release(rows->bytes);
      *rows = Rows();
      return status;
    }
  }
  if (rows->batch.row_count == 0) return types::Value::Bool(false);
  std::string key;
  for (const types::Value& operand : operands) {
    if (operand.is_null()) return Unknown();
    codec::AppendKey(operand, {operand.type(), false, true}, &key);
  }
  if (rows->hashes.contains(key)) return types::Value::Bool(true);
  if (!rows->has_null) return types::Value::Bool(false);
  if (operands.size() == 1) return Unknown();
  // A row with NULLs only counts when its other columns agree.
  for (uint32_t row = 0; row < rows->batch.row_count; ++row) {
    bool differs = false;
    for (size_t i = 0; i < operands.size(); ++i) {
      const types::Vector& column = *rows->batch.columns[i];
      if (column.is_null(row)) continue;
      differs |= types::CompareValues(column.Get(row), operands[i]) != 0;
    }
    if (!differs) return Unknown();
  }
  return types::Value::Bool(false);
}

absl::StatusOr<types::Value> SubqueryExecution::Answer(const SubqueryExpression& subquery,
                                                       const types::Type& result_type,
                                                       const types::Batch& rows,
                                                       const std::vector<types::Value>& operands) {
  switch (subquery.kind()) {
    case SubqueryExpression::KIND_SCALAR:
      if (rows.row_count > 1) {
        return status::Error(status::sqlstate::kCardinalityViolation,
                             "more than one row returned by a subquery used as an expression");
      }
      if (rows.row_count == 0 || rows.columns.empty()) return types::Value::Null(result_type);
      if (rows.columns[0]->physical() != types::PhysicalOf(result_type.id)) {
        return absl::InternalError("malformed plan: type of a subquery");
      }
      return rows.columns[0]->Get(0);
    case SubqueryExpression::KIND_EXISTS:
      return types::Value::Bool(rows.row_count > 0);
    case SubqueryExpression::KIND_ANY:
    case SubqueryExpression::KIND_ALL:
      return Quantified(subquery, rows, operands);
    case SubqueryExpression::KIND_ARRAY: {
      if (rows.row_count > 0 && rows.columns.empty()) {
        return absl::InternalError("malformed plan: an array of no column");
      }
      return ArrayOf(rows, result_type);
    }
    default:
      return absl::InternalError("malformed plan: kind of subquery");
  }
}

absl::StatusOr<types::Value> SubqueryExecution::ArrayOf(const types::Batch& rows,
                                                        types::Type result_type) {
  if (!types::IsArray(result_type.id))
    return absl::InternalError("malformed plan: an array of another type");
  if (rows.row_count == 0) {
    return types::Value::String(result_type, types::ArrayBuilder(result_type.id).Finish());
  }
  const types::Vector& column = *rows.columns[0];
  // Arrays become an array of one dimension more.
  const types::TypeId element =
      types::IsArray(column.type().id) ? column.type().id : types::ElementOf(result_type.id);
  const auto* function = sql::functions::FunctionCatalog::Builtin().AggregateBySignature(
      sql::functions::SignatureOf("array_agg", {element}));
  if (function == nullptr || function->result != result_type.id ||
      column.physical() != types::PhysicalOf(element))
    return absl::InternalError("malformed plan: an array of another type");
  const std::unique_ptr<sql::functions::Aggregate> aggregate = function->create();
  std::vector<char> state(aggregate->state_size());
  aggregate->Initialize(state.data());
  const absl::Cleanup destroy = [&] { aggregate->Destroy(state.data()); };
  sql::functions::ScratchMemory scratch(context_->state.context);
  const std::vector<char*> states(rows.row_count, state.data());
  RETURN_IF_ERROR(context_->state.context.Handled(size_t{rows.row_count} * 64));
  RETURN_IF_ERROR(scratch.Take(
      static_cast<size_t>(aggregate->GrowthOf({&column}, rows.row_count, states.data()))));
  RETURN_IF_ERROR(aggregate->Update({&column}, rows.row_count, states.data()));
  types::Vector result(result_type);
  result.Resize(1);
  RETURN_IF_ERROR(aggregate->Finalize(state.data(), &result, 0));
  return result.Get(0);
}

absl::StatusOr<types::Value> SubqueryExecution::Quantified(
    const SubqueryExpression& subquery, const types::Batch& rows,
    const std::vector<types::Value>& operands) {
  const bool any = subquery.kind() == SubqueryExpression::KIND_ANY;
  if (rows.row_count == 0) return types::Value::Bool(!any);
  enum class Truth : uint8_t { kFalse, kUnknown, kTrue };
  std::vector<Truth> truth(rows.row_count, Truth::kTrue);
  for (int i = 0; i < subquery.comparisons_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    const sql::functions::Function* function =
        sql::functions::FunctionCatalog::Builtin().BySignature(subquery.comparisons(i));
    const bool suits = function != nullptr && at < operands.size() && at < rows.columns.size() &&
                       function->arguments.size() == 2 &&
                       function->result == types::TypeId::kBool &&
                       types::PhysicalOf(function->arguments[1]) == rows.columns[at]->physical() &&
                       (operands[at].is_null() || types::PhysicalOf(function->arguments[0]) ==
                                                      types::PhysicalOf(operands[at].type().id));
    if (!suits) return absl::InternalError("malformed plan: comparison of a subquery");
    const types::VectorPtr left = Repeat(operands[at], {function->arguments[0], 0}, rows.row_count);
    types::Vector result({types::TypeId::kBool, 0});
    result.Resize(rows.row_count);
    const types::Vector& right = *rows.columns[at];
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      if (left->is_null(row) || right.is_null(row)) result.SetNull(row);
    }
    RETURN_IF_ERROR(
        function->kernel(context_->state.context, {left.get(), &right}, rows.row_count, &result));
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      const Truth value = result.is_null(row)                ? Truth::kUnknown
                          : result.data<uint8_t>()[row] != 0 ? Truth::kTrue
                                                             : Truth::kFalse;
      truth[row] = std::min(truth[row], value);
    }
  }
  const Truth decisive = any ? Truth::kTrue : Truth::kFalse;
  bool unknown = false;
  for (Truth value : truth) {
    if (value == decisive) return types::Value::Bool(any);
    unknown |= value == Truth::kUnknown;
  }
  return unknown ? Unknown() : types::Value::Bool(!any);
}

}  // namespace adbms::storage::executor
