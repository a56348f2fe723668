#include "services/storage/server/temporary_objects.h"

#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/server/ddl.h"
#include "services/storage/server/session.h"
#include "services/storage/server/table_rewrite.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DdlStatement;
using common::v1::TableDescriptor;

// The schema of the relation or function that the statement makes; null: it makes none.
std::string* SchemaOfMade(DdlStatement* statement, TableDescriptor* relation) {
  if (relation != nullptr) return relation->mutable_schema();
  return statement->has_create_function()
             ? statement->mutable_create_function()->mutable_function()->mutable_schema()
             : nullptr;
}

// The descriptor of what the statement makes; null: it makes no relation.
TableDescriptor* MadeBy(DdlStatement* statement) {
  switch (statement->body_case()) {
    case DdlStatement::kCreateTable:
      return statement->mutable_create_table()->mutable_table();
    case DdlStatement::kCreateView:
      return statement->mutable_create_view()->mutable_view();
    case DdlStatement::kCreateSequence:
      return statement->mutable_create_sequence()->mutable_sequence();
    default:
      return nullptr;
  }
}

// PostgreSQL's words for a key between tables of which a commit empties only one.
absl::Status CheckKeysOfEmptied(const catalog::CatalogState& catalog,
                                const std::vector<const TableDescriptor*>& emptied) {
  for (const TableDescriptor* table : emptied) {
    for (const auto& reference : catalog.ReferencesTo(table->table_id())) {
      const TableDescriptor& child = reference.child->descriptor;
      if (child.on_commit() == TableDescriptor::ON_COMMIT_DELETE_ROWS) continue;
      return status::Error(sqlstate::kFeatureNotSupported,
                           "unsupported ON COMMIT and foreign key combination",
                           "Table \"" + child.name() + "\" references \"" + table->name() +
                               "\", but they do not have the same ON COMMIT setting.");
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t TemporarySchemaNumbers::Take() {
  absl::MutexLock lock(&mutex_);
  uint32_t number = 1;
  for (const uint32_t taken : taken_) {
    if (taken != number) break;
    ++number;
  }
  taken_.insert(number);
  return number;
}

void TemporarySchemaNumbers::Release(uint32_t number) {
  absl::MutexLock lock(&mutex_);
  taken_.erase(number);
}

void TemporaryObjects::End() {
  if (number_ == 0) return;
  // Whoever gets the number next must not find anything; the next start removes what is left.
  if (Drop(rpc::CallContext()).ok()) numbers_->Release(number_);
}

absl::Status TemporaryObjects::Place(txn::Transaction* transaction, DdlStatement* statement) {
  TableDescriptor* const made = MadeBy(statement);
  std::string* const schema = SchemaOfMade(statement, made);
  if (schema == nullptr || !sql::IsTemporarySchema(*schema)) return absl::OkStatus();
  if (*schema != sql::kTemporaryAlias && *schema != schema_) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot create relations in temporary schemas of other sessions");
  }
  if (number_ == 0) {
    number_ = numbers_->Take();
    schema_ = std::string(sql::kTemporaryPrefix) + std::to_string(number_);
  }
  *schema = schema_;
  if (statement->has_create_table()) {
    for (auto& owned : *statement->mutable_create_table()->mutable_sequences())
      owned.mutable_sequence()->set_schema(schema_);
  }
  acts_on_commit_ |= made != nullptr && made->on_commit() != TableDescriptor::ON_COMMIT_UNSPECIFIED;
  Join(transaction);
  return transaction->Draft()->RequireTemporarySchema(schema_);
}

void TemporaryObjects::Join(txn::Transaction* transaction) {
  if (!acts_on_commit_) return;
  transaction->SetBeforeCommit([this](const rpc::CallContext& context, txn::Transaction* ending) {
    return BeforeCommit(context, ending);
  });
}

absl::Status TemporaryObjects::BeforeCommit(const rpc::CallContext& context,
                                            txn::Transaction* transaction) {
  const catalog::CatalogStatePtr catalog = transaction->SessionCatalog();
  std::vector<const TableDescriptor*> emptied;
  bool any_rows = false;
  DdlStatement drop;
  for (const catalog::TableEntry* table : catalog->TablesIn(schema_)) {
    const TableDescriptor& descriptor = table->descriptor;
    if (descriptor.on_commit() == TableDescriptor::ON_COMMIT_DROP) {
      auto* name = drop.mutable_drop_table()->add_tables();
      name->set_schema(schema_);
      name->set_name(descriptor.name());
    } else if (descriptor.on_commit() == TableDescriptor::ON_COMMIT_DELETE_ROWS) {
      emptied.push_back(&descriptor);
      ASSIGN_OR_RETURN(const bool rows, HasRows(transaction, *table));
      any_rows |= rows;
    }
  }
  RETURN_IF_ERROR(CheckKeysOfEmptied(*catalog, emptied));
  if (any_rows) {
    DdlStatement truncate;
    for (const TableDescriptor* table : emptied)
      truncate.mutable_truncate()->add_table_ids(table->table_id());
    RETURN_IF_ERROR(RunDdlIn(context, session_, transaction, truncate).status());
  }
  if (drop.drop_table().tables().empty()) return absl::OkStatus();
  drop.mutable_drop_table()->set_cascade(true);
  return RunDdlIn(context, session_, transaction, drop).status();
}

absl::Status TemporaryObjects::Drop(const rpc::CallContext& context) {
  if (number_ == 0) return absl::OkStatus();
  txn::Transaction* const open = session_->transaction();
  const catalog::CatalogStatePtr catalog =
      open != nullptr ? open->SessionCatalog() : session_->database()->Current();
  if (catalog->FindSchema(schema_) == nullptr) return absl::OkStatus();
  DdlStatement drop;
  drop.mutable_drop_schema()->add_names(schema_);
  drop.mutable_drop_schema()->set_if_exists(true);
  drop.mutable_drop_schema()->set_cascade(true);
  return RunDdl(context, session_, drop).status();
}

}  // namespace adbms::storage::server
