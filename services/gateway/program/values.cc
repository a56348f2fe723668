// How the names in a program's SQL become parameters, and values get into variables.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/program/token_reader.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/declared_type.h"
#include "services/gateway/program/interpreter.h"
#include "services/gateway/program/row_values.h"

namespace adbms::gateway::program {
namespace {

namespace sqlstate = status::sqlstate;
using sql::parser::Token;

// A chain of names as it stands in SQL: a.b.c, or a.b.* with `star`.
struct Chain {
  std::vector<std::string> names;
  bool star = false;
};

// All of the text's, and the text with $1 as the name "$1".
std::string ReadChains(const std::string& text, std::vector<Chain>* chains) {
  std::string renamed;
  size_t copied = 0;
  sql::parser::Lexer lexer(text);
  Token token = lexer.Next();
  const auto is_name = [&] {
    return token.kind == Token::Kind::kWord || token.kind == Token::Kind::kQuotedWord;
  };
  while (token.kind != Token::Kind::kEnd && token.kind != Token::Kind::kInvalid) {
    if (token.kind == Token::Kind::kParameter) {
      const std::string name(lexer.TextOf(token));
      chains->push_back({{name}, false});
      const auto offset = static_cast<size_t>(token.offset);
      renamed.append(text, copied, offset - copied).append("\"" + name + "\"");
      copied = offset + name.size();
      token = lexer.Next();
      continue;
    }
    if (!is_name()) {
      token = lexer.Next();
      continue;
    }
    Chain chain;
    chain.names.push_back(sql::program::FoldName(lexer.TextOf(token)));
    token = lexer.Next();
    while (lexer.TextOf(token) == ".") {
      token = lexer.Next();
      if (lexer.TextOf(token) == "*") chain.star = true;
      if (!is_name()) break;
      chain.names.push_back(sql::program::FoldName(lexer.TextOf(token)));
      token = lexer.Next();
    }
    chains->push_back(std::move(chain));
  }
  return renamed.append(text, copied);
}

// As a whole: also one that has never been assigned.
bool IsNull(const Record& record) { return record.missing || record.names.empty(); }

// Errors inside a program do not point into what the client has sent.
absl::Status WithoutPosition(const absl::Status& status) {
  status::SqlError error = status::FromStatus(status);
  if (error.position == 0) return status;
  error.position = 0;
  return status::ToStatus(error);
}

}  // namespace

absl::Status Interpreter::Bind(const std::string& text, bool expression, Prepared* prepared) {
  std::vector<Chain> chains;
  prepared->sql.text = absl::StrCat(expression ? "SELECT " : "", ReadChains(text, &chains));
  // Each name that a variable goes by in the text is a parameter of its own.
  const auto add = [&](size_t slot, std::optional<size_t> field, const std::string& relation,
                       const std::string& name, bool alone) {
    for (size_t i = 0; i < prepared->places.size(); ++i) {
      const sql::ParameterName& name_before = prepared->sql.parameter_names[i];
      if (prepared->places[i].slot == slot && prepared->places[i].field == field &&
          name_before.relation == relation && name_before.name == name)
        return;
    }
    const Variable& variable = variables_.at(slot);
    prepared->places.push_back({slot, field});
    prepared->sql.parameter_types.push_back(field.has_value() ? variable.record.types[*field]
                                                              : variable.type);
    prepared->sql.parameter_names.push_back({relation, name, alone});
  };
  const auto add_fields = [&](size_t slot, const std::string& relation) {
    const Record& record = variables_.at(slot).record;
    for (size_t i = 0; i < record.names.size(); ++i) add(slot, i, relation, record.names[i], false);
  };
  for (const Chain& chain : chains) {
    // The variable that the chain begins with, if any: what is behind it may be a field.
    ASSIGN_OR_RETURN(const auto first, variables_.Find({chain.names[0]}));
    if (first.has_value()) {
      const Variable& variable = variables_.at(first->slot);
      if (!variable.is_record) {
        add(first->slot, std::nullopt, "", chain.names[0], true);
      } else if (chain.names.size() > 1) {
        ASSIGN_OR_RETURN(const auto field, variables_.Find({chain.names[0], chain.names[1]}));
        add(first->slot, field->field, chain.names[0], chain.names[1], false);
      } else {
        // r.* and r itself, whatever the statement makes of it.
        prepared->wholes.emplace_back(first->slot, IsNull(variable.record));
        if (IsNull(variable.record) && !chain.star)
          add(first->slot, std::nullopt, "", chain.names[0], true);
        else
          add_fields(first->slot, chain.names[0]);
      }
      continue;
    }
    if (chain.names.size() < 2) continue;
    // label.variable[.field]
    ASSIGN_OR_RETURN(const auto labeled, variables_.Find({chain.names[0], chain.names[1]}));
    if (!labeled.has_value()) continue;
    const Variable& variable = variables_.at(labeled->slot);
    if (!variable.is_record) {
      add(labeled->slot, std::nullopt, chain.names[0], chain.names[1], false);
    } else if (chain.names.size() > 2) {
      const std::optional<size_t> field = variable.record.Find(chain.names[2]);
      if (field.has_value()) add(labeled->slot, field, chain.names[1], chain.names[2], false);
    } else if (chain.star) {
      add_fields(labeled->slot, chain.names[1]);
    }
  }
  return absl::OkStatus();
}

bool Interpreter::Fits(const Prepared& prepared) const {
  for (const auto& [slot, missing] : prepared.wholes) {
    if (IsNull(variables_.at(slot).record) != missing) return false;
  }
  for (size_t i = 0; i < prepared.places.size(); ++i) {
    const Place& place = prepared.places[i];
    const Variable& variable = variables_.at(place.slot);
    if (!place.field.has_value()) {
      if (variable.type != prepared.sql.parameter_types[i]) return false;
      continue;
    }
    const Record& record = variable.record;
    if (*place.field >= record.names.size() ||
        record.names[*place.field] != prepared.sql.parameter_names[i].name ||
        record.types[*place.field] != prepared.sql.parameter_types[i])
      return false;
  }
  return true;
}

absl::StatusOr<std::shared_ptr<Prepared>> Interpreter::Prepare(const Fragment& fragment,
                                                               bool expression) {
  std::shared_ptr<Prepared>& prepared = texts_[&fragment];
  if (prepared == nullptr || !Fits(*prepared)) {
    auto bound = std::make_shared<Prepared>();
    RETURN_IF_ERROR(Bind(fragment.text, expression, bound.get()));
    prepared = std::move(bound);
  }
  return prepared;
}

std::vector<types::Value> Interpreter::ValuesOf(const Prepared& prepared) const {
  std::vector<types::Value> values;
  values.reserve(prepared.places.size());
  for (const Place& place : prepared.places) {
    const Variable& variable = variables_.at(place.slot);
    values.push_back(place.field.has_value() ? variable.record.values[*place.field]
                                             : variable.value);
  }
  return values;
}

absl::StatusOr<types::Value> Interpreter::Evaluate(const Fragment& fragment) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Prepared> prepared,
                   Prepare(fragment, /*expression=*/true));
  auto value = host_.Evaluate(&prepared->sql, ValuesOf(*prepared));
  return value.ok() ? std::move(value) : WithoutPosition(value.status());
}

