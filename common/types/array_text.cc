#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

absl::Status Malformed(std::string_view text, std::string_view detail) {
  return status::Error(status::sqlstate::kInvalidTextRepresentation,
                       "malformed array literal: \"" + std::string(text) + "\"", detail);
}

bool NeedsQuotes(std::string_view element) {
  if (element.empty() || EqualsIgnoreCase(element, "null")) return true;
  return std::any_of(element.begin(), element.end(), [](char c) {
    return c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || IsSpace(c);
  });
}

// PostgreSQL's MAXDIM.
constexpr size_t kMaxDimensions = 6;

class ArrayReader {
 public:
  explicit ArrayReader(std::string_view text) : text_(text), body_(TrimSpaces(text)) {}

  absl::StatusOr<ShapedArray> Read() {
    if (body_.empty() || body_.front() != '{') {
      if (!body_.empty() && body_.front() == '[')
        return status::NotSupported("array with explicit bounds");
      return Malformed(text_, "Array value must start with \"{\" or dimension information.");
    }
    bool expect_item = true;  // After '{' or ','.
    bool after_comma = false;
    do {
      SkipSpaces();
      if (i_ >= body_.size()) return Malformed(text_, "Unexpected end of input.");
      const char c = body_[i_];
      if (c == '{') {
        if (!expect_item) return Malformed(text_, "Unexpected \"{\" character.");
        if (leaf_depth_ != 0 && counts_.size() >= leaf_depth_) return Ragged();
        if (counts_.size() == kMaxDimensions) {
          return status::Error(status::sqlstate::kProgramLimitExceeded,
                               "number of array dimensions (7) exceeds the maximum allowed (6)");
        }
        counts_.push_back(0);
        ++i_;
        after_comma = false;
      } else if (c == '}') {
        if (after_comma) return Malformed(text_, "Unexpected \"}\" character.");
        RETURN_IF_ERROR(CloseBrace());
        expect_item = false;
      } else if (c == ',') {
        if (expect_item) return Malformed(text_, "Unexpected \",\" character.");
        ++i_;
        expect_item = after_comma = true;
      } else {
        if (!expect_item) return Malformed(text_, "Unexpected array element.");
        RETURN_IF_ERROR(ReadElement());
        expect_item = after_comma = false;
      }
    } while (!counts_.empty());
    if (i_ != body_.size()) return Malformed(text_, "Junk after closing right brace.");
    if (array_.elements.empty()) array_.lengths.clear();
    return std::move(array_);
  }

 private:
  void SkipSpaces() {
    while (i_ < body_.size() && IsSpace(body_[i_])) ++i_;
  }

  absl::Status Ragged() const {
    return Malformed(text_,
                     "Multidimensional arrays must have sub-arrays with matching dimensions.");
  }

  absl::Status CloseBrace() {
    const size_t depth = counts_.size();
    if (depth > 1 && counts_.back() == 0) {
      return Malformed(text_, "Unexpected \"}\" character.");
    }
    ++i_;
    if (array_.lengths.size() < depth) array_.lengths.resize(depth, kUnknown);
    uint32_t& length = array_.lengths[depth - 1];
    if (length != kUnknown && length != counts_.back()) return Ragged();
    length = counts_.back();
    counts_.pop_back();
    if (!counts_.empty()) ++counts_.back();
    return absl::OkStatus();
  }

  absl::Status ReadElement() {
    if (leaf_depth_ == 0) leaf_depth_ = counts_.size();
    if (leaf_depth_ != counts_.size()) return Ragged();
    ++counts_.back();
    ArrayElement element;
    if (body_[i_] == '"') {
      for (++i_; i_ < body_.size() && body_[i_] != '"'; ++i_) {
        if (body_[i_] == '\\' && ++i_ >= body_.size()) break;
        element.text.push_back(body_[i_]);
      }
      if (i_ >= body_.size()) return Malformed(text_, "Unexpected end of input.");
      ++i_;
      array_.elements.push_back(std::move(element));
      return absl::OkStatus();
    }
    bool escaped = false;
    size_t kept = 0;  // Up to the last character that is no trailing blank.
    for (; i_ < body_.size() && body_[i_] != ',' && body_[i_] != '}'; ++i_) {
      if (body_[i_] == '"') return Malformed(text_, "Incorrectly quoted array element.");
      if (body_[i_] == '{') return Malformed(text_, "Unexpected \"{\" character.");
      const bool escape = body_[i_] == '\\';
      if (escape && ++i_ >= body_.size()) break;
      escaped |= escape;
      element.text.push_back(body_[i_]);
      if (escape || !IsSpace(body_[i_])) kept = element.text.size();
    }
    element.text.resize(kept);
    element.null = !escaped && EqualsIgnoreCase(element.text, "null");
    if (element.null) element.text.clear();
    array_.elements.push_back(std::move(element));
    return absl::OkStatus();
  }

  static constexpr uint32_t kUnknown = UINT32_MAX;

  const std::string_view text_;
  const std::string_view body_;
  size_t i_ = 0;
  std::vector<uint32_t> counts_;  // Items so far in each brace that is open.
  size_t leaf_depth_ = 0;         // In how many braces the elements stand; 0: none was read.
  ShapedArray array_;
};

void AppendElement(const ArrayElement& element, std::string* out) {
  if (element.null) {
    out->append("NULL");
  } else if (NeedsQuotes(element.text)) {
    out->push_back('"');
    for (const char c : element.text) {
      if (c == '"' || c == '\\') out->push_back('\\');
      out->push_back(c);
    }
    out->push_back('"');
  } else {
    out->append(element.text);
  }
}

}  // namespace

absl::StatusOr<ShapedArray> ParseShapedArray(std::string_view text) {
  return ArrayReader(text).Read();
}

absl::StatusOr<std::vector<ArrayElement>> ParseArray(std::string_view text) {
  ASSIGN_OR_RETURN(ShapedArray array, ParseShapedArray(text));
  if (array.lengths.size() > 1) return status::NotSupported("multidimensional array");
  return std::move(array.elements);
}

std::string FormatShapedArray(const ShapedArray& array) {
  if (array.elements.empty()) return "{}";
  std::string out;
  for (size_t i = 0; i < array.elements.size(); ++i) {
    // How many dimensions begin before this element, and end after it.
    size_t begins = 0;
    size_t ends = 0;
    size_t span = 1;
    for (size_t d = array.lengths.size(); d-- > 0;) {
      span *= array.lengths[d];
      begins += i % span == 0 ? 1 : 0;
      ends += (i + 1) % span == 0 ? 1 : 0;
    }
    if (i > 0) out.push_back(',');
    out.append(begins, '{');
    AppendElement(array.elements[i], &out);
    out.append(ends, '}');
  }
  return out;
}

std::string FormatArray(const std::vector<ArrayElement>& elements) {
  size_t bytes = 2;
  for (const auto& element : elements) bytes += element.text.size() + 5;
  std::string out;
  out.reserve(bytes);
  out.push_back('{');
  for (const auto& element : elements) {
    if (out.size() > 1) out.push_back(',');
    AppendElement(element, &out);
  }
  out.push_back('}');
  return out;
}

}  // namespace adbms::types
