// Functions that storage cannot run, called for the rows of a statement: the session reads the
// rows, makes the calls, and gives the statement the rows with their results (decision 047).
#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/row_buffer.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;

types::Value ValueAt(const types::Vector& column, uint32_t row) {
  types::Value value = column.is_null(row) ? types::Value::Null(column.type()) : column.Get(row);
  value.set_type(column.type());
  return value;
}

}  // namespace

absl::Status Session::PrepareInputs(plan_cache::CachedPlan* plan) {
  for (int i = 0; i < plan->plan->ctes_size(); ++i) {
    if (!plan->plan->ctes(i).has_program_rows()) continue;
    // The whole plan with another root: the rows may be made of its other CTEs and sub-plans.
    auto input = std::make_shared<common::v1::Plan>(*plan->plan);
    input->set_kind(common::v1::STATEMENT_KIND_SELECT);
    common::v1::ProgramRows* const rows = input->mutable_ctes(i)->mutable_program_rows();
    *input->mutable_root() = std::move(*rows->mutable_input());
    rows->clear_input();
    input->clear_program_calls();
    input->clear_trigger_rows();
    ASSIGN_OR_RETURN(auto prepared, services_.storage->Prepare(
                                        Context(), std::shared_ptr<const common::v1::Plan>(input)));
    plan->inputs.emplace_back(static_cast<uint32_t>(i), std::move(prepared));
  }
  return absl::OkStatus();
}

absl::Status Session::RunRowPrograms(const plan_cache::CachedPlan& plan,
                                     storage::api::ExecuteOptions* options) {
  uint64_t bytes = 0;
  const auto count = [&bytes](const types::Batch& batch) -> absl::Status {
    bytes += BytesOf(batch);
    if (bytes <= RowBuffer::kMaxBytes) return absl::OkStatus();
    return status::Error(sqlstate::kOutOfMemory,
                         "the rows that functions are to be called for are too large", {},
                         "Call them for fewer rows or columns at a time.");
  };
  for (const auto& [cte, prepared] : plan.inputs) {
    const common::v1::ProgramRows& rows = plan.plan->ctes(static_cast<int>(cte)).program_rows();
    std::vector<types::Batch> batches;
    {
      ASSIGN_OR_RETURN(const auto stream, storage_->Execute(Context(), prepared, *options));
      types::Batch batch;
      for (;;) {
        ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
        if (!more) break;
        if (batch.row_count == 0) continue;
        batches.push_back(CopyOf(batch, 0));
        RETURN_IF_ERROR(count(batches.back()));
      }
      RETURN_IF_ERROR(ChangeSettings(stream->summary()));
    }
    for (types::Batch& batch : batches) {
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
            return status::NotSupported(
                "a record without OUT arguments as the result of a function");
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
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
