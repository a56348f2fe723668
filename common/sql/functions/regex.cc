#include "common/sql/functions/regex.h"

#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

// PostgreSQL's ARE as RE2 reads it.
absl::StatusOr<std::string> Translate(View pattern, bool stops_at_lines, bool* reluctant) {
  std::string out;
  *reluctant = false;
  bool in_brackets = false;
  if (pattern.substr(0, 3) == "***")
    return status::NotSupported("regular expression director \"***\"");
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '\\' && next != '\0') {
      if (next >= '1' && next <= '9' && !in_brackets) {
        return status::NotSupported("back reference in a regular expression");
      }
      if (!in_brackets && (next == 'm' || next == 'M')) {
        return status::NotSupported("regular expression escape \\m or \\M");
      }
      if (next == 'b' || next == 'B') {
        // A backspace, and a backslash.
        out.append(next == 'b' ? "\\x08" : "\\\\");
        ++i;
        continue;
      }
      out.push_back('\\');
      out.push_back(!in_brackets && next == 'y' ? 'b' : !in_brackets && next == 'Y' ? 'B' : next);
      ++i;
      continue;
    }
    if (in_brackets) {
      if (c == '[' && next == ':') {
        const size_t end = pattern.find(":]", i + 2);
        if (end != View::npos) {
          out.append(pattern.substr(i, end + 2 - i));
          i = end + 1;
          continue;
        }
      }
      if (c == ']') in_brackets = false;
      if (c == '[') out.push_back('\\');
      out.push_back(c);
      continue;
    }
    if (c == '[') {
      if (pattern.substr(i, 7) == "[[:<:]]" || pattern.substr(i, 7) == "[[:>:]]") {
        return status::NotSupported("word boundary in brackets");
      }
      in_brackets = true;
      out.push_back(c);
      if (next == '^') {
        out.push_back(pattern[++i]);
        if (stops_at_lines) out.append("\\n");
      }
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') {
        out.append("\\]");
        ++i;
      }
      continue;
    }
    if (c == '(' && next == '?' && i + 2 < pattern.size()) {
      const char kind = pattern[i + 2];
      if (kind == '=' || kind == '!' || kind == '<') {
        return status::NotSupported("look-around in a regular expression");
      }
    }
    if ((c == '*' || c == '+' || c == '?' || c == '}') && next == '?') *reluctant = true;
    out.push_back(c);
  }
  return out;
}

}  // namespace

absl::StatusOr<RegexFlags> ReadRegexFlags(View text) {
  RegexFlags flags;
  for (const char c : text) {
    if (c == 'i') {
      flags.ignore_case = true;
    } else if (c == 'g') {
      flags.global = true;
    } else if (c == 'n' || c == 'm') {
      flags.lines = true;
    } else if (c == 'c') {
      flags.ignore_case = false;
    } else if (c != 's' && c != 't' && c != 'e') {
      return Error(sqlstate::kInvalidParameterValue,
                   std::string("invalid regular expression option: \"") + c + "\"");
    }
  }
  return flags;
}

absl::Status Regex::Prepare(View pattern, const RegexFlags& flags) {
  if (regex_ != nullptr && pattern == pattern_ && flags == flags_) return absl::OkStatus();
  bool reluctant = false;
  const bool stops_at_lines = flags.lines || flags.dot_stops;
  std::string translated(pattern);
  if (!flags.literal) {
    ASSIGN_OR_RETURN(translated, Translate(pattern, stops_at_lines, &reluctant));
    if (flags.lines || flags.line_anchors) translated.insert(0, "(?m)");
  }
  RE2::Options options;
  options.set_literal(flags.literal);
  options.set_log_errors(false);
  options.set_case_sensitive(!flags.ignore_case);
  options.set_dot_nl(!stops_at_lines);
  options.set_longest_match(!reluctant);
  options.set_max_mem(int64_t{16} << 20);
  auto regex = std::make_unique<RE2>(translated, options);
  if (!regex->ok()) {
    const bool parenthesis = regex->error_code() == RE2::ErrorMissingParen ||
                             regex->error_code() == RE2::ErrorUnexpectedParen;
    return Error(sqlstate::kInvalidRegex,
                 "invalid regular expression: " +
                     (parenthesis ? "parentheses () not balanced" : regex->error()));
  }
  regex_ = std::move(regex);
  pattern_ = pattern;
  flags_ = flags;
  return absl::OkStatus();
}

}  // namespace adbms::sql::functions
