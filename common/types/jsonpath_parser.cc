// jsonpath from text.
#include <algorithm>
#include <array>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/jsonb_builder.h"
#include "common/types/jsonpath.h"
#include "common/types/jsonpath_lexer.h"
#include "common/types/number_text.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;
using View = std::string_view;

// A tree so far.
struct Piece {
  int32_t node = -1;
  bool predicate = false;  // Yields a truth value; no operand of arithmetic and comparisons.
};

// How tightly operators bind.
enum Level { kOrLevel, kAndLevel, kComparisonLevel, kSumLevel, kProductLevel };

struct Sign {
  View text;
  JsonpathOp op;
  Level level;
};
constexpr Sign kSigns[] = {
    {"||", JsonpathOp::kOr, kOrLevel},
    {"&&", JsonpathOp::kAnd, kAndLevel},
    {"==", JsonpathOp::kEqual, kComparisonLevel},
    {"!=", JsonpathOp::kNotEqual, kComparisonLevel},
    {"<", JsonpathOp::kLess, kComparisonLevel},
    {">", JsonpathOp::kGreater, kComparisonLevel},
    {"<=", JsonpathOp::kLessOrEqual, kComparisonLevel},
    {">=", JsonpathOp::kGreaterOrEqual, kComparisonLevel},
    {"+", JsonpathOp::kAdd, kSumLevel},
    {"-", JsonpathOp::kSubtract, kSumLevel},
    {"*", JsonpathOp::kMultiply, kProductLevel},
    {"/", JsonpathOp::kDivide, kProductLevel},
    {"%", JsonpathOp::kModulo, kProductLevel},
};
constexpr std::array kMethods = {JsonpathOp::kType,     JsonpathOp::kSize,    JsonpathOp::kAbs,
                                 JsonpathOp::kFloor,    JsonpathOp::kCeiling, JsonpathOp::kDouble,
                                 JsonpathOp::kDatetime, JsonpathOp::kKeyvalue};

class Parser {
 public:
  explicit Parser(View text) : lexer_(text) {}

  absl::StatusOr<Jsonpath> Parse() {
    RETURN_IF_ERROR(lexer_.Next());
    if (lexer_.IsKeyword("strict") || lexer_.IsKeyword("lax")) {
      path_.strict = lexer_.IsKeyword("strict");
      RETURN_IF_ERROR(lexer_.Next());
    }
    ASSIGN_OR_RETURN(const Piece whole, Operation(kOrLevel));
    if (lexer_.token() != JsonpathToken::kEnd) return Unexpected();
    path_.root = whole.node;
    return std::move(path_);
  }

 private:
  absl::Status Unexpected() const { return lexer_.ErrorHere("syntax error"); }
  static absl::Status TooDeep() {
    return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Simplify the path: its parts are nested too deeply.");
  }
  absl::Status Expect(View sign) {
    if (!lexer_.IsSign(sign)) return Unexpected();
    return lexer_.Next();
  }
  absl::StatusOr<bool> TakeSign(View sign) {
    if (!lexer_.IsSign(sign)) return false;
    RETURN_IF_ERROR(lexer_.Next());
    return true;
  }
  absl::StatusOr<bool> TakeKeyword(View keyword) {
    if (!lexer_.IsKeyword(keyword)) return false;
    RETURN_IF_ERROR(lexer_.Next());
    return true;
  }
  // The operator that stands here, unless it binds less tightly.
  const Sign* SignHere(int least) const {
    if (lexer_.token() != JsonpathToken::kSign) return nullptr;
    for (const Sign& sign : kSigns) {
      if (sign.level >= least && lexer_.IsSign(sign.text)) return &sign;
    }
    return nullptr;
  }

  int32_t Add(JsonpathNode node) {
    int depth = std::max(DepthOf(node.left), DepthOf(node.right));
    for (const auto& [from, to] : node.subscripts)
      depth = std::max({depth, DepthOf(from), DepthOf(to)});
    depths_.push_back(depth + 1);
    deepest_ = std::max(deepest_, depth + 1);
    path_.nodes.push_back(std::move(node));
    return static_cast<int32_t>(path_.nodes.size() - 1);
  }
  int DepthOf(int32_t node) const { return node < 0 ? 0 : depths_[static_cast<size_t>(node)]; }
  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> AddOperator(JsonpathOp op, int32_t left,
                                                              int32_t right = -1) {
    const int32_t node = Add({.op = op, .left = left, .right = right});
    if (deepest_ > kMostJsonpathLevels) return TooDeep();
    return node;
  }
  JsonpathNode& At(int32_t node) { return path_.nodes[static_cast<size_t>(node)]; }

