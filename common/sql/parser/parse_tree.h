// PostgreSQL's own grammar: text to syntax tree, through libpg_query and protobuf-c. This folder
// and the binder are the only ones that know the tree's node types. Trees are immutable and
// thread-safe.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace adbms::sql::parser {

// Longest text that is parsed.
inline constexpr size_t kMaxStatementBytes = 16 << 20;
// Deepest nesting that is processed; beyond it error 54001.
inline constexpr int kMaxDepth = 1000;

using Node = PgQuery__Node;
using NodeList = std::span<Node* const>;

// One parsed query string; owns its nodes.
class ParseTree {
 public:
  // Errors: 42601 with position, 54001 when too large or too deeply nested, 22021 for a zero byte.
  static absl::StatusOr<std::shared_ptr<const ParseTree>> Parse(std::string_view sql);
  ~ParseTree();
  ParseTree(const ParseTree&) = delete;
  ParseTree& operator=(const ParseTree&) = delete;

  const std::string& text() const { return text_; }
  const PgQuery__ParseResult& result() const { return *result_; }

 private:
  ParseTree() = default;
  struct NodeArena;
  std::string text_;
  std::unique_ptr<NodeArena> arena_;
  const PgQuery__ParseResult* result_ = nullptr;
};

// What Statement.tree points to.
struct StatementTree {
  std::shared_ptr<const ParseTree> parse;
  const Node* node = nullptr;
  int offset = 0;  // Byte offset of the statement in parse->text(), where node locations count from
                   // its start.
};

// Character position (from 1) of a byte offset; 0 for a negative one.
int CharacterPosition(std::string_view text, int byte_offset);

// The string of a String node; empty for anything else.
std::string_view StringOf(const Node* node);
// The strings of a list of String nodes.
std::vector<std::string> StringsOf(NodeList nodes);
inline std::string_view View(const char* text) {
  return text == nullptr ? std::string_view() : text;
}

}  // namespace adbms::sql::parser
