// The form of tsvector and its order.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "common/types/text_search.h"

namespace adbms::types {
namespace {

constexpr size_t kCountBytes = 4;

uint32_t U32At(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

uint16_t U16At(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at]) |
                               static_cast<unsigned char>(bytes[at + 1]) << 8);
}

void PutU32(uint32_t value, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

void PutU16(uint16_t value, std::string* out) {
  out->push_back(static_cast<char>(value));
  out->push_back(static_cast<char>(value >> 8));
}

template <typename U>
void PutOrdered(U value, std::string* out) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8)
    out->push_back(static_cast<char>(value >> shift));
}

// What a lexeme takes in PostgreSQL's form, behind `before` bytes of others.
size_t PostgresBytes(size_t before, size_t lexeme, size_t positions) {
  size_t end = before + lexeme;
  if (positions > 0) end += end % 2 + 2 + 2 * positions;
  return end;
}

// The whole value's bytes there.
uint32_t PostgresSize(const TsVectorView& vector) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < vector.size(); ++i) {
    const TsLexeme lexeme = vector.At(i);
    bytes = PostgresBytes(bytes, lexeme.text.size(), lexeme.positions());
  }
  return static_cast<uint32_t>(8 + size_t{4} * vector.size() + bytes);
}

}  // namespace

TsVectorView::TsVectorView(std::string_view form) : form_(form) {
  if (form.size() < kCountBytes) return;
  const uint32_t size = U32At(form, 0);
  if (size <= (form.size() - kCountBytes) / 4) size_ = size;
}

TsLexeme TsVectorView::At(uint32_t i) const {
  const std::string_view data = form_.substr(kCountBytes + size_t{4} * size_);
  const size_t begin = i == 0 ? 0 : U32At(form_, kCountBytes + size_t{4} * (i - 1));
  const size_t end = U32At(form_, kCountBytes + size_t{4} * i);
  if (begin > end || end > data.size() || end - begin < 4) return {};
  const std::string_view entry = data.substr(begin, end - begin);
  const size_t bytes = U16At(entry, 0);
  if (bytes + 4 > entry.size()) return {};
  const std::string_view positions = entry.substr(bytes + 4);
  if (positions.size() != size_t{2} * U16At(entry, bytes + 2)) return {};
  return {entry.substr(2, bytes), positions};
}

std::pair<uint32_t, uint32_t> TsVectorView::Find(std::string_view lexeme, bool prefix) const {
  // The first that is not less.
  uint32_t low = 0;
  uint32_t high = size_;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (At(middle).text < lexeme) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const auto matches = [&](uint32_t i) {
    const std::string_view text = At(i).text;
    return prefix ? text.starts_with(lexeme) : text == lexeme;
  };
  uint32_t end = low;
  while (end < size_ && matches(end) && (prefix || end == low)) ++end;
  return {low, end};
}

void TsVectorBuilder::Add(std::string_view lexeme) { Add(lexeme, TsPosition{}); }

void TsVectorBuilder::Add(std::string_view lexeme, TsPosition position) {
  if (words_.empty() || TextOf(words_.back()) != lexeme) {
    const auto begin = static_cast<uint32_t>(text_.size());
    text_.append(lexeme);
    words_.push_back({begin, static_cast<uint16_t>(lexeme.size()), position.bits});
  } else {
    words_.push_back({words_.back().begin, words_.back().bytes, position.bits});
  }
}

void TsVectorBuilder::Add(const TsLexeme& lexeme) {
  if (lexeme.positions() == 0) Add(lexeme.text);
  for (size_t i = 0; i < lexeme.positions(); ++i) Add(lexeme.text, lexeme.At(i));
}

