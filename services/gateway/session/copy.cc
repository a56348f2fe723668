// COPY: from and to the client or a file of this machine.
#include <algorithm>
#include <deque>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/catalog/row_security.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "common/types/declared_type.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/copied_rows.h"
#include "services/gateway/session/copy_binary.h"
#include "services/gateway/session/copy_file.h"
#include "services/gateway/session/copy_format.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

constexpr size_t kCopyOutBytes = 64 << 10;
// Rows of so many bytes are written together.
constexpr size_t kCopyInBytes = 4 << 20;

// Turns rows of fields into batches of a table's live columns.
class RowAssembler {
 public:
  RowAssembler(const sql::CopyBinding& binding, types::TextOptions options, bool binary)
      : options_(std::move(options)), binary_(binary) {
    const auto& columns = binding.table->columns();
    std::vector<int> field_of(columns.size(), -1);
    for (size_t i = 0; i < binding.columns.size(); ++i) {
      field_of[binding.columns[i]] = static_cast<int>(i);
    }
    for (int ordinal = 0; ordinal < columns.size(); ++ordinal) {
      if (columns[ordinal].dropped()) continue;
      targets_.push_back({columns[ordinal].name(), types::FromProto(columns[ordinal].type()),
                          field_of[ordinal], types::Value()});
      if (field_of[ordinal] < 0 && static_cast<size_t>(ordinal) < binding.defaults.size()) {
        default_of_.emplace_back(targets_.size() - 1, &binding.defaults[ordinal]);
      }
    }
    table_ = binding.table->name();
  }

  // Of the columns that are not in the data: constants now, everything else for each batch, as two
  // rows may not have the same (random(), nextval()).
  absl::Status PrepareDefaults(sql::expression::EvaluationState* state) {
    for (const auto& [target, expression] : default_of_) {
      if (expression->node_case() == common::v1::Expression::NODE_NOT_SET) continue;
      ASSIGN_OR_RETURN(auto compiled, sql::expression::Compile(*expression));
      if (expression->has_literal()) {
        ASSIGN_OR_RETURN(targets_[target].constant, compiled->EvaluateScalar(*state));
      } else {
        computed_.emplace_back(target, std::move(compiled));
      }
    }
    return absl::OkStatus();
  }

  // What the data have for domains is held against their constraints.
  absl::Status PrepareDomains() {
    for (size_t i = 0; i < targets_.size(); ++i) {
      const types::Type& type = targets_[i].type;
      if (targets_[i].field < 0 || (!types::IsDomain(type) && !types::HoldsDomain(type))) continue;
      const types::Type base = types::Unchecked(type);
      common::v1::Expression check;
      *check.mutable_type() = types::ToProto(targets_[i].type);
      common::v1::Expression* argument = check.mutable_cast()->mutable_argument();
      *argument->mutable_type() = types::ToProto(base);
      argument->set_column(0);
      ASSIGN_OR_RETURN(auto compiled, sql::expression::Compile(check));
      domains_.emplace_back(i, std::move(compiled));
    }
    return absl::OkStatus();
  }

  void Start(types::Batch* batch) const {
    batch->row_count = 0;
    batch->columns.clear();
    for (const Target& target : targets_) {
      auto vector = std::make_shared<types::Vector>(target.type);
      vector->Resize(types::BatchRows());
      batch->columns.push_back(std::move(vector));
    }
  }