absl::StatusOr<bool> Interpreter::IsTrue(const Fragment& fragment) {
  ASSIGN_OR_RETURN(types::Value value, Evaluate(fragment));
  if (value.type().id != types::TypeId::kBool) {
    ASSIGN_OR_RETURN(value, Convert(value, {types::TypeId::kBool, 0}));
  }
  return !value.is_null() && value.bool_value();
}

absl::StatusOr<int64_t> Interpreter::EvaluateInteger(const Fragment& fragment, const char* what) {
  ASSIGN_OR_RETURN(types::Value value, Evaluate(fragment));
  ASSIGN_OR_RETURN(value, Convert(value, {types::TypeId::kInt4, 0}));
  if (value.is_null())
    return status::Error(sqlstate::kNullNotAllowed,
                         absl::StrCat(what, " of FOR loop cannot be null"));
  return value.int_value();
}

absl::StatusOr<Outcome> Interpreter::RunText(const Fragment& fragment, Rows* rows) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Prepared> prepared,
                   Prepare(fragment, /*expression=*/false));
  auto outcome = host_.Run(&prepared->sql, ValuesOf(*prepared), rows);
  return outcome.ok() ? std::move(outcome) : WithoutPosition(outcome.status());
}

Variable* Interpreter::RecordNamed(const Fragment& fragment) {
  std::vector<Chain> chains;
  sql::parser::Lexer lexer(fragment.text);
  const Token name = lexer.Next();
  const bool alone = lexer.Next().kind == Token::Kind::kEnd;
  const bool is_name = name.kind == Token::Kind::kWord || name.kind == Token::Kind::kQuotedWord;
  if (!alone || !is_name) return nullptr;
  const auto found = variables_.Find({sql::program::FoldName(lexer.TextOf(name))});
  if (!found.ok() || !found->has_value()) return nullptr;
  Variable& variable = variables_.at((*found)->slot);
  return variable.is_record ? &variable : nullptr;
}

