#include "services/storage/catalog/identifier_text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace adbms::storage::catalog {
namespace {

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         (c & 0x80) != 0;
}

// Calls `visit(token, is_identifier)` for consecutive pieces that make up `sql`; an identifier's
// name comes unquoted and folded in `name`.
template <typename Visit>
void Walk(std::string_view sql, Visit visit) {
  size_t i = 0;
  while (i < sql.size()) {
    size_t end = i + 1;
    if (sql[i] == '\'') {
      while (end < sql.size() && sql[end] != '\'') ++end;
      end = std::min(end + 1, sql.size());
      visit(sql.substr(i, end - i), std::string(), false);
    } else if (sql[i] == '"') {
      while (end < sql.size() && sql[end] != '"') ++end;
      end = std::min(end + 1, sql.size());
      visit(sql.substr(i, end - i), std::string(sql.substr(i + 1, end - i - 2)), true);
    } else if (IsWord(sql[i]) && std::isdigit(static_cast<unsigned char>(sql[i])) == 0) {
      while (end < sql.size() && IsWord(sql[end])) ++end;
      std::string name(sql.substr(i, end - i));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const bool call = end < sql.size() && sql[end] == '(';
      visit(sql.substr(i, end - i), name, !call);
    } else {
      visit(sql.substr(i, 1), std::string(), false);
    }
    i = end;
  }
}

}  // namespace

bool MentionsIdentifier(std::string_view sql, std::string_view name) {
  bool found = false;
  Walk(sql, [&](std::string_view, const std::string& identifier, bool is_identifier) {
    found |= is_identifier && identifier == name;
  });
  return found;
}

std::string ReplaceIdentifier(std::string_view sql, std::string_view name,
                              std::string_view replacement) {
  std::string result;
  Walk(sql, [&](std::string_view token, const std::string& identifier, bool is_identifier) {
    if (is_identifier && identifier == name) {
      result += QuoteIdentifier(replacement);
    } else {
      result += token;
    }
  });
  return result;
}

std::string QuoteIdentifier(std::string_view name) {
  static constexpr std::array<std::string_view, 42> kReserved = {
      "all",    "analyse", "analyze", "and",      "any",   "array",   "as",
      "asc",    "both",    "case",    "cast",     "check", "collate", "column",
      "create", "default", "desc",    "distinct", "do",    "else",    "end",
      "except", "false",   "for",     "from",     "grant", "group",   "having",
      "in",     "into",    "limit",   "not",      "null",  "on",      "or",
      "order",  "primary", "select",  "table",    "to",    "user",    "where"};
  bool plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
  for (char c : name) {
    plain &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }
  if (plain && std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end())
    return std::string(name);
  std::string result = "\"";
  for (char c : name) {
    if (c == '"') result.push_back('"');
    result.push_back(c);
  }
  return result + "\"";
}

}  // namespace adbms::storage::catalog
