// LIKE and regular expressions.
#include <algorithm>
#include <memory>
#include <optional>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/like.h"
#include "common/sql/functions/regex.h"
#include "common/sql/functions/unicode.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/bytes_text.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::TypeId;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

template <bool kNegated, bool kIgnoreCase>
absl::Status Like(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                  uint32_t rows, Vector* result) {
  const View* texts = arguments[0]->data<View>();
  const View* patterns = arguments[1]->data<View>();
  auto* out = result->data<uint8_t>();
  LikePattern pattern;
  bool failed = false;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    if constexpr (kIgnoreCase) {
      pattern.Prepare(ToLower(patterns[row]));
      ASSIGN_OR_RETURN(const bool matches, pattern.Matches(ToLower(texts[row]), context, &failed));
      out[row] = matches != kNegated;
    } else {
      pattern.Prepare(patterns[row]);
      ASSIGN_OR_RETURN(const bool matches, pattern.Matches(texts[row], context, &failed));
      out[row] = matches != kNegated;
    }
  }
  return failed ? LikePattern::EndsWithEscape() : absl::OkStatus();
}

// LIKE … ESCAPE: the pattern rewritten for the escape character '\'.
absl::StatusOr<std::string> LikeEscape(const View& pattern, const View& escape) {
  if (types::Utf8Length(escape) > 1) {
    return Error(sqlstate::kInvalidEscape, "invalid escape string", {},
                 "Escape string must be empty or one character.");
  }
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    if (!escape.empty() && pattern.substr(i, escape.size()) == escape) {
      i += escape.size();
      if (i >= pattern.size()) {
        return Error(sqlstate::kInvalidEscape, "LIKE pattern must not end with escape character");
      }
      out.push_back('\\');
      const size_t length = CharacterLength(pattern[i]);
      out.append(pattern.substr(i, length));
      i += length;
    } else {
      if (pattern[i] == '\\') out.push_back('\\');
      out.push_back(pattern[i++]);
    }
  }
  return out;
}

// SIMILAR TO's pattern as a regular expression. An escaped '"' separates the three parts of
// SUBSTRING's: the first as short as can be, the second, which is the result, as long as can be.
absl::StatusOr<std::string> SimilarEscape(const View& pattern, const View& escape) {
  if (types::Utf8Length(escape) > 1) {
    return Error(sqlstate::kInvalidEscape, "invalid escape string", {},
                 "Escape string must be empty or one character.");
  }
  std::string out = "^(?:";
  int separators = 0;
  bool in_brackets = false;
  bool alternatives = false;
  // In the first part a repetition takes as little as it can.
  size_t first_part = out.size();
  const auto make_reluctant = [&out, &first_part] {
    std::string part;
    bool brackets = false;
    for (size_t i = first_part; i < out.size(); ++i) {
      const char c = out[i];
      part.push_back(c);
      if (c == '\\' && i + 1 < out.size()) {
        part.push_back(out[++i]);
      } else if (c == '[' || c == ']') {
        brackets = c == '[';
      } else if (!brackets &&
                 (c == '*' || c == '+' || c == '}' || (c == '?' && out[i - 1] != '('))) {
        part.push_back('?');
      }
    }
    out.resize(first_part);
    out += part;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (!escape.empty() && pattern.substr(i, escape.size()) == escape) {
      i += escape.size();
      if (i >= pattern.size()) break;
      if (pattern[i] == '"' && !in_brackets) {
        if (++separators == 1) {
          make_reluctant();
          out += ")(";
        } else if (separators == 2) {
          out += ")(?:";
        } else {
          return Error("2200C",
                       "SQL regular expression may not contain more than two escape-double-quote "
                       "separators");
        }
        continue;
      }
      out.push_back('\\');
      out.push_back(pattern[i]);
    } else if (in_brackets) {
      if (c == '\\') out.push_back('\\');
      if (c == ']') in_brackets = false;
      out.push_back(c);
    } else if (c == '[') {
      in_brackets = true;
      out.push_back(c);
    } else if (c == '%') {
      out.append(".*");
    } else if (c == '_') {
      out.push_back('.');
    } else if (c == '(') {
      out.append("(?:");
    } else {
      alternatives |= c == '|';
      if (c == '\\' || c == '.' || c == '^' || c == '$') out.push_back('\\');
      out.push_back(c);
    }
  }
  if (separators > 0 && alternatives) {
    return status::NotSupported("alternatives in a pattern of SUBSTRING ... SIMILAR");
  }
  return out + ")$";
}

template <bool kNegated, bool kIgnoreCase>
absl::Status MatchRegex(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t rows,
                        Vector* result) {
  Regex regex;
  RegexFlags flags;
  flags.ignore_case = kIgnoreCase;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(regex.Prepare(arguments[1]->data<View>()[row], flags));
    ASSIGN_OR_RETURN(const bool found, regex.Matches(arguments[0]->data<View>()[row], &context));
    result->data<uint8_t>()[row] = found != kNegated;
  }
  return absl::OkStatus();
}

