#include "common/rpc/nested_message.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace adbms::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Whether messages stand inside each other deeper than is read. Walks the bytes without recursion,
// whatever their depth; ends at the first that cannot be.
bool IsTooDeep(std::string_view bytes, const Descriptor* root) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  struct Level {
    const Descriptor* type;
    int end;  // Where in the bytes the message ends.
  };
  std::vector<Level> levels = {{root, static_cast<int>(bytes.size())}};
  while (!levels.empty()) {
    const Level level = levels.back();
    if (input.CurrentPosition() == level.end) {
      levels.pop_back();
      continue;
    }
    const uint32_t tag = input.ReadTag();
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (tag == 0 || !WireFormatLite::SkipField(&input, tag)) return false;
      continue;
    }
    uint32_t length;
    if (!input.ReadVarint32(&length)) return false;
    const int64_t end = int64_t{input.CurrentPosition()} + length;
    if (end > level.end) return false;
    const FieldDescriptor* field =
        level.type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (levels.size() >= kMaxMessageDepth) return true;
      levels.push_back({field->message_type(), static_cast<int>(end)});
    } else if (!input.Skip(static_cast<int>(length))) {
      return false;
    }
  }
  return false;
}

}  // namespace

absl::Status ParseNested(std::string_view bytes, google::protobuf::Message* message) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kMaxMessageDepth);
  if (message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage())
    return absl::OkStatus();
  if (IsTooDeep(bytes, message->GetDescriptor())) {
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Simplify the statement: its expressions are nested too deeply.");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("malformed message of ", bytes.size(), " bytes: ", message->GetTypeName()));
}

}  // namespace adbms::rpc
