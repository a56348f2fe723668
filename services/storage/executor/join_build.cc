#include "services/storage/executor/join_build.h"

#include <iterator>
#include <utility>

#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/worker_run.h"

namespace adbms::storage::executor {
namespace {

// Batches that one thread has read.
struct Part {
  // Errors: 53200 when there is no room; nothing is kept then.
  absl::Status Add(ExecutionContext* context, const JoinSpec& spec, types::Batch batch) {
    types::Batch batch_keys;
    int64_t more = MemoryOf(batch);
    if (!spec.right_keys.empty()) {
      ASSIGN_OR_RETURN(batch_keys, EvaluateAll(spec.right_keys, context, batch));
      RETURN_IF_ERROR(CheckStrings(batch_keys));
      more += JoinTable::BytesFor(batch_keys);
    }
    if (!context->memory.TryReserveSpillable(more)) return context->memory.account()->Refusal();
    bytes += more;
    rows.push_back(std::move(batch));
    keys.push_back(std::move(batch_keys));
    return absl::OkStatus();
  }

  std::vector<types::Batch> rows;
  std::vector<types::Batch> keys;
  int64_t bytes = 0;
};

void MoveTo(Part* whole, Part part) {
  std::move(part.rows.begin(), part.rows.end(), std::back_inserter(whole->rows));
  std::move(part.keys.begin(), part.keys.end(), std::back_inserter(whole->keys));
}

}  // namespace

types::Batch ConcatenateKeys(const std::vector<types::Batch>& keys,
                             const std::vector<CompiledExpressionPtr>& expressions) {
  if (expressions.empty() || keys.empty()) return {};
  std::vector<types::Type> types;
  for (const CompiledExpressionPtr& key : expressions) types.push_back(key->type());
  return Concatenate(keys, types);
}

absl::StatusOr<std::unique_ptr<RightSide>> RightSide::LoadTogether(ExecutionContext* context,
                                                                   const JoinSpec& spec) {
  std::unique_ptr<RightSide> none;
  if (!spec.repeatable) return none;
  ASSIGN_OR_RETURN(const std::unique_ptr<WorkerRun> run, WorkerRun::Start(context, *spec.right));
  if (run == nullptr) return none;
  std::vector<Part> parts(run->workers());
  const absl::Status status = run->Run([&](size_t worker, types::Batch rows) {
    return parts[worker].Add(run->context(worker), spec, std::move(rows));
  });
  if (IsMemoryRefusal(status)) return none;
  RETURN_IF_ERROR(status);
  auto side = std::make_unique<RightSide>(context);
  Part whole;
  for (size_t worker = 0; worker < parts.size(); ++worker) {
    const int64_t bytes = parts[worker].bytes;
    run->context(worker)->memory.Release(bytes);  // Counted here from now on.
    if (!context->memory.TryReserveSpillable(bytes)) return none;
    side->reserved += bytes;
    MoveTo(&whole, std::move(parts[worker]));
  }
  run->AddCounts();
  side->rows = Concatenate(whole.rows, spec.right->output());
  side->keys = ConcatenateKeys(whole.keys, spec.right_keys);
  return side;
}

absl::StatusOr<std::unique_ptr<RightSide>> RightSide::LoadAlone(ExecutionContext* context,
                                                                const JoinSpec& spec) {
  auto side = std::make_unique<RightSide>(context);
  const OperatorPtr right = spec.right->Open(context);
  Part whole;
  types::Batch rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, right->Next(&rows));
    if (!more) break;
    const absl::Status added = whole.Add(context, spec, std::move(rows));
    side->reserved = whole.bytes;
    if (IsMemoryRefusal(added)) return std::unique_ptr<RightSide>();
    RETURN_IF_ERROR(added);
  }
  side->rows = Concatenate(whole.rows, spec.right->output());
  side->keys = ConcatenateKeys(whole.keys, spec.right_keys);
  return side;
}

absl::StatusOr<std::unique_ptr<JoinBuild>> JoinBuild::Make(ExecutionContext* context,
                                                           const JoinSpec& spec) {
  std::unique_ptr<JoinBuild> build(new JoinBuild());
  ASSIGN_OR_RETURN(std::unique_ptr<RightSide> side, RightSide::LoadTogether(context, spec));
  if (side == nullptr) {
    ASSIGN_OR_RETURN(side, RightSide::LoadAlone(context, spec));
  }
  if (side == nullptr) return std::unique_ptr<JoinBuild>();
  auto table = std::make_shared<JoinTable>();
  if (!spec.right_keys.empty() && side->rows.row_count > 0) table->Build(side->keys);
  build->side = std::move(side);
  build->table = std::move(table);
  return build;
}

}  // namespace adbms::storage::executor
