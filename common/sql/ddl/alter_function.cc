// ALTER FUNCTION, PROCEDURE and ROUTINE: each makes a whole new descriptor.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/function_options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;

common::v1::FunctionDescriptor* DdlBinder::Alter(const FunctionDescriptor& function) {
  auto* changed = Add()->mutable_alter_function()->mutable_function();
  *changed = function;
  return changed;
}

absl::Status DdlBinder::AlterFunction(const PgQuery__AlterFunctionStmt& alter) {
  ASSIGN_OR_RETURN(const FunctionDescriptor* function, FindFunction(alter.objtype, *alter.func));
  FunctionOptions options;
  RETURN_IF_ERROR(ReadFunctionOptions({alter.actions, alter.n_actions},
                                      function->kind() == FunctionDescriptor::KIND_PROCEDURE,
                                      tree_.parse->text(), &options));
  return ApplyFunctionOptions(options, Alter(*function));
}

absl::Status DdlBinder::RenameFunction(const PgQuery__RenameStmt& rename) {
  ASSIGN_OR_RETURN(const FunctionDescriptor* function,
                   FindFunction(rename.rename_type, *rename.object->object_with_args));
  Alter(*function)->set_name(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterOwner(const PgQuery__AlterOwnerStmt& alter) {
  ASSIGN_OR_RETURN(const FunctionDescriptor* function,
                   FindFunction(alter.object_type, *alter.object->object_with_args));
  const std::string role(parser::View(alter.newowner->rolename));
  Alter(*function)->set_owner(role.empty() ? input_.current_user : role);
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterSchema(const PgQuery__AlterObjectSchemaStmt& alter) {
  ASSIGN_OR_RETURN(const FunctionDescriptor* function,
                   FindFunction(alter.object_type, *alter.object->object_with_args));
  const std::string schema(parser::View(alter.newschema));
  if (!input_.catalog->HasSchema(schema))
    return status::Error(sqlstate::kInvalidSchemaName,
                         absl::StrCat("schema \"", schema, "\" does not exist"));
  Alter(*function)->set_schema(schema);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
