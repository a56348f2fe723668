#include "services/gateway/program/row_values.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"

namespace adbms::gateway::program {
namespace {

namespace sqlstate = status::sqlstate;

std::string NameOf(const types::Type& row, uint32_t i, uint32_t fields) {
  const types::DeclaredType* const definition = types::CompositeOf(row);
  if (definition != nullptr && definition->fields.size() == fields)
    return definition->fields[i].name;
  return absl::StrCat("f", i + 1);
}

}  // namespace

Record EmptyRecord(const types::Type& type) {
  Record record;
  const types::DeclaredType* const definition = types::CompositeOf(type);
  if (definition == nullptr) return record;
  for (const types::CompositeField& field : definition->fields) {
    record.names.push_back(field.name);
    record.types.push_back(field.type);
    record.values.push_back(types::Value::Null(field.type));
  }
  return record;
}

Record RecordOf(const types::Value& row) {
  if (row.is_null()) return EmptyRecord(row.type());
  Record record;
  const types::CompositeView view(row.bytes());
  for (uint32_t i = 0; i < view.size(); ++i) {
    record.names.push_back(NameOf(row.type(), i, view.size()));
    record.types.push_back(view.TypeOf(i, row.type()));
    record.values.push_back(view.Field(i, row.type()).Get(0));
  }
  return record;
}

absl::StatusOr<types::Value> RowOf(const Record& record, const types::Type& type,
                                   const Conversion& convert) {
  types::Type row = type;
  const types::DeclaredType* definition = types::CompositeOf(type);
  if (definition == nullptr || definition->is_anonymous()) {
    std::vector<types::CompositeField> fields;
    for (size_t i = 0; i < record.names.size(); ++i)
      fields.push_back({record.names[i], record.types[i]});
    ASSIGN_OR_RETURN(row, types::RowType(fields));
    definition = types::CompositeOf(row);
  }
  if (definition->fields.size() != record.values.size())
    return status::Error(
        sqlstate::kDatatypeMismatch, "returned record type does not match expected record type",
        absl::StrCat("Number of returned columns (", record.values.size(),
                     ") does not match expected column count (", definition->fields.size(), ")."));
  types::CompositeBuilder builder;
  for (size_t i = 0; i < record.values.size(); ++i) {
    const types::Type& field = definition->fields[i].type;
    types::Value value = record.values[i];
    if (value.type() != field || value.is_null()) {
      ASSIGN_OR_RETURN(value, convert(value, field));
    }
    types::Vector one(field);
    one.Append(value);
    builder.Add(one, 0);
  }
  return types::Value::String(row, builder.Finish());
}

bool ArePacked(const types::Type& result, const std::vector<types::Type>& columns) {
  return result.id == types::TypeId::kRecord &&
         (columns.size() != 1 || columns[0].id != types::TypeId::kRecord);
}

absl::Status PackRows(const types::Type& type, const Conversion& convert, Rows* rows) {
  Rows packed;
  packed.types = {type};
  packed.names = {"row"};
  packed.size = rows->size;
  packed.bytes = rows->bytes;
  for (const types::Batch& batch : rows->batches) {
    auto column = std::make_shared<types::Vector>(type);
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      Record record;
      record.types = rows->types;
      for (size_t i = 0; i < batch.columns.size(); ++i) {
        record.names.push_back(i < rows->names.size() ? rows->names[i] : absl::StrCat("f", i + 1));
        types::Value value = batch.columns[i]->Get(row);
        if (value.is_null()) value = types::Value::Null(rows->types[i]);
        value.set_type(rows->types[i]);
        record.values.push_back(std::move(value));
      }
      ASSIGN_OR_RETURN(const types::Value whole, RowOf(record, type, convert));
      column->Append(whole);
    }
    packed.batches.push_back({{std::move(column)}, batch.row_count});
  }
  *rows = std::move(packed);
  return absl::OkStatus();
}

}  // namespace adbms::gateway::program
