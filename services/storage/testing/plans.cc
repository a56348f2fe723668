#include "services/storage/testing/plans.h"

#include <cstdlib>
#include <filesystem>

#include "common/status/macros.h"
#include "common/types/text_io.h"

namespace adbms::storage::testing {
namespace {

void AddOutput(Operator* op, const std::string& name, const common::v1::DataType& type) {
  common::v1::OutputColumn* column = op->add_output();
  column->set_name(name);
  *column->mutable_type() = type;
}

common::v1::DataType TypeOf(TypeId id) { return types::ToProto(types::Type{id, 0}); }

void AddTableOutput(Operator* op, const common::v1::TableDescriptor& table,
                    const std::vector<uint32_t>& columns) {
  for (uint32_t ordinal : columns) {
    if (ordinal == UINT32_MAX) {
      AddOutput(op, "$rowkey", TypeOf(TypeId::kBytea));
    } else {
      AddOutput(op, table.columns(static_cast<int>(ordinal)).name(),
                table.columns(static_cast<int>(ordinal)).type());
    }
  }
}

void Number(Operator* op, uint32_t* next) {
  op->set_id((*next)++);
  if (op->has_filter()) Number(op->mutable_filter()->mutable_input(), next);
  if (op->has_project()) Number(op->mutable_project()->mutable_input(), next);
  if (op->has_hash_join()) {
    Number(op->mutable_hash_join()->mutable_left(), next);
    Number(op->mutable_hash_join()->mutable_right(), next);
  }
  if (op->has_nested_loop_join()) {
    Number(op->mutable_nested_loop_join()->mutable_left(), next);
    Number(op->mutable_nested_loop_join()->mutable_right(), next);
  }
  if (op->has_lookup_join()) Number(op->mutable_lookup_join()->mutable_left(), next);
  if (op->has_aggregate()) Number(op->mutable_aggregate()->mutable_input(), next);
  if (op->has_sort()) Number(op->mutable_sort()->mutable_input(), next);
  if (op->has_window()) Number(op->mutable_window()->mutable_input(), next);
  if (op->has_limit()) Number(op->mutable_limit()->mutable_input(), next);
  for (int i = 0; i < op->append().inputs_size(); ++i)
    Number(op->mutable_append()->mutable_inputs(i), next);
  if (op->has_set_operation()) {
    Number(op->mutable_set_operation()->mutable_left(), next);
    Number(op->mutable_set_operation()->mutable_right(), next);
  }
  if (op->has_project_set()) Number(op->mutable_project_set()->mutable_input(), next);
  if (op->has_merge_rows()) Number(op->mutable_merge_rows()->mutable_input(), next);
  if (op->has_lateral_join()) {
    Number(op->mutable_lateral_join()->mutable_left(), next);
    Number(op->mutable_lateral_join()->mutable_right(), next);
  }
  if (op->has_recursive_union()) {
    Number(op->mutable_recursive_union()->mutable_initial(), next);
    Number(op->mutable_recursive_union()->mutable_recursive(), next);
  }
  if (op->has_insert()) Number(op->mutable_insert()->mutable_input(), next);
  if (op->has_update()) Number(op->mutable_update()->mutable_input(), next);
  if (op->has_delete_()) Number(op->mutable_delete_()->mutable_input(), next);
}

}  // namespace

Expression Literal(const types::Value& value) {
  Expression expression;
  *expression.mutable_type() = types::ToProto(value.type());
  *expression.mutable_literal() = types::ToProto(value);
  return expression;
}
Expression IntLiteral(int64_t value) { return Literal(types::Value::Int(TypeId::kInt4, value)); }
Expression TextLiteral(const std::string& value) { return Literal(types::Value::Text(value)); }
Expression NullLiteral(TypeId type) { return Literal(types::Value::Null({type, 0})); }
Expression Column(uint32_t column, TypeId type) {
  Expression expression;
  *expression.mutable_type() = TypeOf(type);
  expression.set_column(column);
  return expression;
}
Expression Parameter(uint32_t parameter, TypeId type) {
  Expression expression;
  *expression.mutable_type() = TypeOf(type);
  expression.set_parameter(parameter);
  return expression;
}
Expression Slot(uint32_t slot, TypeId type) {
  Expression expression;
  *expression.mutable_type() = TypeOf(type);
  expression.set_correlation_slot(slot);
  return expression;
}
Expression Call(const std::string& signature, TypeId type, std::vector<Expression> arguments) {
  Expression expression;
  *expression.mutable_type() = TypeOf(type);
  expression.mutable_call()->set_function(signature);
  for (Expression& argument : arguments)
    *expression.mutable_call()->add_arguments() = std::move(argument);
  return expression;
}

Operator SeqScan(const common::v1::TableDescriptor& table, std::vector<uint32_t> columns) {
  Operator op;
  AddTableOutput(&op, table, columns);
  op.mutable_seq_scan()->set_table_id(table.table_id());
  for (uint32_t ordinal : columns) op.mutable_seq_scan()->add_columns(ordinal);
  return op;
}
Operator TargetScan(const common::v1::TableDescriptor& table) {
  std::vector<uint32_t> columns;
  for (int i = 0; i < table.columns_size(); ++i) columns.push_back(static_cast<uint32_t>(i));
  columns.push_back(UINT32_MAX);
  return SeqScan(table, columns);
}
Operator IndexScan(const common::v1::TableDescriptor& table, uint32_t index_id,
                   std::vector<uint32_t> columns, std::vector<Expression> equal) {
  Operator op;
  AddTableOutput(&op, table, columns);
  common::v1::IndexScan* scan = op.mutable_index_scan();
  scan->set_table_id(table.table_id());
  scan->set_index_id(index_id);
  for (uint32_t ordinal : columns) scan->add_columns(ordinal);
  for (Expression& expression : equal) *scan->add_equal() = std::move(expression);
  return op;
}
Operator Values(std::vector<TypeId> types, std::vector<std::vector<Expression>> rows) {
  Operator op;
  for (TypeId type : types) AddOutput(&op, "column", TypeOf(type));
  for (std::vector<Expression>& row : rows) {
    auto* out = op.mutable_values()->add_rows();
    for (Expression& expression : row) *out->add_columns() = std::move(expression);
  }
  return op;
}
Operator Filter(Operator input, Expression condition) {
  Operator op;
  *op.mutable_output() = input.output();
  *op.mutable_filter()->mutable_input() = std::move(input);
  *op.mutable_filter()->mutable_condition() = std::move(condition);
  return op;
}
Operator Project(Operator input, std::vector<Expression> expressions) {
  Operator op;
  for (Expression& expression : expressions) {
    AddOutput(&op, "column", expression.type());
    *op.mutable_project()->add_expressions() = std::move(expression);
  }
  *op.mutable_project()->mutable_input() = std::move(input);
  return op;
}
Operator Insert(const common::v1::TableDescriptor& table, Operator input) {
  Operator op;
  op.mutable_insert()->set_table_id(table.table_id());
  *op.mutable_insert()->mutable_input() = std::move(input);
  return op;
}
Operator Update(const common::v1::TableDescriptor& table, Operator input,
                std::vector<uint32_t> columns, std::vector<Expression> values) {
  Operator op;
  op.mutable_update()->set_table_id(table.table_id());
  *op.mutable_update()->mutable_input() = std::move(input);
  for (uint32_t ordinal : columns) op.mutable_update()->add_columns(ordinal);
  for (Expression& value : values) *op.mutable_update()->add_values() = std::move(value);
  return op;
}
Operator Delete(const common::v1::TableDescriptor& table, Operator input) {
  Operator op;
  op.mutable_delete_()->set_table_id(table.table_id());
  *op.mutable_delete_()->mutable_input() = std::move(input);
  return op;
}

Plan Finish(Operator root, std::vector<const common::v1::TableDescriptor*> tables,
            std::vector<TypeId> parameters) {
  Plan plan;
  uint32_t next = 0;
  *plan.mutable_root() = std::move(root);
  Number(plan.mutable_root(), &next);
  for (const common::v1::TableDescriptor* table : tables) {
    common::v1::TableUse* use = plan.add_tables();
    use->set_table_id(table->table_id());
    use->set_schema_version(table->schema_version());
    use->set_name(table->name());
  }
  for (TypeId type : parameters) *plan.add_parameter_types() = TypeOf(type);
  return plan;
}

common::v1::DdlStatement CreateTable(const std::string& name, std::vector<ColumnSpec> columns,
                                     std::vector<uint32_t> primary_key) {
  common::v1::DdlStatement statement;
  common::v1::TableDescriptor* table = statement.mutable_create_table()->mutable_table();
  table->set_schema("public");
  table->set_name(name);
  for (const ColumnSpec& spec : columns) {
    common::v1::ColumnDescriptor* column = table->add_columns();
    column->set_name(spec.name);
    *column->mutable_type() = TypeOf(spec.type);
    column->set_not_null(spec.not_null);
  }
  for (uint32_t ordinal : primary_key) table->add_primary_key(ordinal);
  return statement;
}

common::v1::DdlStatement CreateIndex(uint32_t table_id, const std::string& name,
                                     std::vector<uint32_t> columns, bool unique) {
  common::v1::DdlStatement statement;
  statement.mutable_create_index()->set_table_id(table_id);
  common::v1::IndexDescriptor* index = statement.mutable_create_index()->mutable_index();
  index->set_name(name);
  index->set_unique(unique);
  for (uint32_t ordinal : columns) {
    index->add_columns(ordinal);
    index->add_descending(false);
  }
  return statement;
}

Client::Client(api::Storage* storage) : storage_(storage) {
  session_ = *storage->OpenSession(context_);
}

absl::StatusOr<std::vector<std::string>> Client::Run(const Plan& plan,
                                                     std::vector<types::Value> parameters) {
  ASSIGN_OR_RETURN(const api::PreparedPlanPtr prepared,
                   storage_->Prepare(context_, std::make_shared<const Plan>(plan)));
  api::ExecuteOptions options;
  options.parameters = std::move(parameters);
  ASSIGN_OR_RETURN(const std::unique_ptr<api::ResultStream> stream,
                   session_->Execute(context_, prepared, options));
  std::vector<std::string> rows;
  while (true) {
    types::Batch batch;
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) break;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      std::string text;
      for (size_t i = 0; i < batch.columns.size(); ++i) {
        if (i > 0) text += "|";
        if (batch.columns[i]->is_null(row)) {
          text += "null";
        } else {
          types::FormatText(*batch.columns[i], row, types::TextOptions(), &text);
        }
      }
      rows.push_back(std::move(text));
    }
  }
  summary_ = stream->summary();
  return rows;
}

