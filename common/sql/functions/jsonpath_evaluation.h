// Evaluates a path over a document (PostgreSQL's manual, 9.16.2). Works on the binary form; what it
// makes itself, numbers and strings, lives as long as the evaluation. Not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/functions/jsonpath_cache.h"
#include "common/sql/functions/jsonpath_object_ids.h"
#include "common/sql/functions/jsonpath_time.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {

// What a path yields. A date or time has a string as its value, but is none.
struct PathItem {
  types::Jsonb value;
  const PathTime* time = nullptr;

  bool Is(types::JsonbKind kind) const { return time == nullptr && value.kind() == kind; }
};

// Items in order; counted as scratch when they become many.
class PathItems {
 public:
  explicit PathItems(const EvaluationContext& context) : context_(context) {}
  // Errors: the account's refusal.
  absl::Status Add(const PathItem& item);
  size_t size() const { return items_.size(); }
  const PathItem& operator[](size_t i) const { return items_[i]; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  const EvaluationContext& context_;
  std::optional<ScratchMemory> scratch_;
  absl::InlinedVector<PathItem, 1> items_;
};

class JsonpathEvaluation {
 public:
  struct Options {
    bool silent = false;    // Errors that a document causes end the evaluation, and that is all.
    bool use_zone = false;  // Comparisons may depend on the session's time zone.
  };
  enum class Found { kYes, kNo, kError };

  // Context and bytes must outlive this. Without variables all of them are null.
  JsonpathEvaluation(const EvaluationContext& context, std::shared_ptr<CompiledJsonpath> path,
                     const types::Jsonb& document, std::optional<types::Jsonb> variables,
                     Options options);
  JsonpathEvaluation(const JsonpathEvaluation&) = delete;
  JsonpathEvaluation& operator=(const JsonpathEvaluation&) = delete;

  // What the path yields, into `found`; without that, only whether it yields something. kError only
  // when silent. Errors: 2203A and others of its class; 22023 for variables that are no object,
  // 42704 for one that is not there, 54001, 57014.
  absl::StatusOr<Found> Run(PathItems* found);

 private:
  enum class Truth { kFalse, kTrue, kUnknown };
  using Node = types::JsonpathNode;

  static constexpr int64_t kRootBase = 0;
  static constexpr int64_t kVariablesBase = 1;
  // Where the ids of keyvalue() count from.
  struct Base {
    types::Jsonb value;
    int64_t id = kRootBase;
  };

  // jsonpath_evaluation.cc. Each yields kError when the document does not fit; what is thrown is
  // in status_.
  Found Execute(int32_t at, PathItem item, PathItems* found, bool unwrap);
  std::optional<Found> Step(int32_t at, PathItem* item, PathItems* found, bool unwrap);
  std::optional<Found> Member(const Node& node, PathItem* item);
  std::optional<Found> Variable(const Node& node, PathItem* item);
  Found Next(const Node& node, const PathItem& item, PathItems* found);
  Found Any(int32_t at, const types::Jsonb& container, PathItems* found, uint32_t level,
            const Node* bounds, bool unwrap);
  Found UnwrapArray(int32_t at, const PathItem& array, PathItems* found, bool unwrap_elements);
  Found AnyElement(const Node& node, const PathItem& item, PathItems* found);
  Found AnyMember(const Node& node, const PathItem& item, PathItems* found);
  Found AnyLevel(const Node& node, const PathItem& item, PathItems* found);
  Found Elements(const Node& node, const PathItem& item, PathItems* found);
  std::optional<int64_t> Subscript(int32_t at, const PathItem& item);
  Found Filter(int32_t at, const PathItem& item, PathItems* found);
  // The items of an operand; in lax mode the elements of arrays in place of them.
  Found Operand(int32_t at, const PathItem& item, bool unwrap, PathItems* found);

  // jsonpath_predicates.cc
  Truth Condition(int32_t at, const PathItem& item);
  Truth ConditionOf(const Node& node, int32_t at, const PathItem& item);
  Truth Predicate(const Node& node, int32_t at, const PathItem& item);
  Truth Exists(const Node& node, const PathItem& item);
  Truth Test(const Node& node, int32_t at, const PathItem& left, const PathItem& right);
  Truth Compare(types::JsonpathOp op, const PathItem& left, const PathItem& right);
  Found QuietOperand(int32_t at, const PathItem& item, bool unwrap, PathItems* found);

  // jsonpath_methods.cc
  Found Arithmetic(const Node& node, const PathItem& item, PathItems* found);
  Found Signed(const Node& node, const PathItem& item, PathItems* found);
  std::optional<Found> Method(int32_t at, PathItem* item, PathItems* found);
  std::optional<Found> Size(PathItem* item);
  std::optional<Found> Rounded(const Node& node, PathItem* item);
  std::optional<Found> Double(PathItem* item);
  std::optional<Found> Datetime(const Node& node, PathItem* item);
  Found Keyvalue(const Node& node, const PathItem& item, PathItems* found);
  // The id that keyvalue() gives the object's members. Errors: 53200, 57014.
  absl::StatusOr<int64_t> IdOf(const types::Jsonb& object);

  // kError, and the error where those are thrown.
  Found Fail(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  Found Fail(absl::Status error);
  // kError, and the error.
  Found Throw(absl::Status error);
  bool failed() const { return !status_.ok(); }
  bool lax() const { return !path_.strict; }
  Found Append(const PathItem& item, PathItems* found);

  // Lets go of what has been made since it began: for conditions, of which only the truth stays.
  class Passing {
   public:
    explicit Passing(JsonpathEvaluation* evaluation);
    ~Passing();
    Passing(const Passing&) = delete;
    Passing& operator=(const Passing&) = delete;

   private:
    JsonpathEvaluation& evaluation_;
    const size_t bytes_;
    const size_t times_;
    const size_t made_;
  };

  PathItem BoolItem(bool value) const;
  // Makes an item of bytes, or of a number's text. False: it is too large, and thrown.
  bool MakeItem(std::string bytes, PathItem* item);
  bool MakeNumber(std::string_view text, PathItem* item);

  const EvaluationContext& context_;
  const std::shared_ptr<CompiledJsonpath> compiled_;
  const types::Jsonpath& path_;
  const types::Jsonb root_;
  const std::optional<types::Jsonb> variables_;
  const Options options_;

  absl::Status status_;  // What has been thrown.
  bool throws_;
  bool ignores_structure_;
  PathItem current_;             // @
  int64_t innermost_size_ = -1;  // Of the array that `last` is about.
  Base base_;
  int64_t next_id_ = kVariablesBase + 1;
  int depth_ = 0;
  JsonbObjectIds root_ids_;
  JsonbObjectIds variable_ids_;
  JsonbObjectIds made_ids_;       // Of the pair that keyvalue() made last.
  std::list<std::string> bytes_;  // Of items made here.
  std::list<PathTime> times_;
  ScratchMemory scratch_;  // Counts them.
  size_t counted_ = 0;
  size_t made_ = 0;
};

}  // namespace adbms::sql::functions
