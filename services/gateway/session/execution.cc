// How a session runs a plan on storage.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/catalog/row_security.h"
#include "common/sql/functions/setting_changes.h"
#include "common/sql/plan/operator_tree.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/cursor_sink.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/row_triggers.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

constexpr int64_t kPostgresEpochUs = 946684800000000;

const std::vector<sql::Literal> kNoLiterals;

std::string CommandTag(const common::v1::Plan& plan, uint64_t rows) {
  switch (plan.kind()) {
    case common::v1::STATEMENT_KIND_INSERT:
      return absl::StrCat("INSERT 0 ", rows);
    case common::v1::STATEMENT_KIND_UPDATE:
      return absl::StrCat("UPDATE ", rows);
    case common::v1::STATEMENT_KIND_DELETE:
      return absl::StrCat("DELETE ", rows);
    case common::v1::STATEMENT_KIND_MERGE:
      return absl::StrCat("MERGE ", rows);
    default:
      return absl::StrCat("SELECT ", rows);
  }
}

// Whether the command tag's number is that of the result's own rows: those of triggers come among
// them, or the root is that of a SELECT with a row for each that is written elsewhere.
bool CountsRows(const common::v1::Plan& plan) {
  return plan.with_trigger_rows_size() > 0 ||
         (plan.kind() != common::v1::STATEMENT_KIND_SELECT && !plan.root().has_insert() &&
          !plan.root().has_update() && !plan.root().has_delete_());
}

bool ReturnsRows(const plan_cache::CachedPlan& plan) {
  return plan.plan->kind() == common::v1::STATEMENT_KIND_SELECT || !plan.columns.empty();
}

// Which a session that reads only may do.
bool WritesOnlyTemporary(const common::v1::Plan& plan) {
  bool writes = false;
  for (const common::v1::TableUse& use : plan.tables()) {
    for (const int privilege : use.privileges()) {
      if (privilege == common::v1::PRIVILEGE_SELECT) continue;
      writes = true;
      if (!sql::IsTemporarySchema(std::string_view(use.name()).substr(0, use.name().find('.'))))
        return false;
    }
  }
  return writes;
}

// A plan that is out of date when functions have run for it already.
absl::Status NotStale(const absl::Status& status) {
  if (!status::HasSqlState(status, status::sqlstate::kStalePlan)) return status;
  return status::Error(status::sqlstate::kSerializationFailure,
                       "an object of the statement was changed while its functions ran", {},
                       "Try again.");
}

// Errors: 42501 for a table whose policies are for who reads it.
absl::Status CheckUnfiltered(const common::v1::Plan& plan, const sql::Catalog& catalog,
                             const std::string& user) {
  for (const common::v1::TableUse& use : plan.tables()) {
    const common::v1::TableDescriptor* table = catalog.FindTable(use.table_id());
    if (table == nullptr || use.privileges().empty()) continue;
    for (const common::v1::RoleFacts& facts : plan.roles()) {
      if (facts.role() == (use.as_role().empty() ? user : use.as_role()) &&
          sql::IsSecuredFor(*table, facts))
        return sql::WouldBeFiltered(*table, facts);
    }
  }
  return absl::OkStatus();
}

}  // namespace

int64_t Session::TransactionTimestamp() {
  const int64_t now_us = absl::ToUnixMicros(statement_start_) - kPostgresEpochUs;
  if (!in_transaction()) return now_us;
  if (transaction_timestamp_us_ == 0) transaction_timestamp_us_ = now_us;
  return transaction_timestamp_us_;
}

types::TextOptions Session::InputOptions() {
  types::TextOptions options = settings_.text_options();
  options.now_us = TransactionTimestamp();
  return options;
}

void Session::FillOptions(storage::api::ExecuteOptions* options) {
  options->transaction_timestamp_us = TransactionTimestamp();
  options->statement_timestamp_us = absl::ToUnixMicros(statement_start_) - kPostgresEpochUs;
  options->current_user = current_user_;
  options->session_user = session_user_;
  options->backend_pid = options_.backend_pid;
  options->current_database = options_.database;
  for (const std::string& schema : settings_.search_path()) {
    if (schema == settings_.temporary_schema()) continue;
    options->current_schema = schema;
    break;
  }
  options->search_path = settings_.search_path();
  options->time_zone = settings_.time_zone();
  const types::TextOptions& text = settings_.text_options();
  options->text.extra_float_digits = text.extra_float_digits;
  options->text.bytea_hex = text.bytea_hex;
  options->text.interval_style = text.interval_style;
  options->text.date_format = text.date_format;
}

