#include "common/sql/database_names.h"

#include "common/sql/parser/database_name.h"
#include "common/sql/parser/tree_walk.h"

namespace adbms::sql {
namespace {

absl::Status CheckBelow(const ProtobufCMessage& message, const std::string& database) {
  if (message.descriptor == &pg_query__range_var__descriptor)
    return parser::CheckDatabase(reinterpret_cast<const PgQuery__RangeVar&>(message), database);
  absl::Status status;
  parser::ForEachChild(message, [&](const ProtobufCMessage& child) {
    if (status.ok()) status = CheckBelow(child, database);
  });
  return status;
}

}  // namespace

absl::Status CheckDatabases(const Statement& statement, const std::string& database) {
  if (statement.tree == nullptr) return absl::OkStatus();
  const auto& tree = *static_cast<const parser::StatementTree*>(statement.tree.get());
  return CheckBelow(tree.node->base, database);
}

}  // namespace adbms::sql
