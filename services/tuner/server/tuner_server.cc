#include "services/tuner/server/tuner_server.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::tuner::server {
namespace {

using types::TypeId;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;
// The load that a proposal looks at.
constexpr double kLookBackSeconds = 15;
// Least observation before anything is proposed.
constexpr double kLeastSeconds = 4;
constexpr uint32_t kVerifyCalls = 10;
constexpr char kKind[] = "set_knob";

int64_t NowUs() { return absl::ToUnixMicros(absl::Now()); }

// "knob=value" pairs, in the order they are set.
using Assignments = std::vector<std::pair<std::string, int64_t>>;

std::string Format(const Assignments& assignments) {
  std::string text;
  for (const auto& [knob, value] : assignments) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", "SET storage.", knob, " = ", value);
  }
  return text;
}

absl::StatusOr<Assignments> Parse(const std::string& text) {
  Assignments assignments;
  for (absl::string_view part : absl::StrSplit(text, "; ", absl::SkipEmpty())) {
    const std::vector<std::string> sides = absl::StrSplit(part, " = ");
    int64_t value = 0;
    constexpr absl::string_view kPrefix = "SET storage.";
    if (sides.size() != 2 || sides[0].rfind(kPrefix.data(), 0) != 0 ||
        !absl::SimpleAtoi(sides[1], &value)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", part, "\" sets no knob"));
    }
    assignments.emplace_back(sides[0].substr(kPrefix.size()), value);
  }
  if (assignments.empty()) return absl::InvalidArgumentError("the proposal sets no knob");
  return assignments;
}

}  // namespace

TunerServer::TunerServer(storage::api::Storage* storage, const common::v1::TunerConfig& config)
    : storage_(storage), config_(config), sql_(storage, "adbms") {}

int64_t TunerServer::Budget(const storage::v1::EngineMetrics& metrics) const {
  if (config_.memory_budget_bytes() != 0)
    return static_cast<int64_t>(config_.memory_budget_bytes());
  return static_cast<int64_t>(metrics.usable_memory_bytes() / 2);
}

std::vector<uint64_t> TunerServer::Beneficiaries(const std::string& knob) const {
  if (knob == "block_cache_bytes") return statements_.Active(/*writers=*/false);
  if (knob == "memtable_bytes") return statements_.Active(/*writers=*/true);
  return {};
}

absl::StatusOr<tuner::v1::GetStateResponse> TunerServer::GetState(
    const rpc::CallContext& context, const tuner::v1::GetStateRequest&) {
  tuner::v1::GetStateResponse response;
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  response.set_memory_budget_bytes(static_cast<uint64_t>(Budget(metrics)));
  absl::MutexLock lock(&mutex_);
  for (const auto& sample : monitor_.samples()) *response.add_samples() = sample;
  return response;
}

absl::StatusOr<module::v1::DescribeResponse> TunerServer::Describe(
    const rpc::CallContext&, const module::v1::DescribeRequest&) {
  module::v1::DescribeResponse response;
  response.set_name("tuner");
  response.set_description("Shares memory between block cache, memtables and query memory.");
  response.set_version("1");
  response.add_action_kinds(kKind);
  response.set_order(50);
  return response;
}

absl::StatusOr<module::v1::ObserveResponse> TunerServer::Observe(
    const rpc::CallContext& context, const module::v1::ObserveRequest& request) {
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  absl::MutexLock lock(&mutex_);
  // People look at the history before there is any. Where it cannot be made now, the next time.
  (void)MakeHistory(context);
  for (const auto& window : request.windows()) monitor_.AddStatements(statements_.Add(window));
  monitor_.Add(NowUs(), metrics);
  return module::v1::ObserveResponse();
}

absl::StatusOr<std::vector<search::Experience>> TunerServer::Experience(
    const rpc::CallContext& context) {
  std::vector<search::Experience> experience;
  ASSIGN_OR_RETURN(
      const auto rows,
      sql_.Run(context,
               "SELECT subject, predicted_gain, measured_gain FROM adbms.actions WHERE "
               "module = 'tuner' AND measured_gain IS NOT NULL"));
  for (const auto& row : rows.rows) {
    if (row[0].is_null() || row[1].is_null()) continue;
    experience.push_back({std::string(row[0].bytes()), row[1].float_value(), row[2].float_value()});
  }
  return experience;
}

absl::StatusOr<module::v1::ProposeResponse> TunerServer::Propose(
    const rpc::CallContext& context, const module::v1::ProposeRequest& request) {
  module::v1::ProposeResponse response;
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  std::optional<monitor::Load> load;
  {
    absl::MutexLock lock(&mutex_);
    monitor_.Add(NowUs(), metrics);
    load = monitor_.Over(NowUs(), kLookBackSeconds);
  }
  if (!load.has_value() || load->seconds < kLeastSeconds) return response;
  ASSIGN_OR_RETURN(const auto knobs, storage_->ListKnobs(context));
  search::Memory memory;
  std::map<std::string, search::Bounds> bounds;
  for (const auto& knob : knobs.knobs()) {
    bounds[knob.name()] = {knob.minimum(), knob.maximum()};
    if (knob.name() == "block_cache_bytes") memory.block_cache_bytes = knob.value();
    if (knob.name() == "memtable_bytes") memory.memtable_bytes = knob.value();
    if (knob.name() == "query_memory_bytes") memory.query_memory_bytes = knob.value();
  }
  ASSIGN_OR_RETURN(const auto experience, Experience(context));
  const auto steps =
      search::Propose(*load, memory, Budget(metrics),
                      static_cast<int64_t>(metrics.live_file_bytes()), bounds, experience);
  for (const search::Step& step : steps) {
    if (response.proposals_size() >= static_cast<int>(request.maximum())) break;
    bool refused = false;
    for (const std::string& subject : request.refused_subjects()) refused |= subject == step.knob;
    if (refused) continue;
    Assignments apply;
    Assignments undo;
    if (!step.donor.empty()) apply.emplace_back(step.donor, step.donor_to);
    apply.emplace_back(step.knob, step.to);
    undo.emplace_back(step.knob, step.from);
    if (!step.donor.empty()) undo.emplace_back(step.donor, step.donor_from);
    module::v1::Proposal* proposal = response.add_proposals();
    proposal->set_kind(kKind);
    proposal->set_subject(step.knob);
    proposal->set_statement(Format(apply));
    proposal->set_undo(Format(undo));
    proposal->set_reason(step.reason);
    proposal->set_predicted_gain(step.predicted_gain);
    proposal->set_verify_calls(kVerifyCalls);
    proposal->set_scope(module::v1::SCOPE_SYSTEM);
    absl::MutexLock lock(&mutex_);
    for (const uint64_t fingerprint : Beneficiaries(step.knob)) {
      proposal->add_affected_fingerprints(fingerprint);
    }
    break;  // One at a time: the next step is judged on what this one changes.
  }
  return response;
}

