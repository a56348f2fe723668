// Walking syntax trees without knowing their node types. Pure functions.
#pragma once

#include <functional>

#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {

// Visits the messages directly below `message`, in the order of its fields.
void ForEachChild(const ProtobufCMessage& message,
                  const std::function<void(const ProtobufCMessage&)>& visit);

}  // namespace adbms::sql::parser
