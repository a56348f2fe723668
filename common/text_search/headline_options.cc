// The options of ts_headline.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/text_search/headline.h"
#include "common/types/number_text.h"

namespace adbms::text_search {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

// Of what stands around words and between fragments.
constexpr size_t kLongestMark = 32767;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Reads name = value, name = value, with values in either quotes or plain.
class OptionReader {
 public:
  explicit OptionReader(std::string_view text) : text_(text) {}

  // False at the end. Errors: 42601.
  absl::StatusOr<bool> Next(std::string* name, std::string* value) {
    while (at_ < text_.size() && (IsSpace(text_[at_]) || text_[at_] == ',')) ++at_;
    if (at_ >= text_.size()) return false;
    name->clear();
    value->clear();
    if (text_[at_] == '"') {
      RETURN_IF_ERROR(Quoted('"', name));
    } else {
      // Its first character is one of the name whatever it is.
      do {
        name->push_back(text_[at_++]);
      } while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != '=');
    }
    SkipSpaces();
    if (at_ >= text_.size() || text_[at_] != '=') return Malformed();
    ++at_;
    SkipSpaces();
    if (at_ >= text_.size()) return Malformed();
    if (text_.substr(at_, 2) == "E'") ++at_;
    const char c = text_[at_];
    if (c == '\'' || c == '"') {
      RETURN_IF_ERROR(Quoted(c, value));
      return true;
    }
    do {
      value->push_back(text_[at_++]);
    } while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != ',');
    return true;
  }

 private:
  absl::Status Malformed() const {
    return Error(sqlstate::kSyntaxError,
                 absl::StrCat("invalid parameter list format: \"", std::string(text_), "\""));
  }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  absl::Status Quoted(char quote, std::string* out) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool doubled = at_ + 1 < text_.size() && text_[at_ + 1] == c;
      if (c == quote && !doubled) {
        ++at_;
        return absl::OkStatus();
      }
      if (doubled && (c == quote || (c == '\\' && quote == '\''))) ++at_;
      out->push_back(c);
    }
    return Malformed();
  }

  const std::string_view text_;
  size_t at_ = 0;
};

bool IsYes(const std::string& value) {
  for (const char* yes : {"1", "on", "true", "t", "y", "yes"}) {
    if (absl::EqualsIgnoreCase(value, yes)) return true;
  }
  return false;
}

absl::Status SetOption(const std::string& name, std::string value, HeadlineOptions* options) {
  const std::pair<const char*, int*> kNumbers[] = {{"MaxWords", &options->max_words},
                                                   {"MinWords", &options->min_words},
                                                   {"ShortWord", &options->short_word},
                                                   {"MaxFragments", &options->max_fragments}};
  for (const auto& [option, target] : kNumbers) {
    if (!absl::EqualsIgnoreCase(name, option)) continue;
    int64_t number = 0;
    RETURN_IF_ERROR(types::ParseInteger(value, types::TypeId::kInt4, &number));
    *target = static_cast<int>(number);
    return absl::OkStatus();
  }
  const std::pair<const char*, std::string*> kTexts[] = {
      {"StartSel", &options->start},
      {"StopSel", &options->stop},
      {"FragmentDelimiter", &options->delimiter}};
  for (const auto& [option, target] : kTexts) {
    if (!absl::EqualsIgnoreCase(name, option)) continue;
    if (value.size() > kLongestMark)
      return Error(sqlstate::kInvalidParameterValue,
                   absl::StrCat("value for \"", option, "\" is too long"));
    *target = std::move(value);
    return absl::OkStatus();
  }
  if (!absl::EqualsIgnoreCase(name, "HighlightAll"))
    return Error(sqlstate::kInvalidParameterValue,
                 absl::StrCat("unrecognized headline parameter: \"", name, "\""));
  options->highlight_all = IsYes(value);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HeadlineOptions> HeadlineOptions::Parse(std::string_view text) {
  HeadlineOptions options;
  OptionReader reader(text);
  std::string name;
  std::string value;
  while (true) {
    ASSIGN_OR_RETURN(const bool any, reader.Next(&name, &value));
    if (!any) break;
    RETURN_IF_ERROR(SetOption(name, std::move(value), &options));
  }
  const auto refuse = [](std::string_view what) {
    return Error(sqlstate::kInvalidParameterValue, what);
  };
  if (options.highlight_all) return options;
  if (options.min_words >= options.max_words)
    return refuse("MinWords should be less than MaxWords");
  if (options.min_words <= 0) return refuse("MinWords should be positive");
  if (options.short_word < 0) return refuse("ShortWord should be >= 0");
  if (options.max_fragments < 0) return refuse("MaxFragments should be >= 0");
  return options;
}

}  // namespace adbms::text_search