  static absl::StatusOr<Piece> TruthOf(const absl::StatusOr<int32_t>& node) {
    RETURN_IF_ERROR(node.status());
    return Piece{*node, true};
  }

  // Operands must be one or the other: the error is at what follows them, which could have made
  // them that.
  absl::Status MustBe(bool predicate, const Piece& piece) const {
    return piece.predicate == predicate ? absl::OkStatus() : Unexpected();
  }

  // Operators that bind at least as tightly as that, and their operands. The functions that call
  // each other for nested parts are few, and those in between are kept out of their frames.
  absl::StatusOr<Piece> Operation(int least) {
    ASSIGN_OR_RETURN(Piece left, Operand(least <= kComparisonLevel));
    while (true) {
      if (least <= kComparisonLevel && !left.predicate && AtWordOperator()) {
        ASSIGN_OR_RETURN(left, WordOperator(left));
        continue;
      }
      const Sign* const sign = SignHere(least);
      if (sign == nullptr) return left;
      const bool logical = sign->level <= kAndLevel;
      RETURN_IF_ERROR(MustBe(logical, left));
      RETURN_IF_ERROR(lexer_.Next());
      ASSIGN_OR_RETURN(const Piece right, Operation(sign->level + 1));
      RETURN_IF_ERROR(MustBe(logical, right));
      ASSIGN_OR_RETURN(left.node, AddOperator(sign->op, left.node, right.node));
      left.predicate = sign->level <= kComparisonLevel;
    }
  }

  absl::StatusOr<Piece> Operand(bool may_be_predicate) {
    if (may_be_predicate && lexer_.IsSign("!")) return Negation();
    if (may_be_predicate && lexer_.IsKeyword("exists")) {
      RETURN_IF_ERROR(lexer_.Next());
      return Exists();
    }
    if (lexer_.IsSign("+") || lexer_.IsSign("-")) return Signed();
    return Accessors();
  }

  absl::StatusOr<Piece> Predicate() {
    ASSIGN_OR_RETURN(const Piece piece, Operation(kOrLevel));
    RETURN_IF_ERROR(MustBe(true, piece));
    return piece;
  }

  absl::StatusOr<Piece> Expression() {
    ASSIGN_OR_RETURN(const Piece piece, Operation(kSumLevel));
    RETURN_IF_ERROR(MustBe(false, piece));
    return piece;
  }

