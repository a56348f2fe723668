#include "services/indexer/server/index_change.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace adbms::indexer::server {

using candidates::Candidate;

std::string IndexName(const Candidate& candidate, const common::v1::TableDescriptor& table) {
  std::string name = absl::StrCat("auto_", table.name());
  for (const uint32_t column : candidate.columns) {
    absl::StrAppend(&name, "_", table.columns(static_cast<int>(column)).name());
  }
  if (name.size() > 54) name.resize(54);
  const std::string shape = candidates::Describe(candidate, table);
  return absl::StrCat(name, "_", absl::Hex(sql::Fingerprint(shape) & 0xffffffffu, absl::kZeroPad8));
}

common::v1::DdlStatement CreateDdl(const Candidate& candidate,
                                   const common::v1::TableDescriptor& table) {
  common::v1::DdlStatement ddl;
  common::v1::CreateIndex* create = ddl.mutable_create_index();
  create->set_table_id(candidate.table_id);
  create->set_if_not_exists(true);
  common::v1::IndexDescriptor* index = create->mutable_index();
  index->set_name(IndexName(candidate, table));
  index->set_created_by(kIndexer);
  for (const uint32_t column : candidate.columns) {
    index->add_columns(column);
    index->add_descending(false);
  }
  for (const uint32_t column : candidate.include) index->add_include(column);
  return ddl;
}

common::v1::DdlStatement DropDdl(const std::string& schema, const std::string& name) {
  common::v1::DdlStatement ddl;
  ddl.mutable_drop_index()->set_if_exists(true);
  common::v1::RelationName* relation = ddl.mutable_drop_index()->add_indexes();
  relation->set_schema(schema);
  relation->set_name(name);
  return ddl;
}

absl::Status NameOwnIndexes(const common::v1::CatalogSnapshot& catalog,
                            common::v1::DdlStatement* ddl) {
  for (const auto& name : ddl->drop_index().indexes()) {
    auto* object = ddl->mutable_resolution()->add_objects();
    object->set_kind(common::v1::ResolvedObject::KIND_INDEX);
    object->set_schema(name.schema());
    object->set_name(name.name());
    for (const auto& table : catalog.tables()) {
      if (table.schema() != name.schema()) continue;
      for (const auto& index : table.indexes()) {
        if (index.name() != name.name()) continue;
        if (index.created_by() != kIndexer) {
          return absl::FailedPreconditionError(
              absl::StrCat("the index ", name.name(), " is not the indexer's any more"));
        }
        object->set_object_id(index.index_id());
      }
    }
  }
  return absl::OkStatus();
}

std::string DropStatement(const std::string& schema, const std::string& name) {
  return absl::StrCat("DROP INDEX ", candidates::QuoteIdentifier(schema), ".",
                      candidates::QuoteIdentifier(name));
}

// What goes through the ledger: the change and its undo.
std::string Payload(const common::v1::DdlStatement& apply, const common::v1::DdlStatement& undo) {
  return absl::StrCat(absl::Hex(apply.ByteSizeLong(), absl::kZeroPad8), apply.SerializeAsString(),
                      undo.SerializeAsString());
}

absl::StatusOr<std::pair<common::v1::DdlStatement, common::v1::DdlStatement>> FromPayload(
    const std::string& payload) {
  std::pair<common::v1::DdlStatement, common::v1::DdlStatement> both;
  size_t size = 0;
  if (payload.size() >= 8) size = std::strtoul(payload.substr(0, 8).c_str(), nullptr, 16);
  if (payload.size() < 8 + size || !both.first.ParseFromString(payload.substr(8, size)) ||
      !both.second.ParseFromString(payload.substr(8 + size)) ||
      both.first.body_case() == common::v1::DdlStatement::BODY_NOT_SET) {
    return absl::InvalidArgumentError("the proposal carries no change of an index");
  }
  return both;
}

}  // namespace adbms::indexer::server
