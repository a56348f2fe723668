#include "common/text_search/vector_edits.h"

#include <algorithm>

#include "common/status/macros.h"

namespace adbms::text_search {
namespace {

using types::TsLexeme;
using types::TsPosition;
using types::TsVectorBuilder;
using types::TsVectorView;

// A form of parts of another one, which cannot be too large.
std::string Finish(TsVectorBuilder* builder) { return *builder->Finish(); }

}  // namespace

absl::StatusOr<std::string> Concatenate(std::string_view first, std::string_view second) {
  const TsVectorView left(first);
  const TsVectorView right(second);
  TsVectorBuilder builder;
  int last = 0;
  for (uint32_t i = 0; i < left.size(); ++i) {
    const TsLexeme lexeme = left.At(i);
    builder.Add(lexeme);
    if (lexeme.positions() > 0) last = std::max(last, lexeme.At(lexeme.positions() - 1).position());
  }
  for (uint32_t i = 0; i < right.size(); ++i) {
    const TsLexeme lexeme = right.At(i);
    if (lexeme.positions() == 0) builder.Add(lexeme.text);
    // The last position takes in all that is behind it; what is there already stays.
    const auto [at, end] = left.Find(lexeme.text, false);
    const size_t before = at < end ? left.At(at).positions() : 0;
    bool full = before > 0 && left.At(at).At(before - 1).position() == types::kLastPosition;
    for (size_t p = 0; p < lexeme.positions() && !full; ++p) {
      const TsPosition position = lexeme.At(p);
      const int moved = types::LimitedPosition(int64_t{position.position()} + last);
      builder.Add(lexeme.text, TsPosition::Of(moved, position.weight()));
      full = moved == types::kLastPosition;
    }
  }
  return builder.Finish();
}

std::string Strip(std::string_view vector) {
  const TsVectorView view(vector);
  TsVectorBuilder builder;
  for (uint32_t i = 0; i < view.size(); ++i) builder.Add(view.At(i).text);
  return Finish(&builder);
}

std::string SetWeight(std::string_view vector, int weight,
                      absl::FunctionRef<bool(std::string_view)> is_asked_for) {
  const TsVectorView view(vector);
  TsVectorBuilder builder;
  for (uint32_t i = 0; i < view.size(); ++i) {
    const TsLexeme lexeme = view.At(i);
    if (lexeme.positions() == 0 || !is_asked_for(lexeme.text)) {
      builder.Add(lexeme);
      continue;
    }
    for (size_t p = 0; p < lexeme.positions(); ++p)
      builder.Add(lexeme.text, TsPosition::Of(lexeme.At(p).position(), weight));
  }
  return Finish(&builder);
}

std::string Without(std::string_view vector, absl::FunctionRef<bool(std::string_view)> is_deleted) {
  const TsVectorView view(vector);
  TsVectorBuilder builder;
  for (uint32_t i = 0; i < view.size(); ++i) {
    const TsLexeme lexeme = view.At(i);
    if (!is_deleted(lexeme.text)) builder.Add(lexeme);
  }
  return Finish(&builder);
}

std::string Filter(std::string_view vector, int weights) {
  const TsVectorView view(vector);
  TsVectorBuilder builder;
  for (uint32_t i = 0; i < view.size(); ++i) {
    const TsLexeme lexeme = view.At(i);
    for (size_t p = 0; p < lexeme.positions(); ++p) {
      const TsPosition position = lexeme.At(p);
      if ((weights >> position.weight() & 1) != 0) builder.Add(lexeme.text, position);
    }
  }
  return Finish(&builder);
}

}  // namespace adbms::text_search
