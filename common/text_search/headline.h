// ts_headline: the pieces of a document that show why it matches, with the query's words marked
// (manual, 12.3.4). One thread's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text_search/match.h"
#include "common/text_search/normalizer.h"
#include "common/types/text_search.h"

namespace adbms::text_search {

struct HeadlineOptions {
  int min_words = 15;
  int max_words = 35;
  int short_word = 3;
  int max_fragments = 0;
  bool highlight_all = false;
  std::string start = "<b>";
  std::string stop = "</b>";
  std::string delimiter = " ... ";

  // "MaxWords=10, StartSel='<i>'". Errors: 42601, 22023, 22P02.
  static absl::StatusOr<HeadlineOptions> Parse(std::string_view text);
};

class Headline {
 public:
  // All of these outlive it.
  Headline(const types::TsQueryItems& query, const HeadlineOptions& options, Normalizer& normalizer,
           Progress progress)
      : query_(query), options_(options), normalizer_(normalizer), progress_(progress) {}

  // Errors: the progress's and the dictionaries'.
  absl::StatusOr<std::string> Of(std::string_view document);

 private:
  struct Word {
    TokenType type = TokenType::kBlank;
    std::string_view text;
    int position = 0;
    int32_t item = -1;         // Of the query; -1: none.
    bool is_repeated = false;  // It stands for one more item at the word before.
    bool is_selected = false, is_in = false, is_skipped = false, is_replaced = false;
  };
  // A stretch of words, both ends included; how many words it has, and how many of the query's.
  struct Fragment {
    int begin = 0, end = 0;
    int words = 0, found = 0;
    bool is_chosen = false, is_excluded = false;
  };

  absl::Status Read(std::string_view document);
  void AddWord(const Token& token, std::string_view lexeme, int position);
  int size() const { return static_cast<int>(words_.size()); }
  const Word& At(int i) const { return words_[static_cast<size_t>(i)]; }
  bool IsWord(int i) const;
  bool IsFound(int i) const { return At(i).item >= 0 && !At(i).is_repeated; }
  // Not a good word to begin or end with.
  bool IsBadEnd(int i) const;
  int NextFound(int from) const;
  // The shortest stretch from `begin` on that matches. False: there is none.
  absl::StatusOr<bool> NextCover(int* begin, int* end) const;
  absl::StatusOr<bool> Matches(int begin, int end) const;

  absl::Status ChooseOne();
  Fragment AroundCover(int begin, int end) const;
  void Lengthen(int cover_begin, int cover_end, int next, Fragment* headline) const;
  void Shorten(int last, Fragment* headline) const;
  absl::Status ChooseFragments();
  absl::Status CollectFragments(std::vector<Fragment>* fragments) const;
  Fragment FirstFragment(int begin, int end) const;
  void Stretch(Fragment* fragment) const;
  void MarkBeginning();
  void Mark(int begin, int end);
  std::string Text() const;

  const types::TsQueryItems& query_;
  const HeadlineOptions& options_;
  Normalizer& normalizer_;
  const Progress progress_;
  std::vector<Word> words_;
};

}  // namespace adbms::text_search
