#include "services/indexer/server/index_change.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/status/macros.h"

namespace adbms::indexer::server {

using candidates::Candidate;

std::string IndexName(const Candidate& candidate, const common::v1::TableDescriptor& table) {
  constexpr size_t kMaxName = 63;  // Of PostgreSQL's names.
  constexpr size_t kDigest = 9;
  std::string name = absl::StrCat("auto_", table.name());
  std::set<uint32_t> columns;
  const auto add = [&](uint32_t column) {
    if (columns.insert(column).second)
      absl::StrAppend(&name, "_", table.columns(static_cast<int>(column)).name());
  };
  int next = 0;
  for (const uint32_t column : candidate.index.columns()) {
    if (column != sql::kExpressionKey) {
      add(column);
      continue;
    }
    for (const uint32_t read : candidate.index.expressions(next).columns()) add(read);
    ++next;
  }
  for (const uint32_t column : candidate.index.predicate().columns()) add(column);
  // Not in the middle of a character.
  size_t size = std::min(name.size(), kMaxName - kDigest);
  while (size > 0 && size < name.size() && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80)
    --size;
  name.resize(size);
  const std::string shape = candidates::Describe(candidate, table);
  return absl::StrCat(name, "_", absl::Hex(sql::Fingerprint(shape) & 0xffffffffu, absl::kZeroPad8));
}

common::v1::DdlStatement CreateDdl(const Candidate& candidate,
                                   const common::v1::TableDescriptor& table) {
  common::v1::DdlStatement ddl;
  common::v1::CreateIndex* create = ddl.mutable_create_index();
  create->set_table_id(candidate.table_id);
  create->set_if_not_exists(true);
  *create->mutable_index() = candidate.index;
  create->mutable_index()->set_name(IndexName(candidate, table));
  create->mutable_index()->set_created_by(kIndexer);
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

namespace {

// Eight hexadecimal digits, the size of the change that follows, then its undo.
absl::StatusOr<indexer::v1::IndexChange> FromPair(const std::string& payload) {
  indexer::v1::IndexChange change;
  const size_t size = std::strtoul(payload.substr(0, 8).c_str(), nullptr, 16);
  if (payload.size() < 8 + size || !change.add_apply()->ParseFromString(payload.substr(8, size)) ||
      !change.add_undo()->ParseFromString(payload.substr(8 + size)))
    return absl::InvalidArgumentError("the proposal carries no change of an index");
  return change;
}

}  // namespace

std::string Payload(const indexer::v1::IndexChange& change) { return change.SerializeAsString(); }

absl::StatusOr<indexer::v1::IndexChange> FromPayload(const std::string& payload) {
  const bool pair = payload.size() >= 8 &&
                    std::all_of(payload.begin(), payload.begin() + 8, absl::ascii_isxdigit);
  indexer::v1::IndexChange change;
  if (pair) {
    ASSIGN_OR_RETURN(change, FromPair(payload));
  } else if (!change.ParseFromString(payload)) {
    return absl::InvalidArgumentError("the proposal carries no change of an index");
  }
  const auto is_one = [](const auto& ddl) {
    return ddl.has_create_index() || ddl.has_drop_index();
  };
  if (change.apply().empty() ||
      !std::all_of(change.apply().begin(), change.apply().end(), is_one) ||
      !std::all_of(change.undo().begin(), change.undo().end(), is_one))
    return absl::InvalidArgumentError("the proposal carries no change of an index");
  return change;
}

}  // namespace adbms::indexer::server
