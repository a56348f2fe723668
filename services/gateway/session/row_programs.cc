// Functions that storage cannot run, called for the rows of a statement: the session reads the
// rows, makes the calls, and gives the statement the rows with their results (decision 047).
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/row_buffer.h"
#include "services/gateway/session/row_triggers.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/upsert_rows.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;

absl::Status TooLarge(const char* what) {
  return status::Error(sqlstate::kOutOfMemory, what, {}, "Take fewer rows or columns at a time.");
}

// Whether rows of the CTE can be written a part at a time: they are all that the statement is
// about.
bool WritesInParts(const common::v1::Plan& plan) {
  // Each action of MERGE has triggers fire for its rows.
  if (plan.kind() == common::v1::STATEMENT_KIND_MERGE) {
    int writes = 0;
    int of_triggers = 0;
    for (const common::v1::Operator& cte : plan.ctes()) {
      writes += cte.has_insert() || cte.has_update() || cte.has_delete_() ? 1 : 0;
      of_triggers += cte.program_rows().has_triggers() ? 1 : 0;
    }
    return writes == of_triggers;
  }
  int firing = 0;
  for (const common::v1::Operator& cte : plan.ctes()) {
    firing += cte.program_rows().has_triggers() ? 1 : 0;
    if (cte.has_insert() || cte.has_update() || cte.has_delete_()) return false;
  }
  const common::v1::Operator& root = plan.root();
  // Of ON CONFLICT DO UPDATE no row may come twice.
  return firing == 1 && ((root.has_insert() && root.insert().conflict_update().empty()) ||
                         root.has_update() || root.has_delete_());
}

}  // namespace

