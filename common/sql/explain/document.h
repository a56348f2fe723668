// What EXPLAIN tells as JSON, YAML and XML: a tree of named values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql/sql.h"

namespace adbms::sql::explain {

struct Item {
  enum class Kind { kText, kNumber, kGroup, kList };

  static Item Text(std::string_view name, std::string_view value);
  static Item Number(std::string_view name, std::string_view value);
  static Item Group(std::string_view name, std::vector<Item> items);
  static Item List(std::string_view name, std::vector<Item> items);  // Its items are groups.

  Kind kind = Kind::kText;
  std::string name;  // Of an item of a list: its element in XML.
  std::string value;
  std::vector<Item> items;
};

// A list of one group, which is `query`, as PostgreSQL writes them. `format` is not kText.
std::string Print(const Item& query, ExplainFormat format);

}  // namespace adbms::sql::explain
