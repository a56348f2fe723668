// tsvector and tsquery in their binary forms.
//
// Forms, little endian, unaligned:
//   tsvector  u32 how many lexemes; for each u32 where it ends, counted from the first one's begin;
//             then the lexemes in the order of their bytes, none twice:
//               u16 bytes, the bytes, u16 how many positions, the positions, ascending, none twice
//   position  u16: the position, 1 to 16383, and its weight << 14 (0: D, 1: C, 2: B, 3: A)
//   tsquery   u32 how many items; the items, an operator before its operands, the right operand
//             before the left one:
//               value     u8 1; u8 weights (a bit for each, 1 << weight; 0: any); u8 whether it is
//                         a prefix; u16 bytes; the bytes
//               operator  u8 2; u8 TsOperator; for a phrase u16 distance
//             No items: the query that matches nothing.
//
// Equal tsvectors have equal bytes. PostgreSQL takes queries for equal that differ in weights and
// prefixes, so equal tsqueries may have different ones. What bytes are not in these forms reads as
// an empty value. Pure functions; views borrow their bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::types {

inline constexpr size_t kLongestLexeme = 2046;
// Bytes of lexemes and positions, as PostgreSQL counts them.
inline constexpr size_t kLargestTsVector = (size_t{1} << 20) - 1;
inline constexpr int kLastPosition = 16383;
// Positions of a lexeme: of what is read, and of what is made of a document.
inline constexpr size_t kMostPositions = 256;
inline constexpr size_t kMostDocumentPositions = 255;
// How deep right operands and negations may lie in each other; left ones may as deep as they like.
inline constexpr int kDeepestTsQuery = 2000;

struct TsPosition {
  uint16_t bits = 0;

  static TsPosition Of(int position, int weight) {
    return {static_cast<uint16_t>((position & 0x3fff) | weight << 14)};
  }
  int position() const { return bits & 0x3fff; }
  int weight() const { return bits >> 14; }
  friend bool operator==(TsPosition, TsPosition) = default;
};
// The last one for all that are greater.
inline int LimitedPosition(int64_t position) {
  return static_cast<int>(position > kLastPosition ? kLastPosition : position);
}

// A lexeme of a tsvector; views of its form.
struct TsLexeme {
  std::string_view text;
  std::string_view position_bytes;

  size_t positions() const { return position_bytes.size() / 2; }
  TsPosition At(size_t i) const {
    return {static_cast<uint16_t>(static_cast<unsigned char>(position_bytes[2 * i]) |
                                  static_cast<unsigned char>(position_bytes[2 * i + 1]) << 8)};
  }
};

class TsVectorView {
 public:
  explicit TsVectorView(std::string_view form);

  // Which lexemes it has, in their order.
  uint32_t size() const { return size_; }
  TsLexeme At(uint32_t i) const;
  // Where the lexeme is, or those which begin with it: from, to (excluded).
  std::pair<uint32_t, uint32_t> Find(std::string_view lexeme, bool prefix) const;

 private:
  std::string_view form_;
  uint32_t size_ = 0;
};

// Makes a form of lexemes that are added in any order, with or without positions.
class TsVectorBuilder {
 public:
  // REQUIRES: the lexeme has at most kLongestLexeme bytes, and one.
  void Add(std::string_view lexeme);
  void Add(std::string_view lexeme, TsPosition position);
  void Add(const TsLexeme& lexeme);
  bool empty() const { return words_.empty(); }
  // What it takes at the moment.
  size_t bytes() const { return text_.size() + words_.size() * sizeof(Word); }
  // Of positions that are there twice the greatest weight is kept, and of all no more than
  // `most_positions`, from the first one. Errors: 54000.
  absl::StatusOr<std::string> Finish(size_t most_positions = kMostPositions);

 private:
  struct Word {
    uint32_t begin;
    uint16_t bytes;
    uint16_t position;  // 0: none.
  };
  std::string_view TextOf(const Word& word) const {
    return std::string_view(text_).substr(word.begin, word.bytes);
  }
  std::string text_;
  std::vector<Word> words_;
};