absl::Status Session::PrepareInputs(plan_cache::CachedPlan* plan) {
  for (int i = 0; i < plan->plan->ctes_size(); ++i) {
    if (!plan->plan->ctes(i).program_rows().has_input()) continue;
    // The whole plan with another root: the rows may be made of its other CTEs and sub-plans.
    auto input = std::make_shared<common::v1::Plan>(*plan->plan);
    input->set_kind(common::v1::STATEMENT_KIND_SELECT);
    common::v1::ProgramRows* const rows = input->mutable_ctes(i)->mutable_program_rows();
    *input->mutable_root() = std::move(*rows->mutable_input());
    rows->clear_input();
    input->clear_program_calls();
    input->clear_trigger_rows();
    input->clear_with_trigger_rows();
    // The rows are made of no WITH query that writes.
    input->clear_eager_ctes();
    for (common::v1::Operator& other : *input->mutable_ctes()) {
      if (other.has_insert() || other.has_update() || other.has_delete_()) other.mutable_values();
    }
    ASSIGN_OR_RETURN(auto prepared, services_.storage->Prepare(
                                        Context(), std::shared_ptr<const common::v1::Plan>(input)));
    plan->inputs.emplace_back(static_cast<uint32_t>(i), std::move(prepared));
  }
  if (!UpsertsByRows(*plan->plan)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const auto* table = catalog->FindTable(plan->plan->root().insert().table_id());
  if (table == nullptr)
    return status::Error(sqlstate::kStalePlan, "the plan's table is not there any more");
  UpsertPlans plans = MakeUpsertPlans(*plan->plan, *table);
  const auto prepare = [&](common::v1::Plan one) {
    return services_.storage->Prepare(Context(),
                                      std::make_shared<const common::v1::Plan>(std::move(one)));
  };
  plan_cache::ConflictPlans& conflict = plan->conflict.emplace();
  ASSIGN_OR_RETURN(conflict.probe, prepare(std::move(plans.probe)));
  ASSIGN_OR_RETURN(conflict.compute, prepare(std::move(plans.compute)));
  ASSIGN_OR_RETURN(conflict.write, prepare(std::move(plans.write)));
  return absl::OkStatus();
}

absl::Status Session::RunRowPrograms(const plan_cache::CachedPlan& plan,
                                     storage::api::ExecuteOptions* options, WrittenRows* written) {
  for (int i = 0; i < plan.plan->ctes_size(); ++i) {
    const std::string& given = plan.plan->ctes(i).program_rows().given();
    if (given.empty()) continue;
    storage::api::CteRows& rows = options->cte_rows.emplace_back();
    rows.cte = static_cast<uint32_t>(i);
    for (size_t t = 0; transitions_ != nullptr && t < transitions_->size(); ++t) {
      if ((*transitions_)[t].name == given) rows.batches = (*transitions_)[t].rows.batches;
    }
  }
  // What the actions of MERGE are about is read before one of them is written.
  const bool merges = plan.plan->kind() == common::v1::STATEMENT_KIND_MERGE;
  std::vector<std::pair<uint32_t, std::vector<types::Batch>>> waiting;
  for (const auto& [cte, prepared] : plan.inputs) {
    std::vector<types::Batch> batches;
    {
      uint64_t bytes = 0;
      ASSIGN_OR_RETURN(const auto stream, storage_->Execute(Context(), prepared, *options));
      types::Batch batch;
      for (;;) {
        ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
        if (!more) break;
        if (batch.row_count == 0) continue;
        batches.push_back(CopyOf(batch, 0));
        bytes += BytesOf(batches.back());
        if (bytes > RowBuffer::kMaxBytes)
          return TooLarge("the rows that functions are to be called for are too large");
      }
      RETURN_IF_ERROR(ChangeSettings(stream->summary()));
    }
    written->called |= !batches.empty();
    const bool fires = plan.plan->ctes(static_cast<int>(cte)).program_rows().has_triggers();
    if (fires && plan.conflict.has_value()) {
      RETURN_IF_ERROR(FireForUpserts(plan, cte, batches, options, written));
      continue;
    }
    if (fires && merges) {
      waiting.emplace_back(cte, std::move(batches));
      continue;
    }
    RETURN_IF_ERROR(fires ? FireForRows(plan, cte, batches, options, written)
                          : CallForRows(plan, cte, std::move(batches), options));
  }
  for (const auto& [cte, batches] : waiting)
    RETURN_IF_ERROR(FireForRows(plan, cte, batches, options, written));
  return absl::OkStatus();
}

absl::Status Session::FireForRows(const plan_cache::CachedPlan& plan, uint32_t cte,
                                  const std::vector<types::Batch>& batches,
                                  storage::api::ExecuteOptions* options, WrittenRows* written) {
  const common::v1::Operator& op = plan.plan->ctes(static_cast<int>(cte));
  const common::v1::RowTriggers& triggers = op.program_rows().triggers();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ProgramHost host(this, nullptr, false);
  const bool in_parts = WritesInParts(*plan.plan);
  const bool instead = triggers.instead();
  const auto write = [&](std::vector<types::Batch> rows) -> absl::Status {
    if (!in_parts)
      return status::Error(
          sqlstate::kFeatureNotSupported,
          "triggers that run statements or queries for several rows of an INSERT with ON CONFLICT "
          "DO UPDATE, or of a WITH query, are not supported",
          {}, "Write the rows one by one, or in a statement of their own.");
    PendingRows* const pending = std::exchange(pending_, nullptr);
    const absl::Cleanup restore = [&] { pending_ = pending; };
    BufferOpenResults();
    storage::api::ExecuteOptions part = *options;
    part.cte_rows.push_back({cte, std::move(rows)});
    // The other actions of MERGE have none in this part.
    for (int i = static_cast<int>(cte) + 1; i < plan.plan->ctes_size(); ++i) {
      if (plan.plan->ctes(i).program_rows().has_triggers())
        part.cte_rows.push_back({static_cast<uint32_t>(i), {}});
    }
    ASSIGN_OR_RETURN(const auto stream, storage_->Execute(Context(), plan.prepared, part));
    types::Batch batch;
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
      if (!more) break;
      if (batch.row_count == 0) continue;
      written->results.push_back(CopyOf(batch, 0));
      written->bytes += BytesOf(written->results.back());
      if (written->bytes > RowBuffer::kMaxBytes)
        return TooLarge("the rows that a statement with triggers returns are too large");
    }
    written->rows_affected += stream->summary().rows_affected();
    return ChangeSettings(stream->summary());
  };
  std::vector<types::Type> results;
  for (int i = op.program_rows().input().output_size(); i < op.output_size(); ++i)
    results.push_back(types::FromProto(op.output(i).type()));
  PendingRows pending(write, results);
  RowTriggerRun run(
      catalog, triggers, settings_.switches().is_replica(), &host,
      [&](const TriggerCall& call) { return FireTrigger(*catalog, call, nullptr, nullptr); });
  PendingRows* const outer = std::exchange(pending_, instead ? nullptr : &pending);
  const absl::Cleanup restore = [&] { pending_ = outer; };
  std::vector<types::Value> new_row;
  for (const types::Batch& batch : batches) {
    pending.SetInput(&batch);
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      RETURN_IF_ERROR(Context().Check());
      const auto kept = run.Run(batch, row, &new_row);
      if (!kept.ok()) {
        // What was to be written before would have failed before.
        if (in_parts && !instead) RETURN_IF_ERROR(pending.Flush());
        return kept.status();
      }
      if (*kept) pending.Add(row, new_row);
    }
  }
  std::vector<types::Batch> rest = pending.Take();
  if (in_parts && plan.plan->kind() == common::v1::STATEMENT_KIND_MERGE && !rest.empty()) {
    RETURN_IF_ERROR(write(std::move(rest)));
    rest.clear();
  }
  options->cte_rows.push_back({cte, std::move(rest)});
  return absl::OkStatus();
}