  absl::Status Add(const std::vector<std::optional<std::string_view>>& fields, uint64_t line,
                   types::Batch* batch) const {
    const uint32_t row = batch->row_count++;
    for (size_t i = 0; i < targets_.size(); ++i) {
      const Target& target = targets_[i];
      types::Vector* vector = batch->columns[i].get();
      if (target.field < 0) {
        if (target.constant.is_null()) {
          vector->SetNull(row);
        } else {
          vector->Set(row, target.constant);
        }
      } else if (static_cast<size_t>(target.field) >= fields.size()) {
        return status::Error(status::sqlstate::kBadCopyFileFormat,
                             absl::StrCat("missing data for column \"", target.name, "\""),
                             absl::StrCat("COPY ", table_, ", line ", line));
      } else if (!fields[target.field].has_value()) {
        vector->SetNull(row);
      } else {
        const absl::Status status =
            binary_ ? ParseBinaryInto(*fields[target.field], target.type, vector, row)
                    : types::ParseTextInto(*fields[target.field], options_, vector, row);
        if (!status.ok()) {
          status::SqlError error = status::FromStatus(status);
          absl::StrAppend(&error.detail, error.detail.empty() ? "" : " ", "COPY ", table_,
                          ", line ", line, ", column ", target.name);
          return status::ToStatus(error);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Close(sql::expression::EvaluationState* state, types::Batch* batch) const {
    for (auto& column : batch->columns) column->Resize(batch->row_count);
    types::Batch none;
    none.row_count = batch->row_count;
    for (const auto& [target, expression] : computed_) {
      ASSIGN_OR_RETURN(batch->columns[target], expression->Evaluate(*state, none));
    }
    for (const auto& [target, domain] : domains_) {
      const types::Batch values{{batch->columns[target]}, batch->row_count};
      ASSIGN_OR_RETURN(batch->columns[target], domain->Evaluate(*state, values));
    }
    return absl::OkStatus();
  }

 private:
  struct Target {
    std::string name;
    types::Type type;
    int field;  // -1: the constant.
    types::Value constant;
  };
  absl::Status ParseBinaryInto(std::string_view field, const types::Type& type,
                               types::Vector* vector, uint32_t row) const {
    // Text is its own binary form, and has a length to keep to.
    if (type.id != types::TypeId::kChar && types::IsString(type.id))
      return types::ParseTextInto(field, options_, vector, row);
    ASSIGN_OR_RETURN(const types::Value value, types::ParseBinary(field, type));
    vector->Set(row, value);
    return absl::OkStatus();
  }

  types::TextOptions options_;
  const bool binary_;
  std::vector<Target> targets_;
  std::vector<std::pair<size_t, const common::v1::Expression*>> default_of_;
  std::vector<std::pair<size_t, sql::expression::CompiledExpressionPtr>> computed_;
  std::vector<std::pair<size_t, sql::expression::CompiledExpressionPtr>> domains_;
  std::string table_;
};

// nextval() in the defaults of copied rows: storage counts, and is asked once for a batch.
class CopySequences : public sql::functions::CatalogFunctions {
 public:
  using Source = std::function<absl::StatusOr<std::vector<int64_t>>(uint32_t sequence_id,
                                                                    bool identity, uint32_t count)>;
  explicit CopySequences(Source source) : source_(std::move(source)) {}
  // So many rows are computed next.
  void Expect(uint32_t rows) { rows_ = rows; }
  absl::StatusOr<types::Value> Call(std::string_view name,
                                    const std::vector<types::Value>& arguments) const override {
    const bool identity = name == sql::functions::kIdentityNextval;
    if (name != "nextval" && !identity) {
      return status::NotSupported(absl::StrCat("function ",
                                               absl::string_view(name.data(), name.size()),
                                               " in the default of a copied column"));
    }
    const auto id = static_cast<uint32_t>(arguments[0].int_value());
    std::deque<int64_t>& values = values_[id];
    if (values.empty()) {
      ASSIGN_OR_RETURN(const std::vector<int64_t> more, source_(id, identity, rows_));
      values.assign(more.begin(), more.end());
    }
    if (values.empty()) return absl::InternalError("a sequence without values");
    const int64_t value = values.front();
    values.pop_front();
    return types::Value::Int(types::TypeId::kInt8, value);
  }

 private:
  const Source source_;
  uint32_t rows_ = 1;
  mutable std::map<uint32_t, std::deque<int64_t>> values_;  // Taken and not used yet.
};

// Whether columns that the copy leaves out take values from a sequence that only the transaction
// has yet.
bool TakesFromOwnSequence(const sql::CopyBinding& binding, const sql::Catalog& committed) {
  const auto& columns = binding.table->columns();
  for (int i = 0; i < columns.size(); ++i) {
    const uint32_t sequence = columns[i].default_sequence_id();
    const bool given = std::find(binding.columns.begin(), binding.columns.end(),
                                 static_cast<uint32_t>(i)) != binding.columns.end();
    if (sequence != 0 && !given && committed.FindTable(sequence) == nullptr) return true;
  }
  return false;
}

// The rows for which the condition is true.
absl::StatusOr<types::Batch> RowsWhere(const sql::expression::CompiledExpression& where,
                                       sql::expression::EvaluationState* state,
                                       const types::Batch& batch) {
  ASSIGN_OR_RETURN(const types::VectorPtr kept, where.Evaluate(*state, batch));
  std::vector<uint32_t> selection;
  for (uint32_t row = 0; row < batch.row_count; ++row) {
    if (!kept->is_null(row) && kept->data<uint8_t>()[row] != 0) selection.push_back(row);
  }
  return types::Gather(batch, selection.data(), static_cast<uint32_t>(selection.size()));
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> Session::TakeSequenceValues(uint32_t sequence_id,
                                                                 bool identity, uint32_t count) {
  // This session's conversation with storage is busy with the copy, unless the sequence is its
  // transaction's own: then the rows are gathered first.
  if (sequence_session_ == nullptr) {
    ASSIGN_OR_RETURN(sequence_session_,
                     services_.storage->OpenSessionIn(Context(), options_.database));
  }
  storage::api::Session* from = sequence_session_.get();
  ASSIGN_OR_RETURN(sql::CatalogPtr catalog, services_.catalog->Get(Context(), options_.database));
  if (catalog->FindTable(sequence_id) == nullptr) {
    from = storage_.get();
    ASSIGN_OR_RETURN(catalog, CurrentCatalog());
  }
  const std::string text = absl::StrCat("SELECT nextval('", sequence_id,
                                        "'::regclass) FROM generate_series(1, ", count, ")");
  ASSIGN_OR_RETURN(auto plan, sql::PlanDefault(PlanningInputFor(text, nullptr, catalog)));
  if (identity) {
    // As the INSERT of a row would: no text can ask for it.
    const common::v1::Project& project = plan.root().project();
    if (project.expressions_size() != 1 || !project.expressions(0).has_call())
      return absl::InternalError("a sequence's values are planned in another way");
    plan.mutable_root()->mutable_project()->mutable_expressions(0)->mutable_call()->set_function(
        absl::StrCat(sql::functions::kIdentityNextval, "(regclass)"));
  }
  ASSIGN_OR_RETURN(const auto prepared,
                   services_.storage->Prepare(
                       Context(), std::make_shared<const common::v1::Plan>(std::move(plan))));
  storage::api::ExecuteOptions options;
  FillOptions(&options);
  ASSIGN_OR_RETURN(auto stream, from->Execute(Context(), prepared, options));
  std::vector<int64_t> values;
  types::Batch batch;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) return values;
    for (uint32_t row = 0; row < batch.row_count; ++row)
      values.push_back(batch.columns[0]->Get(row).int_value());
  }
}

absl::Status Session::RunCopy(const sql::Statement& statement, ResultSink* sink) {
  if (statement.copy.program) {
    ASSIGN_OR_RETURN(const auto policy, policy_->Get());
    if (!policy->superuser())
      return status::Error(status::sqlstate::kInsufficientPrivilege,
                           "must be superuser or have privileges of the "
                           "pg_execute_server_program role to COPY to or from an external program",
                           {},
                           "Anyone can COPY to stdout or from stdin. psql's \\copy command also "
                           "works for anyone.");
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "COPY to or from a program is not supported", "",
                         "Use COPY FROM STDIN and COPY TO STDOUT, or psql's \\copy.");
  }
  std::unique_ptr<CopyFile> file;
  if (!statement.copy.file.empty()) {
    ASSIGN_OR_RETURN(const auto policy, policy_->Get());
    RETURN_IF_ERROR(policy::AuthorizeServerFile(*policy, statement.copy.from));
    if (services_.reads_only && !statement.copy.from) {
      return status::Error(status::sqlstate::kReadOnlyTransaction,
                           "COPY TO a file is not for a token that only reads");
    }
    file = std::make_unique<CopyFile>(statement.copy.file, sink);
    sink = file.get();
  }
  const bool in = statement.copy.from;
  bool begun = false;
  absl::Status status;
  for (int attempt = 0;; ++attempt) {
    status = WithoutHidden(in ? RunCopyIn(statement, sink, &begun) : RunCopyOut(statement, sink));
    // The table has changed since it was looked up: bound and authorized again.
    if (begun || !status::HasSqlState(status, status::sqlstate::kStalePlan)) break;
    if (attempt == storage::api::kStaleRetries) {
      status = status::Error(status::sqlstate::kSerializationFailure,
                             "the table was changed again and again", {}, "Try again.");
      break;
    }
  }
  if (!status.ok() && services_.audit->Wants(/*read_only=*/!in) &&
      !absl::IsPermissionDenied(status)) {
    Audit("statement", AuditText(statement), 0, status);
  }
  return status;
}

absl::Status Session::RunCopyIn(const sql::Statement& statement, ResultSink* sink, bool* begun) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(
      const sql::CopyBinding binding,
      sql::BindCopy(statement.copy, PlanningInputFor(statement.text, &statement, catalog)));
  std::vector<std::string> names;
  for (const uint32_t ordinal : binding.columns)
    names.push_back(binding.table->columns(static_cast<int>(ordinal)).name());
  ASSIGN_OR_RETURN(const CopyFormat format, CopyFormat::From(statement.copy, names, binding.table));
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  RETURN_IF_ERROR(policy::AuthorizeSchema(*policy, *catalog, binding.table->schema(),
                                          common::v1::PRIVILEGE_USAGE));
  common::v1::ColumnUse use;
  use.set_privilege(common::v1::PRIVILEGE_INSERT);
  use.mutable_columns()->Assign(binding.columns.begin(), binding.columns.end());
  RETURN_IF_ERROR(policy::AuthorizeColumns(*policy, *binding.table, use));
  ASSIGN_OR_RETURN(const common::v1::RoleFacts facts, FactsOf(current_user_));
  if (sql::IsSecuredFor(*binding.table, facts)) {
    if (settings_.switches().no_row_security()) return sql::WouldBeFiltered(*binding.table, facts);
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "COPY FROM not supported with row-level security", {},
                         "Use INSERT statements instead.");
  }
  storage::api::ExecuteOptions options;
  FillOptions(&options);
  sql::expression::EvaluationState state;
  state.context.transaction_timestamp_us = options.transaction_timestamp_us;
  state.context.statement_timestamp_us = options.statement_timestamp_us;
  state.context.current_user = options.current_user;
  state.context.session_user = options.session_user;
  state.context.backend_pid = options.backend_pid;
  state.context.current_database = options.current_database;
  state.context.current_schema = options.current_schema;
  state.context.search_path = options.search_path;
  state.context.time_zone = options.time_zone;
  state.context.extra_float_digits = options.text.extra_float_digits;
  state.context.bytea_hex = options.text.bytea_hex;
  state.context.interval_style = options.text.interval_style;
  state.context.date_format = options.text.date_format;
  // Defaults and checks may ask for settings.
  options.details = Details();
  state.context.session_details = options.details;
  const std::vector<types::Value> no_parameters;
  state.parameters = &no_parameters;
  RowAssembler assembler(binding, InputOptions(), format.binary);
  RETURN_IF_ERROR(assembler.PrepareDefaults(&state));
  RETURN_IF_ERROR(assembler.PrepareDomains());
  sql::expression::CompiledExpressionPtr where;
  if (binding.where.has_value()) {
    ASSIGN_OR_RETURN(where, sql::expression::Compile(*binding.where));
  }
  const auto values_of = [&](uint32_t sequence_id, bool identity, uint32_t count) {
    return TakeSequenceValues(sequence_id, identity, count);
  };
  CopySequences sequences(values_of);
  state.context.catalog = &sequences;
  BufferOpenResults();
  const storage::api::TableVersion table(binding.table->table_id(),
                                         binding.table->schema_version());
  std::unique_ptr<storage::api::BulkWriter> writer;
  bool gathers = FiresForCopy(*catalog, *binding.table, settings_.switches().is_replica());
  if (in_transaction() && !gathers) {
    ASSIGN_OR_RETURN(const sql::CatalogPtr committed,
                     services_.catalog->Get(Context(), options_.database));
    gathers = TakesFromOwnSequence(binding, *committed);
  }
  if (gathers) {
    writer = std::make_unique<CopiedRows>(
        *binding.table, [&](const std::string& sql, const std::string& name, program::Rows rows) {
          return InsertCopied(sql, name, std::move(rows), sink);
        });
  } else {
    ASSIGN_OR_RETURN(writer, storage_->OpenBulkWriter(Context(), table, binding.checks, options));
  }
  *begun = true;
  RETURN_IF_ERROR(sink->BeginCopyIn(static_cast<int>(binding.columns.size()), format.binary));
  CopyReader text(format, binding.columns.size());
  BinaryCopyReader binary(binding.columns.size());
  CopyRows& reader = format.binary ? static_cast<CopyRows&>(binary) : text;
  std::vector<std::optional<std::string_view>> fields;
  types::Batch batch;
  size_t batch_bytes = 0;
  assembler.Start(&batch);
  const auto flush = [&]() -> absl::Status {
    if (batch.row_count == 0) return absl::OkStatus();
    sequences.Expect(batch.row_count);
    RETURN_IF_ERROR(assembler.Close(&state, &batch));
    if (where != nullptr) {
      ASSIGN_OR_RETURN(batch, RowsWhere(*where, &state, batch));
    }
    if (batch.row_count > 0) RETURN_IF_ERROR(writer->Write(batch));
    assembler.Start(&batch);
    batch_bytes = 0;
    return Context().Check();
  };
  const auto drain = [&]() -> absl::Status {
    for (;;) {
      ASSIGN_OR_RETURN(const bool found, reader.Next(&fields));
      if (!found) return absl::OkStatus();
      RETURN_IF_ERROR(assembler.Add(fields, reader.line(), &batch));
      batch_bytes += reader.line_bytes();
      if (batch.row_count == types::BatchRows() || batch_bytes > kCopyInBytes) {
        RETURN_IF_ERROR(flush());
      }
    }
  };
  std::string data;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, sink->ReadCopyData(&data));
    if (!more) break;
    reader.Append(data);
    RETURN_IF_ERROR(drain());
  }
  reader.Finish();
  RETURN_IF_ERROR(drain());
  RETURN_IF_ERROR(flush());
  ASSIGN_OR_RETURN(const uint64_t rows, writer->Finish());
  if (services_.audit->Wants(/*read_only=*/false)) {
    Audit("statement", AuditText(statement), rows, absl::OkStatus());
  }
  services_.metrics->rows.Increment(static_cast<double>(rows));
  return sink->Complete(absl::StrCat("COPY ", rows));
}

