#include "common/sql/ddl/function_dependents.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;

struct FunctionDependent {
  enum class Kind { kView, kMaterializedView, kDefault, kCheck };
  Kind kind = Kind::kView;
  const TableDescriptor* table = nullptr;  // The catalog's.
  uint32_t column = 0;                     // Of kDefault.
  std::string check;                       // Of kCheck.
  uint32_t function_id = 0;                // The first that it calls.
};
using Kind = FunctionDependent::Kind;

class Search {
 public:
  Search(const FunctionDescriptor& function, const PlanningInput& input,
         const parser::StatementTree& tree)
      : id_(function.function_id()),
        name_(absl::AsciiStrToLower(function.name())),
        input_(input),
        tree_(tree) {
    input_.statement = nullptr;
    input_.literals = nullptr;
    input_.called_functions = nullptr;
    input_.parameter_types.clear();
    input_.exempt = true;  // Policies are no part of a view.
  }

  bool CalledByQuery(const std::string& sql, const TableDescriptor& view) const {
    if (!Mentions(sql)) return false;
    PlanningInput input = input_;
    input.sql = sql;
    input.search_path = {view.view_search_path().begin(), view.view_search_path().end()};
    const auto tree = binder::StatementTreeOf(input);
    if (!tree.ok()) return false;
    binder::Binder binder(input, **tree);
    return binder.BindStatement().ok() && Calls(binder);
  }
  bool CalledByDefault(const common::v1::ColumnDescriptor& column) const {
    if (!Mentions(column.default_sql())) return false;
    binder::Binder binder(input_, tree_);
    return binder.BindDefault(column.default_sql(), column).ok() && Calls(binder);
  }
  bool CalledByCheck(const std::string& sql, const TableDescriptor& table) const {
    if (!Mentions(sql)) return false;
    TableExpressions expressions(input_, tree_, table);
    return expressions.BindCheck(sql).ok() && Calls(expressions.binder());
  }

 private:
  // Binding takes its time.
  bool Mentions(const std::string& sql) const {
    return absl::StrContains(absl::AsciiStrToLower(sql), name_);
  }
  bool Calls(const binder::Binder& binder) const { return binder.called_functions().contains(id_); }

  const uint32_t id_;
  const std::string name_;
  PlanningInput input_;
  const parser::StatementTree& tree_;
};

// As messages name it.
std::string Shown(const FunctionDependent& dependent) {
  const std::string& name = dependent.table->name();
  switch (dependent.kind) {
    case Kind::kView:
      return absl::StrCat("view ", name);
    case Kind::kMaterializedView:
      return absl::StrCat("materialized view ", name);
    case Kind::kDefault:
      return absl::StrCat("default value for column ",
                          dependent.table->columns(static_cast<int>(dependent.column)).name(),
                          " of table ", name);
    case Kind::kCheck:
      break;
  }
  return absl::StrCat("constraint ", dependent.check, " on table ", name);
}

// Text that means something else by now is passed over.
std::vector<FunctionDependent> DependentsOf(const std::vector<uint32_t>& function_ids,
                                            const PlanningInput& input,
                                            const parser::StatementTree& tree) {
  std::vector<FunctionDependent> found;
  for (const uint32_t id : function_ids) {
    const FunctionDescriptor* const function = input.catalog->FindFunction(id);
    if (function == nullptr) continue;
    const Search search(*function, input, tree);
    const auto add = [&](FunctionDependent dependent) {
      const bool known = std::any_of(found.begin(), found.end(), [&](const auto& one) {
        return one.kind == dependent.kind && one.table == dependent.table &&
               one.column == dependent.column && one.check == dependent.check;
      });
      if (!known) found.push_back(std::move(dependent));
    };
    for (const TableDescriptor& table : input.catalog->snapshot().tables()) {
      if (table.is_virtual()) continue;
      if (!table.view_sql().empty() && search.CalledByQuery(table.view_sql(), table))
        add({Kind::kView, &table, 0, {}, id});
      if (table.has_materialized_view() &&
          search.CalledByQuery(table.materialized_view().sql(), table))
        add({Kind::kMaterializedView, &table, 0, {}, id});
      for (int i = 0; i < table.columns_size(); ++i) {
        if (!table.columns(i).dropped() && search.CalledByDefault(table.columns(i)))
          add({Kind::kDefault, &table, static_cast<uint32_t>(i), {}, id});
      }
      for (const auto& check : table.checks()) {
        if (search.CalledByCheck(check.sql(), table))
          add({Kind::kCheck, &table, 0, check.name(), id});
      }
    }
  }
  return found;
}

absl::Status DependedOn(bool several, const std::vector<FunctionDependent>& dependents,
                        const Catalog& catalog) {
  std::string what;
  std::string detail;
  for (const FunctionDependent& dependent : dependents) {
    what = absl::StrCat("function ", SignatureOf(*catalog.FindFunction(dependent.function_id)));
    absl::StrAppend(&detail, detail.empty() ? "" : "\n", Shown(dependent), " depends on ", what);
  }
  return status::Error("2BP01",
                       absl::StrCat("cannot drop ", several ? "desired object(s)" : what,
                                    " because other objects depend on ", several ? "them" : "it"),
                       detail, "Use DROP ... CASCADE to drop the dependent objects too.");
}

void DropDependent(const FunctionDependent& dependent, common::v1::DdlStatement* out) {
  const TableDescriptor& table = *dependent.table;
  if (dependent.kind == Kind::kDefault) {
    out->mutable_alter_table()->set_table_id(table.table_id());
    out->mutable_alter_table()->mutable_set_default()->set_column(dependent.column);
  } else if (dependent.kind == Kind::kCheck) {
    out->mutable_alter_table()->set_table_id(table.table_id());
    out->mutable_alter_table()->set_drop_constraint(dependent.check);
  } else {
    common::v1::DropTable& drop = dependent.kind == Kind::kView
                                      ? *out->mutable_drop_view()
                                      : *out->mutable_drop_materialized_view();
    drop.set_if_exists(true);  // It may have gone with another one.
    drop.set_cascade(true);
    common::v1::RelationName& name = *drop.add_tables();
    name.set_schema(table.schema());
    name.set_name(table.name());
  }
}

}  // namespace

absl::Status DropDependents(common::v1::DropFunction* drop, const PlanningInput& input,
                            const parser::StatementTree& tree,
                            std::vector<common::v1::DdlStatement>* changes) {
  const std::vector<FunctionDependent> dependents =
      DependentsOf({drop->function_ids().begin(), drop->function_ids().end()}, input, tree);
  if (dependents.empty()) return absl::OkStatus();
  if (!drop->cascade())
    return DependedOn(drop->function_ids_size() > 1, dependents, *input.catalog);
  drop->add_notices(dependents.size() == 1
                        ? absl::StrCat("drop cascades to ", Shown(dependents[0]))
                        : absl::StrCat("drop cascades to ", dependents.size(), " other objects"));
  for (const FunctionDependent& dependent : dependents)
    DropDependent(dependent, &changes->emplace_back());
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