void Session::FillConversions(common::v1::ConversionContext* context) {
  const types::TextOptions& text = settings_.text_options();
  context->set_time_zone(settings_.time_zone());
  context->set_extra_float_digits(text.extra_float_digits);
  context->set_bytea_escape(!text.bytea_hex);
  context->set_interval_style(static_cast<uint32_t>(text.interval_style));
  context->set_date_style(static_cast<uint32_t>(text.date_format.style));
  context->set_date_order(static_cast<uint32_t>(text.date_format.order));
  context->set_transaction_timestamp_us(TransactionTimestamp());
  context->set_current_user(current_user_);
  context->set_session_user(session_user_);
}

std::shared_ptr<const common::v1::SessionDetails> Session::Details() const {
  auto details = std::make_shared<common::v1::SessionDetails>();
  settings_.Describe(details.get());
  for (const char* name : {"transaction_isolation", "transaction_read_only"}) {
    common::v1::SettingValue* setting = details->add_settings();
    setting->set_name(name);
    setting->set_value(ShowValue(name).value_or(""));
    setting->set_reset_value(setting->value());
  }
  if (trigger_depth_ > 0) {
    common::v1::SettingValue* depth = details->add_settings();
    depth->set_name(sql::functions::kTriggerDepthSetting);
    depth->set_value(absl::StrCat(trigger_depth_));
  }
  for (const auto& [name, prepared] : statements_) {
    if (name.empty()) continue;
    common::v1::PreparedStatement* statement = details->add_prepared_statements();
    statement->set_name(name);
    statement->set_statement(prepared->source.empty() ? prepared->sql : prepared->source);
    statement->set_prepare_time_us(prepared->prepared_us);
    statement->set_from_sql(!prepared->source.empty());
    for (const types::Type& type : prepared->parameter_types)
      statement->add_parameter_type_oids(types::OidOf(type));
  }
  const auto add_cursor = [&](const std::string& name, const Portal& portal) {
    if (name.empty()) return;
    common::v1::Cursor* cursor = details->add_cursors();
    cursor->set_name(name);
    cursor->set_statement(portal.source.empty() ? portal.statement->sql : portal.source);
    cursor->set_is_holdable(portal.hold);
    cursor->set_is_scrollable(portal.scroll);
    cursor->set_creation_time_us(portal.created_us);
  };
  for (const auto& [name, portal] : portals_) add_cursor(name, portal);
  for (const auto& [name, cursor] : cursors_) add_cursor(name, cursor);
  return details;
}

bool Session::SameColumns(const OutputColumns& a, const OutputColumns& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    // A type whose labels have changed is the same to a client.
    const types::Type one = types::FromProto(x.type());
    const types::Type other = types::FromProto(y.type());
    return x.name() == y.name() && one.id == other.id && one.modifier == other.modifier &&
           types::OidOf(one) == types::OidOf(other);
  });
}

absl::Status Session::ResultChanged() {
  status::SqlError error;
  error.sqlstate = status::sqlstate::kFeatureNotSupported;
  error.message = "cached plan must not change result type";
  // Drivers prepare the statement anew when they see this name.
  error.routine = "RevalidateCachedQuery";
  return status::ToStatus(error);
}

