#include "services/storage/executor/declared_aggregate.h"

#include <cstring>
#include <unordered_map>
#include <utility>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"

namespace adbms::storage::executor {

using sql::expression::CompiledExpressionPtr;
using sql::expression::EvaluationState;
using types::Type;
using types::Value;
using types::Vector;
using types::VectorPtr;

struct DeclaredAggregate::Parts {
  Type state_type;
  Value initial;
  std::vector<Type> argument_types;
  bool strict = false;
  CompiledExpressionPtr transition;
  CompiledExpressionPtr result;  // Null: the state is.
};

namespace {

struct Kept {
  Value value;
  // Strict, from NULL: the first argument is to become the state.
  bool begins = false;
};

// Made when its first row comes: a group without rows has none.
Kept*& At(char* state) { return *reinterpret_cast<Kept**>(state); }

bool SameForm(const Type& a, const Type& b) {
  return types::PhysicalOf(a.id) == types::PhysicalOf(b.id);
}

void AppendOrNull(const Value& value, Vector* out) {
  if (value.is_null()) {
    out->AppendNull();
  } else {
    out->Append(value);
  }
}

}  // namespace

DeclaredAggregate::DeclaredAggregate(std::shared_ptr<const Parts> parts, EvaluationState* execution)
    : parts_(std::move(parts)), execution_(execution) {}

DeclaredAggregate::~DeclaredAggregate() = default;

absl::StatusOr<std::unique_ptr<DeclaredAggregate>> DeclaredAggregate::Compile(
    const common::v1::DeclaredAggregate& plan) {
  auto parts = std::make_shared<Parts>();
  parts->state_type = types::FromProto(plan.state_type());
  parts->initial = Value::Null(parts->state_type);
  if (plan.has_initial()) {
    ASSIGN_OR_RETURN(parts->initial, types::FromProto(plan.initial()));
  }
  for (const auto& type : plan.argument_types())
    parts->argument_types.push_back(types::FromProto(type));
  parts->strict = plan.strict();
  ASSIGN_OR_RETURN(parts->transition, sql::expression::Compile(plan.transition()));
  if (plan.has_result()) {
    ASSIGN_OR_RETURN(parts->result, sql::expression::Compile(plan.result()));
  }
  const bool begins_with_argument =
      parts->strict && parts->initial.is_null() && !parts->argument_types.empty();
  if (!SameForm(parts->transition->type(), parts->state_type) ||
      !SameForm(parts->initial.type(), parts->state_type) ||
      (begins_with_argument && !SameForm(parts->argument_types[0], parts->state_type)))
    return absl::InvalidArgumentError("malformed plan: the state of aggregate " + plan.name());
  return std::unique_ptr<DeclaredAggregate>(new DeclaredAggregate(std::move(parts)));
}

std::unique_ptr<sql::functions::Aggregate> DeclaredAggregate::ForExecution(
    EvaluationState* state) const {
  return std::unique_ptr<sql::functions::Aggregate>(new DeclaredAggregate(parts_, state));
}

bool DeclaredAggregate::Takes(const std::vector<Type>& arguments, const Type& result) const {
  bool right = arguments.size() == parts_->argument_types.size();
  for (size_t i = 0; right && i < arguments.size(); ++i)
    right = SameForm(arguments[i], parts_->argument_types[i]);
  return right &&
         SameForm(result, parts_->result != nullptr ? parts_->result->type() : parts_->state_type);
}

void DeclaredAggregate::Initialize(char* state) const { At(state) = nullptr; }

void DeclaredAggregate::Destroy(char* state) const {
  delete At(state);
  At(state) = nullptr;
}

// A row at a time where all rows are one group's; otherwise the first rows of all groups, then the
// second ones.
absl::Status DeclaredAggregate::Update(const std::vector<const Vector*>& arguments, uint32_t rows,
                                       char* const* states) const {
  std::vector<std::vector<uint32_t>> rounds;
  std::unordered_map<char*, size_t> seen;
  for (uint32_t row = 0; row < rows; ++row) {
    bool null = false;
    for (const Vector* argument : arguments) null |= parts_->strict && argument->is_null(row);
    if (null) continue;
    const size_t round = seen[states[row]]++;
    if (round == rounds.size()) rounds.emplace_back();
    rounds[round].push_back(row);
  }
  for (const std::vector<uint32_t>& round : rounds) {
    RETURN_IF_ERROR(execution_->context.Handled(round.size() * 256));
    RETURN_IF_ERROR(Step(arguments, round, states));
  }
  return absl::OkStatus();
}

absl::Status DeclaredAggregate::Step(const std::vector<const Vector*>& arguments,
                                     const std::vector<uint32_t>& rows, char* const* states) const {
  std::vector<uint32_t> called;
  auto before = std::make_shared<Vector>(parts_->state_type);
  for (const uint32_t row : rows) {
    Kept*& kept = At(states[row]);
    if (kept == nullptr)
      kept = new Kept{parts_->initial, parts_->strict && parts_->initial.is_null() &&
                                           !parts_->argument_types.empty()};
    if (std::exchange(kept->begins, false)) {
      kept->value = arguments[0]->Get(row);
      kept->value.set_type(parts_->state_type);
      continue;
    }
    // What a strict transition has made NULL stays so.
    if (parts_->strict && kept->value.is_null()) continue;
    AppendOrNull(kept->value, before.get());
    called.push_back(row);
  }
  if (called.empty()) return absl::OkStatus();
  const auto count = static_cast<uint32_t>(called.size());
  types::Batch batch;
  batch.row_count = count;
  batch.columns.push_back(std::move(before));
  for (const Vector* argument : arguments) {
    auto column = std::make_shared<Vector>(argument->type());
    for (const uint32_t row : called) column->AppendFrom(*argument, row);
    if (argument->has_strings()) column->ShareStrings(*argument);
    batch.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(const VectorPtr next, parts_->transition->Evaluate(*execution_, batch));
  for (uint32_t i = 0; i < count; ++i) {
    Value& value = At(states[called[i]])->value;
    value = next->is_null(i) ? Value::Null(parts_->state_type) : next->Get(i);
    value.set_type(parts_->state_type);
  }
  return absl::OkStatus();
}

absl::Status DeclaredAggregate::Finalize(const char* state, Vector* result, uint32_t row) const {
  const Kept* const kept = At(const_cast<char*>(state));
  const Value& value = kept == nullptr ? parts_->initial : kept->value;
  if (parts_->result == nullptr) {
    if (value.is_null()) {
      result->SetNull(row);
    } else {
      result->Set(row, value);
    }
    return absl::OkStatus();
  }
  auto column = std::make_shared<Vector>(parts_->state_type);
  AppendOrNull(value, column.get());
  const types::Batch batch{{std::move(column)}, 1};
  ASSIGN_OR_RETURN(const VectorPtr made, parts_->result->Evaluate(*execution_, batch));
  if (made->is_null(0)) {
    result->SetNull(row);
  } else {
    result->Set(row, made->Get(0));
  }
  return absl::OkStatus();
}

// A state grows by what comes, about; what evaluating makes of it is counted there.
int64_t DeclaredAggregate::GrowthOf(const std::vector<const Vector*>& arguments, uint32_t rows,
                                    char* const* states) const {
  int64_t bytes = 0;
  for (uint32_t row = 0; row < rows; ++row) {
    if (At(states[row]) == nullptr) bytes += sizeof(Kept);
    for (const Vector* argument : arguments) {
      if (types::PhysicalOf(parts_->state_type.id) != types::Physical::kString) continue;
      bytes += 16;
      if (argument->physical() == types::Physical::kString && !argument->is_null(row))
        bytes += static_cast<int64_t>(argument->data<std::string_view>()[row].size());
    }
  }
  return bytes;
}

}  // namespace adbms::storage::executor
