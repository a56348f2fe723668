#include "common/sql/parser/parse_tree.h"

#include <pg_query.h>
#include <pthread.h>

#include <cstring>
#include <functional>
#include <vector>

#include "common/sql/parser/nesting.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"

namespace adbms::sql::parser {
namespace {

namespace sqlstate = status::sqlstate;

// Texts up to this size cannot nest deeply enough to matter on an ordinary stack.
constexpr size_t kInlineBytes = 1024;
constexpr size_t kBigStackBytes = size_t{1} << 30;
// No token sequence nests deeper than this without also being refused by kMaxDepth later on.
constexpr int kMaxParentheses = 2000;

void* RunThunk(void* argument) {
  (*static_cast<std::function<void()>*>(argument))();
  return nullptr;
}

// Runs `work` on a thread whose stack (virtual memory, touched only as needed) fits any tree of a
// bounded text.
bool RunOnBigStack(std::function<void()> work) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kBigStackBytes);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, &RunThunk, &work) == 0;
  pthread_attr_destroy(&attributes);
  if (started) pthread_join(thread, nullptr);
  return started;
}

// Deepest nesting of brackets, strings not looked at: an upper bound that costs nothing.
int BracketDepth(std::string_view sql) {
  int depth = 0;
  int deepest = 0;
  for (const char c : sql) {
    if (c == '(' || c == '[') deepest = std::max(deepest, ++depth);
    if ((c == ')' || c == ']') && depth > 0) --depth;
  }
  return deepest;
}

absl::Status TooDeep() {
  return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                       "Simplify the statement: its expressions are nested too deeply.");
}

absl::Status FromParseError(const PgQueryError& error) {
  const std::string_view message = View(error.message);
  if (message.find("stack depth") != message.npos ||
      message.find("memory exhausted") != message.npos)
    return TooDeep();
  std::string_view code = sqlstate::kSyntaxError;
  if (message.find("invalid byte sequence") != message.npos) {
    code = sqlstate::kCharacterNotInRepertoire;
  }
  for (const std::string_view words :
       {"not implemented", "not yet implemented", "not supported", "is only supported for",
        "cannot be marked", "cannot include schema elements"}) {
    if (message.find(words) != message.npos) code = sqlstate::kFeatureNotSupported;
  }
  if (message.starts_with("frame start") || message.starts_with("frame end"))
    code = sqlstate::kWindowingError;
  return status::ErrorAt(code, std::max(error.cursorpos, 0), message);
}

}  // namespace

// Bump allocation: nodes are freed together.
struct ParseTree::NodeArena {
  static void* Allocate(void* self, size_t size) {
    auto* arena = static_cast<NodeArena*>(self);
    size = (size + 15) & ~size_t{15};
    if (size > arena->left) {
      const size_t block = std::max<size_t>(size, arena->blocks.empty() ? 4096 : 65536);
      arena->blocks.push_back(std::make_unique<char[]>(block));
      arena->next = arena->blocks.back().get();
      arena->left = block;
    }
    void* result = arena->next;
    arena->next += size;
    arena->left -= size;
    return result;
  }
  static void Free(void*, void*) {}

  std::vector<std::unique_ptr<char[]>> blocks;
  char* next = nullptr;
  size_t left = 0;
};

ParseTree::~ParseTree() = default;

absl::StatusOr<std::shared_ptr<const ParseTree>> ParseTree::Parse(std::string_view sql) {
  if (sql.size() > kMaxStatementBytes) {
    return status::Error(
        sqlstate::kStatementTooComplex, "statement is too large", {},
        "A statement may have 16 MiB; a single plannable one, sent as simple query, "
        "besides its string constants. Use parameters or COPY for large data.");
  }
  RETURN_IF_ERROR(types::ValidateUtf8(sql));
  if (BracketDepth(sql) > kMaxParentheses || NestsFarTooDeep(sql)) return TooDeep();
  std::shared_ptr<ParseTree> tree(new ParseTree);
  tree->text_ = std::string(sql);
  tree->arena_ = std::make_unique<NodeArena>();
  absl::Status status;
  auto work = [&tree, &status] {
    PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(tree->text_.c_str());
    if (parsed.error != nullptr) {
      status = FromParseError(*parsed.error);
    } else {
      ProtobufCAllocator allocator{&NodeArena::Allocate, &NodeArena::Free, tree->arena_.get()};
      tree->result_ =
          pg_query__parse_result__unpack(&allocator, parsed.parse_tree.len,
                                         reinterpret_cast<const uint8_t*>(parsed.parse_tree.data));
      if (tree->result_ == nullptr) status = TooDeep();
    }
    pg_query_free_protobuf_parse_result(parsed);
  };
  if (sql.size() <= kInlineBytes) {
    work();
  } else if (!RunOnBigStack(work)) {
    return status::Error(sqlstate::kOutOfMemory,
                         "could not start a thread to parse a large statement");
  }
  if (!status.ok()) return status;
  return std::shared_ptr<const ParseTree>(std::move(tree));
}

int CharacterPosition(std::string_view text, int byte_offset) {
  if (byte_offset < 0) return 0;
  int position = 1;
  const size_t end = std::min(text.size(), static_cast<size_t>(byte_offset));
  for (size_t i = 0; i < end; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++position;
  }
  return position;
}

std::string_view StringOf(const Node* node) {
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_STRING) return {};
  return View(node->string->sval);
}

std::vector<std::string> StringsOf(NodeList nodes) {
  std::vector<std::string> result;
  result.reserve(nodes.size());
  for (const Node* node : nodes) result.emplace_back(StringOf(node));
  return result;
}

}  // namespace adbms::sql::parser
