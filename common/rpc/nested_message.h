// Messages that may be nested deeper than protobuf reads by itself (100 levels): plans and
// expressions. Between processes they travel as bytes, which are read here.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace adbms::rpc {

// How many messages may stand inside each other. A statement of the deepest nesting that the binder
// takes (parser::kMaxDepth) stays below it; reading that deep takes about a megabyte of stack.
inline constexpr int kMaxMessageDepth = 5000;

// Errors: 54001 when nested deeper; INVALID_ARGUMENT when the bytes are no such message.
absl::Status ParseNested(std::string_view bytes, google::protobuf::Message* message);

}  // namespace adbms::rpc
