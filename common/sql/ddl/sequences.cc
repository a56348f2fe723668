// CREATE and ALTER SEQUENCE, and the sequences of serial and identity columns.
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::SequenceDescriptor;

struct Range {
  int64_t minimum;
  int64_t maximum;
};

Range RangeOf(TypeId type) {
  switch (type) {
    case TypeId::kInt2:
      return {std::numeric_limits<int16_t>::min(), std::numeric_limits<int16_t>::max()};
    case TypeId::kInt4:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default:
      return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}

absl::Status Invalid(std::string message) {
  return status::Error(sqlstate::kInvalidParameterValue, std::move(message));
}

absl::StatusOr<int64_t> NumberOf(const PgQuery__DefElem& option) {
  int64_t value = 0;
  if (option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
    return option.arg->integer->ival;
  if (option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_FLOAT) {
    const char* text = option.arg->float_->fval;
    if (absl::SimpleAtoi(text, &value)) return value;
    return status::Error(sqlstate::kInvalidTextRepresentation,
                         absl::StrCat("value \"", text, "\" is out of range for type bigint"));
  }
  return status::Error(sqlstate::kSyntaxError,
                       absl::StrCat(option.defname, " requires a numeric value"));
}

}  // namespace

// Fills in what was not given, and checks the whole as PostgreSQL's init_params does.
absl::Status DdlBinder::ReadSequenceOptions(NodeList options, bool identity,
                                            const SequenceDescriptor* before,
                                            SequenceDescriptor* sequence, SequenceChange* change) {
  std::map<std::string, const PgQuery__DefElem*> given;
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    if (!given.emplace(option.defname, &option).second)
      return ErrorAt(sqlstate::kSyntaxError, option.location, "conflicting or redundant options");
  }
  const auto find = [&](const char* name) {
    const auto at = given.find(name);
    return at == given.end() ? nullptr : at->second;
  };
  Type type = before != nullptr ? types::FromProto(before->type()) : Type{TypeId::kInt8, 0};
  if (sequence->has_type()) type = types::FromProto(sequence->type());
  if (const auto* as = find("as"); as != nullptr) {
    if (identity)
      return ErrorAt(sqlstate::kSyntaxError, as->location, "identity column type cannot be given");
    ASSIGN_OR_RETURN(type, Binder(input_, tree_).ResolveType(*as->arg->type_name));
  }
  if (!types::IsInteger(type.id)) {
    return Invalid(absl::StrCat(identity ? "identity column" : "sequence",
                                " type must be smallint, integer, or bigint"));
  }
  const Range range = RangeOf(type.id);
  const bool retyped = before != nullptr && types::FromProto(before->type()).id != type.id;
  const Range old_range = before != nullptr ? RangeOf(types::FromProto(before->type()).id) : range;
  *sequence->mutable_type() = types::ToProto(type);
  sequence->set_increment(before != nullptr ? before->increment() : 1);
  if (const auto* option = find("increment"); option != nullptr) {
    ASSIGN_OR_RETURN(const int64_t value, NumberOf(*option));
    if (value == 0) return Invalid("INCREMENT must not be zero");
    sequence->set_increment(value);
  }
  const bool up = sequence->increment() > 0;
  sequence->set_cycle(before != nullptr && before->cycle());
  if (const auto* option = find("cycle"); option != nullptr)
    sequence->set_cycle(option->arg->boolean->boolval);
  // NO MAXVALUE comes without an argument; bounds that were the old type's follow the type.
  const auto* maximum = find("maxvalue");
  if (maximum != nullptr && maximum->arg != nullptr) {
    ASSIGN_OR_RETURN(const int64_t value, NumberOf(*maximum));
    sequence->set_maximum(value);
  } else if (before == nullptr || maximum != nullptr ||
             (retyped && before->maximum() == old_range.maximum)) {
    // A bound that was the old type's becomes the new one's, whichever way the sequence runs.
    const bool of_type = maximum == nullptr && before != nullptr;
    sequence->set_maximum(up || of_type ? range.maximum : -1);
  } else {
    sequence->set_maximum(before->maximum());
  }
  const auto* minimum = find("minvalue");
  if (minimum != nullptr && minimum->arg != nullptr) {
    ASSIGN_OR_RETURN(const int64_t value, NumberOf(*minimum));
    sequence->set_minimum(value);
  } else if (before == nullptr || minimum != nullptr ||
             (retyped && before->minimum() == old_range.minimum)) {
    const bool of_type =
        minimum == nullptr && before != nullptr && before->minimum() == old_range.minimum;
    sequence->set_minimum(up && !of_type ? 1 : range.minimum);
  } else {
    sequence->set_minimum(before->minimum());
  }
  for (const bool upper : {true, false}) {
    const int64_t value = upper ? sequence->maximum() : sequence->minimum();
    if (value >= range.minimum && value <= range.maximum) continue;
    return Invalid(absl::StrCat(upper ? "MAXVALUE (" : "MINVALUE (", value,
                                ") is out of range for sequence data type ", types::Format(type)));
  }
  if (sequence->minimum() >= sequence->maximum()) {
    return Invalid(absl::StrCat("MINVALUE (", sequence->minimum(), ") must be less than MAXVALUE (",
                                sequence->maximum(), ")"));
  }
  const auto check_bounds = [&](const char* what, int64_t value) -> absl::Status {
    if (value < sequence->minimum()) {
      return Invalid(absl::StrCat(what, " value (", value, ") cannot be less than MINVALUE (",
                                  sequence->minimum(), ")"));
    }
    if (value > sequence->maximum()) {
      return Invalid(absl::StrCat(what, " value (", value, ") cannot be greater than MAXVALUE (",
                                  sequence->maximum(), ")"));
    }
    return absl::OkStatus();
  };
  sequence->set_start(before != nullptr ? before->start()
                      : up              ? sequence->minimum()
                                        : sequence->maximum());
  if (const auto* option = find("start"); option != nullptr) {
    ASSIGN_OR_RETURN(const int64_t value, NumberOf(*option));
    sequence->set_start(value);
  }
  RETURN_IF_ERROR(check_bounds("START", sequence->start()));
  sequence->set_first(before != nullptr ? before->first() : sequence->start());
  if (const auto* option = find("restart"); option != nullptr) {
    int64_t value = sequence->start();
    if (option->arg != nullptr) {
      ASSIGN_OR_RETURN(value, NumberOf(*option));
    }
    RETURN_IF_ERROR(check_bounds("RESTART", value));
    sequence->set_first(value);
    change->restart = true;
  }
  sequence->set_cache(before != nullptr ? before->cache() : 1);
  if (const auto* option = find("cache"); option != nullptr) {
    ASSIGN_OR_RETURN(const int64_t value, NumberOf(*option));
    if (value <= 0) return Invalid(absl::StrCat("CACHE (", value, ") must be greater than zero"));
    sequence->set_cache(value);
  }
  if (const auto* option = find("owned_by"); option != nullptr)
    change->owned_by = parser::StringsOf({option->arg->list->items, option->arg->list->n_items});
  if (const auto* option = find("sequence_name"); option != nullptr)
    change->name = parser::StringsOf({option->arg->list->items, option->arg->list->n_items}).back();
  if (find("logged") != nullptr) return Unsupported(-1, "an unlogged sequence");
  return absl::OkStatus();
}

