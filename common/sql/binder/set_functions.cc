// Set-returning functions outside of FROM: several run side by side, one in another's arguments
// before it (PostgreSQL's manual, 38.5.9).
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/session_settings.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using functions::FunctionCatalog;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr char kLateralHint[] =
    "You might be able to move the set-returning function into a LATERAL FROM item.";

bool SameCall(const plan::SetFunction& a, const plan::SetFunction& b) {
  return a.function != nullptr && a.function == b.function &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    [](const ExprPtr& x, const ExprPtr& y) {
                      return plan::Equal(*x, *y) && !plan::IsVolatile(x);
                    });
}

plan::ColumnSet ColumnsOf(const plan::SetFunction& function) {
  plan::ColumnSet columns;
  for (const ExprPtr& e : function.arguments) plan::CollectColumns(*e, &columns);
  return columns;
}

}  // namespace

absl::StatusOr<const functions::TableFunction*> Binder::ChooseTableFunction(
    const std::string& name, std::vector<ExprPtr>* args) {
  std::vector<const functions::TableFunction*> functions;
  std::vector<Signature> candidates;
  std::vector<TypeId> actual;
  bool undetermined = false;
  std::vector<Type> types;
  for (const ExprPtr& arg : *args) {
    actual.push_back(arg->type.id);
    types.push_back(arg->type);
  }
  for (const auto* function : FunctionCatalog::Builtin().FindTableFunctions(name)) {
    if (function->arguments.size() != args->size() || !IsCandidate(*function, types, &undetermined))
      continue;
    functions.push_back(function);
    candidates.push_back(function->arguments);
  }
  const Choice choice = ChooseCandidate(candidates, actual, false);
  // In PostgreSQL there are others of this name.
  if (choice.index < 0 && undetermined && name == "unnest")
    return ErrorAt(
        sqlstate::kAmbiguousFunction, -1, "function unnest(unknown) is not unique",
        "Could not choose a best candidate function. You might need to add explicit type casts.");
  if (choice.index < 0 && undetermined)
    return status::Error(sqlstate::kDatatypeMismatch,
                         "could not determine polymorphic type because input has type unknown");
  if (choice.index < 0) return static_cast<const functions::TableFunction*>(nullptr);
  const auto operands = OperandTypes(candidates[choice.index], types);
  if (!operands.has_value()) return static_cast<const functions::TableFunction*>(nullptr);
  RETURN_IF_ERROR(CoerceArguments(*operands, args));
  query_->session_details |= functions::AsksForSettings(*functions[choice.index]);
  return functions[choice.index];
}

bool Binder::CallsRecordFunction(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) return false;
  const PgQuery__FuncCall& call = *node->func_call;
  const std::string name = FunctionName(parser::StringsOf({call.funcname, call.n_funcname}));
  const auto known = FunctionCatalog::Builtin().FindTableFunctions(name);
  return !known.empty() && known[0]->result.size() > 1;
}

absl::StatusOr<std::vector<ColumnId>> Binder::BindSeries(const std::string& name,
                                                         std::vector<ExprPtr> args, int location,
                                                         Scope* scope) {
  SeriesState::Call call;
  ASSIGN_OR_RETURN(call.function.function, ChooseTableFunction(name, &args));
  // Says what is missing.
  if (call.function.function == nullptr)
    return CallFunction(name, std::move(args), location).status();
  if (scope->series == nullptr) {
    const std::string_view clause = scope->clause;
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        clause == "functions in FROM"
            ? "set-returning functions must appear at top level of FROM"
            : absl::StrCat("set-returning functions are not allowed in ", scope->clause));
  }
  if (scope->series->refusal != nullptr)
    return ErrorAt(sqlstate::kFeatureNotSupported, location, scope->series->refusal, kLateralHint);
  call.function.arguments = std::move(args);
  for (const SeriesState::Call& known : scope->series->calls) {
    if (SameCall(known.function, call.function)) return known.outputs;
  }
  const functions::TableFunction& function = *call.function.function;
  for (size_t i = 0; i < function.result.size(); ++i)
    call.outputs.push_back(query_->AddColumn(
        {i < function.column_names.size() ? function.column_names[i] : name,
         plan::ResultOf(function.result[i], call.function.arguments), 0, 0, false}));
  scope->series->calls.push_back(call);
  return call.outputs;
}

