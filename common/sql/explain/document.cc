#include "common/sql/explain/document.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

namespace adbms::sql::explain {
namespace {

using Kind = Item::Kind;

// Of JSON, which is one of YAML, too.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out += buffer;
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string Json(const Item& item, size_t indent) {
  if (item.kind == Kind::kText) return Quoted(item.value);
  if (item.kind == Kind::kNumber) return item.value;
  const bool list = item.kind == Kind::kList;
  std::string out = list ? "[" : "{";
  for (size_t i = 0; i < item.items.size(); ++i) {
    absl::StrAppend(&out, i > 0 ? ",\n" : "\n", std::string(indent + 2, ' '));
    if (!list) absl::StrAppend(&out, Quoted(item.items[i].name), ": ");
    out += Json(item.items[i], indent + 2);
  }
  return absl::StrCat(out, "\n", std::string(indent, ' '), list ? "]" : "}");
}

// The lines of a group after the place where its first one begins.
std::string Yaml(const Item& group, size_t indent) {
  std::string out;
  for (const Item& item : group.items) {
    if (!out.empty()) absl::StrAppend(&out, "\n", std::string(indent, ' '));
    absl::StrAppend(&out, item.name, ": ");
    if (item.kind == Kind::kText) out += Quoted(item.value);
    if (item.kind == Kind::kNumber) out += item.value;
    const std::string inner(indent + 2, ' ');
    if (item.kind == Kind::kGroup) absl::StrAppend(&out, "\n", inner, Yaml(item, indent + 2));
    if (item.kind != Kind::kList) continue;
    for (const Item& one : item.items)
      absl::StrAppend(&out, "\n", inner, "- ", Yaml(one, indent + 4));
  }
  return out;
}

std::string XmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#x0d;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string Xml(const Item& item, size_t indent) {
  std::string tag = item.name;
  std::replace(tag.begin(), tag.end(), ' ', '-');
  const std::string pad(indent, ' ');
  if (item.kind == Kind::kText || item.kind == Kind::kNumber)
    return absl::StrCat(pad, "<", tag, ">", XmlText(item.value), "</", tag, ">\n");
  std::string out = absl::StrCat(pad, "<", tag, ">\n");
  for (const Item& inner : item.items) out += Xml(inner, indent + 2);
  return absl::StrCat(out, pad, "</", tag, ">\n");
}

}  // namespace

Item Item::Text(std::string_view name, std::string_view value) {
  return {Kind::kText, std::string(name), std::string(value), {}};
}
Item Item::Number(std::string_view name, std::string_view value) {
  return {Kind::kNumber, std::string(name), std::string(value), {}};
}
Item Item::Group(std::string_view name, std::vector<Item> items) {
  return {Kind::kGroup, std::string(name), {}, std::move(items)};
}
Item Item::List(std::string_view name, std::vector<Item> items) {
  return {Kind::kList, std::string(name), {}, std::move(items)};
}

std::string Print(const Item& query, ExplainFormat format) {
  if (format == ExplainFormat::kJson) return Json(Item::List("", {query}), 0);
  if (format == ExplainFormat::kYaml) return "- " + Yaml(query, 2);
  return absl::StrCat("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n", Xml(query, 2),
                      "</explain>");
}

}  // namespace adbms::sql::explain
