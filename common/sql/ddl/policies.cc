// CREATE, ALTER and DROP POLICY, and the row security of tables.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/parentheses.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/explain/deparse.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::PolicyCondition;
using common::v1::PolicyDescriptor;
namespace sqlstate = status::sqlstate;

const PolicyDescriptor* PolicyNamed(const common::v1::TableDescriptor& table,
                                    const std::string& name) {
  const auto found = std::find_if(table.policies().begin(), table.policies().end(),
                                  [&name](const auto& policy) { return policy.name() == name; });
  return found == table.policies().end() ? nullptr : &*found;
}

absl::Status NoPolicy(const std::string& name, const common::v1::TableDescriptor& table) {
  return status::Error(
      sqlstate::kUndefinedObject,
      absl::StrCat("policy \"", name, "\" for table \"", table.name(), "\" does not exist"));
}

absl::Status Exists(const std::string& name, const common::v1::TableDescriptor& table) {
  return status::Error(
      sqlstate::kDuplicateObject,
      absl::StrCat("policy \"", name, "\" for table \"", table.name(), "\" already exists"));
}

std::string CommandOf(std::string_view name) {
  return name == "select"   ? "r"
         : name == "insert" ? "a"
         : name == "update" ? "w"
         : name == "delete" ? "d"
                            : "*";
}

// Where what stands between the parentheses behind the word begins and ends. The word is reserved:
// outside of parentheses it is nothing else.
std::pair<size_t, size_t> ExtentOf(std::string_view statement, int offset, std::string_view word) {
  parser::Lexer lexer(statement, offset);
  int depth = 0;
  bool found = false;
  size_t begin = 0;
  for (parser::Token token = lexer.Next();
       token.kind != parser::Token::Kind::kEnd && token.kind != parser::Token::Kind::kInvalid;
       token = lexer.Next()) {
    const std::string_view text = lexer.TextOf(token);
    if (text == ")" && --depth == 0 && found) return {begin, static_cast<size_t>(token.offset)};
    if (text == "(" && depth++ == 0 && found)
      begin = static_cast<size_t>(token.offset + token.length);
    if (depth == 0 && !found) found = lexer.Is(token, word);
  }
  return {0, 0};
}

}  // namespace

absl::StatusOr<const DdlBinder::Table*> DdlBinder::PolicyTable(
    const PgQuery__RangeVar& range) const {
  ASSIGN_OR_RETURN(const Table* table, Resolve(range));
  if (table->view_sql().empty() && !table->has_sequence() && !table->has_materialized_view())
    return table;
  return ErrorAt(sqlstate::kWrongObjectType, -1,
                 absl::StrCat("\"", table->name(), "\" is not a table"));
}

absl::Status DdlBinder::ReadCondition(const Node* node, std::string_view word, const Table& table,
                                      PolicyCondition* condition) const {
  TableExpressions expressions(input_, tree_, table);
  ASSIGN_OR_RETURN(const plan::ExprPtr e,
                   expressions.binder().BindPolicyExpression(node, table, expressions.columns()));
  for (common::v1::ViewDependency& used : expressions.binder().DependenciesOf(e)) {
    if (used.table_id() != table.table_id()) *condition->add_relations() = std::move(used);
  }
  for (const plan::FunctionUse& used : expressions.binder().query().functions)
    condition->add_function_ids(used.function->function_id());
  for (const uint32_t ordinal : expressions.OrdinalsOf(e)) condition->add_columns(ordinal);
  for (const std::string& schema : input_.search_path) condition->add_search_path(schema);
  const std::string_view text = tree_.parse->text();
  const auto [begin, end] = ExtentOf(text, tree_.offset, word);
  std::string sql(text.substr(begin, end - begin));
  // Names mean the same under any search path. From the end: offsets before it stay as they are.
  const auto& names = expressions.binder().unqualified_names();
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const auto at = static_cast<size_t>(name->first);
    if (at >= begin && at < end && !IsTemporarySchema(name->second.schema()))
      sql.insert(at - begin, QuoteName(name->second.schema()) + ".");
  }
  condition->set_sql(std::string(WithoutParentheses(sql)));
  // Functions of users have become what they are made of.
  if (plan::HasSubquery(e) || condition->function_ids_size() > 0) return absl::OkStatus();
  // What is shown has to mean the same, for a dump of it to be read again.
  const auto bound = expressions.Encode(e);
  if (!bound.ok()) return absl::OkStatus();
  common::v1::IndexExpression shown;
  shown.set_bound(*bound);
  const std::string again_text = explain::DeparseDefinition(
      shown,
      [&table](uint32_t ordinal) {
        return QuoteName(table.columns(static_cast<int>(ordinal)).name());
      },
      /*pretty=*/false);
  std::shared_ptr<const parser::ParseTree> tree;
  const auto parsed = binder::ParseExpression(again_text, &tree);
  if (!parsed.ok()) return absl::OkStatus();
  TableExpressions again(input_, tree_, table);
  const auto same = again.binder().BindPolicyExpression(*parsed, table, again.columns());
  if (!same.ok()) return absl::OkStatus();
  const auto encoded = again.Encode(*same);
  if (!encoded.ok() || !MeanTheSame(*encoded, *bound)) return absl::OkStatus();
  condition->set_bound(*bound);
  return absl::OkStatus();
}

