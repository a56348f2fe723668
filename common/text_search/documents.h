// Documents and texts of queries as tsvector and tsquery. One thread's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/text_search/match.h"
#include "common/text_search/normalizer.h"
#include "common/types/text_search.h"
#include "common/types/tsquery_parser.h"

namespace adbms::text_search {

// Makes a tsvector of texts that follow each other. Words count on, stop words too.
class DocumentBuilder {
 public:
  // Both outlive the builder.
  DocumentBuilder(Normalizer& normalizer, Progress progress)
      : normalizer_(normalizer), progress_(progress) {}

  absl::Status Add(std::string_view text);
  // One part of a document of several: no phrase goes from one into the next.
  absl::Status AddPart(std::string_view text);
  size_t bytes() const { return vector_.bytes(); }
  absl::StatusOr<std::string> Finish() { return vector_.Finish(types::kMostDocumentPositions); }

 private:
  Normalizer& normalizer_;
  const Progress progress_;
  types::TsVectorBuilder vector_;
  int64_t position_ = 0;
};

// `joins`: what stands between the words that one word of the text becomes.
absl::StatusOr<std::string> QueryOf(std::string_view text, types::TsQuerySyntax syntax,
                                    types::TsOperator joins, Normalizer& normalizer,
                                    Progress progress);

}  // namespace adbms::text_search