absl::StatusOr<std::string> TsVectorBuilder::Finish(size_t most_positions) {
  std::stable_sort(words_.begin(), words_.end(), [this](const Word& a, const Word& b) {
    const int order = TextOf(a).compare(TextOf(b));
    if (order != 0) return order < 0;
    return TsPosition{a.position}.position() < TsPosition{b.position}.position();
  });
  std::string ends;
  std::string data;
  uint32_t count = 0;
  size_t size = 0;
  for (size_t i = 0; i < words_.size(); ++count) {
    const std::string_view lexeme = TextOf(words_[i]);
    std::vector<uint16_t> positions;
    bool full = false;
    for (; i < words_.size() && TextOf(words_[i]) == lexeme; ++i) {
      const TsPosition next{words_[i].position};
      if (next.bits == 0 || full) continue;
      if (!positions.empty() && TsPosition{positions.back()}.position() == next.position()) {
        positions.back() = std::max(positions.back(), next.bits);
        continue;
      }
      // As in PostgreSQL, weights that come after the last possible one do not count.
      positions.push_back(next.bits);
      full = positions.size() > 1 &&
             (positions.size() >= most_positions || next.position() == kLastPosition);
    }
    PutU16(static_cast<uint16_t>(lexeme.size()), &data);
    data.append(lexeme);
    PutU16(static_cast<uint16_t>(positions.size()), &data);
    for (const uint16_t position : positions) PutU16(position, &data);
    PutU32(static_cast<uint32_t>(data.size()), &ends);
    size = PostgresBytes(size, lexeme.size(), positions.size());
  }
  if (size > kLargestTsVector)
    return status::Error(status::sqlstate::kProgramLimitExceeded,
                         absl::StrCat("string is too long for tsvector (", size, " bytes, max ",
                                      kLargestTsVector, " bytes)"));
  std::string form;
  form.reserve(kCountBytes + ends.size() + data.size());
  PutU32(count, &form);
  form.append(ends);
  form.append(data);
  return form;
}

bool IsTsVectorForm(std::string_view bytes) {
  if (bytes.size() < kCountBytes) return false;
  const TsVectorView vector(bytes);
  if (vector.size() != U32At(bytes, 0)) return false;
  size_t used = kCountBytes + size_t{4} * vector.size();
  std::string_view last;
  for (uint32_t i = 0; i < vector.size(); ++i) {
    const TsLexeme lexeme = vector.At(i);
    if (lexeme.text.empty() || lexeme.text.size() > kLongestLexeme || lexeme.text <= last)
      return false;
    if (lexeme.positions() > kMostPositions || lexeme.text.find('\0') != std::string_view::npos)
      return false;
    for (size_t p = 0; p < lexeme.positions(); ++p) {
      const int before = p == 0 ? 0 : lexeme.At(p - 1).position();
      if (lexeme.At(p).position() <= before) return false;
    }
    used += 4 + lexeme.text.size() + lexeme.position_bytes.size();
    last = lexeme.text;
  }
  return used == bytes.size();
}

void AppendTsVectorKey(std::string_view form, std::string* out) {
  const TsVectorView vector(form);
  PutOrdered<uint32_t>(PostgresSize(vector), out);
  PutOrdered<uint32_t>(vector.size(), out);
  for (uint32_t i = 0; i < vector.size(); ++i) {
    const TsLexeme lexeme = vector.At(i);
    // With positions before without, and more of them, or greater ones, before fewer.
    out->push_back(lexeme.positions() > 0 ? '\0' : '\1');
    out->append(lexeme.text);
    out->push_back('\0');
    PutOrdered<uint16_t>(static_cast<uint16_t>(~lexeme.positions()), out);
    for (size_t p = 0; p < lexeme.positions(); ++p) {
      const TsPosition position = lexeme.At(p);
      PutOrdered<uint16_t>(static_cast<uint16_t>(~position.position()), out);
      out->push_back(static_cast<char>(3 - position.weight()));
    }
  }
}

int CompareTsVectors(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  std::string left;
  std::string right;
  AppendTsVectorKey(a, &left);
  AppendTsVectorKey(b, &right);
  return left.compare(right);
}

}  // namespace adbms::types
