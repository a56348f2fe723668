#include "services/storage/server/sequence_functions.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::server {
namespace {

using catalog::TableEntry;
using types::TypeId;
using types::Value;
namespace sqlstate = status::sqlstate;

enum Purpose { kNext, kNextIdentity, kRead, kSet };

absl::StatusOr<const TableEntry*> SequenceOf(const PrivilegeQuestion& question, uint32_t id) {
  const catalog::TableEntryPtr* entry = question.catalog.Find(id);
  if (entry == nullptr) {
    return status::Error(sqlstate::kUndefinedTable,
                         "relation with OID " + std::to_string(id) + " does not exist");
  }
  if (!(*entry)->descriptor.has_sequence()) {
    return status::Error(sqlstate::kWrongObjectType,
                         "\"" + (*entry)->descriptor.name() + "\" is not a sequence");
  }
  return entry->get();
}

// The values of an identity column come with the right to insert into its table.
const TableEntry* IdentityTable(const PrivilegeQuestion& question, const TableEntry& sequence) {
  const common::v1::SequenceDescriptor& descriptor = sequence.descriptor.sequence();
  const catalog::TableEntryPtr* table = question.catalog.Find(descriptor.owner_table_id());
  if (table == nullptr) return nullptr;
  const auto column = static_cast<int>(descriptor.owner_column());
  const common::v1::TableDescriptor& owner = (*table)->descriptor;
  const bool identity =
      column < owner.columns_size() &&
      owner.columns(column).identity() != common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED;
  return identity ? table->get() : nullptr;
}

absl::Status Allow(const PrivilegeQuestion& question, const TableEntry& sequence, Purpose purpose,
                   SequenceUse* use) {
  const std::pair<uint32_t, int> key(sequence.descriptor.table_id(), purpose);
  if (use->allowed.contains(key)) return absl::OkStatus();
  const char* wanted = purpose == kSet    ? "UPDATE"
                       : purpose == kRead ? "USAGE,SELECT"
                                          : "USAGE,UPDATE";
  ASSIGN_OR_RETURN(bool allowed, MayUseTable(question, sequence, wanted));
  if (!allowed && purpose == kNextIdentity) {
    const TableEntry* table = IdentityTable(question, sequence);
    if (table != nullptr) {
      ASSIGN_OR_RETURN(allowed, MayUseTable(question, *table, "INSERT"));
    }
  }
  if (!allowed) {
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "permission denied for sequence " + sequence.descriptor.name());
  }
  use->allowed.insert(key);
  return absl::OkStatus();
}

absl::Status CheckWritable(const char* function, const SequenceUse& use) {
  return use.transaction == nullptr ? absl::OkStatus() : use.transaction->CheckWritable(function);
}

absl::StatusOr<const TableEntry*> Argument(const PrivilegeQuestion& question, Purpose purpose,
                                           SequenceUse* use) {
  ASSIGN_OR_RETURN(const TableEntry* sequence,
                   SequenceOf(question, static_cast<uint32_t>(question.arguments[0].int_value())));
  RETURN_IF_ERROR(Allow(question, *sequence, purpose, use));
  return sequence;
}

absl::StatusOr<Value> Next(const PrivilegeQuestion& question, Purpose purpose, SequenceUse* use) {
  ASSIGN_OR_RETURN(const TableEntry* sequence, Argument(question, purpose, use));
  RETURN_IF_ERROR(CheckWritable("nextval()", *use));
  ASSIGN_OR_RETURN(const int64_t value, question.shared->sequences->Next(sequence->descriptor));
  const uint32_t id = sequence->descriptor.table_id();
  use->memory->current[id] = value;
  use->memory->last = id;
  return Value::Int(TypeId::kInt8, value);
}

}  // namespace

absl::StatusOr<Value> NextValue(const PrivilegeQuestion& question, SequenceUse* use) {
  return Next(question, kNext, use);
}

absl::StatusOr<Value> NextIdentityValue(const PrivilegeQuestion& question, SequenceUse* use) {
  return Next(question, kNextIdentity, use);
}

absl::StatusOr<Value> CurrentValue(const PrivilegeQuestion& question, SequenceUse* use) {
  ASSIGN_OR_RETURN(const TableEntry* sequence, Argument(question, kRead, use));
  const auto found = use->memory->current.find(sequence->descriptor.table_id());
  if (found == use->memory->current.end()) {
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         "currval of sequence \"" + sequence->descriptor.name() +
                             "\" is not yet defined in this session");
  }
  return Value::Int(TypeId::kInt8, found->second);
}

absl::StatusOr<Value> LastValue(const PrivilegeQuestion& question, SequenceUse* use) {
  const uint32_t id = use->memory->last;
  const catalog::TableEntryPtr* entry = question.catalog.Find(id);
  if (id == 0 || entry == nullptr) {
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         "lastval is not yet defined in this session");
  }
  RETURN_IF_ERROR(Allow(question, **entry, kRead, use));
  return Value::Int(TypeId::kInt8, use->memory->current[id]);
}

absl::StatusOr<Value> SetValue(const PrivilegeQuestion& question, SequenceUse* use) {
  ASSIGN_OR_RETURN(const TableEntry* sequence, Argument(question, kSet, use));
  RETURN_IF_ERROR(CheckWritable("setval()", *use));
  const int64_t value = question.arguments[1].int_value();
  const bool is_called = question.arguments.size() < 3 || question.arguments[2].bool_value();
  const common::v1::SequenceDescriptor& bounds = sequence->descriptor.sequence();
  if (value < bounds.minimum() || value > bounds.maximum()) {
    return status::Error(sqlstate::kNumericOutOfRange, "setval: value " + std::to_string(value) +
                                                           " is out of bounds for sequence \"" +
                                                           sequence->descriptor.name() + "\" (" +
                                                           std::to_string(bounds.minimum()) + ".." +
                                                           std::to_string(bounds.maximum()) + ")");
  }
  RETURN_IF_ERROR(question.shared->sequences->Set(sequence->descriptor, {value, is_called}));
  if (is_called) use->memory->current[sequence->descriptor.table_id()] = value;
  return Value::Int(TypeId::kInt8, value);
}

absl::StatusOr<Value> LastValueOf(const PrivilegeQuestion& question, SequenceUse* use) {
  ASSIGN_OR_RETURN(const TableEntry* sequence, Argument(question, kRead, use));
  ASSIGN_OR_RETURN(const txn::SequenceStore::State state,
                   question.shared->sequences->Get(sequence->descriptor));
  return state.is_called ? Value::Int(TypeId::kInt8, state.last_value)
                         : Value::Null({TypeId::kInt8, 0});
}

}  // namespace adbms::storage::server
