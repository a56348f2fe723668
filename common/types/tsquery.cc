// The form of tsquery, how it is made, and its order.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_search.h"

namespace adbms::types {
namespace {

constexpr char kValueItem = 1;
constexpr char kOperatorItem = 2;
constexpr size_t kCountBytes = 4;
// Bytes of operands, each with one more, before the last of them.
constexpr size_t kLargestOperands = (size_t{1} << 20) - 1;

template <typename U>
void PutOrdered(U value, std::string* out) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8)
    out->push_back(static_cast<char>(value >> shift));
}

uint16_t U16At(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at]) |
                               static_cast<unsigned char>(bytes[at + 1]) << 8);
}

void PutU16(uint16_t value, std::string* out) {
  out->push_back(static_cast<char>(value));
  out->push_back(static_cast<char>(value >> 8));
}

// The item at the beginning of `rest`, which loses its bytes. False: there is none.
bool ReadItem(std::string_view* rest, TsQueryItem* item) {
  size_t bytes = 2;
  if (rest->size() < bytes) return false;
  item->is_operator = (*rest)[0] == kOperatorItem;
  if (item->is_operator) {
    const auto op = static_cast<unsigned char>((*rest)[1]);
    if (op < 1 || op > 4) return false;
    item->op = static_cast<TsOperator>(op);
    if (item->op == TsOperator::kPhrase) bytes += 2;
    if (rest->size() < bytes) return false;
    if (bytes > 2) item->distance = U16At(*rest, 2);
  } else {
    if ((*rest)[0] != kValueItem || rest->size() < 5) return false;
    item->weights = static_cast<uint8_t>((*rest)[1]);
    item->prefix = (*rest)[2] != 0;
    const size_t length = U16At(*rest, 3);
    bytes = 5 + length;
    if (rest->size() < bytes) return false;
    item->lexeme = rest->substr(5, length);
  }
  rest->remove_prefix(bytes);
  return true;
}

// Finds the left operands, and how deep it is. False: these are not one tree.
bool Link(TsQueryItems* items) {
  struct Subtree {
    uint32_t root;
    int depth;
  };
  std::vector<Subtree> stack;  // What is behind the item, the nearest last.
  for (size_t i = items->size(); i-- > 0;) {
    TsQueryItem& item = (*items)[i];
    Subtree made{static_cast<uint32_t>(i), 0};
    if (item.is_operator) {
      const size_t operands = item.IsBinary() ? 2 : 1;
      if (stack.size() < operands) return false;
      made.depth = stack.back().depth + 1;
      stack.pop_back();
      if (item.IsBinary()) {
        item.left = stack.back().root;
        made.depth = std::max(made.depth, stack.back().depth);
        stack.pop_back();
      }
    }
    if (made.depth > kDeepestTsQuery) return false;
    stack.push_back(made);
  }
  return stack.size() == 1;
}

absl::Status Exceeded(std::string_view what, std::string_view source) {
  return status::Error(status::sqlstate::kProgramLimitExceeded,
                       absl::StrCat(std::string(what), ": \"", std::string(source), "\""));
}

// The checksum of lexemes that PostgreSQL orders them by.
int32_t LegacyCrc(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xEDB88320 : 0);
      table[i] = value;
    }
    return table;
  }();
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes)
    crc = kTable[(crc >> 24 ^ static_cast<unsigned char>(c)) & 0xff] ^ crc << 8;
  return static_cast<int32_t>(crc ^ 0xFFFFFFFF);
}

}  // namespace

TsQueryItems ReadTsQuery(std::string_view form) {
  TsQueryItems items;
  if (form.size() <= kCountBytes) return items;
  form.remove_prefix(kCountBytes);
  while (!form.empty()) {
    if (!ReadItem(&form, &items.emplace_back())) return {};
  }
  if (!Link(&items)) return {};
  return items;
}

