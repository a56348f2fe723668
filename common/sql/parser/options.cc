#include "common/sql/parser/options.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

std::string ConstantText(const Node* node) {
  if (node == nullptr) return {};
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST: {
      const PgQuery__AConst& constant = *node->a_const;
      switch (constant.val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL:
          return absl::StrCat(constant.ival->ival);
        case PG_QUERY__A__CONST__VAL_FVAL:
          return constant.fval->fval;
        case PG_QUERY__A__CONST__VAL_BOOLVAL:
          return constant.boolval->boolval ? "true" : "false";
        case PG_QUERY__A__CONST__VAL_SVAL:
          return constant.sval->sval;
        default:
          return {};
      }
    }
    case PG_QUERY__NODE__NODE_STRING:
      return node->string->sval;
    case PG_QUERY__NODE__NODE_INTEGER:
      return absl::StrCat(node->integer->ival);
    case PG_QUERY__NODE__NODE_FLOAT:
      return node->float_->fval;
    case PG_QUERY__NODE__NODE_BOOLEAN:
      return node->boolean->boolval ? "true" : "false";
    // An unquoted word, where a type could stand as well.
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      return std::string(StringOf(node->type_name->names[node->type_name->n_names - 1]));
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return ConstantText(node->type_cast->arg);
    default:
      return {};
  }
}

bool IsOn(const PgQuery__DefElem& option) {
  if (option.arg == nullptr) return true;
  const std::string value = absl::AsciiStrToLower(ConstantText(option.arg));
  return value != "false" && value != "off" && value != "0" && value != "none";
}

absl::StatusOr<bool> ReadBoolean(const PgQuery__DefElem& option) {
  if (option.arg == nullptr) return true;
  const std::string value = absl::AsciiStrToLower(ConstantText(option.arg));
  if (value == "true" || value == "on" || value == "1") return true;
  if (value == "false" || value == "off" || value == "0") return false;
  return status::Error(status::sqlstate::kSyntaxError,
                       absl::StrCat(option.defname, " requires a Boolean value"));
}

}  // namespace adbms::sql::parser
