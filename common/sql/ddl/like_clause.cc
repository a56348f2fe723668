// CREATE TABLE … (LIKE other): columns, and what else of the other table INCLUDING names.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/ddl/table_expressions.h"
#include "common/sql/explain/deparse.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::ColumnDescriptor;
using common::v1::IndexDescriptor;
using common::v1::IndexExpression;

// PostgreSQL's CREATE_TABLE_LIKE_….
enum Including : uint32_t {
  kComments = 1 << 0,
  kConstraints = 1 << 2,
  kDefaults = 1 << 3,
  kGenerated = 1 << 4,
  kIdentity = 1 << 5,
  kIndexes = 1 << 6,
};

// Where the columns of the other table are in the new one, by ordinal there.
uint32_t Moved(uint32_t ordinal, const std::vector<uint32_t>& places) {
  return ordinal < places.size() ? places[ordinal] : ordinal;
}

}  // namespace

absl::StatusOr<IndexExpression> DdlBinder::ExpressionLike(const IndexExpression& expression,
                                                          const Table& source, const Table& table,
                                                          const char* what) const {
  const auto name = [&](uint32_t ordinal) {
    return QuoteName(source.columns(static_cast<int>(ordinal)).name());
  };
  std::shared_ptr<const parser::ParseTree> parse;
  ASSIGN_OR_RETURN(const Node* node,
                   ParseExpression(explain::DeparseDefinition(expression, name, false), &parse));
  TableExpressions expressions(input_, tree_, table);
  ASSIGN_OR_RETURN(plan::ExprPtr e, expressions.Bind(node, what));
  ASSIGN_OR_RETURN(e, expressions.binder().TryAssign(e, types::FromProto(expression.type())));
  if (e == nullptr) return absl::InternalError("an expression of another type in a copy");
  return KeepExpression(expressions, e, what);
}

