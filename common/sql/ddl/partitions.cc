// Partitioned tables: how they are divided, and which rows are a partition's.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/default_planner/constants.h"
#include "common/sql/partition/partition_bounds.h"
#include "common/sql/partition/partition_hash.h"
#include "common/sql/plan/immutability.h"
#include "common/sql/rules/rewriter.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::PartitionBound;
using common::v1::PartitionKey;
using common::v1::PartitionRangeValue;
using Table = common::v1::TableDescriptor;

constexpr char kInvalidObject[] = "42P17";
constexpr int kMostKeys = 32;

const char* NameOf(PartitionKey::Strategy strategy) {
  return strategy == PartitionKey::STRATEGY_HASH   ? "hash"
         : strategy == PartitionKey::STRATEGY_LIST ? "list"
                                                   : "range";
}

Type TypeOfKey(const Table& table, size_t at) {
  const PartitionKey& key = table.partition_key();
  int next = 0;
  for (size_t i = 0; i < at; ++i)
    next += key.columns(static_cast<int>(i)) == kExpressionKey ? 1 : 0;
  const uint32_t ordinal = key.columns(static_cast<int>(at));
  return types::FromProto(ordinal == kExpressionKey
                              ? key.expressions(next).type()
                              : table.columns(static_cast<int>(ordinal)).type());
}

std::string NameOfKey(const Table& table, size_t at) {
  const uint32_t ordinal = table.partition_key().columns(static_cast<int>(at));
  return ordinal == kExpressionKey ? "expression" : table.columns(static_cast<int>(ordinal)).name();
}

}  // namespace

bool IsInKey(const PartitionKey& key, uint32_t ordinal) {
  const auto among = [ordinal](const auto& list) {
    return std::find(list.begin(), list.end(), ordinal) != list.end();
  };
  return among(key.columns()) ||
         std::any_of(key.expressions().begin(), key.expressions().end(),
                     [&](const auto& expression) { return among(expression.columns()); });
}

absl::Status DdlBinder::BindPartitionKey(const PgQuery__PartitionSpec& spec, Table* table) {
  const std::string strategy = absl::AsciiStrToLower(std::string(parser::View(spec.strategy)));
  PartitionKey& key = *table->mutable_partition_key();
  if (strategy == "range") {
    key.set_strategy(PartitionKey::STRATEGY_RANGE);
  } else if (strategy == "list") {
    key.set_strategy(PartitionKey::STRATEGY_LIST);
  } else if (strategy == "hash") {
    key.set_strategy(PartitionKey::STRATEGY_HASH);
  } else {
    return ErrorAt(sqlstate::kInvalidParameterValue, -1,
                   absl::StrCat("unrecognized partitioning strategy \"", strategy, "\""));
  }
  if (key.strategy() == PartitionKey::STRATEGY_LIST && spec.n_part_params != 1)
    return ErrorAt(kInvalidObject, -1,
                   "cannot use \"list\" partition strategy with more than one column");
  if (spec.n_part_params > kMostKeys)
    return ErrorAt("54011", -1,
                   absl::StrCat("cannot partition using more than ", kMostKeys, " columns"));
  for (const Node* node : NodeList(spec.part_params, spec.n_part_params))
    RETURN_IF_ERROR(AddPartitionColumn(*node->partition_elem, table));
  RETURN_IF_ERROR(CheckKeysHavePartitionKey(*table));
  for (const common::v1::IndexDescriptor& index : table->indexes()) {
    if (index.exclusion_operators_size() > 0)
      return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                     "exclusion constraints are not supported on partitioned tables");
  }
  const Table* above =
      table->partition_of() == 0 ? nullptr : input_.catalog->FindTable(table->partition_of());
  return above == nullptr ? absl::OkStatus() : CheckKeysOf(*above, *table);
}