absl::Status TunerServer::MakeHistory(const rpc::CallContext& context) {
  if (history_exists_) return absl::OkStatus();
  RETURN_IF_ERROR(sql_.Run(context,
                           "CREATE TABLE IF NOT EXISTS adbms.knob_history (at timestamptz, knob "
                           "text, old_value bigint, new_value bigint, action_id bigint, reason "
                           "text)")
                      .status());
  history_exists_ = true;
  return absl::OkStatus();
}

absl::Status TunerServer::Record(const rpc::CallContext& context, int64_t action_id,
                                 const std::string& knob, int64_t from, int64_t to,
                                 const std::string& why) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(MakeHistory(context));
  return sql_
      .Run(context, "INSERT INTO adbms.knob_history VALUES ($1, $2, $3, $4, $5, $6)",
           {Value::Int(TypeId::kTimestamptz, NowUs() - kPostgresEpochUs), Value::Text(knob),
            Value::Int(TypeId::kInt8, from), Value::Int(TypeId::kInt8, to),
            Value::Int(TypeId::kInt8, action_id), Value::Text(why)})
      .status();
}

absl::StatusOr<module::v1::ApplyResponse> TunerServer::Apply(
    const rpc::CallContext& context, const module::v1::ApplyRequest& request) {
  ASSIGN_OR_RETURN(const Assignments assignments, Parse(request.proposal().statement()));
  ASSIGN_OR_RETURN(const auto knobs, storage_->ListKnobs(context));
  for (const auto& [name, value] : assignments) {
    int64_t before = 0;
    for (const auto& knob : knobs.knobs()) {
      if (knob.name() == name) before = knob.value();
    }
    RETURN_IF_ERROR(storage_->SetKnob(context, name, value).status());
    RETURN_IF_ERROR(
        Record(context, request.action_id(), name, before, value, request.proposal().reason()));
  }
  return module::v1::ApplyResponse();
}

absl::StatusOr<module::v1::RevertResponse> TunerServer::Revert(
    const rpc::CallContext& context, const module::v1::RevertRequest& request) {
  ASSIGN_OR_RETURN(const Assignments assignments, Parse(request.proposal().undo()));
  ASSIGN_OR_RETURN(const auto knobs, storage_->ListKnobs(context));
  for (const auto& [name, value] : assignments) {
    for (const auto& knob : knobs.knobs()) {
      if (knob.name() != name || knob.value() == value) continue;
      RETURN_IF_ERROR(storage_->SetKnob(context, name, value).status());
      RETURN_IF_ERROR(
          Record(context, request.action_id(), name, knob.value(), value, request.reason()));
    }
  }
  return module::v1::RevertResponse();
}

absl::StatusOr<module::v1::ReportResponse> TunerServer::Report(const rpc::CallContext& context,
                                                               const module::v1::ReportRequest&) {
  module::v1::ReportResponse response;
  ASSIGN_OR_RETURN(const auto metrics, storage_->GetMetrics(context));
  std::optional<monitor::Load> load;
  {
    absl::MutexLock lock(&mutex_);
    load = monitor_.Over(NowUs(), 60);
  }
  constexpr double kMiB = 1048576.0;
  module::v1::Finding* finding = response.add_findings();
  finding->set_severity("info");
  finding->set_text(
      absl::StrFormat("block cache %.0f of %.0f MiB used, memtables %.0f of %.0f MiB, query memory "
                      "%.0f MiB; budget "
                      "%.0f MiB; data %.0f MiB",
                      static_cast<double>(metrics.block_cache_used_bytes()) / kMiB,
                      static_cast<double>(metrics.block_cache_capacity_bytes()) / kMiB,
                      static_cast<double>(metrics.memtable_used_bytes()) / kMiB,
                      static_cast<double>(metrics.memtable_capacity_bytes()) / kMiB,
                      static_cast<double>(metrics.query_memory_capacity_bytes()) / kMiB,
                      static_cast<double>(Budget(metrics)) / kMiB,
                      static_cast<double>(metrics.live_file_bytes()) / kMiB));
  if (load.has_value()) {
    finding = response.add_findings();
    finding->set_severity(load->stall_fraction > 0.05 ? "warning" : "info");
    finding->set_text(absl::StrFormat(
        "last minute: %.1f %% of block reads from the cache, %.0f misses a second, writers stalled "
        "%.1f %% of the time",
        load->hit_ratio * 100, load->misses_per_second, load->stall_fraction * 100));
  }
  return response;
}

}  // namespace adbms::tuner::server