// OWNED BY table.column or NONE.
absl::Status DdlBinder::SetSequenceOwner(const std::vector<std::string>& owned_by,
                                         const Table& sequence_table,
                                         SequenceDescriptor* sequence) {
  if (owned_by.empty()) return absl::OkStatus();
  if (owned_by.size() == 1) {
    if (owned_by[0] != "none") {
      return status::Error(sqlstate::kSyntaxError, "invalid OWNED BY option", {},
                           "Specify OWNED BY table.column or OWNED BY NONE.");
    }
    sequence->clear_owner_table_id();
    sequence->clear_owner_column();
    return absl::OkStatus();
  }
  const std::string schema = owned_by.size() > 2 ? owned_by[owned_by.size() - 3] : "";
  const std::string& name = owned_by[owned_by.size() - 2];
  const Table* table = input_.catalog->ResolveTable(schema, name, input_.search_path);
  if (table == nullptr) {
    return status::Error(sqlstate::kUndefinedTable,
                         absl::StrCat("relation \"", name, "\" does not exist"));
  }
  if (table->is_virtual() || !table->view_sql().empty()) {
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("sequence cannot be owned by relation \"", name, "\""));
  }
  ASSIGN_OR_RETURN(const uint32_t column, ColumnNamed(*table, owned_by.back(), -1));
  if (table->owner() != sequence_table.owner()) {
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         "sequence must have same owner as table it is linked to");
  }
  if (table->schema() != sequence_table.schema()) {
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         "sequence must be in same schema as table it is linked to");
  }
  sequence->set_owner_table_id(table->table_id());
  sequence->set_owner_column(column);
  return absl::OkStatus();
}

void DdlBinder::AddSequenceColumns(Table* table) {
  const auto add = [&](const char* name, TypeId type) {
    auto* column = table->add_columns();
    column->set_name(name);
    *column->mutable_type() = types::ToProto({type, 0});
    column->set_not_null(true);
  };
  add("last_value", TypeId::kInt8);
  add("log_cnt", TypeId::kInt8);
  add("is_called", TypeId::kBool);
}

absl::Status DdlBinder::CreateSequence(const PgQuery__CreateSeqStmt& create) {
  ASSIGN_OR_RETURN(const std::string schema, TargetSchema(*create.sequence));
  auto* statement = Add()->mutable_create_sequence();
  statement->set_if_not_exists(create.if_not_exists);
  Table* table = statement->mutable_sequence();
  table->set_schema(schema);
  table->set_name(create.sequence->relname);
  table->set_owner(input_.current_user);
  AddSequenceColumns(table);
  SequenceChange change;
  RETURN_IF_ERROR(ReadSequenceOptions({create.options, create.n_options}, false, nullptr,
                                      table->mutable_sequence(), &change));
  return SetSequenceOwner(change.owned_by, *table, table->mutable_sequence());
}

