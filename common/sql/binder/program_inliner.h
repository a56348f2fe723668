// A PL/pgSQL body without loops and effects as expressions over what it is called with: branches
// become CASE, variables what they were assigned. Of one call; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/sql/binder/binder.h"
#include "common/sql/program/program.h"

namespace adbms::sql::binder {

// The first row's only column as a value; NULL for no row.
ExprPtr FirstValue(const RelPtr& rel, const Type& type);
// Whether it reads rows of the table; 0: of any.
bool ReadsTable(const plan::Rel& rel, uint32_t table_id);
bool ReadsTable(const plan::Expr& e, uint32_t table_id);

class Binder::ProgramInliner {
 public:
  struct Variable {
    ParameterName name;
    Type type;
    ExprPtr value;
    bool constant = false;
    bool not_null = false;
    int reads = 0;  // Of a value that must not be computed twice.
  };
  using State = std::vector<Variable>;

  // What the body comes to.
  struct Outcome {
    bool returned = false;
    std::vector<ExprPtr> values;  // The result; of a trigger, a row's columns.
    ExprPtr keep;                 // A trigger's: whether the row is. Null: yes.
  };

  // `result`: of a function; nothing: of a trigger, whose row is the record `new` or `old`.
  // `missing`: the one of them that there is not, whose fields are NULL.
  ProgramInliner(Binder* binder, std::optional<Type> result, std::string missing = "")
      : binder_(*binder), result_(result), missing_(std::move(missing)) {}

  // Nothing: the body is not such a one, or it does not bind.
  absl::StatusOr<std::optional<Outcome>> Run(const program::Program& program, State state);

 private:
  // What is still to be run, the innermost body first.
  struct Rest {
    const program::Body* body = nullptr;
    size_t next = 0;
    size_t names = 0;  // Variables that there are outside of its block.
  };
  using Stack = std::vector<Rest>;

  absl::StatusOr<Outcome> Continue(Stack stack, State state);
  absl::StatusOr<Outcome> RunIf(const program::Statement& statement, size_t branch,
                                const Stack& stack, const State& state);
  absl::Status Declare(const program::Block& block, State* state);
  absl::Status Assign(const program::Target& target, ExprPtr value, State* state);
  absl::StatusOr<ExprPtr> Bind(const program::Fragment& fragment, State* state);
  absl::StatusOr<ExprPtr> BindQuery(const program::Fragment& fragment, State* state);
  absl::Status CountReads(const ExprPtr& value, State* state);
  absl::StatusOr<ExprPtr> Coerce(ExprPtr value, const Type& type);
  absl::StatusOr<Outcome> Return(const program::Fragment& expression, State* state);
  absl::StatusOr<Outcome> Raise(const program::Statement& statement, State* state);
  static Outcome Merge(const ExprPtr& condition, const Outcome& a, const Outcome& b);
  static absl::Status Cannot();

  Binder& binder_;
  const std::optional<Type> result_;
  const std::string missing_;
  int steps_ = 0;
};

}  // namespace adbms::sql::binder