void DdlBinder::ReadPolicyRoles(NodeList roles, PolicyDescriptor* policy) const {
  policy->clear_roles();
  for (const Node* node : roles) {
    const PgQuery__RoleSpec& role = *node->role_spec;
    switch (role.roletype) {
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
        // Everybody: others beside it say nothing.
        policy->clear_roles();
        return;
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING:
        policy->add_roles(std::string(parser::View(role.rolename)));
        break;
      case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
        policy->add_roles(input_.session_user);
        break;
      default:
        policy->add_roles(input_.current_user);
    }
  }
}

absl::Status DdlBinder::CreatePolicy(const PgQuery__CreatePolicyStmt& create) {
  const std::string command = CommandOf(parser::View(create.cmd_name));
  if ((command == "r" || command == "d") && create.with_check != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, -1, "WITH CHECK cannot be applied to SELECT or DELETE");
  if (command == "a" && create.qual != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, -1, "only WITH CHECK expression allowed for INSERT");
  ASSIGN_OR_RETURN(const Table* table, PolicyTable(*create.table));
  auto* statement = Add()->mutable_create_policy();
  statement->set_table_id(table->table_id());
  PolicyDescriptor* policy = statement->mutable_policy();
  policy->set_name(std::string(parser::View(create.policy_name)));
  policy->set_restrictive(!create.permissive);
  policy->set_command(command);
  ReadPolicyRoles({create.roles, create.n_roles}, policy);
  if (create.qual != nullptr)
    RETURN_IF_ERROR(ReadCondition(create.qual, "using", *table, policy->mutable_using_()));
  if (create.with_check != nullptr)
    RETURN_IF_ERROR(ReadCondition(create.with_check, "check", *table, policy->mutable_check()));
  return PolicyNamed(*table, policy->name()) == nullptr ? absl::OkStatus()
                                                        : Exists(policy->name(), *table);
}

absl::Status DdlBinder::AlterPolicy(const PgQuery__AlterPolicyStmt& alter) {
  ASSIGN_OR_RETURN(const Table* table, PolicyTable(*alter.table));
  const std::string name(parser::View(alter.policy_name));
  const PolicyDescriptor* before = PolicyNamed(*table, name);
  if (before == nullptr) return NoPolicy(name, *table);
  if ((before->command() == "r" || before->command() == "d") && alter.with_check != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, -1, "only USING expression allowed for SELECT, DELETE");
  if (before->command() == "a" && alter.qual != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, -1, "only WITH CHECK expression allowed for INSERT");
  auto* statement = Add()->mutable_alter_policy();
  statement->set_table_id(table->table_id());
  statement->set_name(name);
  PolicyDescriptor* policy = statement->mutable_policy();
  *policy = *before;
  if (alter.n_roles > 0) ReadPolicyRoles({alter.roles, alter.n_roles}, policy);
  if (alter.qual != nullptr) {
    policy->clear_using_();
    RETURN_IF_ERROR(ReadCondition(alter.qual, "using", *table, policy->mutable_using_()));
  }
  if (alter.with_check == nullptr) return absl::OkStatus();
  policy->clear_check();
  return ReadCondition(alter.with_check, "check", *table, policy->mutable_check());
}

