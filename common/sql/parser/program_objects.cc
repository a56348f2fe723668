#include "common/sql/parser/program_objects.h"

namespace adbms::sql::parser {
namespace {

// Empty for what is neither routine nor trigger nor policy.
std::string Tag(const char* verb, PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
      return std::string(verb) + " FUNCTION";
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
      return std::string(verb) + " PROCEDURE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
      return std::string(verb) + " ROUTINE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE:
      return std::string(verb) + " AGGREGATE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
      return std::string(verb) + " TRIGGER";
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
      return std::string(verb) + " POLICY";
    default:
      return {};
  }
}

}  // namespace

bool IsRoutine(PgQuery__ObjectType type) {
  return type == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE;
}

std::string ProgramObjectTag(const Node& node) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
      return node.create_function_stmt->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
      return "CREATE TRIGGER";
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
      return "CREATE POLICY";
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
      return "ALTER POLICY";
    case PG_QUERY__NODE__NODE_ALTER_FUNCTION_STMT:
      return Tag("ALTER", node.alter_function_stmt->objtype);
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
      return Tag("ALTER", node.alter_owner_stmt->object_type);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      return Tag("ALTER", node.alter_object_schema_stmt->object_type);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      return Tag("ALTER", node.rename_stmt->rename_type);
    case PG_QUERY__NODE__NODE_DROP_STMT:
      return Tag("DROP", node.drop_stmt->remove_type);
    default:
      return {};
  }
}

}  // namespace adbms::sql::parser