  bool AtWordOperator() const {
    return lexer_.IsKeyword("starts") || lexer_.IsKeyword("like_regex");
  }
  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<Piece> WordOperator(const Piece& left) {
    return lexer_.IsKeyword("starts") ? StartsWith(left) : LikeRegex(left);
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<Piece> Negation() {
    RETURN_IF_ERROR(lexer_.Next());
    if (!lexer_.IsSign("(") && !lexer_.IsKeyword("exists")) return Unexpected();
    const bool exists = lexer_.IsKeyword("exists");
    RETURN_IF_ERROR(lexer_.Next());
    ASSIGN_OR_RETURN(const Piece operand, exists ? Exists() : Nested(true));
    return TruthOf(AddOperator(JsonpathOp::kNot, operand.node));
  }

  absl::StatusOr<Piece> StartsWith(const Piece& left) {
    RETURN_IF_ERROR(lexer_.Next());
    if (!lexer_.IsKeyword("with")) return Unexpected();
    RETURN_IF_ERROR(lexer_.Next());
    const bool variable = lexer_.token() == JsonpathToken::kVariable;
    if (!variable && lexer_.token() != JsonpathToken::kString) return Unexpected();
    const int32_t initial =
        Add({.op = variable ? JsonpathOp::kVariable : JsonpathOp::kString, .text = lexer_.value()});
    RETURN_IF_ERROR(lexer_.Next());
    return TruthOf(AddOperator(JsonpathOp::kStartsWith, left.node, initial));
  }

  absl::StatusOr<Piece> LikeRegex(const Piece& left) {
    RETURN_IF_ERROR(lexer_.Next());
    if (lexer_.token() != JsonpathToken::kString) return Unexpected();
    JsonpathNode node{.op = JsonpathOp::kLikeRegex, .left = left.node, .text = lexer_.value()};
    RETURN_IF_ERROR(lexer_.Next());
    ASSIGN_OR_RETURN(const bool flags, TakeKeyword("flag"));
    if (flags) {
      if (lexer_.token() != JsonpathToken::kString) return Unexpected();
      ASSIGN_OR_RETURN(node.regex_flags, RegexFlags(lexer_.value()));
      RETURN_IF_ERROR(lexer_.Next());
    }
    if ((node.regex_flags & kRegexExpanded) != 0 && (node.regex_flags & kRegexQuote) == 0) {
      return status::Error(sqlstate::kFeatureNotSupported,
                           "XQuery \"x\" flag (expanded regular expressions) is not implemented");
    }
    return Piece{Add(std::move(node)), true};
  }

  static absl::StatusOr<uint8_t> RegexFlags(View text) {
    constexpr View kLetters = "ismxq";
    uint8_t flags = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const size_t flag = kLetters.find(text[i]);
      if (flag == View::npos) {
        return status::Error(sqlstate::kSyntaxError, "invalid input syntax for type jsonpath",
                             "Unrecognized flag character \"" +
                                 std::string(text.substr(i, Utf8Length(text[i]))) +
                                 "\" in LIKE_REGEX predicate.");
      }
      flags = static_cast<uint8_t>(flags | 1u << flag);
    }
    return flags;
  }
  static size_t Utf8Length(char first) {
    const auto c = static_cast<unsigned char>(first);
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<Piece> Signed() {
    std::vector<JsonpathOp> signs;
    for (; lexer_.IsSign("+") || lexer_.IsSign("-");) {
      signs.push_back(lexer_.IsSign("+") ? JsonpathOp::kPlus : JsonpathOp::kMinus);
      if (signs.size() > kDeepestJsonpath) return TooDeep();
      RETURN_IF_ERROR(lexer_.Next());
    }
    ASSIGN_OR_RETURN(Piece piece, Accessors());
    if (signs.empty()) return piece;
    RETURN_IF_ERROR(MustBe(false, piece));
    for (; !signs.empty(); signs.pop_back()) {
      ASSIGN_OR_RETURN(piece.node, WithSign(signs.back(), piece.node));
    }
    return piece;
  }

  // A number takes its sign in.
  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> WithSign(JsonpathOp op, int32_t operand) {
    JsonpathNode& node = At(operand);
    if (node.op != JsonpathOp::kNumber || node.next >= 0) return AddOperator(op, operand);
    if (op == JsonpathOp::kPlus) return operand;
    std::string text;
    FormatJsonbNumber(Jsonb(node.text).number(), &text);
    const bool negative = text.starts_with('-');
    ASSIGN_OR_RETURN(node.text, NumberForm(negative ? text.substr(1) : "-" + text));
    return operand;
  }

  static absl::StatusOr<std::string> NumberForm(View token) {
    JsonbBuilder builder;
    const absl::Status status = builder.Number(token);
    // An exponent beyond all bounds.
    if (status::HasSqlState(status, sqlstate::kInvalidTextRepresentation))
      return status::Error(sqlstate::kNumericOutOfRange, "value overflows numeric format");
    RETURN_IF_ERROR(status);
    return builder.Take();
  }

  // Behind an opening parenthesis. A truth value that is asked for its truth is one, too.
  absl::StatusOr<Piece> Nested(bool must_be_predicate) {
    if (++depth_ > kDeepestJsonpath) return TooDeep();
    ASSIGN_OR_RETURN(const Piece piece, must_be_predicate ? Predicate() : Operation(kOrLevel));
    RETURN_IF_ERROR(Expect(")"));
    --depth_;
    return piece;
  }

  // Behind the keyword.
  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<Piece> Exists() {
    if (++depth_ > kDeepestJsonpath) return TooDeep();
    RETURN_IF_ERROR(Expect("("));
    ASSIGN_OR_RETURN(const Piece operand, Expression());
    RETURN_IF_ERROR(Expect(")"));
    --depth_;
    return TruthOf(AddOperator(JsonpathOp::kExists, operand.node));
  }

  bool AtAccessor() const { return lexer_.IsSign(".") || lexer_.IsSign("[") || lexer_.IsSign("?"); }

  absl::StatusOr<Piece> Accessors() {
    Piece piece;
    if (lexer_.IsSign("(")) {
      RETURN_IF_ERROR(lexer_.Next());
      ASSIGN_OR_RETURN(piece, Nested(false));
      if (piece.predicate && lexer_.IsKeyword("is")) {
        RETURN_IF_ERROR(lexer_.Next());
        if (!lexer_.IsKeyword("unknown")) return Unexpected();
        RETURN_IF_ERROR(lexer_.Next());
        return TruthOf(AddOperator(JsonpathOp::kIsUnknown, piece.node));
      }
      if (!AtAccessor()) return piece;
    } else {
      ASSIGN_OR_RETURN(piece.node, Primary());
    }
    int32_t last = piece.node;
    while (At(last).next >= 0) last = At(last).next;
    while (AtAccessor()) {
      ASSIGN_OR_RETURN(const int32_t accessor, Accessor());
      if (deepest_ > kMostJsonpathLevels) return TooDeep();
      At(last).next = accessor;
      int& depth = depths_[static_cast<size_t>(piece.node)];
      depth = std::max(depth, DepthOf(accessor));
      last = accessor;
    }
    return Piece{piece.node, false};
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> Primary() {
    JsonpathNode node;
    switch (lexer_.token()) {
      case JsonpathToken::kString:
        node = {.op = JsonpathOp::kString, .text = lexer_.value()};
        break;
      case JsonpathToken::kVariable:
        node = {.op = JsonpathOp::kVariable, .text = lexer_.value()};
        break;
      case JsonpathToken::kInteger:
      case JsonpathToken::kNumber: {
        node.op = JsonpathOp::kNumber;
        ASSIGN_OR_RETURN(node.text, NumberForm(lexer_.value()));
        break;
      }
      case JsonpathToken::kWord:
        if (lexer_.IsKeyword("true") || lexer_.IsKeyword("false")) {
          node = {.op = JsonpathOp::kBool, .flag = lexer_.value() == "true"};
        } else if (lexer_.IsKeyword("last")) {
          if (subscripts_ == 0) {
            return status::Error(sqlstate::kSyntaxError,
                                 "LAST is allowed only in array subscripts");
          }
          node.op = JsonpathOp::kLast;
        } else if (!lexer_.IsKeyword("null")) {
          return Unexpected();
        }
        break;
      default:
        if (lexer_.IsSign("@") && filters_ == 0)
          return status::Error(sqlstate::kSyntaxError, "@ is not allowed in root expressions");
        if (!lexer_.IsSign("@") && !lexer_.IsSign("$")) return Unexpected();
        node.op = lexer_.IsSign("@") ? JsonpathOp::kCurrent : JsonpathOp::kRoot;
    }
    RETURN_IF_ERROR(lexer_.Next());
    return Add(std::move(node));
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> Filter() {
    RETURN_IF_ERROR(Expect("("));
    ++filters_;
    ASSIGN_OR_RETURN(const Piece condition, Nested(true));
    --filters_;
    return AddOperator(JsonpathOp::kFilter, condition.node);
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> Accessor() {
    const bool member = lexer_.IsSign(".");
    const bool filter = lexer_.IsSign("?");
    RETURN_IF_ERROR(lexer_.Next());
    if (filter) return Filter();
    if (!member) return Subscripts();
    ASSIGN_OR_RETURN(const bool any, TakeSign("*"));
    if (any) return Add({.op = JsonpathOp::kAnyMember});
    ASSIGN_OR_RETURN(const bool any_level, TakeSign("**"));
    if (any_level) return AnyLevel();
    return MemberOrMethod();
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> MemberOrMethod() {
    const bool word = lexer_.token() == JsonpathToken::kWord;
    if (!word && lexer_.token() != JsonpathToken::kString) return Unexpected();
    JsonpathNode node{.op = JsonpathOp::kMember, .text = lexer_.value()};
    std::optional<JsonpathOp> method;
    for (const JsonpathOp candidate : kMethods) {
      if (lexer_.IsKeyword(JsonpathMethodName(candidate))) method = candidate;
    }
    RETURN_IF_ERROR(lexer_.Next());
    if (!method.has_value() || !lexer_.IsSign("(")) return Add(std::move(node));
    RETURN_IF_ERROR(lexer_.Next());
    node = {.op = *method};
    if (*method == JsonpathOp::kDatetime && lexer_.token() == JsonpathToken::kString) {
      node.flag = true;
      node.text = lexer_.value();
      RETURN_IF_ERROR(lexer_.Next());
    }
    RETURN_IF_ERROR(Expect(")"));
    return Add(std::move(node));
  }

  absl::StatusOr<uint32_t> Level() {
    if (lexer_.IsKeyword("last")) {
      RETURN_IF_ERROR(lexer_.Next());
      return kJsonpathLastLevel;
    }
    if (lexer_.token() != JsonpathToken::kInteger) return Unexpected();
    int64_t level = 0;
    RETURN_IF_ERROR(ParseInteger(lexer_.value(), TypeId::kInt4, &level));
    RETURN_IF_ERROR(lexer_.Next());
    return static_cast<uint32_t>(level);
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> AnyLevel() {
    JsonpathNode node{.op = JsonpathOp::kAnyLevel, .last = kJsonpathLastLevel};
    ASSIGN_OR_RETURN(const bool bounds, TakeSign("{"));
    if (!bounds) return Add(std::move(node));
    ASSIGN_OR_RETURN(node.first, Level());
    node.last = node.first;
    ASSIGN_OR_RETURN(const bool range, TakeKeyword("to"));
    if (range) {
      ASSIGN_OR_RETURN(node.last, Level());
    }
    RETURN_IF_ERROR(Expect("}"));
    return Add(std::move(node));
  }

  ABSL_ATTRIBUTE_NOINLINE absl::StatusOr<int32_t> Subscripts() {
    if (lexer_.IsSign("*")) {
      RETURN_IF_ERROR(lexer_.Next());
      RETURN_IF_ERROR(Expect("]"));
      return Add({.op = JsonpathOp::kAnyElement});
    }
    if (++depth_ > kDeepestJsonpath) return TooDeep();
    ++subscripts_;
    JsonpathNode node{.op = JsonpathOp::kElements};
    while (true) {
      ASSIGN_OR_RETURN(const Piece from, Expression());
      node.subscripts.emplace_back(from.node, -1);
      ASSIGN_OR_RETURN(const bool range, TakeKeyword("to"));
      if (range) {
        ASSIGN_OR_RETURN(const Piece to, Expression());
        node.subscripts.back().second = to.node;
      }
      ASSIGN_OR_RETURN(const bool more, TakeSign(","));
      if (!more) break;
    }
    RETURN_IF_ERROR(Expect("]"));
    --subscripts_;
    --depth_;
    return Add(std::move(node));
  }

  JsonpathLexer lexer_;
  Jsonpath path_;
  std::vector<int> depths_;  // Of the nodes: how many levels are below them, with themselves.
  int deepest_ = 0;
  int depth_ = 0;
  int filters_ = 0;     // In how many filters we are,
  int subscripts_ = 0;  // and in how many subscripts.
};

absl::Status CheckLength(std::string_view text) {
  if (text.size() <= kLongestJsonpath) return absl::OkStatus();
  return status::Error(sqlstate::kProgramLimitExceeded,
                       absl::StrCat("jsonpath of ", text.size(), " bytes is too long"), {},
                       absl::StrCat("At most ", kLongestJsonpath, " bytes can be read."));
}

}  // namespace

absl::StatusOr<Jsonpath> ParseJsonpath(std::string_view text) {
  RETURN_IF_ERROR(CheckLength(text));
  JsonpathLexer first(text);
  RETURN_IF_ERROR(first.Next());
  if (first.token() == JsonpathToken::kEnd) return InvalidSyntax("jsonpath", text);
  return Parser(text).Parse();
}

absl::StatusOr<std::string> CanonicalJsonpath(std::string_view text) {
  ASSIGN_OR_RETURN(const Jsonpath path, ParseJsonpath(text));
  std::string canonical;
  FormatJsonpath(path, &canonical);
  RETURN_IF_ERROR(CheckLength(canonical));
  return canonical;
}

}  // namespace adbms::types
