// Items in the keys of an inverted index's entries. Layout: KEYS.md. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql/operator_classes/operator_class.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::codec {

// What entries' keys have between the space and the row: here called items too. In order, each
// once. Those of a demand may be beginnings of items, for all that begin so.
using Items = std::vector<std::string>;
bool IsBeginning(std::string_view item);

// Those of a row, none where all its keys are NULL. REQUIRES: index.inverted().
Items ItemsOf(const IndexLayout& index, Columns columns, uint32_t row);

// What `key <operator_name> operand` asks of a row's items, of which it names `items`. REQUIRES:
// `key` is a position in index.operator_classes, `operand` is not NULL.
sql::ItemDemand DemandOf(const IndexLayout& index, uint32_t key, std::string_view operator_name,
                         const types::Value& operand, Items* items);

}  // namespace adbms::storage::codec
