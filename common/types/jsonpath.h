// Expressions of the SQL/JSON path language (PostgreSQL's manual, 9.16.2), as trees and as text.
// The type jsonpath is carried as its canonical text, which reads as the same expression again.
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::types {

// How many levels of operators and accessors a path's tree has at most.
inline constexpr int kMostJsonpathLevels = 600;
// How deep parentheses, filters and subscripts may lie in each other: canonical text has some for
// every level.
inline constexpr int kDeepestJsonpath = 2 * kMostJsonpathLevels + 1;

// A longer text is no path: what is made of it takes up to a hundred times as much memory.
inline constexpr size_t kLongestJsonpath = 256 << 10;

enum class JsonpathOp : uint8_t {
  // Where a path begins.
  kNull,
  kString,    // text
  kNumber,    // text: the number in jsonb's form
  kBool,      // flag
  kVariable,  // text: its name
  kRoot,      // $
  kCurrent,   // @
  kLast,      // last
  // Operators: of left and right, or of left alone.
  kAnd,
  kOr,
  kNot,
  kIsUnknown,
  kEqual,
  kNotEqual,
  kLess,
  kGreater,
  kLessOrEqual,
  kGreaterOrEqual,
  kStartsWith,
  kLikeRegex,  // left; text: the pattern; regex_flags
  kExists,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPlus,
  kMinus,
  // Accessors: what `next` of something before them leads to.
  kAnyElement,  // [*]
  kElements,    // subscripts
  kAnyMember,   // .*
  kAnyLevel,    // .**{first to last}
  kMember,      // text: the key
  kFilter,      // left
  kType,
  kSize,
  kAbs,
  kFloor,
  kCeiling,
  kDouble,
  kDatetime,  // flag: text is a template
  kKeyvalue,
};

// like_regex's flags.
enum JsonpathRegexFlag : uint8_t {
  kRegexIgnoreCase = 1,  // i
  kRegexDotAll = 2,      // s
  kRegexLines = 4,       // m
  kRegexExpanded = 8,    // x
  kRegexQuote = 16,      // q
};

// The bound of .** that stands for the deepest level.
inline constexpr uint32_t kJsonpathLastLevel = UINT32_MAX;

struct JsonpathNode {
  JsonpathOp op = JsonpathOp::kNull;
  bool flag = false;
  uint8_t regex_flags = 0;
  // Other nodes, by their place; negative: none.
  int32_t next = -1;
  int32_t left = -1;
  int32_t right = -1;
  uint32_t first = 0;
  uint32_t last = 0;
  std::string text = {};
  std::vector<std::pair<int32_t, int32_t>> subscripts = {};  // From and to; the latter may be none.
};

struct Jsonpath {
  bool strict = false;
  std::vector<JsonpathNode> nodes;
  int32_t root = 0;

  const JsonpathNode& at(int32_t node) const { return nodes[static_cast<size_t>(node)]; }
};

// Errors: 42601 with PostgreSQL's messages; 22P02 and 22P05 for characters that cannot be; 22003
// for numbers; 0A000 for a regular expression's flag x; 54000 when longer than kLongestJsonpath;
// 54001 when nested too deep. Regular expressions are not looked into. REQUIRES: valid UTF-8.
absl::StatusOr<Jsonpath> ParseJsonpath(std::string_view text);

// As PostgreSQL writes it.
void FormatJsonpath(const Jsonpath& path, std::string* out);

// The canonical text of `text`. Errors: as ParseJsonpath.
absl::StatusOr<std::string> CanonicalJsonpath(std::string_view text);

// "==", "*"; of operators.
std::string_view JsonpathOperatorName(JsonpathOp op);
// "abs"; of methods.
std::string_view JsonpathMethodName(JsonpathOp op);

}  // namespace adbms::types
