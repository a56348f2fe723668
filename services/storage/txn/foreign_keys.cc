#include "services/storage/txn/foreign_keys.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::txn {
namespace {

using catalog::TableEntry;

template <typename List>
bool SameSet(const List& a, const google::protobuf::RepeatedField<uint32_t>& b) {
  std::vector<uint32_t> x(a.begin(), a.end());
  std::vector<uint32_t> y(b.begin(), b.end());
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  return x == y;
}

absl::Status Violation(const TableEntry& table, const std::string& constraint, std::string message,
                       std::string detail) {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kForeignKeyViolation);
  error.message = std::move(message);
  error.detail = std::move(detail);
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.constraint = constraint;
  return status::ToStatus(error);
}

// A value of one column as a value of the other's type (integers of different width).
types::Value As(types::Value value, types::Type type) {
  if (types::IsInteger(type.id) && !value.is_null())
    return types::Value::Int(type.id, value.int_value());
  return value;
}

}  // namespace

ForeignKeyChecks::ForeignKeyChecks(Transaction* transaction, const TableEntry* table,
                                   const catalog::CatalogState* catalog)
    : transaction_(transaction) {
  const auto& incoming = catalog->ReferencesTo(table->descriptor.table_id());
  if (table->descriptor.foreign_keys().empty() && incoming.empty()) return;
  std::vector<catalog::CatalogState::Reference> outgoing;
  for (const auto& key : table->descriptor.foreign_keys()) outgoing.push_back({table, &key});
  as_child_ = Resolve(*catalog, outgoing);
  as_parent_ = Resolve(*catalog, incoming);
}

std::vector<ForeignKeyChecks::Constraint> ForeignKeyChecks::Resolve(
    const catalog::CatalogState& catalog,
    const std::vector<catalog::CatalogState::Reference>& references) {
  std::vector<Constraint> result;
  for (const auto& [child, key] : references) {
    const catalog::TableEntryPtr* parent = catalog.Find(key->referenced_table_id());
    if (parent == nullptr) continue;
    const codec::TableLayout& layout = (*parent)->layout;
    Target target{parent->get(), child, key, nullptr, {}, {}};
    if (SameSet(layout.primary_key, key->referenced_columns())) {
      target.parent_ordinals = layout.primary_key;
    } else {
      for (const codec::IndexLayout& index : layout.indexes) {
        if (!index.unique || !SameSet(index.columns, key->referenced_columns())) continue;
        target.index = &index;
        target.parent_ordinals = index.columns;
        break;
      }
    }
    for (uint32_t ordinal : target.parent_ordinals) {
      for (int i = 0; i < key->columns_size(); ++i) {
        if (key->referenced_columns(i) == ordinal) target.child_ordinals.push_back(key->columns(i));
      }
    }
    result.push_back({std::move(target), {}});
  }
  return result;
}

std::string ForeignKeyChecks::ParentKey(const Target& target,
                                        const std::vector<types::Value>& values) {
  const codec::TableLayout& layout = target.parent->layout;
  std::string key;
  codec::AppendSpace(target.index == nullptr ? layout.storage_id : target.index->index_id, &key);
  for (size_t i = 0; i < values.size(); ++i) {
    const codec::KeyColumn& column =
        target.index == nullptr ? layout.primary_key_columns[i] : target.index->key[i];
    codec::AppendKey(As(values[i], column.type), column, &key);
  }
  return key;
}

void ForeignKeyChecks::Collect(Constraint* constraint, const std::vector<uint32_t>& ordinals,
                               codec::Columns columns, uint32_t row, const TableEntry& described) {
  std::vector<types::Value> values;
  for (uint32_t ordinal : ordinals) {
    if (columns[ordinal]->is_null(row)) return;
    values.push_back(columns[ordinal]->Get(row));
  }
  std::string key = ParentKey(constraint->target, values);
  if (constraint->pending.contains(key)) return;
  constraint->pending.emplace(
      std::move(key), Pending{DescribeKey(described, ordinals, columns, row), std::move(values)});
}

void ForeignKeyChecks::RowStored(codec::Columns columns, uint32_t row) {
  for (Constraint& constraint : as_child_) {
    Collect(&constraint, constraint.target.child_ordinals, columns, row, *constraint.target.child);
  }
}

void ForeignKeyChecks::RowRemoved(codec::Columns columns, uint32_t row) {
  for (Constraint& constraint : as_parent_) {
    Collect(&constraint, constraint.target.parent_ordinals, columns, row,
            *constraint.target.parent);
  }
}

absl::Status ForeignKeyChecks::Verify(const rpc::CallContext& context) {
  for (Constraint& constraint : as_child_) RETURN_IF_ERROR(VerifyChild(context, &constraint));
  for (Constraint& constraint : as_parent_) RETURN_IF_ERROR(VerifyParent(context, &constraint));
  return absl::OkStatus();
}

