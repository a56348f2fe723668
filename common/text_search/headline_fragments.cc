// Headlines of several fragments.
#include <vector>

#include "common/status/macros.h"
#include "common/text_search/headline.h"

namespace adbms::text_search {

// As much of a match as fits, from a word of the query to another.
Headline::Fragment Headline::FirstFragment(int begin, int end) const {
  Fragment fragment;
  fragment.begin = begin;
  for (int i = begin; i <= end; ++i) {
    fragment.begin = i;
    if (IsFound(i)) break;
  }
  fragment.end = end;
  int i = fragment.begin;
  for (; i <= end && fragment.words < options_.max_words; ++i) {
    fragment.words += IsWord(i) ? 1 : 0;
    fragment.found += IsFound(i) ? 1 : 0;
  }
  if (end <= i) return fragment;
  for (; i >= fragment.begin; --i) {
    fragment.end = i;
    if (IsFound(i)) break;
    fragment.words -= IsWord(i) ? 1 : 0;
  }
  return fragment;
}

absl::Status Headline::CollectFragments(std::vector<Fragment>* fragments) const {
  int begin = 0;
  int end = 0;
  for (;; ++begin) {
    ASSIGN_OR_RETURN(const bool found, NextCover(&begin, &end));
    if (!found) return absl::OkStatus();
    for (int at = begin; at <= end;) {
      fragments->push_back(FirstFragment(at, end));
      at = fragments->back().end + 1;
      RETURN_IF_ERROR(progress_(sizeof(Fragment)));
    }
  }
}

// To both sides, as far as there is room and no other fragment.
void Headline::Stretch(Fragment* fragment) const {
  if (fragment->words >= options_.max_words) return;
  const int most = (options_.max_words - fragment->words) / 2;
  int stretched = 0;
  int reached = fragment->begin;
  for (int i = fragment->begin - 1; i >= 0 && stretched < most && !At(i).is_in; --i) {
    if (IsWord(i)) {
      ++fragment->words;
      ++stretched;
    }
    reached = i;
  }
  for (; reached < fragment->begin && IsBadEnd(reached); ++reached)
    fragment->words -= IsWord(reached) ? 1 : 0;
  fragment->begin = reached;
  reached = fragment->end;
  for (int i = fragment->end + 1;
       i < size() && fragment->words < options_.max_words && !At(i).is_in; ++i) {
    fragment->words += IsWord(i) ? 1 : 0;
    reached = i;
  }
  for (; reached > fragment->end && IsBadEnd(reached); --reached)
    fragment->words -= IsWord(reached) ? 1 : 0;
  fragment->end = reached;
}

absl::Status Headline::ChooseFragments() {
  std::vector<Fragment> fragments;
  RETURN_IF_ERROR(CollectFragments(&fragments));
  bool any = false;
  for (int count = 0; count < options_.max_fragments; ++count) {
    Fragment* best = nullptr;
    for (Fragment& fragment : fragments) {
      if (fragment.is_chosen || fragment.is_excluded || fragment.found <= 0) continue;
      if (best == nullptr || fragment.found > best->found ||
          (fragment.found == best->found && fragment.words < best->words))
        best = &fragment;
    }
    if (best == nullptr) break;
    RETURN_IF_ERROR(progress_(fragments.size() * sizeof(Fragment)));
    best->is_chosen = true;
    Stretch(best);
    Mark(best->begin, best->end);
    any = true;
    for (Fragment& other : fragments) {
      if (&other != best && other.begin <= best->end && other.end >= best->begin)
        other.is_excluded = true;
    }
  }
  if (!any) MarkBeginning();
  return absl::OkStatus();
}

}  // namespace adbms::text_search
