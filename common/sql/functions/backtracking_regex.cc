#include "common/sql/functions/backtracking_regex.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace adbms::sql::functions {
namespace {

using View = std::string_view;

constexpr uint32_t kMostSteps = 5'000'000;
constexpr uint32_t kMostHeapKib = 16 << 10;
// Between looks at interrupts: places where a match may begin, times what may be read from each.
constexpr size_t kWorkAtOnce = 4 << 20;
constexpr size_t kFewestPlaces = 256;

absl::Status Refusal(const char* what, int code) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(code, text, sizeof text);
  const bool too_much = code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_HEAPLIMIT ||
                        code == PCRE2_ERROR_DEPTHLIMIT;
  return status::Error(status::sqlstate::kInvalidRegex,
                       absl::StrCat(what, ": ",
                                    too_much ? "regular expression is too complex"
                                             : reinterpret_cast<const char*>(text)));
}

// The best of the matches that begin where the first one does.
struct Best {
  bool longest = false;
  bool found = false;
  size_t end = 0;
  std::vector<size_t> offsets;
};

// At the end of the pattern: keeps a better match, and asks for another one.
int Consider(pcre2_callout_block* block, void* data) {
  Best& best = *static_cast<Best*>(data);
  const size_t end = block->current_position;
  const bool better = !best.found || (best.longest ? end > best.end : end < best.end);
  if (better) {
    best.found = true;
    best.end = end;
    best.offsets.assign(block->offset_vector, block->offset_vector + 2 * block->capture_top);
    best.offsets[0] = block->start_match;
    best.offsets[1] = end;
  }
  // Nothing is better than all of it.
  const bool perfect = best.longest ? end == block->subject_length : end == block->start_match;
  return perfect ? 0 : 1;
}

}  // namespace

struct BacktrackingRegex::Compiled {
  ~Compiled() {
    pcre2_match_data_free(found);
    pcre2_match_context_free(context);
    pcre2_code_free(any);
    pcre2_code_free(every);
  }
  bool defines = false;
  pcre2_code* any = nullptr;
  pcre2_code* every = nullptr;  // The same, which calls Consider.
  pcre2_match_data* found = nullptr;
  pcre2_match_context* context = nullptr;
};

BacktrackingRegex::BacktrackingRegex(std::unique_ptr<Compiled> compiled)
    : compiled_(std::move(compiled)) {}
BacktrackingRegex::~BacktrackingRegex() = default;

absl::StatusOr<std::unique_ptr<BacktrackingRegex>> BacktrackingRegex::Compile(
    const std::string& pattern, const std::string& definition, bool ignore_case) {
  auto compiled = std::make_unique<Compiled>();
  compiled->defines = !definition.empty();
  const std::string defined =
      definition.empty() ? definition : absl::StrCat("(?(DEFINE)", definition, ")");
  const std::string one = absl::StrCat("(?:", pattern, ")", defined);
  const std::string every = absl::StrCat("(?:", pattern, ")(?C1)", defined);
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
  if (ignore_case) options |= PCRE2_CASELESS;
  int code = 0;
  size_t at = 0;
  const auto compile = [&](const std::string& text, uint32_t more) {
    return pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options | more,
                         &code, &at, nullptr);
  };
  compiled->any = compile(one, 0);
  if (compiled->any == nullptr) return Refusal("invalid regular expression", code);
  // All ways to match are wanted, so that none may be optimized away.
  compiled->every = compile(every, PCRE2_ANCHORED | PCRE2_NO_AUTO_POSSESS);
  if (compiled->every == nullptr) return Refusal("invalid regular expression", code);
  compiled->found = pcre2_match_data_create_from_pattern(compiled->any, nullptr);
  compiled->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(compiled->context, kMostSteps);
  pcre2_set_heap_limit(compiled->context, kMostHeapKib);
  return std::unique_ptr<BacktrackingRegex>(new BacktrackingRegex(std::move(compiled)));
}

size_t BacktrackingRegex::groups() const {
  uint32_t count = 0;
  pcre2_pattern_info(compiled_->any, PCRE2_INFO_CAPTURECOUNT, &count);
  return compiled_->defines ? count - 1 : count;
}

absl::StatusOr<int> BacktrackingRegex::Search(View text, size_t start,
                                              const EvaluationContext* context) {
  pcre2_set_callout(compiled_->context, nullptr, nullptr);
  for (size_t from = start;;) {
    const size_t left = text.size() - from;
    const size_t places = std::max(kFewestPlaces, kWorkAtOnce / (left + 1));
    const bool last = places >= left;
    pcre2_set_offset_limit(compiled_->context, last ? PCRE2_UNSET : from + places - 1);
    const int code =
        pcre2_match(compiled_->any, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                    PCRE2_NO_UTF_CHECK, compiled_->found, compiled_->context);
    if (code != PCRE2_ERROR_NOMATCH || last) return code;
    if (context != nullptr) RETURN_IF_ERROR(context->Handled(places * left));
    from += places;
    while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
  }
}

absl::StatusOr<bool> BacktrackingRegex::Find(View text, size_t start, Wish wish,
                                             std::vector<View>* groups,
                                             const EvaluationContext* context) {
  ASSIGN_OR_RETURN(int code, Search(text, start, context));
  if (code == PCRE2_ERROR_NOMATCH) return false;
  if (code < 0) return Refusal("regular expression failed", code);
  if (groups == nullptr) return true;
  const size_t* offsets = pcre2_get_ovector_pointer(compiled_->found);
  Best best{.longest = wish == Wish::kLongest, .found = false, .end = 0, .offsets = {}};
  if (wish == Wish::kAny) {
    best.offsets.assign(offsets, offsets + 2 * pcre2_get_ovector_count(compiled_->found));
  } else {
    pcre2_set_callout(compiled_->context, Consider, &best);
    pcre2_set_offset_limit(compiled_->context, PCRE2_UNSET);
    code = pcre2_match(compiled_->every, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                       offsets[0], PCRE2_NO_UTF_CHECK, compiled_->found, compiled_->context);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH) return Refusal("regular expression failed", code);
  }
  groups->assign(this->groups() + 1, View());
  for (size_t i = 0; i < groups->size() && 2 * i + 1 < best.offsets.size(); ++i) {
    if (best.offsets[2 * i] == PCRE2_UNSET) continue;
    (*groups)[i] = text.substr(best.offsets[2 * i], best.offsets[2 * i + 1] - best.offsets[2 * i]);
  }
  return true;
}

}  // namespace adbms::sql::functions
