// What the functions of text search have in common: the configuration that a call means, and how
// they count their work. One execution's.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/text_search/normalizer.h"
#include "common/types/text_search_objects.h"

namespace adbms::sql::functions {

// Errors: XX000 for a number that no configuration has.
absl::StatusOr<const types::TextSearchConfiguration*> TextSearchConfigurationOf(int64_t oid);
// The setting default_text_search_config. Errors: 0A000 where the session's settings are not known.
absl::StatusOr<const types::TextSearchConfiguration*> DefaultTextSearchConfiguration(
    const EvaluationContext& context);

// A row's call of a function whose first argument may be a configuration.
class TextSearchCall {
 public:
  static absl::StatusOr<std::unique_ptr<TextSearchCall>> Of(
      const EvaluationContext& context, const std::vector<const types::Vector*>& arguments,
      uint32_t row);

  explicit TextSearchCall(const EvaluationContext& context,
                          const types::TextSearchConfiguration& configuration)
      : normalizer(configuration), context_(context), scratch_(context) {}

  // Of the arguments behind the configuration.
  template <typename T>
  const T& Get(size_t i) const {
    return (*arguments_)[first_ + i]->template data<T>()[row_];
  }
  std::string_view Text(size_t i) const { return Get<std::string_view>(i); }
  types::TypeId TypeOf(size_t i) const { return (*arguments_)[first_ + i]->type().id; }
  size_t size() const { return arguments_->size() - first_; }
  // Counts what a long text becomes while it is worked on.
  absl::Status TakeFor(std::string_view text);
  absl::Status Progress(size_t bytes) const { return context_.Handled(bytes); }

  text_search::Normalizer normalizer;

 private:
  const EvaluationContext& context_;
  const std::vector<const types::Vector*>* arguments_ = nullptr;
  uint32_t row_ = 0;
  size_t first_ = 0;
  ScratchMemory scratch_;
};

// Whether a function asks for the default configuration.
bool UsesDefaultTextSearchConfiguration(const Function& function);
bool UsesDefaultTextSearchConfiguration(const TableFunction& function);

}  // namespace adbms::sql::functions
