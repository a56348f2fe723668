#include "services/storage/catalog/definition_walk.h"

#include <functional>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"

namespace adbms::storage::catalog {
namespace {

using common::v1::DeclaredType;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Calls `visit` for each definition, outer ones first; true from it: changed.
using Visit = std::function<bool(DeclaredType*)>;

bool Walk(Message* message, const Visit& visit);

bool WalkExpression(std::string* bytes, const Visit& visit) {
  common::v1::Expression expression;
  if (bytes->empty() || !expression.ParseFromString(*bytes)) return false;
  if (!Walk(&expression, visit)) return false;
  *bytes = expression.SerializeAsString();
  return true;
}

bool Walk(Message* message, const Visit& visit) {
  bool changed = false;
  if (auto* definition = dynamic_cast<DeclaredType*>(message)) changed |= visit(definition);
  if (auto* check = dynamic_cast<common::v1::DomainCheck*>(message))
    return WalkExpression(check->mutable_condition(), visit);
  if (auto* index = dynamic_cast<common::v1::IndexExpression*>(message))
    changed |= WalkExpression(index->mutable_bound(), visit);
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      changed |= Walk(reflection->MutableMessage(message, field), visit);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i)
      changed |= Walk(reflection->MutableRepeatedMessage(message, field, i), visit);
  }
  return changed;
}

}  // namespace

bool HoldsDefinition(const Message& message, uint32_t type_oid) {
  const std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  bool holds = false;
  Walk(copy.get(), [&](DeclaredType* definition) {
    holds |= definition->oid() == type_oid;
    return false;
  });
  return holds;
}

void ReplaceDefinition(const DeclaredType& definition, Message* message) {
  Walk(message, [&](DeclaredType* known) {
    if (known->oid() != definition.oid()) return false;
    *known = definition;
    return true;
  });
}

void ReleaseLabels(Message* message) {
  Walk(message, [](DeclaredType* definition) {
    bool changed = false;
    for (auto& label : *definition->mutable_labels()) {
      changed |= label.uncommitted();
      label.clear_uncommitted();
    }
    return changed;
  });
}

}  // namespace adbms::storage::catalog