absl::StatusOr<Place> Interpreter::PlaceOf(const Target& target) const {
  ASSIGN_OR_RETURN(const auto place, variables_.Find(target.name));
  if (place.has_value()) return *place;
  std::string name;
  for (const std::string& part : target.name) absl::StrAppend(&name, name.empty() ? "" : ".", part);
  return status::Error(sqlstate::kSyntaxError,
                       absl::StrCat("\"", name, "\" is not a known variable"));
}

absl::Status Interpreter::Assign(const Target& target, const types::Value& value) {
  ASSIGN_OR_RETURN(const Place place, PlaceOf(target));
  if (!target.subscripts.empty()) return AssignElement(target, place, value);
  // A field is assigned as a part of its record.
  const size_t last = target.name.size() - 1;
  return AssignTo(place, target.name[place.field.has_value() && last > 0 ? last - 1 : last], value);
}

absl::Status Interpreter::AssignTo(const Place& place, const std::string& name,
                                   const types::Value& value) {
  Variable& variable = variables_.at(place.slot);
  RETURN_IF_ERROR(CheckAssignable(variable, name));
  if (place.field.has_value()) {
    types::Value& field = variable.record.values[*place.field];
    ASSIGN_OR_RETURN(field, Convert(value, variable.record.types[*place.field]));
    variable.record.missing = false;
    return absl::OkStatus();
  }
  if (variable.is_record) return AssignWhole(&variable, name, value);
  if (value.is_null() && variable.not_null) return NullRefused(name);
  ASSIGN_OR_RETURN(variable.value, Convert(value, variable.type));
  return absl::OkStatus();
}

absl::Status Interpreter::AssignElement(const Target& target, const Place& place,
                                        const types::Value& value) {
  Variable& variable = variables_.at(place.slot);
  RETURN_IF_ERROR(CheckAssignable(variable, target.name.back()));
  types::Value& whole =
      place.field.has_value() ? variable.record.values[*place.field] : variable.value;
  const types::Type type =
      place.field.has_value() ? variable.record.types[*place.field] : variable.type;
  if (!types::IsArray(type.id))
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("assigning to a part of type ", types::Format(type), " is not supported"));
  // [i][j]: as one array of the subscripts.
  Fragment list = target.subscripts;
  std::string text;
  for (const char c : list.text) {
    if (c == ':')
      return status::Error(sqlstate::kFeatureNotSupported,
                           "assigning to a slice of an array is not supported");
  }
  int depth = 0;
  for (const char c : list.text) {
    if (c == ']' && --depth == 0) {
      text += ')';
      continue;
    }
    if (c == '[' && depth++ == 0) {
      absl::StrAppend(&text, text.empty() ? "ARRAY[(" : ",(");
      continue;
    }
    text += c;
  }
  Prepared prepared;
  RETURN_IF_ERROR(Bind(absl::StrCat(text, "]::int4[]"), /*expression=*/true, &prepared));
  ASSIGN_OR_RETURN(const types::Value position, host_.Evaluate(&prepared.sql, ValuesOf(prepared)));
  const types::ArrayView view(position.bytes(), types::TypeId::kInt4Array);
  std::vector<int32_t> subscripts;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.is_null(i))
      return status::Error(sqlstate::kNullNotAllowed,
                           "array subscript in assignment must not be null");
    subscripts.push_back(static_cast<int32_t>(view.Get(i).int_value()));
  }
  ASSIGN_OR_RETURN(const types::Value element, Convert(value, types::ElementOf(type)));
  ASSIGN_OR_RETURN(whole, host_.WithElement(whole.is_null() ? types::Value::Null(type) : whole,
                                            element, subscripts));
  return absl::OkStatus();
}