absl::StatusOr<uint64_t> Client::Affect(const Plan& plan, std::vector<types::Value> parameters) {
  RETURN_IF_ERROR(Run(plan, std::move(parameters)).status());
  return summary_.rows_affected();
}

absl::StatusOr<storage::v1::DdlResult> Client::Ddl(const common::v1::DdlStatement& statement) {
  return session_->ExecuteDdl(context_, statement);
}

common::v1::TableDescriptor Client::Table(const std::string& name, const std::string& schema) {
  const auto catalog = session_->GetCatalog(context_);
  for (const auto& table : (*catalog)->tables()) {
    if (table.name() == name && table.schema() == schema) return table;
  }
  return {};
}

std::vector<std::string> Client::All(const std::string& name) {
  const common::v1::TableDescriptor table = Table(name);
  std::vector<uint32_t> columns;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped()) columns.push_back(static_cast<uint32_t>(i));
  }
  auto rows = Run(Finish(SeqScan(table, columns), {&table}));
  return rows.ok() ? *std::move(rows)
                   : std::vector<std::string>{std::string(rows.status().ToString())};
}

absl::Status Client::InsertInts(const std::string& name, std::vector<std::vector<int64_t>> rows) {
  const common::v1::TableDescriptor table = Table(name);
  std::vector<TypeId> types;
  for (const auto& column : table.columns()) types.push_back(types::FromProto(column.type()).id);
  std::vector<std::vector<Expression>> literals;
  for (const std::vector<int64_t>& row : rows) {
    std::vector<Expression> values;
    for (size_t i = 0; i < row.size(); ++i)
      values.push_back(Literal(types::Value::Int(types[i], row[i])));
    literals.push_back(std::move(values));
  }
  return Run(Finish(Insert(table, Values(types, std::move(literals))), {&table})).status();
}

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "adbms-test-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

TempDir::~TempDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace adbms::storage::testing