absl::Status TsQueryBuilder::PushValue(std::string_view lexeme, uint8_t weights, bool prefix,
                                       std::string_view source) {
  if (lexeme.size() > kLongestLexeme) return Exceeded("word is too long in tsquery", source);
  if (text_.size() + values_ >= kLargestOperands)
    return Exceeded("value is too big in tsquery", source);
  Node node;
  node.kind = Kind::kValue;
  node.weights = weights;
  node.prefix = prefix;
  node.begin = static_cast<uint32_t>(text_.size());
  node.bytes = static_cast<uint32_t>(lexeme.size());
  text_.append(lexeme);
  ++values_;
  stack_.push_back(static_cast<int32_t>(nodes_.size()));
  nodes_.push_back(node);
  return absl::OkStatus();
}

void TsQueryBuilder::PushStop() {
  has_stops_ = true;
  stack_.push_back(static_cast<int32_t>(nodes_.size()));
  nodes_.emplace_back();
}

absl::Status TsQueryBuilder::PushOperator(TsOperator op, int distance) {
  Node node;
  node.kind = Kind::kOperator;
  node.op = op;
  node.distance = distance;
  node.right = stack_.back();
  stack_.pop_back();
  node.depth = nodes_[static_cast<size_t>(node.right)].depth + 1;
  if (op != TsOperator::kNot) {
    node.left = stack_.back();
    stack_.pop_back();
    node.depth = std::max(node.depth, nodes_[static_cast<size_t>(node.left)].depth);
  }
  if (node.depth > kDeepestTsQuery)
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "The query is nested too deeply.");
  stack_.push_back(static_cast<int32_t>(nodes_.size()));
  nodes_.push_back(node);
  return absl::OkStatus();
}

absl::Status TsQueryBuilder::PushQuery(const TsQueryItems& items) {
  return items.empty() ? absl::OkStatus() : PushQuery(items, 0);
}

absl::Status TsQueryBuilder::PushQuery(const TsQueryItems& items, uint32_t root) {
  // The end of the part: where as many operands as are asked for have come.
  size_t end = root;
  for (size_t wanted = 1; wanted > 0; ++end) {
    wanted += items[end].IsBinary() ? 1 : 0;
    if (!items[end].is_operator) --wanted;
  }
  // Backwards an operator comes after its operands, the left one first.
  for (size_t i = end; i-- > root;) {
    const TsQueryItem& item = items[i];
    if (item.is_operator) {
      RETURN_IF_ERROR(PushOperator(item.op, item.distance));
    } else {
      RETURN_IF_ERROR(PushValue(item.lexeme, item.weights, item.prefix));
    }
  }
  return absl::OkStatus();
}

// Without the words that no document has; afterwards the tree has none.
TsQueryBuilder::Cleaned TsQueryBuilder::CleanOperator(int32_t index, const Cleaned& left,
                                                      const Cleaned& right) {
  Node& node = nodes_[static_cast<size_t>(index)];
  const bool phrase = node.op == TsOperator::kPhrase;
  const int distance = phrase ? node.distance : 0;
  if (left.node < 0 && right.node < 0) {
    // Both sums of a part that is all gone are the same.
    const int gone = phrase ? left.left + distance + right.left : std::max(left.left, right.left);
    return {-1, gone, gone};
  }
  if (left.node < 0)
    return phrase ? Cleaned{right.node, left.left + distance + right.left, right.right} : right;
  if (right.node < 0)
    return phrase ? Cleaned{left.node, left.left, left.right + distance + right.right} : left;
  node.left = left.node;
  node.right = right.node;
  if (!phrase) return {index, 0, 0};
  node.distance = std::min(node.distance + left.right + right.left, kLastPosition + 1);
  return {index, left.left, right.right};
}

