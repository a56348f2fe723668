#include <algorithm>
#include <cstdlib>
#include <limits>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
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

class ArrayReader {
 public:
  ArrayReader(std::string_view text, const Type& array, const TextOptions& options)
      : text_(text),
        body_(TrimSpaces(text)),
        element_(ElementOf(array)),
        options_(options),
        builder_(array.id) {}

  absl::StatusOr<std::string> Read() {
    RETURN_IF_ERROR(ReadBounds());
    RETURN_IF_ERROR(ReadBraces());
    ArrayShape shape;
    if (!elements_.empty()) {
      for (const uint32_t length : lengths_) shape.Add(length, 1);
    }
    if (bounds_.dimensions > 0) {
      for (int i = 0; i < shape.dimensions; ++i)
        shape.lowers[static_cast<size_t>(i)] = bounds_.lower(i);
      if (!(shape == bounds_)) {
        return Malformed(text_, "Specified array dimensions do not match array contents.");
      }
    }
    RETURN_IF_ERROR(shape.Check());
    // The structure first, as PostgreSQL.
    for (const ArrayElement& element : elements_) {
      if (element.null) {
        builder_.AddNull();
        continue;
      }
      ASSIGN_OR_RETURN(const Value value, ParseText(element.text, element_, options_));
      builder_.Add(value);
    }
    return builder_.Finish(shape);
  }

 private:
  // "[1:2][0:3]=", where it stands.
  absl::Status ReadBounds() {
    while (true) {
      SkipSpaces();
      if (Current() != '[') break;
      ++i_;
      if (bounds_.dimensions == kMaxDimensions) return TooManyDimensions(bounds_.dimensions + 1);
      int64_t lower = 1;
      int64_t upper = 0;
      if (!ReadBound(&upper)) {
        return Malformed(text_, "\"[\" must introduce explicitly-specified array dimensions.");
      }
      if (Current() == ':') {
        ++i_;
        lower = upper;
        if (!ReadBound(&upper)) return Malformed(text_, "Missing array dimension value.");
      }
      if (Current() != ']') return Malformed(text_, "Missing \"]\" after array dimensions.");
      ++i_;
      if (upper < lower) {
        return status::Error("2202E", "upper bound cannot be less than lower bound");
      }
      if (upper - lower >= kMaxArraySize) return TooManyElements();
      bounds_.Add(static_cast<uint32_t>(upper - lower + 1), static_cast<int32_t>(lower));
    }
    if (bounds_.dimensions == 0) {
      if (Current() == '{') return absl::OkStatus();
      return Malformed(text_, "Array value must start with \"{\" or dimension information.");
    }
    if (Current() != '=') return Malformed(text_, "Missing \"=\" after array dimensions.");
    ++i_;
    SkipSpaces();
    if (Current() != '{') return Malformed(text_, "Array contents must start with \"{\".");
    return bounds_.Check();
  }

  bool ReadBound(int64_t* value) {
    const size_t begin = i_;
    while (i_ < body_.size() &&
           ((body_[i_] >= '0' && body_[i_] <= '9') || body_[i_] == '-' || body_[i_] == '+')) {
      ++i_;
    }
    const int64_t read =
        std::strtoll(std::string(body_.substr(begin, i_ - begin)).c_str(), nullptr, 10);
    *value = std::clamp<int64_t>(read, std::numeric_limits<int32_t>::min(),
                                 std::numeric_limits<int32_t>::max());
    return i_ > begin;
  }

  char Current() const { return i_ < body_.size() ? body_[i_] : '\0'; }