absl::Status DdlBinder::AddColumnsLike(const PgQuery__TableLikeClause& like,
                                       common::v1::CreateTable* statement) {
  ASSIGN_OR_RETURN(const Table* source, ResolveAny(*like.relation));
  if (source->has_sequence()) {
    status::SqlError error;
    error.sqlstate = sqlstate::kWrongObjectType;
    error.message = absl::StrCat("relation \"", source->name(), "\" is invalid in LIKE clause");
    error.detail = "This operation is not supported for sequences.";
    error.position = parser::CharacterPosition(tree_.parse->text(), like.relation->location);
    return status::ToStatus(error);
  }
  Table* table = statement->mutable_table();
  statement->add_liked_table_ids(source->table_id());
  for (const ColumnDescriptor& column : source->columns()) {
    if (column.dropped()) continue;
    for (const auto& known : table->columns()) {
      if (known.name() == column.name())
        return ErrorAt(sqlstate::kDuplicateColumn, -1,
                       absl::StrCat("column \"", column.name(), "\" specified more than once"));
    }
    ColumnDescriptor* copy = table->add_columns();
    copy->set_name(column.name());
    *copy->mutable_type() = column.type();
    copy->set_not_null(column.not_null());
    const bool identity = column.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED;
    if ((like.options & kDefaults) != 0 && !identity) {
      copy->set_default_sql(column.default_sql());
      copy->set_default_sequence_id(column.default_sequence_id());
    }
    if ((like.options & kIdentity) != 0 && identity) copy->set_identity(column.identity());
    if ((like.options & kComments) != 0) copy->set_comment(column.comment());
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AddPropertiesLike(const PgQuery__TableLikeClause& like,
                                          common::v1::CreateTable* statement) {
  ASSIGN_OR_RETURN(const Table* source, ResolveAny(*like.relation));
  Table* table = statement->mutable_table();
  std::vector<uint32_t> places;
  for (const ColumnDescriptor& column : source->columns()) {
    places.push_back(0);
    if (column.dropped()) continue;
    ASSIGN_OR_RETURN(places.back(), ColumnNamed(*table, column.name(), -1));
    ColumnDescriptor* copy = table->mutable_columns(static_cast<int>(places.back()));
    if (copy->identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED) {
      ASSIGN_OR_RETURN(auto sequence, SequenceLike(column, *table, places.back()));
      *statement->add_sequences() = std::move(sequence);
    }
    if (!column.has_generated() || (like.options & kGenerated) == 0) continue;
    ASSIGN_OR_RETURN(
        const IndexExpression generated,
        ExpressionLike(column.generated(), *source, *table, "column generation expression"));
    *copy->mutable_generated() = generated;
  }
  if ((like.options & kConstraints) != 0) {
    for (const auto& check : source->checks()) {
      auto* copy = table->add_checks();
      copy->set_name(check.name());
      copy->set_sql(check.sql());
      if ((like.options & kComments) != 0) copy->set_comment(check.comment());
    }
  }
  return (like.options & kIndexes) != 0 ? AddIndexesLike(like, *source, places, table)
                                        : absl::OkStatus();
}

absl::StatusOr<common::v1::OwnedSequence> DdlBinder::SequenceLike(const ColumnDescriptor& column,
                                                                  const Table& table,
                                                                  uint32_t ordinal) {
  ASSIGN_OR_RETURN(auto owned, OwnedSequence(nullptr, table, ordinal));
  const Table* counted = input_.catalog->FindTable(column.default_sequence_id());
  if (counted != nullptr) {
    auto* sequence = owned->mutable_sequence()->mutable_sequence();
    *sequence = counted->sequence();
    sequence->set_first(sequence->start());
    sequence->clear_owner_table_id();
    sequence->clear_owner_column();
  }
  return *std::move(owned);
}

absl::Status DdlBinder::AddIndexesLike(const PgQuery__TableLikeClause& like, const Table& source,
                                       const std::vector<uint32_t>& places, Table* table) {
  const bool comments = (like.options & kComments) != 0;
  if (source.primary_key_size() > 0) {
    if (table->primary_key_size() > 0)
      return ErrorAt(
          sqlstate::kInvalidTableDefinition, -1,
          absl::StrCat("multiple primary keys for table \"", table->name(), "\" are not allowed"));
    for (const uint32_t ordinal : source.primary_key())
      table->add_primary_key(Moved(ordinal, places));
    table->set_primary_key_name(ChooseName(table->name(), "", "pkey", *table));
    if (comments) table->set_primary_key_index_comment(source.primary_key_index_comment());
  }
  for (const IndexDescriptor& index : source.indexes()) {
    if (index.state() != IndexDescriptor::STATE_PUBLIC) continue;
    IndexDescriptor copy = index;
    copy.clear_index_id();
    copy.clear_created_by();
    copy.clear_constraint_comment();
    if (!comments) copy.clear_comment();
    std::string columns;
    const auto add_label = [&](const std::string& label) {
      absl::StrAppend(&columns, columns.empty() ? "" : "_", label);
    };
    for (auto& ordinal : *copy.mutable_columns()) {
      if (ordinal == kExpressionKey) {
        add_label("expr");
        continue;
      }
      ordinal = Moved(ordinal, places);
      add_label(table->columns(static_cast<int>(ordinal)).name());
    }
    for (auto& ordinal : *copy.mutable_include()) {
      ordinal = Moved(ordinal, places);
      if (!index.is_constraint()) add_label(table->columns(static_cast<int>(ordinal)).name());
    }
    for (auto& expression : *copy.mutable_expressions()) {
      ASSIGN_OR_RETURN(expression, ExpressionLike(expression, source, *table, "index expression"));
    }
    if (copy.has_predicate()) {
      ASSIGN_OR_RETURN(*copy.mutable_predicate(),
                       ExpressionLike(index.predicate(), source, *table, "index predicate"));
    }
    copy.set_name(index.is_primary() ? ChooseName(table->name(), "", "pkey", *table)
                                     : ChooseName(table->name(), columns,
                                                  index.is_constraint() ? "key" : "idx", *table));
    *table->add_indexes() = std::move(copy);
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