absl::Status DdlBinder::AddPartitionColumn(const PgQuery__PartitionElem& element, Table* table) {
  PartitionKey& key = *table->mutable_partition_key();
  if (element.n_collation > 0) return Unsupported(element.location, "COLLATE in a partition key");
  if (element.n_opclass > 0)
    return Unsupported(element.location, "an operator class in a partition key");
  const std::string name(parser::View(element.name));
  uint32_t ordinal = kExpressionKey;
  Type type;
  if (!name.empty()) {
    const auto found = ColumnNamed(*table, name, -1);
    if (!found.ok()) {
      if (name == "tableoid" || name == "ctid" || name == "xmin" || name == "xmax")
        return ErrorAt(kInvalidObject, element.location,
                       absl::StrCat("cannot use system column \"", name, "\" in partition key"));
      return ErrorAt(sqlstate::kUndefinedColumn, element.location,
                     absl::StrCat("column \"", name, "\" named in partition key does not exist"));
    }
    ordinal = *found;
    type = types::FromProto(table->columns(static_cast<int>(ordinal)).type());
  } else {
    TableExpressions expressions(input_, tree_, *table);
    ASSIGN_OR_RETURN(plan::ExprPtr e, expressions.Bind(element.expr, "partition key expression"));
    ASSIGN_OR_RETURN(e, expressions.binder().Resolved(e));
    e = rules::FoldConstants(e);
    type = e->type;
    if (e->kind == plan::Expr::Kind::kColumn) {
      ordinal = expressions.OrdinalsOf(e).front();
    } else {
      if (!plan::IsImmutable(e))
        return status::Error(kInvalidObject,
                             "functions in partition key expression must be marked IMMUTABLE");
      if (expressions.OrdinalsOf(e).empty())
        return ErrorAt(kInvalidObject, -1, "cannot use constant expression as partition key");
      ASSIGN_OR_RETURN(*key.add_expressions(),
                       KeepExpression(expressions, e, "partition key expression"));
      for (const uint32_t read : key.expressions(key.expressions_size() - 1).columns())
        RETURN_IF_ERROR(CheckPartitionColumn(table->columns(static_cast<int>(read)), element));
    }
  }
  if (ordinal != kExpressionKey)
    RETURN_IF_ERROR(CheckPartitionColumn(table->columns(static_cast<int>(ordinal)), element));
  if (types::IsIcu(type.collation))
    return Unsupported(element.location, "a partition key by a collation of ICU");
  key.add_columns(ordinal);
  const bool hash = key.strategy() == PartitionKey::STRATEGY_HASH;
  if (!types::IsIndexable(type)) {
    const char* const method = hash ? "hash" : "btree";
    return ErrorAt(
        sqlstate::kUndefinedObject, -1,
        absl::StrCat("data type ", types::Format({type.id, 0, type.declared}),
                     " has no default operator class for access method \"", method, "\""),
        absl::StrCat("You must specify a ", method, " operator class or define a default ", method,
                     " operator class for the data type."));
  }
  if (hash && !partition::IsHashable(type))
    return ErrorAt(sqlstate::kFeatureNotSupported, element.location,
                   absl::StrCat("hash partitioning by ", types::Format({type.id, 0, type.declared}),
                                " is not supported"),
                   "Partition by RANGE or LIST, or by an expression of another type.");
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckPartitionColumn(const common::v1::ColumnDescriptor& column,
                                             const PgQuery__PartitionElem& element) const {
  if (!column.has_generated()) return absl::OkStatus();
  status::SqlError error;
  error.sqlstate = kInvalidObject;
  error.message = "cannot use generated column in partition key";
  error.detail = absl::StrCat("Column \"", column.name(), "\" is a generated column.");
  error.position = parser::CharacterPosition(tree_.parse->text(), element.location);
  return status::ToStatus(error);
}

absl::Status DdlBinder::CheckKeyHasPartitionKey(
    const Table& table, const google::protobuf::RepeatedField<uint32_t>& columns,
    const char* kind) const {
  const PartitionKey& key = table.partition_key();
  if (key.expressions_size() > 0)
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("unsupported ", kind, " constraint with partition key definition"),
        absl::StrCat(kind, " constraints cannot be used when partition keys include expressions."));
  for (const uint32_t ordinal : key.columns()) {
    if (std::find(columns.begin(), columns.end(), ordinal) != columns.end()) continue;
    return status::Error(
        sqlstate::kFeatureNotSupported,
        "unique constraint on partitioned table must include all partitioning columns",
        absl::StrCat(kind, " constraint on table \"", table.name(), "\" lacks column \"",
                     table.columns(static_cast<int>(ordinal)).name(),
                     "\" which is part of the partition key."));
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckKeysHavePartitionKey(const Table& table) const {
  RETURN_IF_ERROR(CheckKeysOf(table, table));
  absl::Status status;
  ForEachPartition(*input_.catalog, table, [&](const Table& part) {
    if (status.ok()) status = CheckKeysOf(table, part);
  });
  return status;
}

absl::Status DdlBinder::CheckKeysOf(const Table& keyed, const Table& part) const {
  if (!part.has_partition_key()) return absl::OkStatus();
  Table table = keyed;
  *table.mutable_partition_key() = part.partition_key();
  table.set_name(part.name());
  if (table.primary_key_size() > 0)
    RETURN_IF_ERROR(CheckKeyHasPartitionKey(table, table.primary_key(), "PRIMARY KEY"));
  for (const auto& index : table.indexes()) {
    if (index.deferral() != common::v1::DEFERRAL_UNSPECIFIED)
      return Unsupported(-1, "a deferrable key of a partitioned table");
    if (index.unique()) RETURN_IF_ERROR(CheckKeyHasPartitionKey(table, index.columns(), "UNIQUE"));
  }
  for (const auto& key : table.foreign_keys()) {
    if (key.referenced_table_id() == 0 || key.referenced_table_id() == table.table_id())
      return Unsupported(-1, "a foreign key that references a partitioned table");
    // What an action sets could belong to another partition then.
    const auto sets = [](common::v1::ReferentialAction action, bool deleting) {
      return action == common::v1::REFERENTIAL_ACTION_SET_NULL ||
             action == common::v1::REFERENTIAL_ACTION_SET_DEFAULT ||
             (!deleting && action == common::v1::REFERENTIAL_ACTION_CASCADE);
    };
    if (!sets(key.on_delete(), true) && !sets(key.on_update(), false)) continue;
    for (const uint32_t ordinal : key.columns()) {
      if (IsInKey(table.partition_key(), ordinal))
        return Unsupported(-1, "a foreign key whose action sets a column of the partition key");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<plan::ExprPtr> DdlBinder::BindBoundValue(const Node* node, const Table& parent,
                                                        size_t at) const {
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
    return ErrorAt(sqlstate::kFeatureNotSupported, node->column_ref->location,
                   "cannot use column reference in partition bound expression");
  const Table no_columns;
  TableExpressions expressions(input_, tree_, no_columns);
  ASSIGN_OR_RETURN(plan::ExprPtr e, expressions.Bind(node, "partition bound"));
  const int location = e->location;
  const Type type = TypeOfKey(parent, at);
  ASSIGN_OR_RETURN(plan::ExprPtr value, expressions.binder().TryAssign(e, type));
  if (value == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat("specified value cannot be cast to type ",
                                types::Format({type.id, 0, type.declared}), " for column \"",
                                NameOfKey(parent, at), "\""));
  if (!plan::IsRowIndependent(value))
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   "a partition bound that is no constant is not supported",
                   "Write the value itself.");
  ASSIGN_OR_RETURN(types::Value worth, EvaluateNow(*value, input_));
  worth.set_type(type);
  return plan::MakeLiteral(std::move(worth), location);
}

absl::Status DdlBinder::BindRangeEnd(NodeList nodes, const Table& parent,
                                     google::protobuf::RepeatedPtrField<PartitionRangeValue>* end) {
  PartitionRangeValue::Kind infinite = PartitionRangeValue::KIND_UNSPECIFIED;
  for (const Node* node : nodes) {
    PartitionRangeValue& column = *end->Add();
    std::string word;
    if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1 &&
        node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING)
      word = std::string(parser::StringOf(node->column_ref->fields[0]));
    column.set_kind(word == "minvalue"   ? PartitionRangeValue::KIND_MINVALUE
                    : word == "maxvalue" ? PartitionRangeValue::KIND_MAXVALUE
                                         : PartitionRangeValue::KIND_VALUE);
    if (column.kind() != PartitionRangeValue::KIND_VALUE) {
      const int location = node->column_ref->location;
      if (infinite != PartitionRangeValue::KIND_UNSPECIFIED && infinite != column.kind())
        return ErrorAt(sqlstate::kDatatypeMismatch, location,
                       infinite == PartitionRangeValue::KIND_MINVALUE
                           ? "every bound following MINVALUE must also be MINVALUE"
                           : "every bound following MAXVALUE must also be MAXVALUE");
      infinite = column.kind();
      continue;
    }
    ASSIGN_OR_RETURN(const plan::ExprPtr value,
                     BindBoundValue(node, parent, static_cast<size_t>(end->size() - 1)));
    if (value->value.is_null())
      return ErrorAt(kInvalidObject, -1, "cannot specify NULL in range bound");
    if (infinite != PartitionRangeValue::KIND_UNSPECIFIED)
      return ErrorAt(sqlstate::kDatatypeMismatch, value->location,
                     infinite == PartitionRangeValue::KIND_MINVALUE
                         ? "every bound following MINVALUE must also be MINVALUE"
                         : "every bound following MAXVALUE must also be MAXVALUE");
    *column.mutable_value() = types::ToProto(value->value);
  }
  return absl::OkStatus();
}

absl::StatusOr<PartitionBound> DdlBinder::BindBound(const PgQuery__PartitionBoundSpec& spec,
                                                    const Table& parent, const std::string& name) {
  const PartitionKey& key = parent.partition_key();
  PartitionBound bound;
  const std::string_view strategy = parser::View(spec.strategy);
  const auto misplaced = [&](const char* wanted) { return strategy != wanted; };
  if (spec.is_default) {
    if (key.strategy() == PartitionKey::STRATEGY_HASH)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "a hash-partitioned table may not have a default partition");
    bound.set_is_default(true);
  } else if (misplaced(key.strategy() == PartitionKey::STRATEGY_HASH   ? "h"
                       : key.strategy() == PartitionKey::STRATEGY_LIST ? "l"
                                                                       : "r")) {
    return ErrorAt(
        sqlstate::kInvalidTableDefinition, spec.location,
        absl::StrCat("invalid bound specification for a ", NameOf(key.strategy()), " partition"));
  } else if (key.strategy() == PartitionKey::STRATEGY_HASH) {
    if (spec.modulus <= 0)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "modulus for hash partition must be an integer value greater than zero");
    if (spec.remainder >= spec.modulus)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "remainder for hash partition must be less than modulus");
    if (spec.remainder < 0)
      return ErrorAt(
          sqlstate::kInvalidTableDefinition, -1,
          "remainder for hash partition must be an integer value greater than or equal to zero");
    if (spec.modulus > (1 << 20)) return Unsupported(-1, "a modulus of more than 1048576");
    bound.set_modulus(static_cast<uint32_t>(spec.modulus));
    bound.set_remainder(static_cast<uint32_t>(spec.remainder));
  } else if (key.strategy() == PartitionKey::STRATEGY_LIST) {
    std::vector<types::Value> known;
    for (const Node* node : NodeList(spec.listdatums, spec.n_listdatums)) {
      ASSIGN_OR_RETURN(const plan::ExprPtr value, BindBoundValue(node, parent, 0));
      // One that is there already adds nothing.
      if (std::any_of(known.begin(), known.end(), [&](const types::Value& other) {
            return types::CompareValues(other, value->value) == 0;
          }))
        continue;
      known.push_back(value->value);
      *bound.add_values() = types::ToProto(value->value);
    }
  } else {
    const auto count = static_cast<size_t>(key.columns_size());
    if (spec.n_lowerdatums != count)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "FROM must specify exactly one value per partitioning column");
    if (spec.n_upperdatums != count)
      return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                     "TO must specify exactly one value per partitioning column");
    RETURN_IF_ERROR(
        BindRangeEnd({spec.lowerdatums, spec.n_lowerdatums}, parent, bound.mutable_lower()));
    RETURN_IF_ERROR(
        BindRangeEnd({spec.upperdatums, spec.n_upperdatums}, parent, bound.mutable_upper()));
  }
  RETURN_IF_ERROR(partition::CheckNewBound(key, bound, name, [&](size_t member) {
    const Table* other =
        input_.catalog->FindTable(key.partitions(static_cast<int>(member)).table_id());
    return other == nullptr ? std::string() : other->name();
  }));
  return bound;
}

