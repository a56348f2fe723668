// What runs the SQL of programs for a session. One host for each call of a program; not
// thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/sql/expression/evaluator.h"
#include "common/sql/program/program.h"
#include "services/gateway/program/host.h"
#include "services/gateway/program/interpreter.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

// The programs that a session has run, with what their statements were prepared to.
struct ProgramCache {
  struct Entry {
    uint64_t version = 0;
    std::string signature;  // Of a polymorphic one: what it has been made for.
    sql::program::ProgramPtr program;
    std::shared_ptr<program::PreparedTexts> texts;
  };
  std::unordered_map<uint32_t, Entry> functions;  // By id.
  // Types by what they were written as, under one version of the catalog and one search path.
  std::unordered_map<std::string, types::Type> types;
  uint64_t types_version = 0;
  std::vector<std::string> types_path;
  int depth = 0;            // Programs that run in one another.
  uint64_t savepoints = 0;  // That they have made.
  uint64_t portals = 0;     // Of cursors that they have not named.
};

// The types of what a function returns, one for each column.
std::vector<types::Type> ResultTypes(const common::v1::FunctionDescriptor& function,
                                     const sql::Catalog& catalog);
// A column of a call's result as a value; of a set, an array.
absl::StatusOr<types::Value> ColumnOf(const common::v1::FunctionDescriptor& function,
                                      const program::Result& result, const types::Type& type,
                                      size_t column);

// Whether evaluating it in the session is as good as in storage: it names no object and changes
// nothing.
bool IsLocal(const common::v1::Expression& expression);

class ProgramHost : public program::Host {
 public:
  // `sink` takes notices; null: the session keeps them. `may_end`: the program may end its
  // transaction.
  ProgramHost(Session* session, ResultSink* sink, bool may_end);

  absl::StatusOr<program::Outcome> Run(program::SqlText* text,
                                       const std::vector<types::Value>& values,
                                       program::Rows* rows) override;
  absl::StatusOr<types::Value> Evaluate(program::SqlText* text,
                                        const std::vector<types::Value>& values) override;
  absl::StatusOr<types::Value> Convert(const types::Value& value, const types::Type& type) override;
  std::string TextOf(const types::Value& value) override;
  absl::StatusOr<types::Value> WithElement(const types::Value& array, const types::Value& value,
                                           const std::vector<int32_t>& position) override;
  absl::StatusOr<types::Type> TypeNamed(const std::string& text) override;
  absl::StatusOr<const common::v1::TableDescriptor*> FindTable(
      const std::vector<std::string>& names) override;
  absl::Status Savepoint() override;
  absl::Status ReleaseSavepoint() override;
  absl::Status RollbackSavepoint() override;
  absl::Status EndTransaction(bool commit) override;
  absl::Status OpenCursor(const std::string& name, program::SqlText* text,
                          const std::vector<types::Value>& values) override;
  std::string NewCursorName() override;
  absl::Status FetchCursor(const std::string& name, const std::string& direction, bool move,
                           program::Rows* rows) override;
  absl::Status CloseCursor(const std::string& name) override;
  void Notice(std::string_view level, const status::SqlError& notice) override;
  absl::Status Check() override;

  // What an expression that needs no storage is evaluated with; until the next call.
  sql::expression::EvaluationState& EvaluationWith(const std::vector<types::Value>& parameters);

 private:
  sql::expression::EvaluationState& evaluation();

  struct TextState;
  class KeptNotices;

  absl::StatusOr<TextState*> StateOf(program::SqlText* text);
  absl::Status PlanText(program::SqlText* text, TextState* state);
  absl::StatusOr<program::Outcome> RunStatements(const std::vector<sql::Statement>& statements,
                                                 program::Rows* rows);
  absl::StatusOr<program::Outcome> RunUtility(const sql::Statement& statement, program::Rows* rows);
  static Session::PlanQuery QueryOf(const program::SqlText& text, const TextState& state);

  Session& session_;
  std::unique_ptr<ResultSink> kept_;
  ResultSink* sink_;
  const bool may_end_;
  std::vector<std::string> savepoints_;
  sql::CatalogPtr catalog_;
  // The value of a domain's base as one of the domain. Errors: 23502, 23514.
  absl::StatusOr<types::Value> InDomain(types::Value value, const types::Type& domain);

  std::optional<sql::expression::EvaluationState> evaluation_;  // Empty: to be made anew.
  std::map<std::pair<types::TypeId, const types::DeclaredType*>,
           sql::expression::CompiledExpressionPtr>
      domains_;
};

}  // namespace adbms::gateway::session