TsQueryBuilder::Cleaned TsQueryBuilder::Clean(int32_t root) {
  std::vector<int32_t> spine;
  int32_t at = root;
  const auto node = [this](int32_t i) -> Node& { return nodes_[static_cast<size_t>(i)]; };
  while (node(at).kind == Kind::kOperator && node(at).op != TsOperator::kNot) {
    spine.push_back(at);
    at = node(at).left;
  }
  Cleaned result;
  if (node(at).kind == Kind::kValue) result.node = at;
  if (node(at).kind == Kind::kOperator) {
    result = Clean(node(at).right);
    if (result.node >= 0) {
      node(at).right = result.node;
      result.node = at;
    }
  }
  for (; !spine.empty(); spine.pop_back())
    result = CleanOperator(spine.back(), result, Clean(node(spine.back()).right));
  return result;
}

void TsQueryBuilder::Write(int32_t root, std::string* form) const {
  std::vector<int32_t> pending = {root};
  uint32_t count = 0;
  while (!pending.empty()) {
    const Node& node = nodes_[static_cast<size_t>(pending.back())];
    pending.pop_back();
    ++count;
    if (node.kind == Kind::kOperator) {
      form->push_back(kOperatorItem);
      form->push_back(static_cast<char>(node.op));
      if (node.op == TsOperator::kPhrase) PutU16(static_cast<uint16_t>(node.distance), form);
      if (node.op != TsOperator::kNot) pending.push_back(node.left);
      pending.push_back(node.right);
      continue;
    }
    form->push_back(kValueItem);
    form->push_back(static_cast<char>(node.weights));
    form->push_back(node.prefix ? '\1' : '\0');
    PutU16(static_cast<uint16_t>(node.bytes), form);
    form->append(text_, node.begin, node.bytes);
  }
  for (size_t i = 0; i < kCountBytes; ++i) (*form)[i] = static_cast<char>(count >> (8 * i));
}

std::string TsQueryBuilder::Finish() {
  std::string form(kCountBytes, '\0');
  if (stack_.empty()) return form;
  int32_t root = stack_.back();
  if (has_stops_) root = Clean(root).node;
  if (root >= 0) Write(root, &form);
  return form;
}

bool IsTsQueryForm(std::string_view bytes) {
  if (bytes.size() < kCountBytes) return false;
  uint32_t count = 0;
  for (size_t i = 0; i < kCountBytes; ++i)
    count |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  if (bytes.size() == kCountBytes) return count == 0;
  const TsQueryItems items = ReadTsQuery(bytes);
  return !items.empty() && items.size() == count;
}

void AppendTsQueryKey(std::string_view form, std::string* out) {
  const TsQueryItems items = ReadTsQuery(form);
  PutOrdered<uint32_t>(static_cast<uint32_t>(items.size()), out);
  size_t bytes = 8 + 12 * items.size();
  for (const TsQueryItem& item : items) bytes += item.is_operator ? 0 : item.lexeme.size() + 1;
  PutOrdered<uint32_t>(static_cast<uint32_t>(bytes), out);
  // Operators before values; the distance after the operands. All from the greatest down, but the
  // lexemes of one checksum.
  struct Pending {
    int operands;
    const TsQueryItem* item;
  };
  std::vector<Pending> pending;
  for (const TsQueryItem& item : items) {
    if (item.is_operator) {
      out->push_back('\0');
      out->push_back(static_cast<char>(~static_cast<uint8_t>(item.op)));
      pending.push_back({item.IsBinary() ? 2 : 1, &item});
      continue;
    }
    out->push_back('\1');
    PutOrdered<uint32_t>(~(static_cast<uint32_t>(LegacyCrc(item.lexeme)) ^ 0x80000000), out);
    out->append(item.lexeme);
    out->push_back('\0');
    while (!pending.empty() && --pending.back().operands == 0) {
      const TsQueryItem& done = *pending.back().item;
      if (done.Is(TsOperator::kPhrase))
        PutOrdered<uint16_t>(static_cast<uint16_t>(~done.distance), out);
      pending.pop_back();
    }
  }
}

int CompareTsQueries(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  std::string left;
  std::string right;
  AppendTsQueryKey(a, &left);
  AppendTsQueryKey(b, &right);
  return left.compare(right);
}

}  // namespace adbms::types