absl::Status ForeignKeyChecks::VerifyChild(const rpc::CallContext& context,
                                           Constraint* constraint) {
  const Target& target = constraint->target;
  for (const auto& [key, pending] : constraint->pending) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(transaction_->LockRow(context, key, LockMode::kForKeyShare,
                                          /*validate=*/false, &value, &found));
    if (found) continue;
    return Violation(*target.child, target.key->name(),
                     "insert or update on table \"" + target.child->descriptor.name() +
                         "\" violates foreign key constraint \"" + target.key->name() + "\"",
                     "Key " + pending.description + " is not present in table \"" +
                         target.parent->descriptor.name() + "\".");
  }
  constraint->pending.clear();
  return absl::OkStatus();
}

absl::StatusOr<const ForeignKeyChecks::Pending*> ForeignKeyChecks::FindChild(
    const rpc::CallContext& context, const Constraint& constraint) {
  const Target& target = constraint.target;
  const codec::TableLayout& child = target.child->layout;
  const ReadView view = transaction_->View(/*latest=*/true);
  const auto leads = [&](const std::vector<uint32_t>& columns) {
    return columns.size() >= target.child_ordinals.size() &&
           std::is_permutation(target.child_ordinals.begin(), target.child_ordinals.end(),
                               columns.begin());
  };
  const codec::IndexLayout* index = nullptr;
  for (const codec::IndexLayout& candidate : child.indexes) {
    if (candidate.is_public && leads(candidate.columns)) index = &candidate;
  }
  const bool by_key = leads(child.primary_key);
  if (index != nullptr || by_key) {
    const std::vector<uint32_t>& columns = by_key ? child.primary_key : index->columns;
    for (const auto& [key, pending] : constraint.pending) {
      std::string prefix;
      codec::AppendSpace(by_key ? child.storage_id : index->index_id, &prefix);
      for (size_t i = 0; i < target.child_ordinals.size(); ++i) {
        const auto at =
            std::find(target.child_ordinals.begin(), target.child_ordinals.end(), columns[i]);
        const size_t position = static_cast<size_t>(at - target.child_ordinals.begin());
        const codec::KeyColumn& column = by_key ? child.primary_key_columns[i] : index->key[i];
        codec::AppendKey(As(pending.values[position], column.type), column, &prefix);
      }
      auto it = view.NewIterator({prefix, codec::PrefixEnd(prefix)}, {});
      it->SeekToFirst();
      if (it->Valid()) return &pending;
      RETURN_IF_ERROR(it->status());
    }
    return nullptr;
  }
  codec::RowDecoder decoder(&child.row, target.child_ordinals, &child.missing);
  auto it = view.NewIterator({child.Begin(), child.End()}, {});
  uint64_t rows = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    if ((++rows & 1023) == 0) RETURN_IF_ERROR(context.Check());
    std::vector<std::unique_ptr<types::Vector>> vectors;
    std::vector<types::Vector*> out;
    for (uint32_t ordinal : target.child_ordinals) {
      vectors.push_back(std::make_unique<types::Vector>(child.types[ordinal]));
      vectors.back()->Resize(1);
      out.push_back(vectors.back().get());
    }
    RETURN_IF_ERROR(decoder.Decode(engine::ToView(it->value()), 0, out.data()));
    std::vector<types::Value> values;
    bool null = false;
    for (types::Vector* vector : out) {
      null |= vector->is_null(0);
      values.push_back(vector->Get(0));
    }
    if (null) continue;
    const auto hit = constraint.pending.find(ParentKey(target, values));
    if (hit != constraint.pending.end()) return &hit->second;
  }
  RETURN_IF_ERROR(it->status());
  return nullptr;
}

absl::Status ForeignKeyChecks::VerifyParent(const rpc::CallContext& context,
                                            Constraint* constraint) {
  const Target& target = constraint->target;
  const ReadView view = transaction_->View(/*latest=*/true);
  std::vector<std::string> still_there;
  for (const auto& [key, pending] : constraint->pending) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(view.Get(key, &value, &found));
    if (found) still_there.push_back(key);
  }
  for (const std::string& key : still_there) constraint->pending.erase(key);
  if (constraint->pending.empty()) return absl::OkStatus();
  uint64_t skipped = 0;
  absl::StatusOr<const Pending*> found_child = [&] {
    const engine::SkippedDeletions counted(&skipped);
    return FindChild(context, *constraint);
  }();
  transaction_->shared()->engine->NoteSkipped(skipped);
  ASSIGN_OR_RETURN(const Pending* child, std::move(found_child));
  if (child == nullptr) {
    constraint->pending.clear();
    return absl::OkStatus();
  }
  return Violation(*target.child, target.key->name(),
                   "update or delete on table \"" + target.parent->descriptor.name() +
                       "\" violates foreign key constraint \"" + target.key->name() +
                       "\" on table \"" + target.child->descriptor.name() + "\"",
                   "Key " + child->description + " is still referenced from table \"" +
                       target.child->descriptor.name() + "\".");
}

}  // namespace adbms::storage::txn
