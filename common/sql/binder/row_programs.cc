// Functions that storage cannot run, called for the rows of a query: what the rows are made of
// becomes a WITH query, whose rows the gateway reads, calls the functions for, and gives back
// (decision 047).
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Rel;
namespace sqlstate = status::sqlstate;

absl::Status Refused(const common::v1::FunctionDescriptor& function, const std::string& where,
                     const std::string& hint) {
  return status::Error(
      sqlstate::kFeatureNotSupported,
      absl::StrCat("function ", SignatureOf(function), " cannot be called ", where), {}, hint);
}

bool SameCall(const SeriesState::Call& known, const SeriesState::Call& call) {
  return known.program == call.program && known.in_aggregate == call.in_aggregate &&
         !plan::IsVolatileFunction(*call.program) &&
         std::equal(known.function.arguments.begin(), known.function.arguments.end(),
                    call.function.arguments.begin(), call.function.arguments.end(),
                    [](const ExprPtr& x, const ExprPtr& y) {
                      return plan::Equal(*x, *y) && !plan::IsVolatile(x);
                    });
}

// Visits a tree with the WITH queries that it reads, each once, and tells whether it reads a table.
class Reads {
 public:
  explicit Reads(const plan::Query& query) : query_(query) {}
  void Visit(const RelPtr& rel) {
    tables |= rel->kind == Rel::Kind::kScan && !rel->table->is_virtual();
    if (rel->kind == Rel::Kind::kCte && ctes.insert(rel->cte).second)
      Visit(query_.ctes[rel->cte].rel);
    for (const RelPtr& input : rel->inputs) Visit(input);
    plan::ForEachExpression(*rel, [this](ExprPtr& e) {
      plan::Walk(e, [this](const plan::Expr& part) {
        if (part.query != nullptr) Visit(part.query);
      });
    });
  }
  bool tables = false;
  std::set<uint32_t> ctes;  // Those that are already there are not visited.

 private:
  const plan::Query& query_;
};

}  // namespace

absl::Status Binder::NoLocks(const common::v1::FunctionDescriptor& function) {
  return Refused(function, "for rows that are locked",
                 "Lock the rows in a statement of its own, or in a subquery in FROM.");
}

absl::Status Binder::NoConditionBesideLimit(const common::v1::FunctionDescriptor& function) {
  return Refused(function, "beside OFFSET, nor in WHERE or as a set beside LIMIT",
                 "It is volatile and its body runs statements or loops. Declare it STABLE if it "
                 "changes nothing, or limit the rows in a subquery in FROM.");
}