absl::Status DdlBinder::AlterSequence(const PgQuery__AlterSeqStmt& alter) {
  auto table = Resolve(*alter.sequence);
  if (!table.ok()) {
    if (alter.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  if (!(*table)->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a sequence"));
  auto* statement = Add()->mutable_alter_sequence();
  statement->set_sequence_id((*table)->table_id());
  SequenceChange change;
  SequenceDescriptor* sequence = statement->mutable_sequence();
  sequence->set_owner_table_id((*table)->sequence().owner_table_id());
  sequence->set_owner_column((*table)->sequence().owner_column());
  RETURN_IF_ERROR(ReadSequenceOptions({alter.options, alter.n_options}, false,
                                      &(*table)->sequence(), sequence, &change));
  statement->set_restart(change.restart);
  const Table* owner = input_.catalog->FindTable((*table)->sequence().owner_table_id());
  if (!change.owned_by.empty() && owner != nullptr &&
      owner->columns(static_cast<int>((*table)->sequence().owner_column())).identity() !=
          common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot change ownership of identity sequence",
                         absl::StrCat("Sequence \"", (*table)->name(), "\" is linked to table \"",
                                      owner->name(), "\"."));
  }
  return SetSequenceOwner(change.owned_by, **table, sequence);
}

absl::StatusOr<std::optional<common::v1::OwnedSequence>> DdlBinder::OwnedSequenceOf(
    const PgQuery__ColumnDef& definition, const Table& table, uint32_t ordinal) {
  const PgQuery__Constraint* identity = nullptr;
  const PgQuery__Constraint* given = nullptr;
  for (const Node* node : NodeList(definition.constraints, definition.n_constraints)) {
    const bool is_identity = node->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
    if (is_identity && identity != nullptr)
      return ErrorAt(sqlstate::kSyntaxError, node->constraint->location,
                     absl::StrCat("multiple identity specifications for column \"",
                                  definition.colname, "\" of table \"", table.name(), "\""));
    if (is_identity) identity = node->constraint;
    if (node->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT)
      given = node->constraint;
  }
  const bool serial = parser::SerialType(*definition.type_name).has_value();
  if (!serial && identity == nullptr) return std::optional<common::v1::OwnedSequence>();
  if (serial && identity != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, identity->location,
                   absl::StrCat("both default and identity specified for column \"",
                                definition.colname, "\" of table \"", table.name(), "\""));
  if (given != nullptr)
    return ErrorAt(sqlstate::kSyntaxError, given->location,
                   serial ? absl::StrCat("multiple default values specified for column \"",
                                         definition.colname, "\" of table \"", table.name(), "\"")
                          : absl::StrCat("both default and identity specified for column \"",
                                         definition.colname, "\" of table \"", table.name(), "\""));
  return OwnedSequence(identity, table, ordinal);
}

absl::StatusOr<std::optional<common::v1::OwnedSequence>> DdlBinder::OwnedSequence(
    const PgQuery__Constraint* identity, const Table& table, uint32_t ordinal) {
  const common::v1::ColumnDescriptor& column = table.columns(static_cast<int>(ordinal));
  common::v1::OwnedSequence owned;
  owned.set_column(ordinal);
  Table* sequence = owned.mutable_sequence();
  sequence->set_schema(table.schema());
  sequence->set_name(ChooseName(table.name(), column.name(), "seq", table));
  AddSequenceColumns(sequence);
  *sequence->mutable_sequence()->mutable_type() = column.type();
  SequenceChange change;
  const NodeList options =
      identity == nullptr ? NodeList() : NodeList(identity->options, identity->n_options);
  RETURN_IF_ERROR(
      ReadSequenceOptions(options, true, nullptr, sequence->mutable_sequence(), &change));
  if (!change.name.empty()) sequence->set_name(change.name);
  return std::optional<common::v1::OwnedSequence>(std::move(owned));
}

// nextval('…') and nothing else: the sequence is known by its number from now on.
void DdlBinder::LinkSequenceDefault(const plan::ExprPtr& value, std::string* sql,
                                    uint32_t* sequence_id) const {
  const plan::Expr* at = value.get();
  while (at->kind == plan::Expr::Kind::kCast) at = at->args[0].get();
  if (at->kind != plan::Expr::Kind::kCall || at->function->name != "nextval") return;
  const plan::Expr& argument = *at->args[0];
  if (argument.kind != plan::Expr::Kind::kLiteral || argument.value.is_null()) return;
  const auto id = static_cast<uint32_t>(argument.value.int_value());
  const Table* sequence = input_.catalog->FindTable(id);
  if (sequence == nullptr || !sequence->has_sequence()) return;
  *sequence_id = id;
  *sql = absl::StrCat("nextval('", id, "'::regclass)");
}

}  // namespace adbms::sql::ddl