absl::Status DdlBinder::AddInherited(const PgQuery__CreateStmt& create,
                                     common::v1::CreateTable* statement) {
  ASSIGN_OR_RETURN(const Table* parent, Resolve(*create.inh_relations[0]->range_var));
  Table* table = statement->mutable_table();
  if (!parent->has_partition_key())
    return ErrorAt(kInvalidObject, -1, absl::StrCat("\"", parent->name(), "\" is not partitioned"));
  const bool temporary = IsTemporarySchema(table->schema());
  if (temporary != IsTemporarySchema(parent->schema()))
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("cannot create a ", temporary ? "temporary" : "permanent",
                                " relation as partition of ", temporary ? "permanent" : "temporary",
                                " relation \"", parent->name(), "\""));
  table->set_partition_of(parent->table_id());
  for (const auto& column : parent->columns()) {
    auto* copy = table->add_columns();
    *copy = column;
    copy->clear_identity();
    copy->clear_missing_value();
    copy->clear_comment();
    if (column.identity() != common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED) {
      copy->clear_default_sql();
      copy->clear_default_sequence_id();
    }
  }
  for (const auto& check : parent->checks()) {
    auto* copy = table->add_checks();
    copy->set_name(check.name());
    copy->set_sql(check.sql());
  }
  for (const auto& key : parent->foreign_keys()) {
    auto* copy = table->add_foreign_keys();
    *copy = key;
    copy->clear_comment();
    copy->set_not_valid(false);
  }
  // What is said of columns beside.
  for (const Node* node : NodeList(create.table_elts, create.n_table_elts)) {
    if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) continue;
    const PgQuery__ColumnDef& definition = *node->column_def;
    const auto ordinal = ColumnNamed(*table, definition.colname, -1);
    if (!ordinal.ok())
      return ErrorAt(sqlstate::kUndefinedColumn, -1,
                     absl::StrCat("column \"", definition.colname, "\" does not exist"));
    auto* column = table->mutable_columns(static_cast<int>(*ordinal));
    for (const Node* part : NodeList(definition.constraints, definition.n_constraints)) {
      const PgQuery__Constraint& constraint = *part->constraint;
      if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) {
        column->set_not_null(true);
      } else if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT) {
        ASSIGN_OR_RETURN(std::string sql,
                         ExpressionText(constraint.raw_expr, constraint.location, "default"));
        ASSIGN_OR_RETURN(const plan::ExprPtr value, BindKeptDefault(sql, *column));
        uint32_t sequence_id = 0;
        LinkSequenceDefault(value, &sql, &sequence_id);
        column->set_default_sql(sql);
        column->set_default_sequence_id(sequence_id);
      } else if (!IsTableConstraint(constraint)) {
        return Unsupported(constraint.location, "this property of a partition's column");
      }
    }
  }
  ASSIGN_OR_RETURN(*statement->mutable_partition_bound(),
                   BindBound(*create.partbound, *parent, table->name()));
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
