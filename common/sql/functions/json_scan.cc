#include "common/sql/functions/json_scan.h"

#include <algorithm>

#include "common/sql/functions/jsonb_path.h"
#include "common/sql/functions/unicode.h"
#include "common/types/number_text.h"

namespace adbms::sql::functions {
namespace {

using View = std::string_view;

uint32_t HexValue(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits) {
    value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

// Reads a value for its errors.
class Ignore : public types::JsonSink {
 public:
  absl::Status BeginObject() override { return absl::OkStatus(); }
  absl::Status EndObject() override { return absl::OkStatus(); }
  absl::Status BeginArray() override { return absl::OkStatus(); }
  absl::Status EndArray() override { return absl::OkStatus(); }
  absl::Status Key(View) override { return absl::OkStatus(); }
  absl::Status String(View) override { return absl::OkStatus(); }
  absl::Status Number(View) override { return absl::OkStatus(); }
  absl::Status Bool(bool) override { return absl::OkStatus(); }
  absl::Status Null() override { return absl::OkStatus(); }
};

}  // namespace

View SkipJsonSpaces(View text) {
  while (!text.empty() && types::IsSpace(text.front())) text.remove_prefix(1);
  return text;
}

size_t JsonStringLength(View text) {
  size_t i = 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

size_t JsonValueLength(View text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return JsonStringLength(text);
  if (text[0] != '{' && text[0] != '[') {
    size_t i = 0;
    while (i < text.size() && View(",]} \t\r\n").find(text[i]) == View::npos) ++i;
    return i;
  }
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i += JsonStringLength(text.substr(i));
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
    if (depth == 0) return i;
  }
  return text.size();
}

absl::Status CheckJsonEscapes(View json) {
  if (json.find("\\u") == View::npos) return absl::OkStatus();
  Ignore ignore;
  return types::ReadJson(json, &ignore);
}

std::string UnescapeJson(View literal) {
  std::string out;
  for (size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] != '\\') {
      out.push_back(literal[i]);
      continue;
    }
    const char c = literal[++i];
    switch (c) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        char32_t code = HexValue(literal.substr(i + 1, 4));
        i += 4;
        const bool high = code >= 0xd800 && code < 0xdc00;
        if (high && i + 6 < literal.size() && literal[i + 1] == '\\' && literal[i + 2] == 'u') {
          code = 0x10000 + ((code - 0xd800) << 10) + (HexValue(literal.substr(i + 3, 4)) - 0xdc00);
          i += 6;
        }
        AppendCharacter(code, &out);
        break;
      }
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::optional<View> JsonMember(View json, View key) {
  std::optional<View> found;
  if (SkipJsonSpaces(json).substr(0, 1) != "{") return found;
  ForEachInJson(json, [&](View name, View value) {
    if (UnescapeJson(name) == key) found = value;  // The last of equal keys counts.
    return true;
  });
  return found;
}

std::optional<View> JsonElement(View json, int64_t index) {
  std::optional<View> found;
  if (SkipJsonSpaces(json).substr(0, 1) != "[") return found;
  int64_t count = 0;
  if (index < 0) {
    ForEachInJson(json, [&](View, View) { return ++count, true; });
    index += count;
    if (index < 0) return found;
    count = 0;
  }
  ForEachInJson(json, [&](View, View value) {
    if (count++ != index) return true;
    found = value;
    return false;
  });
  return found;
}

std::optional<View> JsonStep(View json, View step) {
  if (SkipJsonSpaces(json).substr(0, 1) != "[") return JsonMember(json, step);
  const std::optional<int32_t> index = PathIndex(step);
  return index.has_value() ? JsonElement(json, *index) : std::nullopt;
}

std::optional<std::string> JsonAsText(std::optional<View> value) {
  if (!value.has_value() || *value == "null") return std::nullopt;
  if ((*value)[0] == '"') return UnescapeJson(*value);
  return std::string(*value);
}

}  // namespace adbms::sql::functions
