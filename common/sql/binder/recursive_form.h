// What WITH RECURSIVE allows (PostgreSQL's parse_cte.c), told from the syntax alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::binder {

// A breach of the rules; `message` is empty when there is none.
struct RecursionFault {
  std::string_view sqlstate;
  std::string message;
  int location = -1;
};

// Whether the query reads the name as a WITH query: not another one's, nor a table with a schema.
bool Mentions(const ProtobufCMessage& query, std::string_view name);

// The positions of the items in an order in which each comes after those that it reads, itself
// aside.
RecursionFault OrderItems(parser::NodeList items, std::vector<size_t>* order);

// Whether an item that reads itself does so as it may.
RecursionFault CheckRecursion(const PgQuery__CommonTableExpr& item);

}  // namespace adbms::sql::binder