  absl::Status ReadBraces() {
    bool expect_item = true;  // After '{' or ','.
    bool after_comma = false;
    do {
      SkipSpaces();
      if (i_ >= body_.size()) return Malformed(text_, "Unexpected end of input.");
      const char c = body_[i_];
      if (c == '{') {
        if (!expect_item) return Malformed(text_, "Unexpected \"{\" character.");
        if (leaf_depth_ != 0 && counts_.size() >= leaf_depth_) return Ragged();
        if (counts_.size() == size_t{kMaxDimensions}) return TooManyDimensions(kMaxDimensions + 1);
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
    return absl::OkStatus();
  }

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
    if (lengths_.size() < depth) lengths_.resize(depth, kUnknown);
    uint32_t& length = lengths_[depth - 1];
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
    std::string element;
    if (body_[i_] == '"') {
      for (++i_; i_ < body_.size() && body_[i_] != '"'; ++i_) {
        if (body_[i_] == '\\' && ++i_ >= body_.size()) break;
        element.push_back(body_[i_]);
      }
      if (i_ >= body_.size()) return Malformed(text_, "Unexpected end of input.");
      ++i_;
      return Add({std::move(element), false});
    }
    bool escaped = false;
    size_t kept = 0;  // Up to the last character that is no trailing blank.
    for (; i_ < body_.size() && body_[i_] != ',' && body_[i_] != '}'; ++i_) {
      if (body_[i_] == '"') return Malformed(text_, "Incorrectly quoted array element.");
      if (body_[i_] == '{') return Malformed(text_, "Unexpected \"{\" character.");
      const bool escape = body_[i_] == '\\';
      if (escape && ++i_ >= body_.size()) break;
      escaped |= escape;
      element.push_back(body_[i_]);
      if (escape || !IsSpace(body_[i_])) kept = element.size();
    }
    element.resize(kept);
    const bool null = !escaped && EqualsIgnoreCase(element, "null");
    return Add({null ? std::string() : std::move(element), null});
  }

  absl::Status Add(ArrayElement element) {
    elements_.push_back(std::move(element));
    return elements_.size() > kMaxArraySize ? TooManyElements() : absl::OkStatus();
  }

  static constexpr uint32_t kUnknown = UINT32_MAX;

  const std::string_view text_;
  const std::string_view body_;
  size_t i_ = 0;
  std::vector<uint32_t> counts_;  // Items so far in each brace that is open.
  size_t leaf_depth_ = 0;         // In how many braces the elements stand; 0: none was read.
  const Type element_;
  const TextOptions& options_;
  ArrayShape bounds_;              // As they are given; no dimensions when they are not.
  std::vector<uint32_t> lengths_;  // As the braces have them, from the outermost one.
  std::vector<ArrayElement> elements_;
  ArrayBuilder builder_;
};

void AppendElement(std::string_view element, std::string* out) {
  if (!NeedsQuotes(element)) {
    out->append(element);
    return;
  }
  out->push_back('"');
  for (const char c : element) {
    if (c == '"' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('"');
}

// int2vector and oidvector: numbers with spaces between.
absl::StatusOr<std::string> ParseVector(std::string_view text, const Type& array,
                                        const TextOptions& options) {
  ArrayBuilder builder(array.id);
  for (std::string_view rest = TrimSpaces(text); !rest.empty(); rest = TrimSpaces(rest)) {
    size_t end = 0;
    while (end < rest.size() && !IsSpace(rest[end])) ++end;
    ASSIGN_OR_RETURN(const Value value, ParseText(rest.substr(0, end), ElementOf(array), options));
    builder.Add(value);
    rest.remove_prefix(end);
  }
  return builder.Finish();
}

// "[0:1][2:3]=" where a dimension does not begin at 1.
void AppendBounds(const ArrayShape& shape, std::string* out) {
  bool needed = false;
  for (int i = 0; i < shape.dimensions; ++i) needed |= shape.lower(i) != 1;
  if (!needed) return;
  for (int i = 0; i < shape.dimensions; ++i) {
    out->append("[" + std::to_string(shape.lower(i)) + ":" + std::to_string(shape.upper(i)) + "]");
  }
  out->push_back('=');
}

}  // namespace

absl::StatusOr<std::string> ParseArray(std::string_view text, const Type& array,
                                       const TextOptions& options) {
  if (IsVector(array.id)) return ParseVector(text, array, options);
  return ArrayReader(text, array, options).Read();
}

void FormatArray(std::string_view bytes, const Type& array, const TextOptions& options,
                 std::string* out) {
  const ArrayView view(bytes, array.id);
  const ArrayShape& shape = view.shape();
  const Vector elements = view.Elements(ElementOf(array));
  if (IsVector(array.id)) {
    for (uint32_t i = 0; i < view.size(); ++i) {
      if (i > 0) out->push_back(' ');
      FormatText(elements, i, options, out);
    }
    return;
  }
  if (view.size() == 0) {
    out->append("{}");
    return;
  }
  AppendBounds(shape, out);
  std::string text;
  for (uint32_t i = 0; i < view.size(); ++i) {
    // How many dimensions begin before this element, and end after it.
    size_t begins = 0;
    size_t ends = 0;
    size_t span = 1;
    for (int d = shape.dimensions; d-- > 0;) {
      span *= shape.length(d);
      begins += i % span == 0 ? 1 : 0;
      ends += (i + 1) % span == 0 ? 1 : 0;
    }
    if (i > 0) out->push_back(',');
    out->append(begins, '{');
    if (view.is_null(i)) {
      out->append("NULL");
    } else {
      text.clear();
      FormatText(elements, i, options, &text);
      AppendElement(text, out);
    }
    out->append(ends, '}');
  }
}

}  // namespace adbms::types
