// The functions that fill computed tables, by "schema.name"; a table without one is empty.
#pragma once

#include <map>
#include <string>

#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {

using RowFill = void (*)(const RowSource& source, RowBuilder* rows);
using RowFillMap = std::map<std::string, RowFill, std::less<>>;
const RowFillMap& RowFills();

// Parts of the map, a file each.
void AddRelationFills(RowFillMap* fills);
void AddPartitionFills(RowFillMap* fills);
void AddSettingFills(RowFillMap* fills);
void AddTypeFills(RowFillMap* fills);
void AddDeclaredTypeFills(RowFillMap* fills);
void AddFunctionFills(RowFillMap* fills);
void AddSequenceFills(RowFillMap* fills);
void AddCommentFills(RowFillMap* fills);
void AddPolicyFills(RowFillMap* fills);
void AddProgramFills(RowFillMap* fills);
void AddProgramSchemaFills(RowFillMap* fills);
void AddLockFills(RowFillMap* fills);
// The oid of an extension that is there always: plpgsql.
inline constexpr int64_t kBuiltInExtension = 13561;
void AddExtensionFills(RowFillMap* fills);
void AddDependFills(RowFillMap* fills);
void AddInformationSchemaFills(RowFillMap* fills);

}  // namespace adbms::storage::server
