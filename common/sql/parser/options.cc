#include "common/sql/parser/options.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

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

}  // namespace adbms::sql::parser
