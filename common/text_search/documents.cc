#include "common/text_search/documents.h"

#include "common/status/macros.h"

namespace adbms::text_search {

absl::Status DocumentBuilder::Add(std::string_view text) {
  return normalizer_.ForEachWord(text, [this](std::string_view lexeme) {
    ++position_;
    if (!lexeme.empty())
      vector_.Add(lexeme, types::TsPosition::Of(types::LimitedPosition(position_), 0));
    return progress_(64 + 2 * lexeme.size());
  });
}

absl::Status DocumentBuilder::AddPart(std::string_view text) {
  const size_t before = vector_.bytes();
  RETURN_IF_ERROR(Add(text));
  if (vector_.bytes() > before) ++position_;
  return absl::OkStatus();
}

absl::StatusOr<std::string> QueryOf(std::string_view text, types::TsQuerySyntax syntax,
                                    types::TsOperator joins, Normalizer& normalizer,
                                    Progress progress) {
  const auto push = [&](std::string_view word, uint8_t weights, bool prefix,
                        types::TsQueryBuilder* builder) -> absl::Status {
    bool pushed = false;
    // Stop words in the midst hold a place, those at the ends do not.
    int stops = 0;
    RETURN_IF_ERROR(normalizer.ForEachWord(word, [&](std::string_view lexeme) -> absl::Status {
      RETURN_IF_ERROR(progress(64 + 2 * lexeme.size()));
      if (lexeme.empty()) {
        ++stops;
        return absl::OkStatus();
      }
      for (; pushed && stops > 0; --stops) {
        builder->PushStop();
        RETURN_IF_ERROR(builder->PushOperator(joins, 1));
      }
      stops = 0;
      RETURN_IF_ERROR(builder->PushValue(lexeme, weights, prefix, text));
      if (pushed) RETURN_IF_ERROR(builder->PushOperator(joins, 1));
      pushed = true;
      return absl::OkStatus();
    }));
    if (!pushed) builder->PushStop();
    return absl::OkStatus();
  };
  types::TsQueryBuilder builder;
  RETURN_IF_ERROR(types::ParseTsQueryText(text, syntax, push, &builder));
  return builder.Finish();
}

}  // namespace adbms::text_search
