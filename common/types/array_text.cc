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

}  // namespace

absl::StatusOr<std::vector<ArrayElement>> ParseArray(std::string_view text) {
  std::vector<ArrayElement> elements;
  const std::string_view body = TrimSpaces(text);
  if (body.empty() || body.front() != '{') {
    if (!body.empty() && body.front() == '[')
      return status::NotSupported("array with explicit bounds");
    return Malformed(text, "Array value must start with \"{\" or dimension information.");
  }
  if (body.size() < 2) return Malformed(text, "Unexpected end of input.");
  size_t i = 1;
  const auto skip_spaces = [&] {
    while (i < body.size() && IsSpace(body[i])) ++i;
  };
  skip_spaces();
  if (i < body.size() && body[i] == '}') {
    if (i + 1 != body.size()) return Malformed(text, "Junk after closing right brace.");
    return elements;
  }
  while (true) {
    skip_spaces();
    if (i >= body.size()) return Malformed(text, "Unexpected end of input.");
    ArrayElement element;
    if (body[i] == '{') return status::NotSupported("multidimensional array");
    if (body[i] == '"') {
      for (++i; i < body.size() && body[i] != '"'; ++i) {
        if (body[i] == '\\' && ++i >= body.size()) break;
        element.text.push_back(body[i]);
      }
      if (i >= body.size()) return Malformed(text, "Unexpected end of input.");
      ++i;
      skip_spaces();
    } else {
      bool escaped = false;
      size_t kept = 0;  // Up to the last character that is no trailing blank.
      for (; i < body.size() && body[i] != ',' && body[i] != '}'; ++i) {
        if (body[i] == '"') return Malformed(text, "Incorrectly quoted array element.");
        if (body[i] == '{') return Malformed(text, "Unexpected \"{\" character.");
        const bool escape = body[i] == '\\';
        if (escape && ++i >= body.size()) break;
        escaped |= escape;
        element.text.push_back(body[i]);
        if (escape || !IsSpace(body[i])) kept = element.text.size();
      }
      element.text.resize(kept);
      if (element.text.empty()) {
        const std::string found = i < body.size() ? std::string(1, body[i]) : std::string();
        return Malformed(text, "Unexpected \"" + found + "\" character.");
      }
      element.null = !escaped && EqualsIgnoreCase(element.text, "null");
      if (element.null) element.text.clear();
    }
    elements.push_back(std::move(element));
    if (i >= body.size()) return Malformed(text, "Unexpected end of input.");
    if (body[i] == '}') break;
    if (body[i] != ',') return Malformed(text, "Unexpected array element.");
    ++i;
  }
  if (i + 1 != body.size()) return Malformed(text, "Junk after closing right brace.");
  return elements;
}

std::string FormatArray(const std::vector<ArrayElement>& elements) {
  std::string out = "{";
  for (const auto& element : elements) {
    if (out.size() > 1) out.push_back(',');
    if (element.null) {
      out.append("NULL");
    } else if (NeedsQuotes(element.text)) {
      out.push_back('"');
      for (const char c : element.text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
      }
      out.push_back('"');
    } else {
      out.append(element.text);
    }
  }
  out.push_back('}');
  return out;
}

}  // namespace adbms::types