absl::Status Binder::CheckBesideSets(const SeriesState& series, bool limited) {
  const bool sets = std::any_of(series.calls.begin(), series.calls.end(),
                                [](const auto& call) { return call.program == nullptr; });
  for (const SeriesState::Call& call : series.calls) {
    if (call.program == nullptr || !plan::IsVolatileFunction(*call.program)) continue;
    if (call.program->returns_set() && limited) return NoConditionBesideLimit(*call.program);
    if (!call.program->returns_set() && sets)
      return Refused(
          *call.program, "beside a function that returns a set",
          "It is volatile and its body runs statements or loops. Declare it STABLE if it "
          "changes nothing, or call the other one in FROM.");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ColumnId>> Binder::CallForRows(UserCall call, int location,
                                                          Scope* scope) {
  RETURN_IF_ERROR(CheckProgramPlace(call, location));
  const bool is_volatile = plan::IsVolatileFunction(*call.function);
  const bool outermost =
      view_depth_ == 0 && (scope->parent == nullptr || scope->parent == insert_scope_);
  if (is_volatile && !outermost)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat("function ", SignatureOf(*call.function),
                                " cannot be called for each row of a subquery"),
                   "It is volatile and its body runs statements or loops. Declare it STABLE if it "
                   "changes nothing, or call it in the statement's own select list.");
  SeriesState::Call entry;
  entry.program = call.function;
  entry.function.arguments = std::move(call.arguments);
  // Rows have it before they are grouped, groups afterwards.
  entry.in_aggregate = scope->grouping != nullptr && scope->grouping->inside_aggregate;
  for (const SeriesState::Call& known : scope->row_calls->calls) {
    if (known.program != nullptr && SameCall(known, entry)) return known.outputs;
  }
  for (const auto& [name, type] : ResultColumns(*entry.program)) {
    const Type kept = entry.program->returns_set() ? types::ArrayOf(type) : type;
    if (kept.id == TypeId::kUnspecified)
      return Unsupported(location, absl::StrCat("a set of ", types::Format(type)));
    entry.outputs.push_back(
        query_->AddColumn({name.empty() ? entry.program->name() : name, kept, 0, 0, false}));
  }
  query_->calls_volatile |= is_volatile;
  scope->row_calls->calls.push_back(entry);
  return entry.outputs;
}

absl::StatusOr<std::vector<ColumnId>> Binder::CallInFrom(UserCall call, int location,
                                                         Scope* scope) {
  // As many calls as rows are left: what stops early would make fewer.
  const bool is_volatile = plan::IsVolatileFunction(*call.function);
  if (is_volatile &&
      reinterpret_cast<const PgQuery__SelectStmt*>(scope->statement)->limit_count != nullptr)
    return Refused(*call.function, "for rows beside LIMIT",
                   "It is volatile and its body runs statements or loops. Declare it STABLE if it "
                   "changes nothing, or limit the rows in a subquery in FROM.");
  SeriesState state;
  SeriesState* const before = std::exchange(scope->row_calls, &state);
  auto columns = CallForRows(std::move(call), location, scope);
  scope->row_calls = before;
  for (SeriesState::Call& one : state.calls) calls_in_from_.push_back(std::move(one));
  return columns;
}

absl::StatusOr<RelPtr> Binder::CallForLeft(RelPtr left, const plan::ColumnSet& used_on_right) {
  if (calls_in_from_.empty()) return left;
  const auto is_used = [&used_on_right](const SeriesState::Call& call) {
    return plan::Intersects({call.outputs.begin(), call.outputs.end()}, used_on_right);
  };
  const auto split = std::stable_partition(calls_in_from_.begin(), calls_in_from_.end(),
                                           [&](const auto& call) { return !is_used(call); });
  const std::vector<SeriesState::Call> calls(split, calls_in_from_.end());
  calls_in_from_.erase(split, calls_in_from_.end());
  if (calls.empty()) return left;
  std::vector<const SeriesState::Call*> made;
  for (const SeriesState::Call& call : calls) made.push_back(&call);
  return ApplyPrograms(left, made, nullptr);
}

absl::StatusOr<std::vector<bool>> Binder::SeriesBelow(const SeriesState& series,
                                                      const std::vector<ExprPtr>& group,
                                                      const GroupingState& grouping,
                                                      WindowingState* windowing, bool grouped) {
  std::vector<bool> below = SeriesIn(series, group);
  std::vector<ExprPtr> inside;
  for (const plan::AggregateCall& call : grouping.calls) {
    inside.insert(inside.end(), call.arguments.begin(), call.arguments.end());
    if (call.filter != nullptr) inside.push_back(call.filter);
    for (const plan::SortKey& key : call.order_by) inside.push_back(key.expression);
  }
  std::vector<ExprPtr> in_windows;
  windowing->ForEachExpression([&in_windows](const ExprPtr& e) { in_windows.push_back(e); });
  const std::vector<bool> in_aggregates = SeriesIn(series, inside);
  const std::vector<bool> windowed = SeriesIn(series, in_windows);
  for (size_t i = 0; i < below.size(); ++i) {
    const common::v1::FunctionDescriptor* program = series.calls[i].program;
    if (program == nullptr) continue;
    if (windowed[i] && grouped)
      return Refused(*program, "in a window over groups", "Make the groups in a subquery in FROM.");
    below[i] = below[i] || in_aggregates[i] || windowed[i];
  }
  return below;
}

absl::StatusOr<RelPtr> Binder::ApplyPrograms(const RelPtr& rel,
                                             const std::vector<const SeriesState::Call*>& calls,
                                             const plan::ColumnSet* needed) {
  RelPtr rows = plan::MakeRel(Rel::Kind::kProject, {rel});
  const auto add = [&rows](ColumnId id, ExprPtr value) {
    rows->output.push_back(id);
    rows->expressions.push_back(std::move(value));
  };
  for (const ColumnId id : rel->output) {
    if (needed == nullptr || needed->contains(id))
      add(id, plan::MakeColumn(id, query_->columns[id].type));
  }
  plan::Cte cte;
  RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
  for (const SeriesState::Call* call : calls) {
    plan::RowProgram program;
    program.function = call->program;
    for (const ExprPtr& argument : call->function.arguments) {
      const bool there = argument->kind == plan::Expr::Kind::kColumn &&
                         std::find(rows->output.begin(), rows->output.end(), argument->column) !=
                             rows->output.end();
      program.arguments.push_back(there ? argument->column
                                        : query_->AddColumn({"", argument->type, 0, 0, false}));
      if (!there) add(program.arguments.back(), argument);
    }
    program.results = call->outputs;
    absl::StrAppend(&cte.name, cte.name.empty() ? "" : ", ", call->program->name());
    cte.programs.push_back(std::move(program));
  }
  if (DependsOnRows(rows))
    return Refused(
        *calls[0]->program, "in a subquery that depends on the rows of another",
        "Its body runs statements or loops. Write it as one query or expression, or join "
        "with a subquery in FROM that calls it.");
  cte.rel = rows;
  cte.materialize = true;
  cte.references = 1;
  reader->cte = static_cast<uint32_t>(query_->ctes.size());
  reader->alias = cte.name;
  reader->output = rows->output;
  for (const plan::RowProgram& program : cte.programs)
    reader->output.insert(reader->output.end(), program.results.begin(), program.results.end());
  query_->ctes.push_back(std::move(cte));
  return reader;
}

// The rows of the calls are read by a statement of their own, before the others.
absl::Status Binder::CheckRowPrograms() const {
  const common::v1::FunctionDescriptor* volatile_one = nullptr;
  const common::v1::FunctionDescriptor* stable_one = nullptr;
  const common::v1::FunctionDescriptor* any = nullptr;
  Reads inside(*query_);
  std::set<uint32_t> calling;
  for (size_t i = 0; i < query_->ctes.size(); ++i) {
    const plan::Cte& cte = query_->ctes[i];
    if (cte.programs.empty()) continue;
    any = cte.programs[0].function;
    for (const plan::RowProgram& program : cte.programs) {
      if (plan::IsVolatileFunction(*program.function)) volatile_one = program.function;
      if (program.function->volatility() == common::v1::FunctionDescriptor::VOLATILITY_STABLE)
        stable_one = program.function;
    }
    // What the first one reads, it reads before any function is called.
    if (calling.empty()) inside.Visit(cte.rel);
    calling.insert(static_cast<uint32_t>(i));
  }
  if (!calls_in_from_.empty())
    return Refused(*calls_in_from_[0].program, "in FROM with columns of an outer query",
                   "Its body runs statements or loops. Write it as one query or expression.");
  for (const plan::Cte& cte : query_->ctes) {
    if (!cte.triggers.has_value()) continue;
    Reads rows(*query_);
    rows.Visit(cte.rel);
    for (const uint32_t read : rows.ctes) {
      if (query_->ctes[read].write == nullptr) continue;
      return status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat("writing the rows of a WITH query that writes to \"",
                       cte.triggers->table->name(),
                       "\", whose triggers run statements or loops, is not supported"),
          {}, "Keep the rows in a temporary table, and write them by a statement of its own.");
    }
  }
  if (any == nullptr) return absl::OkStatus();
  Reads outside(*query_);
  outside.ctes.insert(*calling.begin());
  for (const uint32_t cte : calling) {
    if (cte != *calling.begin()) outside.Visit(query_->ctes[cte].rel);
  }
  outside.Visit(query_->root);
  for (const plan::Cte& cte : query_->ctes) {
    if (cte.write != nullptr)
      return Refused(*any, "for rows beside a WITH query that writes",
                     "Its body runs statements or loops. Write in a statement of its own.");
  }
  for (const uint32_t cte : inside.ctes) {
    if (outside.ctes.contains(cte) && !calling.contains(cte) &&
        plan::IsVolatile(*query_->ctes[cte].rel))
      return Refused(*any, "for rows of a volatile WITH query that is read elsewhere as well",
                     "Keep the rows in a temporary table.");
  }
  if (volatile_one != nullptr && stable_one != nullptr)
    return Refused(*stable_one, "for rows beside a volatile one",
                   absl::StrCat("It would see what ", SignatureOf(*volatile_one),
                                " does. Call them in statements of their own."));
  if (volatile_one != nullptr && outside.tables)
    return Refused(*volatile_one, "for rows in a statement that reads tables besides",
                   "It is volatile and its body runs statements or loops. Declare it STABLE if it "
                   "changes nothing, or keep its results in a temporary table.");
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