absl::Status Session::Replan(const PlanQuery& query, plan_cache::CachedPlanPtr* plan) {
  services_.plan_cache->Erase(**plan);
  seen_catalog_ = nullptr;
  ASSIGN_OR_RETURN(*plan, MakePlan(query));
  if (query.described != nullptr && !SameColumns(*query.described, (*plan)->columns))
    return ResultChanged();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<storage::api::ResultStream>> Session::StartPlan(
    plan_cache::CachedPlanPtr* plan, const PlanQuery& query,
    const std::vector<types::Value>& client_parameters, storage::api::ExecuteOptions* options) {
  if ((*plan)->misjudges.load(std::memory_order_acquire)) RETURN_IF_ERROR(Replan(query, plan));
  // The setting may be another one than when a prepared statement was planned.
  if (settings_.switches().no_row_security() && (*plan)->plan->roles_size() > 0) {
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
    RETURN_IF_ERROR(CheckUnfiltered(*(*plan)->plan, *catalog, current_user_));
  }
  if (!in_transaction() && settings_.default_read_only() && !(*plan)->plan->read_only() &&
      !WritesOnlyTemporary(*(*plan)->plan))
    return status::Error(status::sqlstate::kReadOnlyTransaction,
                         "cannot execute a writing statement in a read-only transaction");
  if (pending_ != nullptr) RETURN_IF_ERROR(pending_->Flush());
  FillOptions(options);
  if ((*plan)->plan->session_details()) options->details = Details();
  block_used_ = true;
  BufferOpenResults();
  bool fired = false;
  bool called = false;  // Functions or triggers have run.
  WrittenRows written;
  for (int attempt = 0;; ++attempt) {
    // What programs do stands or falls with the statement; another plan may have them.
    const bool fires = (*plan)->plan->has_trigger_rows();
    const bool runs_programs = sql::plan::RunsPrograms(*(*plan)->plan);
    if (fires || runs_programs) RETURN_IF_ERROR(BeginImplicit());
    if (fires && !fired) {
      const absl::Status versions = CheckVersions(*(*plan)->plan);
      if (status::HasSqlState(versions, status::sqlstate::kStalePlan) &&
          attempt < storage::api::kStaleRetries) {
        RETURN_IF_ERROR(Replan(query, plan));
        continue;
      }
      RETURN_IF_ERROR(versions);
      fired = true;
      RETURN_IF_ERROR(FireBeforeTriggers(*(*plan)->plan));
    }
    auto parameters = Parameters(**plan, client_parameters,
                                 query.literals == nullptr ? kNoLiterals : *query.literals);
    // The plan may be of a table that has since become another: then its constants have other
    // types.
    if (!parameters.ok() && query.literals != nullptr && attempt == 0) {
      RETURN_IF_ERROR(Replan(query, plan));
      continue;
    }
    RETURN_IF_ERROR(parameters.status());
    options->parameters = *std::move(parameters);
    storage::api::PreparedPlanPtr prepared = (*plan)->prepared;
    if (runs_programs) {
      const absl::Status programs = RunProgramCalls(*(*plan)->plan, &options->parameters);
      if (status::HasSqlState(programs, status::sqlstate::kStalePlan) && attempt == 0) {
        RETURN_IF_ERROR(Replan(query, plan));
        continue;
      }
      RETURN_IF_ERROR(programs);
      // What they have done to the session is what the statement sees.
      FillOptions(options);
      options->cte_rows.clear();
      const absl::Status rows = RunRowPrograms(**plan, options, &written);
      called |= (*plan)->plan->program_calls_size() > 0 || written.called;
      if (!called && attempt == 0 && status::HasSqlState(rows, status::sqlstate::kStalePlan)) {
        RETURN_IF_ERROR(Replan(query, plan));
        continue;
      }
      RETURN_IF_ERROR(NotStale(rows));
    }
    if ((*plan)->plan->control_functions()) {
      ASSIGN_OR_RETURN(prepared, AnswerControl(*(*plan)->plan, options->parameters));
    }
    auto stream = storage_->Execute(Context(), prepared, *options);
    const bool wrote = written.rows_affected > 0 || !written.results.empty();
    if (stream.ok() && wrote) return WithWritten(std::move(written), *std::move(stream));
    if (stream.ok()) return stream;
    // What the functions have done is done: no second time.
    if ((*plan)->plan->control_functions() || called) return NotStale(stream.status());
    if (!status::HasSqlState(stream.status(), status::sqlstate::kStalePlan) ||
        attempt >= storage::api::kStaleRetries) {
      return stream.status();
    }
    // A snapshot that is older than an index: the transaction has a catalog of its own.
    if (attempt > 0 && in_transaction()) changed_schema_ = true;
    RETURN_IF_ERROR(Replan(query, plan));
  }
}

absl::Status Session::RunOnce(plan_cache::CachedPlanPtr plan, const PlanQuery& query,
                              const std::vector<types::Value>& client_parameters, ResultSink* sink,
                              MeasuredRun* measured) {
  storage::api::ExecuteOptions options;
  const bool in_program = programs_ != nullptr && programs_->depth > 0;
  const absl::Time start = in_program            ? absl::Now()
                           : measured != nullptr ? measured->start
                                                 : statement_start_;
  const bool was_idle = !in_transaction();
  const plan_cache::CachedPlan* const first = plan.get();
  const auto run = [&]() -> absl::Status {
    const absl::Time began = measured == nullptr ? start : absl::Now();
    absl::Duration sending;
    Limit limit(this, measured == nullptr ? absl::InfiniteDuration() : measured->limit);
    const auto stop = [&] {
      measured->stopped = true;
      measured->took = absl::Now() - began;
      return absl::CancelledError("the execution took longer than its limit");
    };
    auto started = StartPlan(&plan, query, client_parameters, &options);
    if (!started.ok() && limit.RanOut()) return stop();
    RETURN_IF_ERROR(started.status());
    std::unique_ptr<storage::api::ResultStream> stream = *std::move(started);
    const bool returns_rows = ReturnsRows(*plan);
    std::optional<TriggerRowsSink> trigger_rows;
    if (plan->plan->has_trigger_rows()) {
      ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
      trigger_rows.emplace(*plan->plan, *catalog);
    }
    uint64_t rows = 0;
    // What is sent cannot be taken back.
    bool begun = !limit.active();
    if (returns_rows && begun) RETURN_IF_ERROR(sink->BeginRows(plan->columns));
    types::Batch batch;
    for (;;) {
      const absl::StatusOr<bool> more = stream->Next(&batch);
      if (limit.RanOut()) return stop();
      RETURN_IF_ERROR(more.status());
      if (returns_rows && !begun) RETURN_IF_ERROR(sink->BeginRows(plan->columns));
      begun = true;
      if (!*more) break;
      rows += batch.row_count;
      if (trigger_rows.has_value()) {
        RETURN_IF_ERROR(trigger_rows->Take(batch, sink));
        continue;
      }
      if (!returns_rows) continue;
      reads_->Add(batch.row_count);
      if (measured == nullptr) {
        RETURN_IF_ERROR(sink->Rows(batch));
        continue;
      }
      const absl::Time sent = absl::Now();
      RETURN_IF_ERROR(sink->Rows(batch));
      sending += absl::Now() - sent;
    }
    if (measured != nullptr) {
      measured->finished = plan.get() == first;
      measured->took = absl::Now() - began - sending;
      measured->rows = rows;
    }
    // Planned anew on the way, it is judged all the same.
    if (const auto known = plan.get() == first ? nullptr : plan->measured.lock();
        known != nullptr) {
      const auto course = known->Choose(plan, settings_.plan_guard(), /*tries=*/false);
      if (course.role == plan_cache::Course::Role::kProbation)
        Measured(*plan, course, absl::Now() - start, rows, /*stopped=*/false, known.get());
    }
    const storage::v1::ExecutionSummary& summary = stream->summary();
    if (summary.setting_changes_size() > 0 || summary.notices_size() > 0) {
      RETURN_IF_ERROR(ChangeSettings(summary));
      SendReports(sink);
    }
    if (!notices_.empty()) SendReports(sink);
    Finished(*plan, query.sql, start, summary, /*failed=*/false);
    if (trigger_rows.has_value()) rows = trigger_rows->own_rows();
    const std::string tag =
        CommandTag(*plan->plan, CountsRows(*plan->plan) ? rows : summary.rows_affected());
    if (trigger_rows.has_value()) {
      // What they run is of the session too.
      stream = nullptr;
      RETURN_IF_ERROR(FireAfterTriggers(*plan->plan, *trigger_rows, sink));
    }
    if (was_idle && state_ == TransactionState::kImplicit) {
      stream = nullptr;
      RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
      if (!notices_.empty()) SendReports(sink);
    }
    return sink->Complete(tag);
  };
  absl::Status status = WithoutHidden(run(), plan->plan.get());
  if (measured != nullptr && measured->stopped) return status;
  if (!status.ok()) {
    // What was said before the error is said before it.
    if (!notices_.empty()) SendReports(sink);
    Finished(*plan, query.sql, start, storage::v1::ExecutionSummary(), /*failed=*/true);
    if (services_.audit->Wants(plan->plan->read_only()) && !absl::IsPermissionDenied(status)) {
      Audit("statement", plan->normalized_sql, 0, status);
    }
  }
  return status;
}

absl::Status Session::FetchPortal(Portal* portal, uint64_t max_rows, ResultSink* sink,
                                  bool* suspended) {
  const plan_cache::CachedPlan& plan = *portal->statement->plan;
  const bool returns_rows = ReturnsRows(plan);
  if (returns_rows) RETURN_IF_ERROR(sink->BeginRows(plan.columns));
  uint64_t left = max_rows == 0 ? UINT64_MAX : max_rows;
  uint64_t sent = 0;
  CursorSink client(sink, portal);
  if (portal->rows.has_value()) {
    const uint64_t end = portal->position + std::min(left, portal->rows->size() - portal->position);
    sent = end - portal->position;
    if (returns_rows) {
      reads_->Add(sent);
      RETURN_IF_ERROR(portal->rows->Send(portal->position, end, false, &client));
    }
    portal->position = end;
    if (sent < left) {
      RETURN_IF_ERROR(portal->failure);
      portal->done = true;
    }
  }
  while (!portal->done && !portal->rows.has_value() && left > 0) {
    if (portal->batch_position >= portal->batch.row_count) {
      ASSIGN_OR_RETURN(const bool more, portal->stream->Next(&portal->batch));
      portal->batch_position = 0;
      if (!more) {
        portal->done = true;
        portal->batch = types::Batch();
        break;
      }
    }
    const uint32_t available = portal->batch.row_count - portal->batch_position;
    const uint32_t take = static_cast<uint32_t>(std::min<uint64_t>(available, left));
    if (returns_rows) reads_->Add(take);
    if (returns_rows && take == portal->batch.row_count) {
      RETURN_IF_ERROR(client.Rows(portal->batch));
    } else if (returns_rows && take > 0) {
      std::vector<uint32_t> selection(take);
      for (uint32_t i = 0; i < take; ++i) selection[i] = portal->batch_position + i;
      RETURN_IF_ERROR(client.Rows(types::Gather(portal->batch, selection.data(), take)));
    }
    portal->batch_position += take;
    left -= take;
    sent += take;
  }
  portal->on_row = sent > 0 && !portal->done;
  if (!portal->done) {
    *suspended = true;
    portal->rows_sent += sent;
    return absl::OkStatus();
  }
  if (portal->stream != nullptr) {
    RETURN_IF_ERROR(EndStream(portal));
    SendReports(sink);
  }
  const uint64_t affected = returns_rows && plan.plan->kind() == common::v1::STATEMENT_KIND_SELECT
                                ? sent
                                : portal->rows_affected;
  return sink->Complete(CommandTag(*plan.plan, affected));
}

absl::Status Session::EndStream(Portal* portal) {
  const storage::v1::ExecutionSummary& summary = portal->stream->summary();
  portal->rows_affected = summary.rows_affected();
  const absl::Status status = ChangeSettings(summary);
  Finished(*portal->statement->plan, portal->statement->sql, statement_start_, summary, false);
  portal->stream = nullptr;
  return status;
}

absl::Status Session::ChangeSettings(const storage::v1::ExecutionSummary& summary) {
  for (const storage::v1::Notice& notice : summary.notices())
    KeepNotice(notice.severity(), notice.sqlstate(), notice.message());
  for (const common::v1::SettingChange& change : summary.setting_changes()) {
    if (IsIdentity(change.name())) {
      std::optional<std::string> role;
      if (change.has_value()) role = change.value();
      RETURN_IF_ERROR(ChangeIdentity(change.name(), role, change.is_local()));
    } else if (!change.has_value()) {
      RETURN_IF_ERROR(settings_.Reset(change.name(), change.is_local()));
    } else if (!IsOfTransaction(change.name())) {
      RETURN_IF_ERROR(settings_.Set(change.name(), change.value(), change.is_local()));
    } else if (state_ == TransactionState::kExplicit) {
      RETURN_IF_ERROR(SetTransaction(ModesOf(change.name(), change.value()), nullptr));
    }
  }
  return absl::OkStatus();
}

void Session::BufferRest(Portal* portal) {
  if (portal->stream == nullptr) return;
  RowBuffer rows = std::exchange(portal->passed, RowBuffer());
  const uint64_t passed = rows.size();
  const auto read = [&]() -> absl::Status {
    RETURN_IF_ERROR(rows.Append(portal->batch, portal->batch_position));
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, portal->stream->Next(&portal->batch));
      if (!more) return absl::OkStatus();
      RETURN_IF_ERROR(rows.Append(portal->batch));
    }
  };
  portal->failure = read();
  portal->batch = types::Batch();
  if (portal->failure.ok()) portal->failure = EndStream(portal);
  portal->stream = nullptr;
  portal->rows = std::move(rows);
  if (!portal->scroll) portal->position = passed;
}

void Session::BufferOpenResults() {
  for (auto& [name, portal] : portals_) BufferRest(&portal);
  for (auto& [name, cursor] : cursors_) BufferRest(&cursor);
}

}  // namespace adbms::gateway::session
