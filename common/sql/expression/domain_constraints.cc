#include "common/sql/expression/domain_constraints.h"

#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"
#include "common/types/range.h"

namespace adbms::sql::expression {

using types::DeclaredType;
using types::Type;
using types::Vector;
using types::VectorPtr;
using View = std::string_view;

absl::StatusOr<std::unique_ptr<const DomainConstraints>> DomainConstraints::Of(const Type& type,
                                                                               bool parts_hold) {
  // A check may itself cast to a domain; what comes from elsewhere may do so without end.
  constexpr int kDeepest = 16;
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } level_of_this;
  if (depth > kDeepest)
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Use fewer domains within the checks of others.");
  auto made = std::make_unique<DomainConstraints>();
  made->type_ = type;
  made->base_ = types::BaseOf(type);
  RETURN_IF_ERROR(made->AddChecks());
  if (!parts_hold) RETURN_IF_ERROR(made->AddParts());
  return std::unique_ptr<const DomainConstraints>(std::move(made));
}

absl::Status DomainConstraints::AddChecks() {
  // Those of the domain that it is over come first.
  std::vector<const DeclaredType*> domains;
  for (Type level = type_; types::IsDomain(level); level = level.declared->base)
    domains.insert(domains.begin(), level.declared);
  for (const DeclaredType* domain : domains) {
    not_null_ |= domain->definition.not_null();
    for (const common::v1::DomainCheck& check : domain->definition.checks()) {
      common::v1::Expression condition;
      if (!condition.ParseFromString(check.condition()))
        return absl::InternalError("malformed check of a domain");
      ASSIGN_OR_RETURN(CompiledExpressionPtr compiled, Compile(condition));
      if (types::PhysicalOf(compiled->type().id) != types::Physical::kBool)
        return absl::InternalError("a check of a domain that is no boolean");
      checks_.push_back({types::Format(type_), check.name(), std::move(compiled)});
    }
  }
  return absl::OkStatus();
}

absl::Status DomainConstraints::AddParts() {
  if (!types::HoldsDomain(base_)) return absl::OkStatus();
  if (types::IsArray(base_.id)) return AddPart(0, types::ElementOf(base_));
  if (base_.declared->is_range()) return AddPart(0, base_.declared->subtype);
  if (base_.declared->is_multirange()) return AddPart(0, base_.declared->base.declared->subtype);
  for (uint32_t i = 0; i < base_.declared->fields.size(); ++i)
    RETURN_IF_ERROR(AddPart(i, base_.declared->fields[i].type));
  return absl::OkStatus();
}

absl::Status DomainConstraints::AddPart(uint32_t field, const Type& type) {
  if (!types::IsDomain(type) && !types::HoldsDomain(type)) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto constraints, Of(type, /*parts_hold=*/false));
  parts_.push_back({field, type, std::move(constraints)});
  return absl::OkStatus();
}

absl::Status DomainConstraints::Hold(EvaluationState& state, const VectorPtr& values) const {
  RETURN_IF_ERROR(HoldParts(state, *values));
  for (uint32_t row = 0; not_null_ && row < values->size(); ++row) {
    if (values->is_null(row))
      return status::Error(status::sqlstate::kNotNullViolation,
                           "domain " + types::Format(type_) + " does not allow null values");
  }
  const types::Batch batch{{values}, values->size()};
  for (const Check& check : checks_) {
    ASSIGN_OR_RETURN(const VectorPtr holds, check.condition->Evaluate(state, batch));
    for (uint32_t row = 0; row < holds->size(); ++row) {
      if (holds->is_null(row) || holds->data<uint8_t>()[row] != 0) continue;
      return status::Error(
          status::sqlstate::kCheckViolation,
          "value for domain " + check.domain + " violates check constraint \"" + check.name + "\"");
    }
  }
  return absl::OkStatus();
}

absl::Status DomainConstraints::HoldParts(EvaluationState& state, const Vector& values) const {
  for (const Part& part : parts_) {
    const VectorPtr parts = PartsOf(values, part);
    RETURN_IF_ERROR(state.context.Handled(parts->size() * sizeof(View)));
    if (parts->size() > 0) RETURN_IF_ERROR(part.constraints->Hold(state, parts));
  }
  return absl::OkStatus();
}

VectorPtr DomainConstraints::PartsOf(const Vector& values, const Part& part) const {
  auto parts = std::make_shared<Vector>(types::Unchecked(part.type));
  if (types::MayHaveStrings(parts->physical())) parts->ShareStrings(values);
  uint32_t size = 0;
  for (uint32_t row = 0; row < values.size(); ++row) {
    if (values.is_null(row)) continue;
    const View bytes = values.data<View>()[row];
    if (types::IsArray(base_.id)) {
      const types::ArrayView array(bytes, base_.id);
      parts->Resize(size + array.size());
      for (uint32_t i = 0; i < array.size(); ++i, ++size) {
        if (array.is_null(i)) {
          parts->SetNull(size);
        } else {
          array.Load(i, parts.get(), size);
        }
      }
    } else if (types::IsRow(base_)) {
      parts->Resize(size + 1);
      types::CompositeView(bytes).Load(part.field, parts.get(), size++);
    } else {
      for (const types::Range& range : types::RangesOf(bytes, base_.id)) {
        if (!range.lower_infinite) parts->Append(range.lower);
        if (!range.upper_infinite) parts->Append(range.upper);
      }
    }
  }
  return parts;
}

}  // namespace adbms::sql::expression
