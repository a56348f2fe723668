#include "tests/fuzz/message_mutation.h"

#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Every message of the tree.
void Collect(Message* message, std::vector<Message*>* all) {
  all->push_back(message);
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(reflection->MutableMessage(message, field), all);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      Collect(reflection->MutableRepeatedMessage(message, field, i), all);
    }
  }
}

// Changes one field that is set: a number, a choice, or how many there are.
void Disturb(Message* message, std::mt19937_64& random) {
  const auto* const reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  if (fields.empty()) return;
  const FieldDescriptor* const field = fields[random() % fields.size()];
  constexpr int64_t kNumbers[] = {0, 1, 2, 3, 7, 100, -1, INT32_MAX};
  const int64_t number = kNumbers[random() % std::size(kNumbers)];
  if (field->is_repeated()) {
    if (random() % 2 == 0) {
      reflection->RemoveLast(message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      reflection->AddUInt32(message, field, static_cast<uint32_t>(number));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* const added = reflection->AddMessage(message, field);
      if (random() % 2 == 0) {
        added->CopyFrom(reflection->GetRepeatedMessage(*message, field, 0));
      }
    }
    return;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection->SetUInt32(message, field, static_cast<uint32_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection->SetInt32(message, field, static_cast<int32_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection->SetUInt64(message, field, static_cast<uint64_t>(number));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection->SetInt64(message, field, number);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(message, field, !reflection->GetBool(*message, field));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection->SetEnumValue(message, field, static_cast<int>(random() % 40));
      break;
    default:
      reflection->ClearField(message, field);
  }
}

}  // namespace

std::string MutateMessage(std::string input, Message* scratch, std::mt19937_64& random) {
  if (random() % 10 == 0 || !scratch->ParseFromString(input)) {
    return MutateBytes(std::move(input), random);
  }
  std::vector<Message*> all;
  Collect(scratch, &all);
  if (random() % 4 == 0) {
    Message* const target = all[random() % all.size()];
    const Message* const source = all[random() % all.size()];
    if (target != source && target->GetDescriptor() == source->GetDescriptor()) {
      const std::string copy = source->SerializeAsString();
      target->ParseFromString(copy);
      return scratch->SerializeAsString();
    }
  }
  Disturb(all[random() % all.size()], random);
  return scratch->SerializeAsString();
}

}  // namespace adbms::fuzz
