#include "common/sql/functions/jsonpath_cache.h"

#include "common/status/macros.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {
namespace {

// Paths that come from rows may be many, and take up to a hundred times their text.
constexpr size_t kMostPaths = 64;
constexpr size_t kMostBytes = types::kLongestJsonpath;

RegexFlags FlagsOf(uint8_t flags) {
  RegexFlags result;
  result.ignore_case = (flags & types::kRegexIgnoreCase) != 0;
  result.literal = (flags & types::kRegexQuote) != 0;
  if (result.literal) return result;
  result.dot_stops = (flags & types::kRegexDotAll) == 0;
  result.line_anchors = (flags & types::kRegexLines) != 0;
  return result;
}

}  // namespace

CompiledJsonpath::CompiledJsonpath(types::Jsonpath path) : path_(std::move(path)) {
  for (size_t i = 0; i < path_.nodes.size(); ++i) {
    if (path_.nodes[i].op != types::JsonpathOp::kString) continue;
    std::string& form = strings_[static_cast<int32_t>(i)];
    form = path_.nodes[i].text;
    form.push_back(types::JsonbTagByte(types::JsonbTag::kString));
  }
}

absl::StatusOr<Regex*> CompiledJsonpath::RegexOf(int32_t node) {
  std::unique_ptr<Regex>& regex = regexes_[node];
  if (regex == nullptr) {
    auto made = std::make_unique<Regex>();
    RETURN_IF_ERROR(made->Prepare(path_.at(node).text, FlagsOf(path_.at(node).regex_flags)));
    regex = std::move(made);
  }
  return regex.get();
}

JsonpathCache& JsonpathCache::Of(const EvaluationContext& context) {
  auto& cache = context.kernel_memory.jsonpaths;
  if (cache == nullptr) cache = std::make_shared<JsonpathCache>();
  return *cache;
}

absl::StatusOr<std::shared_ptr<CompiledJsonpath>> JsonpathCache::Find(std::string_view text) {
  const auto found = paths_.find(absl::string_view(text.data(), text.size()));
  if (found != paths_.end()) return found->second;
  ASSIGN_OR_RETURN(types::Jsonpath path, types::ParseJsonpath(text));
  if (paths_.size() >= kMostPaths || bytes_ + text.size() > kMostBytes) {
    paths_.clear();
    bytes_ = 0;
  }
  bytes_ += text.size();
  auto compiled = std::make_shared<CompiledJsonpath>(std::move(path));
  paths_.emplace(std::string(text), compiled);
  return compiled;
}

absl::Status CheckJsonpathRegexes(std::string_view canonical) {
  if (canonical.find("like_regex") == std::string_view::npos) return absl::OkStatus();
  ASSIGN_OR_RETURN(types::Jsonpath path, types::ParseJsonpath(canonical));
  CompiledJsonpath compiled(std::move(path));
  const std::vector<types::JsonpathNode>& nodes = compiled.path().nodes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op != types::JsonpathOp::kLikeRegex) continue;
    RETURN_IF_ERROR(compiled.RegexOf(static_cast<int32_t>(i)).status());
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::functions
