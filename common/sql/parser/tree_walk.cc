#include "common/sql/parser/tree_walk.h"

#include <cstring>

namespace adbms::sql::parser {
namespace {

// The value of a member that protobuf-c knows by its offset.
template <typename T>
T Read(const ProtobufCMessage& message, unsigned offset) {
  T value;
  std::memcpy(&value, reinterpret_cast<const char*>(&message) + offset, sizeof(value));
  return value;
}

}  // namespace

void ForEachChild(const ProtobufCMessage& message,
                  const std::function<void(const ProtobufCMessage&)>& visit) {
  for (unsigned i = 0; i < message.descriptor->n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = message.descriptor->fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      const auto count = Read<size_t>(message, field.quantifier_offset);
      auto* const items = Read<const ProtobufCMessage* const*>(message, field.offset);
      for (size_t item = 0; item < count; ++item) visit(*items[item]);
      continue;
    }
    // Members of a oneof share a place; its case says which is there.
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        Read<int>(message, field.quantifier_offset) != static_cast<int>(field.id))
      continue;
    const auto* const child = Read<const ProtobufCMessage*>(message, field.offset);
    if (child != nullptr) visit(*child);
  }
}

}  // namespace adbms::sql::parser