std::vector<bool> Binder::SeriesIn(const SeriesState& series,
                                   const std::vector<ExprPtr>& expressions) {
  plan::ColumnSet used;
  for (const ExprPtr& e : expressions) plan::CollectColumns(*e, &used);
  std::vector<bool> which(series.calls.size());
  // A call stands behind those in its arguments.
  for (size_t i = series.calls.size(); i-- > 0;) {
    const SeriesState::Call& call = series.calls[i];
    which[i] = plan::Intersects({call.outputs.begin(), call.outputs.end()}, used);
    if (which[i]) used.merge(ColumnsOf(call.function));
  }
  return which;
}

absl::StatusOr<RelPtr> Binder::ApplySeries(RelPtr rel, const SeriesState& series,
                                           const std::vector<bool>& which,
                                           const plan::ColumnSet* needed) {
  // How many set-returning functions stand in one another below each call, and how many functions
  // that storage cannot run stand in one another among those.
  std::vector<std::pair<size_t, size_t>> places(series.calls.size(), {0, 0});
  std::pair<size_t, size_t> highest{0, 0};
  for (size_t i = 0; i < series.calls.size(); ++i) {
    if (!which[i]) continue;
    const bool is_program = series.calls[i].program != nullptr;
    auto& [sets, programs] = places[i];
    if (!is_program) sets = 1;
    if (is_program) programs = 1;
    const plan::ColumnSet used = ColumnsOf(series.calls[i].function);
    for (size_t j = 0; j < i; ++j) {
      const std::vector<ColumnId>& outputs = series.calls[j].outputs;
      if (!which[j] || !plan::Intersects({outputs.begin(), outputs.end()}, used)) continue;
      const size_t under = places[j].first;
      if (!is_program) {
        sets = std::max(sets, under + 1);
      } else if (under > sets) {
        sets = under;
        programs = series.calls[j].program == nullptr ? 1 : places[j].second + 1;
      } else if (under == sets && series.calls[j].program != nullptr) {
        programs = std::max(programs, places[j].second + 1);
      }
    }
    highest.first = std::max(highest.first, sets);
    highest.second = std::max(highest.second, programs);
  }
  std::vector<bool> made(series.calls.size(), false);
  // What later calls and earlier ones are about is needed as well.
  const auto kept = [&]() {
    plan::ColumnSet columns = *needed;
    for (size_t i = 0; i < series.calls.size(); ++i) {
      if (!which[i]) continue;
      if (made[i]) columns.insert(series.calls[i].outputs.begin(), series.calls[i].outputs.end());
      if (!made[i]) columns.merge(ColumnsOf(series.calls[i].function));
    }
    return columns;
  };
  for (size_t sets = 0; sets <= highest.first; ++sets) {
    RelPtr set = plan::MakeRel(Rel::Kind::kProjectSet, {rel});
    set->output = rel->output;
    for (size_t i = 0; i < series.calls.size(); ++i) {
      if (!which[i] || series.calls[i].program != nullptr || places[i].first != sets) continue;
      set->set_functions.push_back(series.calls[i].function);
      set->output.insert(set->output.end(), series.calls[i].outputs.begin(),
                         series.calls[i].outputs.end());
      made[i] = true;
    }
    if (!set->set_functions.empty()) rel = set;
    for (size_t programs = 1; programs <= highest.second; ++programs) {
      std::vector<const SeriesState::Call*> calls;
      for (size_t i = 0; i < series.calls.size(); ++i) {
        if (!which[i] || series.calls[i].program == nullptr ||
            places[i] != std::make_pair(sets, programs))
          continue;
        calls.push_back(&series.calls[i]);
        made[i] = true;
      }
      if (calls.empty()) continue;
      const plan::ColumnSet columns = needed == nullptr ? plan::ColumnSet() : kept();
      ASSIGN_OR_RETURN(rel, ApplyPrograms(rel, calls, needed == nullptr ? nullptr : &columns));
    }
  }
  return rel;
}

}  // namespace adbms::sql::binder