// PostgreSQL's replacement text: \1 to \9, \& and \\.
void AppendReplacement(View replacement, const std::vector<View>& groups, std::string* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 >= replacement.size()) {
      out->push_back(replacement[i]);
      continue;
    }
    const char c = replacement[++i];
    if (c == '&' || (c >= '0' && c <= '9')) {
      const size_t group = c == '&' ? 0 : static_cast<size_t>(c - '0');
      if (group < groups.size()) out->append(groups[group]);
    } else if (c == '\\') {
      out->push_back('\\');
    } else {
      out->append(1, '\\').append(1, c);
    }
  }
}

// Errors: 54000 for a result that is no text's length; 53200; 57014.
absl::StatusOr<std::string> ReplaceMatches(const EvaluationContext& context, Regex* regex,
                                           View text, View replacement, bool global) {
  GrowingText grown(context);
  regex->SetText(text, &context);
  std::vector<View> groups;
  std::string out;
  size_t position = 0;
  size_t copied = 0;
  while (position <= text.size()) {
    ASSIGN_OR_RETURN(const bool matches, regex->Find(position, &groups));
    if (!matches) break;
    const auto start = static_cast<size_t>(groups[0].data() - text.data());
    out.append(text.substr(copied, start - copied));
    AppendReplacement(replacement, groups, &out);
    RETURN_IF_ERROR(grown.Reached(out.size()));
    RETURN_IF_ERROR(context.Handled(start - position + groups[0].size() + 64));
    copied = start + groups[0].size();
    if (!global) break;
    position = copied;
    if (groups[0].empty()) {
      if (position >= text.size()) break;
      const size_t length = CharacterLength(text[position]);
      out.append(text.substr(position, length));
      position += length;
      copied = position;
    }
  }
  if (copied < text.size()) {
    RETURN_IF_ERROR(grown.Reached(out.size() + text.size() - copied));
    out.append(text.substr(copied));
  }
  return out;
}

absl::Status RegexpReplace(const EvaluationContext& context,
                           const std::vector<const Vector*>& arguments, uint32_t rows,
                           Vector* result) {
  Regex regex;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const View options = arguments.size() > 3 ? arguments[3]->data<View>()[row] : View();
    ASSIGN_OR_RETURN(const RegexFlags flags, ReadRegexFlags(options));
    RETURN_IF_ERROR(regex.Prepare(arguments[1]->data<View>()[row], flags));
    ASSIGN_OR_RETURN(const std::string replaced,
                     ReplaceMatches(context, &regex, arguments[0]->data<View>()[row],
                                    arguments[2]->data<View>()[row], flags.global));
    result->data<View>()[row] = result->arena()->Add(replaced);
    if (result->strings_refused()) return result->StringsRefusal();
  }
  return absl::OkStatus();
}

// substring(text similar pattern escape character)
absl::StatusOr<std::optional<std::string>> SubstringSimilar(const View& text, const View& pattern,
                                                            const View& escape) {
  ASSIGN_OR_RETURN(const std::string translated, SimilarEscape(pattern, escape));
  Regex regex;
  RETURN_IF_ERROR(regex.Prepare(translated, {}));
  std::vector<View> groups;
  regex.SetText(text, nullptr);
  ASSIGN_OR_RETURN(const bool matches, regex.Find(0, &groups));
  if (!matches) return std::optional<std::string>();
  return std::optional<std::string>(groups[std::min<size_t>(1, groups.size() - 1)]);
}

// regexp_match (an array of the groups) and substring(text from pattern) (the first group).
template <bool kArray>
absl::Status RegexpMatch(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t rows,
                         Vector* result) {
  Regex regex;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const View options = arguments.size() > 2 ? arguments[2]->data<View>()[row] : View();
    ASSIGN_OR_RETURN(const RegexFlags flags, ReadRegexFlags(options));
    if (flags.global)
      return status::Error(status::sqlstate::kInvalidParameterValue,
                           "regexp_match() does not support the \"global\" option", {},
                           "Use the regexp_matches function instead.");
    RETURN_IF_ERROR(regex.Prepare(arguments[1]->data<View>()[row], flags));
    const View text = arguments[0]->data<View>()[row];
    RETURN_IF_ERROR(context.Handled(text.size() + 64));
    // What is found, and the array's text that is made of it.
    ScratchMemory scratch(context);
    RETURN_IF_ERROR(scratch.Take(3 * text.size()));
    std::vector<View> groups;
    regex.SetText(text, &context);
    ASSIGN_OR_RETURN(const bool matches, regex.Find(0, &groups));
    if (!matches) {
      result->SetNull(row);
      continue;
    }
    if (groups.size() > 1) groups.erase(groups.begin());
    if constexpr (kArray) {
      std::vector<types::ArrayElement> elements;
      for (const View group : groups)
        elements.push_back({std::string(group), group.data() == nullptr});
      result->data<View>()[row] = result->arena()->Add(types::TextArray(elements));
      if (result->strings_refused()) return result->StringsRefusal();
    } else if (groups[0].data() == nullptr) {
      result->SetNull(row);
    } else {
      result->data<View>()[row] = result->arena()->Add(groups[0]);
    }
  }
  return absl::OkStatus();
}