absl::Status DdlBinder::RenamePolicy(const PgQuery__RenameStmt& rename) {
  ASSIGN_OR_RETURN(const Table* table, PolicyTable(*rename.relation));
  const std::string from(parser::View(rename.subname));
  const std::string to(parser::View(rename.newname));
  if (PolicyNamed(*table, to) != nullptr) return Exists(to, *table);
  const PolicyDescriptor* before = PolicyNamed(*table, from);
  if (before == nullptr) return NoPolicy(from, *table);
  auto* statement = Add()->mutable_alter_policy();
  statement->set_table_id(table->table_id());
  statement->set_name(from);
  *statement->mutable_policy() = *before;
  statement->mutable_policy()->set_name(to);
  return absl::OkStatus();
}

absl::Status DdlBinder::DropPolicy(const PgQuery__DropStmt& drop) {
  common::v1::DdlStatement* const statement = Add();
  auto* out = statement->mutable_drop_policy();
  ASSIGN_OR_RETURN(const Table* table, TableOfPart(drop, out->mutable_name(), statement));
  out->set_if_exists(drop.missing_ok);
  if (table == nullptr) return absl::OkStatus();
  out->set_table_id(table->table_id());
  return PolicyNamed(*table, out->name()) != nullptr || drop.missing_ok
             ? absl::OkStatus()
             : NoPolicy(out->name(), *table);
}

absl::Status DdlBinder::CommentOnPolicy(std::vector<std::string> parts,
                                        common::v1::Comment* statement) const {
  const std::string name = parts.back();
  parts.pop_back();
  ASSIGN_OR_RETURN(const Table* table, CommentTarget(parts, parts.size()));
  if (PolicyNamed(*table, name) == nullptr) return NoPolicy(name, *table);
  statement->set_table_id(table->table_id());
  statement->set_policy(name);
  return absl::OkStatus();
}

absl::Status DdlBinder::SetRowSecurity(const PgQuery__AlterTableCmd& command, const Table& table) {
  if (!table.view_sql().empty() || table.has_sequence() || table.has_materialized_view())
    return status::Error(
        sqlstate::kWrongObjectType,
        absl::StrCat(
            "ALTER action ",
            command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity    ? "ENABLE"
            : command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity ? "DISABLE"
            : command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity   ? "FORCE"
                                                                                   : "NO FORCE",
            " ROW SECURITY cannot be performed on relation \"", table.name(), "\""),
        absl::StrCat("This operation is not supported for ",
                     table.has_sequence()            ? "sequences"
                     : table.has_materialized_view() ? "materialized views"
                                                     : "views",
                     "."));
  auto* change = Alter(table, false)->mutable_set_row_security();
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
      change->set_enabled(command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity);
      return absl::OkStatus();
    default:
      change->set_forced(command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity);
      return absl::OkStatus();
  }
}

absl::Status DdlBinder::CheckNoPolicyReads(const Table& table,
                                           std::optional<uint32_t> column) const {
  const auto kept = [](const Table& of, const PolicyDescriptor& policy) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("renaming what policy \"", policy.name(), "\" of table \"",
                                      of.name(), "\" names is not supported"),
                         {}, "Drop the policy, and create it again.");
  };
  for (const Table& of : input_.catalog->snapshot().tables()) {
    for (const PolicyDescriptor& policy : of.policies()) {
      for (const PolicyCondition* condition : {&policy.using_(), &policy.check()}) {
        if (!column.has_value() && of.table_id() == table.table_id() &&
            condition->bound().empty() && MentionsColumn(condition->sql(), table.name()))
          return kept(of, policy);
        for (const auto& used : condition->relations()) {
          if (used.table_id() != table.table_id()) continue;
          if (!column.has_value() || std::find(used.columns().begin(), used.columns().end(),
                                               *column) != used.columns().end())
            return kept(of, policy);
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckNoPolicyNames(const Table& table, uint32_t column) const {
  const std::string& name = table.columns(static_cast<int>(column)).name();
  for (const PolicyDescriptor& policy : table.policies()) {
    for (const PolicyCondition* condition : {&policy.using_(), &policy.check()}) {
      // What is bound has the names that there are.
      if (!condition->bound().empty() || !MentionsColumn(condition->sql(), name)) continue;
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("renaming a column that policy \"", policy.name(),
                                        "\" names is not supported"),
                           {}, "Drop the policy, and create it again.");
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
