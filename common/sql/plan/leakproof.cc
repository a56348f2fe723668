#include "common/sql/plan/leakproof.h"

#include <algorithm>

namespace adbms::sql::plan {
namespace {

using types::TypeId;

// Its values are compared without a call of anything that could fail.
bool IsPlain(const types::Type& type) {
  switch (type.id) {
    case TypeId::kBool:
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kNumeric:
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kName:
    case TypeId::kChar:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimetz:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kInterval:
    case TypeId::kBytea:
    case TypeId::kUuid:
    case TypeId::kOid:
    case TypeId::kInet:
    case TypeId::kCidr:
    case TypeId::kMacaddr:
    case TypeId::kMacaddr8:
    case TypeId::kBit:
    case TypeId::kVarbit:
    case TypeId::kEnum:
      return true;
    default:
      return false;
  }
}

bool ArePlain(const std::vector<ExprPtr>& args) {
  return std::all_of(args.begin(), args.end(), [](const ExprPtr& e) { return IsPlain(e->type); });
}

bool IsComparison(const functions::Function& function) {
  static constexpr std::string_view kNames[] = {"=", "<>", "<", "<=", ">", ">="};
  return function.is_operator && function.arguments.size() == 2 &&
         std::find(std::begin(kNames), std::end(kNames), function.name) != std::end(kNames);
}

int Width(TypeId id) {
  return id == TypeId::kInt2 ? 1 : id == TypeId::kInt4 ? 2 : id == TypeId::kInt8 ? 3 : 0;
}

bool IsText(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kName;
}

// A cast of which no value is refused, whatever it is.
bool NeverFails(const Expr& cast) {
  const types::Type& from = cast.args[0]->type;
  const types::Type& to = cast.type;
  if (from == to) return true;
  if (to.modifier != 0 || to.declared != nullptr) return false;
  if (Width(from.id) > 0)
    return Width(to.id) >= Width(from.id) || to.id == TypeId::kFloat8 || to.id == TypeId::kNumeric;
  if (from.id == TypeId::kFloat4) return to.id == TypeId::kFloat8;
  return (IsText(from.id) || from.id == TypeId::kBpchar) &&
         (to.id == TypeId::kText || to.id == TypeId::kVarchar);
}

}  // namespace

bool IsLeakproof(const ExprPtr& expression, const ColumnSet& columns) {
  if (!Intersects(ColumnsOf(expression), columns)) return true;
  const Expr& e = *expression;
  const bool inside = std::all_of(e.args.begin(), e.args.end(), [&columns](const ExprPtr& arg) {
    return IsLeakproof(arg, columns);
  });
  if (!inside) return false;
  switch (e.kind) {
    case Expr::Kind::kLiteral:
    case Expr::Kind::kColumn:
    case Expr::Kind::kParameter:
    case Expr::Kind::kSession:
    case Expr::Kind::kLogical:
    case Expr::Kind::kCase:
    case Expr::Kind::kCoalesce:
      return true;
    case Expr::Kind::kTest:
      return e.test == common::v1::TestExpression::KIND_IS_NULL ||
             e.test == common::v1::TestExpression::KIND_IS_NOT_NULL || ArePlain(e.args);
    case Expr::Kind::kInList:
      return ArePlain(e.args);
    case Expr::Kind::kCall:
      return IsComparison(*e.function) && ArePlain(e.args);
    case Expr::Kind::kCast:
      return NeverFails(e);
    case Expr::Kind::kSubquery:
      // Its own rows are not what it is asked of.
      return !Intersects(FreeColumns(*e.query), columns) && ArePlain(e.args) &&
             std::all_of(
                 e.comparisons.begin(), e.comparisons.end(),
                 [](const functions::Function* comparison) { return IsComparison(*comparison); });
  }
  return false;
}

}  // namespace adbms::sql::plan