absl::StatusOr<std::string> ParseTsVector(std::string_view text);
void FormatTsVector(std::string_view form, std::string* out);
// A lexeme in quotes.
void AppendQuotedLexeme(std::string_view lexeme, std::string* out);
// The letter of a weight; nothing for D where positions are written.
inline constexpr char kWeightLetters[] = "DCBA";
// PostgreSQL's wire format. Errors of reading: 08P01, XX000, 54000.
absl::StatusOr<std::string> ParseTsVectorBinary(std::string_view bytes);
void FormatTsVectorBinary(std::string_view form, std::string* out);
bool IsTsVectorForm(std::string_view bytes);
// PostgreSQL's order: by size, then lexeme by lexeme. The key compares as the values do.
void AppendTsVectorKey(std::string_view form, std::string* out);
int CompareTsVectors(std::string_view a, std::string_view b);

// In PostgreSQL's numbers.
enum class TsOperator : uint8_t { kNot = 1, kAnd = 2, kOr = 3, kPhrase = 4 };

struct TsQueryItem {
  bool is_operator = false;
  // Of an operator. The right operand, or that of kNot, is the next item.
  TsOperator op = TsOperator::kNot;
  uint16_t distance = 0;
  uint32_t left = 0;
  // Of a value.
  uint8_t weights = 0;
  bool prefix = false;
  std::string_view lexeme;

  bool Is(TsOperator which) const { return is_operator && op == which; }
  bool IsBinary() const { return is_operator && op != TsOperator::kNot; }
};
using TsQueryItems = std::vector<TsQueryItem>;

// The items, of which the first is the root. Its values are the lexemes that a query needs to know
// of. Views of the form.
TsQueryItems ReadTsQuery(std::string_view form);

// Makes a form of values and operators that come after their operands, left one first.
class TsQueryBuilder {
 public:
  // Errors: 54000, with `source` as the query that is to be named.
  absl::Status PushValue(std::string_view lexeme, uint8_t weights, bool prefix,
                         std::string_view source = {});
  // A word that no document has; the operators over it go, phrases grow by its place.
  void PushStop();
  // REQUIRES: its operands are there. Errors: 54001.
  absl::Status PushOperator(TsOperator op, int distance = 0);
  // All of another query, as one operand; nothing of an empty one.
  absl::Status PushQuery(const TsQueryItems& items);
  // The same without a part, from an item on.
  absl::Status PushQuery(const TsQueryItems& items, uint32_t root);
  size_t operands() const { return stack_.size(); }
  size_t bytes() const { return text_.size() + nodes_.size() * sizeof(Node); }
  // REQUIRES: at most one operand is there.
  std::string Finish();

 private:
  enum class Kind : uint8_t { kValue, kStop, kOperator };
  struct Node {
    Kind kind = Kind::kStop;
    TsOperator op = TsOperator::kNot;
    uint8_t weights = 0;
    bool prefix = false;
    int distance = 0;
    int depth = 0;
    uint32_t begin = 0;
    uint32_t bytes = 0;
    int32_t left = -1, right = -1;  // kNot has a right one.
  };
  // How much the distance of what is to the left and to the right grows by words that are gone.
  struct Cleaned {
    int32_t node = -1;
    int left = 0, right = 0;
  };
  Cleaned Clean(int32_t root);
  Cleaned CleanOperator(int32_t node, const Cleaned& left, const Cleaned& right);
  void Write(int32_t root, std::string* form) const;

  std::string text_;
  std::vector<Node> nodes_;
  std::vector<int32_t> stack_;
  size_t values_ = 0;
  bool has_stops_ = false;
};

absl::StatusOr<std::string> ParseTsQuery(std::string_view text);
void FormatTsQuery(std::string_view form, std::string* out);
absl::StatusOr<std::string> ParseTsQueryBinary(std::string_view bytes);
void FormatTsQueryBinary(std::string_view form, std::string* out);
bool IsTsQueryForm(std::string_view bytes);
// PostgreSQL's order: by the number of items, their size, then item by item. The key compares as
// the values do.
void AppendTsQueryKey(std::string_view form, std::string* out);
int CompareTsQueries(std::string_view a, std::string_view b);

}  // namespace adbms::types
