#include "common/rpc/nested_message.h"

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "google/protobuf/io/coded_stream.h"

namespace adbms::rpc {

absl::Status ParseNested(std::string_view bytes, google::protobuf::MessageLite* message) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kMaxMessageDepth);
  if (message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage())
    return absl::OkStatus();
  // Too deep or no message at all: without a limit on depth one would parse, but that is not tried.
  if (bytes.size() > static_cast<size_t>(kMaxMessageDepth)) {
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Simplify the statement: its expressions are nested too deeply.");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("malformed message of ", bytes.size(), " bytes: ", message->GetTypeName()));
}

}  // namespace adbms::rpc