// 22023 for 'g': such a function finds all matches, or only one, whatever is said.
absl::Status RefuseGlobal(const RegexFlags& flags, View function) {
  if (!flags.global) return absl::OkStatus();
  return Error(sqlstate::kInvalidParameterValue,
               std::string(function) + " does not support the \"global\" option");
}

absl::Status RegexpSplit(const EvaluationContext& context,
                         const std::vector<const Vector*>& arguments, uint32_t rows,
                         Vector* result) {
  Regex regex;
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const View options = arguments.size() > 2 ? arguments[2]->data<View>()[row] : View();
    ASSIGN_OR_RETURN(const RegexFlags flags, ReadRegexFlags(options));
    RETURN_IF_ERROR(RefuseGlobal(flags, "regexp_split_to_array()"));
    RETURN_IF_ERROR(regex.Prepare(arguments[1]->data<View>()[row], flags));
    const View text = arguments[0]->data<View>()[row];
    ScratchMemory scratch(context);
    std::vector<types::ArrayElement> elements;
    size_t position = 0;
    size_t start = 0;
    regex.SetText(text, &context);
    std::vector<View> groups;
    // An empty match at the start, at the end or right after a match is none.
    while (position < text.size()) {
      ASSIGN_OR_RETURN(const bool matches, regex.Find(position, &groups));
      if (!matches) break;
      const View match = groups[0];
      const auto found = static_cast<size_t>(match.data() - text.data());
      if (match.empty() && found >= text.size()) break;
      if (match.empty() && found == start) {
        position = found + CharacterLength(text[found]);
        continue;
      }
      RETURN_IF_ERROR(scratch.Take(3 * sizeof(types::ArrayElement) + 2 * (found - start)));
      RETURN_IF_ERROR(context.Handled(found - start + 64));
      elements.push_back({std::string(text.substr(start, found - start)), false});
      start = found + match.size();
      position = start;
    }
    elements.push_back({std::string(text.substr(start)), false});
    result->data<View>()[row] = result->arena()->Add(types::TextArray(elements));
    if (result->strings_refused()) return result->StringsRefusal();
  }
  return absl::OkStatus();
}

}  // namespace

void AddPatterns(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId boolean = TypeId::kBool;
  for (const TypeId id : {TypeId::kText, TypeId::kBpchar, TypeId::kName}) {
    builder.AddOperator("~~", {id, text}, boolean, Like<false, false>, {}, "!~~");
    builder.AddOperator("!~~", {id, text}, boolean, Like<true, false>, {}, "~~");
    builder.AddOperator("~~*", {id, text}, boolean, Like<false, true>, {}, "!~~*");
    builder.AddOperator("!~~*", {id, text}, boolean, Like<true, true>, {}, "~~*");
    builder.AddOperator("~", {id, text}, boolean, MatchRegex<false, false>, {}, "!~");
    builder.AddOperator("!~", {id, text}, boolean, MatchRegex<true, false>, {}, "~");
    builder.AddOperator("~*", {id, text}, boolean, MatchRegex<false, true>, {}, "!~*");
    builder.AddOperator("!~*", {id, text}, boolean, MatchRegex<true, true>, {}, "~*");
  }
  builder.AddFunction("like_escape", {text, text}, text, Map<LikeEscape>);
  builder.AddFunction("similar_to_escape", {text}, text,
                      Map<[](const View& pattern) { return SimilarEscape(pattern, "\\"); }>);
  builder.AddFunction("similar_to_escape", {text, text}, text, Map<SimilarEscape>);
  builder.AddFunction("regexp_replace", {text, text, text}, text, RegexpReplace);
  builder.AddFunction("regexp_replace", {text, text, text, text}, text, RegexpReplace);
  builder.AddFunction("regexp_match", {text, text}, TypeId::kTextArray, RegexpMatch<true>);
  builder.AddFunction("regexp_match", {text, text, text}, TypeId::kTextArray, RegexpMatch<true>);
  builder.AddFunction("regexp_split_to_array", {text, text}, TypeId::kTextArray, RegexpSplit);
  builder.AddFunction("regexp_split_to_array", {text, text, text}, TypeId::kTextArray, RegexpSplit);
  builder.AddFunction("substring", {text, text}, text, RegexpMatch<false>);
  builder.AddFunction("substring", {text, text, text}, text, Map<SubstringSimilar>);
}

}  // namespace adbms::sql::functions