absl::Status Session::CallForRows(const plan_cache::CachedPlan& plan, uint32_t cte,
                                  std::vector<types::Batch> batches,
                                  storage::api::ExecuteOptions* options) {
  uint64_t bytes = 0;
  const auto count = [&bytes](const types::Batch& batch) -> absl::Status {
    bytes += BytesOf(batch);
    if (bytes <= RowBuffer::kMaxBytes) return absl::OkStatus();
    return TooLarge("the rows that functions are to be called for are too large");
  };
  const common::v1::ProgramRows& rows = plan.plan->ctes(static_cast<int>(cte)).program_rows();
  for (types::Batch& batch : batches) {
    RETURN_IF_ERROR(count(batch));
    const std::vector<types::VectorPtr> inputs = batch.columns;
    for (const common::v1::RowCall& call : rows.calls()) {
      for (uint32_t i = 0; i < call.results(); ++i) {
        const auto& column =
            plan.plan->ctes(static_cast<int>(cte)).output(static_cast<int>(batch.columns.size()));
        batch.columns.push_back(std::make_shared<types::Vector>(types::FromProto(column.type())));
      }
    }
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      RETURN_IF_ERROR(Context().Check());
      size_t next = inputs.size();
      for (const common::v1::RowCall& call : rows.calls()) {
        ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
        const FunctionDescriptor* function = catalog->FindFunction(call.function_id());
        if (function == nullptr)
          return status::Error(sqlstate::kUndefinedFunction,
                               "a function of the statement is not there any more");
        std::vector<types::Value> arguments;
        for (const uint32_t argument : call.arguments())
          arguments.push_back(ValueAt(*inputs[argument], row));
        ASSIGN_OR_RETURN(
            const program::Result result,
            CallFunction(*function, arguments, program::Call(), /*may_end=*/false, nullptr));
        const std::vector<types::Type> types = ResultTypes(*function, *catalog);
        if (types.size() < call.results())
          return status::NotSupported("a record without OUT arguments as the result of a function");
        for (uint32_t i = 0; i < call.results(); ++i) {
          ASSIGN_OR_RETURN(const types::Value value, ColumnOf(*function, result, types[i], i));
          types::Vector& column = *batch.columns[next++];
          if (value.is_null()) {
            column.AppendNull();
          } else {
            column.Append(value);
          }
        }
      }
    }
    types::Batch results;
    results.row_count = batch.row_count;
    results.columns.assign(batch.columns.begin() + static_cast<std::ptrdiff_t>(inputs.size()),
                           batch.columns.end());
    RETURN_IF_ERROR(count(results));
  }
  options->cte_rows.push_back({cte, std::move(batches)});
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