absl::StatusOr<uint64_t> Session::InsertCopied(const std::string& sql, const std::string& name,
                                               program::Rows rows, ResultSink* sink) {
  const bool was_idle = !in_transaction();
  RETURN_IF_ERROR(BeginImplicit());
  TransitionTables tables;
  tables.push_back({name, std::move(rows)});
  const TransitionTables* const before = std::exchange(transitions_, &tables);
  program::SqlText text;
  text.text = sql;
  auto outcome = ProgramHost(this, sink, /*may_end=*/false).Run(&text, {}, nullptr);
  transitions_ = before;
  RETURN_IF_ERROR(outcome.status());
  if (was_idle && state_ == TransactionState::kImplicit)
    RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  SendReports(sink);
  return outcome->row_count;
}

absl::Status Session::RunCopyOut(const sql::Statement& statement, ResultSink* sink) {
  const sql::CopyStatement& copy = statement.copy;
  std::string query_text = copy.query;
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const common::v1::TableDescriptor* table = nullptr;
  if (query_text.empty()) {
    ASSIGN_OR_RETURN(const sql::CopyBinding binding,
                     sql::BindCopy(copy, PlanningInputFor(statement.text, &statement, catalog)));
    table = binding.table;
    // All that are not generated, where none are named.
    std::vector<std::string> columns;
    for (const uint32_t ordinal : binding.columns)
      columns.push_back(QuoteIdentifier(binding.table->columns(static_cast<int>(ordinal)).name()));
    query_text = absl::StrCat("SELECT ", absl::StrJoin(columns, ", "), " FROM ",
                              copy.schema.empty() ? "" : QuoteIdentifier(copy.schema) + ".",
                              QuoteIdentifier(copy.table));
  }
  PlanQuery query;
  query.sql = query_text;
  query.cacheable = false;
  query.multi_statement = true;  // Bulk copies run on default plans.
  ASSIGN_OR_RETURN(auto plan, MakePlan(query));
  const auto check = [&plan]() -> absl::Status {
    if (!plan->plan->has_trigger_rows() && !sql::plan::RunsPrograms(*plan->plan))
      return absl::OkStatus();
    return status::NotSupported("COPY of a statement that runs functions or triggers");
  };
  RETURN_IF_ERROR(check());
  storage::api::ExecuteOptions options;
  ASSIGN_OR_RETURN(auto stream, StartPlan(&plan, query, {}, &options));
  RETURN_IF_ERROR(check());  // It may be another plan by now.
  std::vector<std::string> names;
  for (const auto& column : plan->plan->root().output()) names.push_back(column.name());
  ASSIGN_OR_RETURN(const CopyFormat format, CopyFormat::From(copy, names, table));
  RETURN_IF_ERROR(sink->BeginCopyOut(plan->plan->root().output_size(), format.binary));
  std::string out;
  if (format.binary) AppendBinaryCopyHeader(&out);
  if (format.header) FormatCopyHeader(format, names, &out);
  uint64_t rows = 0;
  types::Batch batch;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) break;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (format.binary) {
        AppendBinaryCopyRow(batch, row, &out);
      } else {
        FormatCopyRow(format, settings_.text_options(), batch, row, &out);
        if (out.size() < kCopyOutBytes) continue;
      }
      RETURN_IF_ERROR(sink->CopyData(out));
      out.clear();
    }
    rows += batch.row_count;
    reads_->Add(batch.row_count);
  }
  if (format.binary) AppendBinaryCopyTrailer(&out);
  if (!out.empty()) RETURN_IF_ERROR(sink->CopyData(out));
  RETURN_IF_ERROR(sink->EndCopyOut());
  if (services_.audit->Wants(plan->plan->read_only())) {
    Audit("statement", AuditText(statement), rows, absl::OkStatus());
  }
  return sink->Complete(absl::StrCat("COPY ", rows));
}

}  // namespace adbms::gateway::session
