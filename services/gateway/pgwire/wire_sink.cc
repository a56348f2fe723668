#include "services/gateway/pgwire/wire_sink.h"

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::gateway::pgwire {
namespace {

void Field(char code, std::string_view text, WireWriter* writer) {
  if (text.empty()) return;
  writer->Byte(code);
  writer->CString(text);
}

void WriteCopyResponse(char type, int columns, bool binary, WireWriter* writer) {
  writer->Begin(type);
  writer->Byte(binary ? 1 : 0);
  writer->Int16(static_cast<int16_t>(columns));
  for (int i = 0; i < columns; ++i) writer->Int16(binary ? 1 : 0);
  writer->End();
}

}  // namespace

bool IsBinary(const std::vector<int16_t>& formats, size_t column) {
  if (formats.empty()) return false;
  if (formats.size() == 1) return formats[0] == 1;
  return column < formats.size() && formats[column] == 1;
}

void WriteRowDescription(const session::OutputColumns& columns, const std::vector<int16_t>& formats,
                         WireWriter* writer) {
  writer->Begin('T');
  writer->Int16(static_cast<int16_t>(columns.size()));
  for (int i = 0; i < columns.size(); ++i) {
    const common::v1::OutputColumn& column = columns[i];
    types::Type type = types::FromProto(column.type());
    if (type.id == types::TypeId::kUnknown) type = {types::TypeId::kText, 0};
    // A domain is described as what it is over.
    type = types::BaseOf(type);
    writer->CString(column.name());
    writer->Int32(static_cast<int32_t>(column.table_id()));
    writer->Int16(static_cast<int16_t>(column.column_number()));
    writer->Int32(static_cast<int32_t>(types::OidOf(type)));
    writer->Int16(types::PgTypeLength(type.id));
    writer->Int32(types::PgTypmod(type));
    writer->Int16(IsBinary(formats, i) ? 1 : 0);
  }
  writer->End();
}

namespace {

// Of an ErrorResponse or a NoticeResponse.
void WriteFields(const status::SqlError& error, std::string_view severity, WireWriter* writer) {
  Field('S', severity, writer);
  Field('V', severity, writer);
  Field('C', error.sqlstate, writer);
  Field('M', error.message.empty() ? "unknown error" : error.message, writer);
  Field('D', error.detail, writer);
  Field('H', error.hint, writer);
  if (error.position > 0) Field('P', std::to_string(error.position), writer);
  Field('s', error.schema, writer);
  Field('t', error.table, writer);
  Field('c', error.column, writer);
  Field('n', error.constraint, writer);
  Field('R', error.routine, writer);
  writer->Byte(0);
}

}  // namespace

void WriteError(const absl::Status& status, std::string_view severity, WireWriter* writer) {
  writer->Begin('E');
  WriteFields(status::FromStatus(status), severity, writer);
  writer->End();
}

absl::Status WireSink::BeginRows(const session::OutputColumns& columns) {
  if (describe_) WriteRowDescription(columns, formats_, writer_);
  return absl::OkStatus();
}

absl::Status WireSink::Rows(const types::Batch& batch) {
  std::string* const out = writer_->buffer();
  const size_t columns = batch.columns.size();
  for (uint32_t row = 0; row < batch.row_count; ++row) {
    writer_->Begin('D');
    writer_->Int16(static_cast<int16_t>(columns));
    for (size_t c = 0; c < columns; ++c) {
      const types::Vector& vector = *batch.columns[c];
      if (vector.is_null(row)) {
        writer_->Int32(-1);
        continue;
      }
      const size_t position = out->size();
      out->append(4, '\0');
      if (IsBinary(formats_, c)) {
        types::FormatBinary(vector, row, out);
      } else {
        types::FormatText(vector, row, settings_->text_options(), out);
      }
      writer_->PatchInt32(position, static_cast<int32_t>(out->size() - position - 4));
    }
    writer_->End();
    RETURN_IF_ERROR(writer_->FlushIfLarge());
  }
  return absl::OkStatus();
}

absl::Status WireSink::Complete(std::string_view command_tag) {
  writer_->Begin('C');
  writer_->CString(command_tag);
  writer_->End();
  return writer_->FlushIfLarge();
}

absl::Status WireSink::Empty() {
  writer_->Begin('I');
  writer_->End();
  return absl::OkStatus();
}

void WireSink::Notice(std::string_view severity, const status::SqlError& notice) {
  if (!settings_->Wants(severity)) return;
  writer_->Begin('N');
  WriteFields(notice, severity, writer_);
  writer_->End();
}

void WireSink::ParameterStatus(std::string_view name, std::string_view value) {
  writer_->Begin('S');
  writer_->CString(name);
  writer_->CString(value);
  writer_->End();
}

absl::Status WireSink::BeginCopyIn(int columns, bool binary) {
  WriteCopyResponse('G', columns, binary, writer_);
  return writer_->Flush();
}

absl::StatusOr<bool> WireSink::ReadCopyData(std::string* data) {
  for (;;) {
    ASSIGN_OR_RETURN(const Message message, reader_->Read());
    switch (message.type) {
      case 'd':
        data->assign(message.payload);
        return true;
      case 'c':
        return false;
      case 'f': {
        PayloadReader payload(message.payload);
        const std::string_view why = payload.CString();
        return status::Error(
            status::sqlstate::kQueryCanceled,
            absl::StrCat("COPY from stdin failed: ", absl::string_view(why.data(), why.size())));
      }
      case 'H':
      case 'S':
        continue;  // Flush and Sync are allowed here and mean nothing.
      default:
        return status::Error(
            status::sqlstate::kProtocolViolation,
            absl::StrCat("unexpected message type 0x",
                         absl::Hex(static_cast<uint8_t>(message.type)), " during COPY from stdin"));
    }
  }
}

absl::Status WireSink::BeginCopyOut(int columns, bool binary) {
  WriteCopyResponse('H', columns, binary, writer_);
  binary_copy_ = binary;
  return absl::OkStatus();
}

absl::Status WireSink::CopyData(std::string_view data) {
  // One row a message, as clients expect.
  while (!data.empty()) {
    const size_t end = binary_copy_ ? std::string_view::npos : data.find('\n');
    const size_t size = end == std::string_view::npos ? data.size() : end + 1;
    writer_->Begin('d');
    writer_->Bytes(data.substr(0, size));
    writer_->End();
    data.remove_prefix(size);
  }
  return writer_->FlushIfLarge();
}

absl::Status WireSink::EndCopyOut() {
  writer_->Begin('c');
  writer_->End();
  return absl::OkStatus();
}

}  // namespace adbms::gateway::pgwire
