// Names that are no columns: variables of a program, arguments of a function.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {

namespace sqlstate = status::sqlstate;

ExprPtr Binder::FindVariable(const std::vector<std::string>& names, int location) const {
  if (text_.data() != variables_in_) return nullptr;
  // Innermost last; label.record.field is the record's field too.
  for (auto known = variables_.rbegin(); known != variables_.rend(); ++known) {
    const ParameterName& name = known->name;
    if (name.name != names.back()) continue;
    const bool meant = names.size() == 1 ? name.alone : name.relation == names[names.size() - 2];
    if (!meant) continue;
    if (known->value->kind == plan::Expr::Kind::kParameter)
      return plan::MakeParameter(known->value->parameter, known->value->type, location);
    return known->value;
  }
  return nullptr;
}

absl::Status Binder::CheckNotVariable(const std::vector<std::string>& names, int location) const {
  if (!variables_conflict_ || variables_.empty() || names.size() > 1) return absl::OkStatus();
  if (FindVariable(names, location) == nullptr) return absl::OkStatus();
  status::SqlError error =
      status::FromStatus(ErrorAt(sqlstate::kAmbiguousColumn, location,
                                 absl::StrCat("column reference \"", names[0], "\" is ambiguous")));
  error.detail = "It could refer to either a PL/pgSQL variable or a table column.";
  return status::ToStatus(error);
}

std::vector<Target> Binder::FieldsOfVariable(const std::string& name, int location) const {
  std::vector<Target> fields;
  for (const NamedValue& known : variables_) {
    if (known.name.alone || known.name.relation != name) continue;
    // Several may be called the same: each is itself.
    ExprPtr value;
    if (text_.data() == variables_in_) value = known.value;
    if (value != nullptr && value->kind == plan::Expr::Kind::kParameter)
      value = plan::MakeParameter(value->parameter, value->type, location);
    fields.push_back({std::move(value), known.name.name});
  }
  return fields;
}

absl::StatusOr<ExprPtr> Binder::RecordVariable(const std::string& name, int location) {
  const std::vector<Target> fields = FieldsOfVariable(name, location);
  if (fields.empty() || fields[0].expression == nullptr) {
    ExprPtr row = FindVariable({name}, location);
    return row != nullptr && row->type.id == TypeId::kRecord ? row : ExprPtr();
  }
  ASSIGN_OR_RETURN(ExprPtr row, MakeTargetRow(fields, {}, location));
  if (!missing_record_.empty() && name == missing_record_) return plan::MakeNull(row->type);
  return row;
}

absl::Status Binder::WithText(std::string_view text, std::vector<NamedValue>* variables,
                              bool conflict, const std::function<absl::Status()>& bind) {
  const std::string_view outer_text = text_;
  const bool literals = literals_active_;
  const bool outer_conflict = variables_conflict_;
  const char* const outer_in = variables_in_;
  std::swap(*variables, variables_);
  text_ = text;
  literals_active_ = false;
  variables_in_ = text.data();
  variables_conflict_ = conflict;
  ++view_depth_;
  ++function_depth_;
  const absl::Status status = bind();
  --function_depth_;
  --view_depth_;
  variables_conflict_ = outer_conflict;
  variables_in_ = outer_in;
  literals_active_ = literals;
  text_ = outer_text;
  std::swap(*variables, variables_);
  return status;
}

}  // namespace adbms::sql::binder
