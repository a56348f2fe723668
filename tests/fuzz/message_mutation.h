// Mutations of protobuf messages that keep them messages.
#pragma once

#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace adbms::fuzz {

// One change of a serialized message: a field, a part in the place of another of its kind, or, now
// and then, its bytes. `scratch` is an empty message of its type.
std::string MutateMessage(std::string input, google::protobuf::Message* scratch,
                          std::mt19937_64& random);

}  // namespace adbms::fuzz
