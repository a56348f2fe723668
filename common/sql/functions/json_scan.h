// Walking over JSON as text, without a tree. The input is valid JSON: its type has checked it. Pure
// functions; views returned are parts of the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/types/json_reader.h"

namespace adbms::sql::functions {

std::string_view SkipJsonSpaces(std::string_view text);
// Bytes of the string literal, or of the value, at the start of `text`.
size_t JsonStringLength(std::string_view text);
size_t JsonValueLength(std::string_view text);
// The text of a string literal, quotes included in `literal`.
std::string UnescapeJson(std::string_view literal);
using types::AppendJsonString;

// Whether its escapes stand for characters, which whoever looks into a value asks for, although the
// type takes others too. Errors: 22P02, 22P05.
absl::Status CheckJsonEscapes(std::string_view json);

// Calls visit(key, value) for each member, or visit("", value) for each element, until it returns
// false.
template <typename Visit>
void ForEachInJson(std::string_view json, Visit visit) {
  json = SkipJsonSpaces(json);
  const bool object = !json.empty() && json[0] == '{';
  if (json.empty() || (!object && json[0] != '[')) return;
  json = SkipJsonSpaces(json.substr(1));
  while (!json.empty() && json[0] != '}' && json[0] != ']') {
    std::string_view key;
    if (object) {
      key = json.substr(0, JsonStringLength(json));
      json = SkipJsonSpaces(json.substr(key.size()));
      if (!json.empty()) json.remove_prefix(1);  // ':'
      json = SkipJsonSpaces(json);
    }
    const std::string_view value = json.substr(0, JsonValueLength(json));
    if (!visit(key, value)) return;
    json = SkipJsonSpaces(json.substr(value.size()));
    if (!json.empty() && json[0] == ',') json = SkipJsonSpaces(json.substr(1));
  }
}

// The member of an object (the last of equal keys), or the element of an array (from the end when
// negative); nothing when there is none, or `json` is of another kind.
std::optional<std::string_view> JsonMember(std::string_view json, std::string_view key);
std::optional<std::string_view> JsonElement(std::string_view json, int64_t index);
// One step of a path: a key of an object, an index of an array.
std::optional<std::string_view> JsonStep(std::string_view json, std::string_view step);
// A string without its quotes, other values as they are written, JSON's null as nothing.
std::optional<std::string> JsonAsText(std::optional<std::string_view> value);

}  // namespace adbms::sql::functions