absl::Status Interpreter::CheckAssignable(const Variable& variable, const std::string& name) {
  if (!variable.constant) return absl::OkStatus();
  return status::Error("22005", absl::StrCat("variable \"", name, "\" is declared CONSTANT"));
}

absl::Status Interpreter::NullRefused(const std::string& name) {
  return status::Error(
      sqlstate::kNullNotAllowed,
      absl::StrCat("null value cannot be assigned to variable \"", name, "\" declared NOT NULL"));
}

absl::Status Interpreter::AssignWhole(Variable* variable, const std::string& name,
                                      const types::Value& value) {
  if (value.is_null()) {
    Record nothing;
    nothing.missing = true;
    return AssignRecord(variable, name, std::move(nothing));
  }
  const bool text = types::IsString(value.type().id) && types::IsRow(variable->type) &&
                    types::CompositeOf(variable->type) != nullptr;
  if (text) {
    // '(1,a)' is the row's text.
    ASSIGN_OR_RETURN(const types::Value row, host_.Convert(value, variable->type));
    return AssignRecord(variable, name, RecordOf(row));
  }
  if (value.type().id != types::TypeId::kRecord)
    return status::Error(sqlstate::kDatatypeMismatch,
                         "cannot assign non-composite value to a record variable");
  return AssignRecord(variable, name, RecordOf(value));
}

absl::Status Interpreter::AssignRecord(Variable* variable, const std::string& name, Record record) {
  RETURN_IF_ERROR(CheckAssignable(*variable, name));
  if (variable->not_null && record.missing) return NullRefused(name);
  if (!variable->fixed_fields || variable->record.names.empty()) {
    // What has no fields of its own has not been assigned yet.
    variable->record = record.missing && !variable->fixed_fields ? Record() : std::move(record);
    return absl::OkStatus();
  }
  Record& fields = variable->record;
  for (size_t i = 0; i < fields.names.size(); ++i) {
    const types::Value value =
        i < record.values.size() ? record.values[i] : types::Value::Null(fields.types[i]);
    ASSIGN_OR_RETURN(fields.values[i], Convert(value, fields.types[i]));
  }
  fields.missing = record.missing;
  return absl::OkStatus();
}

absl::Status Interpreter::AssignRow(const std::vector<Target>& targets, const Rows& rows,
                                    bool present, uint64_t row) {
  std::vector<types::Value> values;
  if (present) {
    values = rows.Row(row);
  } else {
    for (const types::Type& type : rows.types) values.push_back(types::Value::Null(type));
  }
  if (targets.size() == 1 && targets[0].subscripts.empty()) {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(targets[0]));
    Variable& variable = variables_.at(place.slot);
    if (!place.field.has_value() && variable.is_record) {
      return AssignRecord(&variable, targets[0].name.back(),
                          {rows.names, rows.types, std::move(values)});
    }
  }
  for (size_t i = 0; i < targets.size(); ++i)
    RETURN_IF_ERROR(Assign(targets[i], i < values.size() ? values[i] : types::Value()));
  return absl::OkStatus();
}

absl::StatusOr<types::Value> Interpreter::Convert(const types::Value& value,
                                                  const types::Type& type) {
  if (type.id != types::TypeId::kRecord || value.type().id != types::TypeId::kRecord)
    return host_.Convert(value, type);
  if (value.is_null()) return types::Value::Null(type);
  if (type.declared == nullptr || type.declared == value.type().declared) return value;
  const auto convert = [this](const types::Value& field, const types::Type& to) {
    return Convert(field, to);
  };
  return RowOf(RecordOf(value), type, convert);
}

void Interpreter::SetFound(bool found) { variables_.at(found_).value = types::Value::Bool(found); }

std::vector<types::Value> Rows::Row(uint64_t number) const {
  for (const types::Batch& batch : batches) {
    if (number >= batch.row_count) {
      number -= batch.row_count;
      continue;
    }
    std::vector<types::Value> values;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      types::Value value = batch.columns[i]->Get(static_cast<uint32_t>(number));
      if (value.is_null()) value = types::Value::Null(types[i]);
      value.set_type(types[i]);
      values.push_back(std::move(value));
    }
    return values;
  }
  return {};
}

}  // namespace adbms::gateway::program
