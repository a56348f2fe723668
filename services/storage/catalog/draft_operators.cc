// CatalogDraft: operators that users make come, change and go.
#include <set>

#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::OperatorDescriptor;

void CatalogDraft::PutOperator(uint32_t id, std::optional<OperatorDescriptor> op) {
  OperatorPtr entry;
  if (op.has_value()) {
    op->set_version(catalog_->NextVersion());
    op->set_database_id(KeptDatabaseId());
    entry = std::make_shared<const OperatorDescriptor>(*std::move(op));
  }
  records_.push_back({SystemKey('o', id),
                      entry == nullptr ? std::string() : entry->SerializeAsString(),
                      entry == nullptr});
  CatalogState::Objects objects = state_->objects();
  if (entry == nullptr) {
    objects.operators.erase(id);
  } else {
    objects.operators[id] = entry;
  }
  changes_.operators[id] = std::move(entry);
  SetObjects(std::move(objects));
}

absl::Status CatalogDraft::RequireFreeOperator(const OperatorDescriptor& op) const {
  for (const auto& [id, other] : state_->operators()) {
    if (id != op.operator_id() && other->schema() == op.schema() &&
        sql::SignatureOf(*other) == sql::SignatureOf(op))
      return status::Error("42723", "operator " + op.name() + " already exists");
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::CreateOperator(const common::v1::CreateOperator& statement) {
  OperatorDescriptor op = statement.operator_();
  RETURN_IF_ERROR(RequireSchema(op.schema()));
  RETURN_IF_ERROR(RequireFreeOperator(op));
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  op.set_operator_id(id);
  if (op.owner().empty()) op.set_owner("postgres");
  PutOperator(id, std::move(op));
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::AlterOperator(const common::v1::AlterOperator& statement) {
  const OperatorDescriptor& op = statement.operator_();
  const auto before = state_->operators().find(op.operator_id());
  if (before == state_->operators().end())
    return status::Error(sqlstate::kStalePlan, "the operator is gone");
  RETURN_IF_ERROR(RequireSchema(op.schema()));
  RETURN_IF_ERROR(RequireFreeOperator(op));
  PutOperator(op.operator_id(), op);
  v1::DdlResult result;
  result.set_object_id(op.operator_id());
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::DropOperators(const common::v1::DropOperator& statement) {
  v1::DdlResult result;
  *result.mutable_notices() = statement.notices();
  for (const uint32_t id : statement.operator_ids()) {
    if (!state_->operators().contains(id)) continue;
    PutOperator(id, std::nullopt);
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

}  // namespace adbms::storage::catalog
