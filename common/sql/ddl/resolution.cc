// What the names of a DDL statement mean, so that whoever authorizes it and whoever carries it out
// speak of the same objects.
#include "common/sql/ddl/ddl_binder.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::DdlStatement;
using common::v1::FunctionDescriptor;
using common::v1::ResolvedObject;
using Table = common::v1::TableDescriptor;

class Resolver {
 public:
  Resolver(const Catalog& catalog, bool versions, common::v1::DdlResolution* out)
      : catalog_(catalog), versions_(versions), out_(*out) {}

  void Relation(const std::string& schema, const std::string& name) {
    Add(ResolvedObject::KIND_RELATION, schema, name, catalog_.FindTable(schema, name));
  }
  void Relation(uint32_t table_id) {
    const Table* table = catalog_.FindTable(table_id);
    if (table != nullptr) Add(ResolvedObject::KIND_RELATION, "", "", table);
  }
  void Index(const std::string& schema, const std::string& name) {
    for (const Table& table : catalog_.snapshot().tables()) {
      if (table.schema() != schema) continue;
      uint32_t found = table.primary_key_name() == name ? table.primary_key_oid() : 0;
      for (const auto& index : table.indexes()) {
        if (index.name() == name) found = index.index_id();
      }
      if (found == 0) continue;
      return Add(ResolvedObject::KIND_INDEX, schema, name, &table)->set_object_id(found);
    }
    Add(ResolvedObject::KIND_INDEX, schema, name, nullptr);
  }
  // The function of that name and those argument types, or that there is none.
  void Function(const FunctionDescriptor& function) {
    const std::string signature = SignatureOf(function);
    ResolvedObject* object =
        Add(ResolvedObject::KIND_FUNCTION, function.schema(), signature, nullptr);
    for (const auto* found : catalog_.FindFunctions(function.schema(), function.name(), {})) {
      if (!SameInputs(*found, function)) continue;
      object->set_object_id(found->function_id());
      if (versions_) object->set_version(found->version());
    }
  }
  void Function(uint32_t function_id) {
    const FunctionDescriptor* function = catalog_.FindFunction(function_id);
    if (function != nullptr) Function(*function);
  }
  void Type(const std::string& schema, const std::string& name) {
    Type(schema, name, catalog_.FindType(schema, name));
  }
  void Type(uint32_t oid) { Type("", "", catalog_.FindType(oid)); }
  void Schema(const std::string& name) {
    ResolvedObject* object = Add(ResolvedObject::KIND_SCHEMA, "", name, nullptr);
    for (const auto& schema : catalog_.snapshot().schemas()) {
      if (schema.name() == name) object->set_object_id(schema.schema_id());
    }
  }

 private:
  void Type(const std::string& schema, const std::string& name,
            const common::v1::TypeDescriptor* type) {
    ResolvedObject* object = Add(ResolvedObject::KIND_TYPE, schema, name, nullptr);
    if (type == nullptr) return;
    object->set_object_id(type->declared().oid());
    if (versions_) object->set_version(type->schema_version());
  }
  ResolvedObject* Add(ResolvedObject::Kind kind, const std::string& schema, const std::string& name,
                      const Table* table) {
    ResolvedObject* object = out_.add_objects();
    object->set_kind(kind);
    object->set_schema(schema);
    object->set_name(name);
    if (table == nullptr) return object;
    object->set_object_id(table->table_id());
    if (versions_) object->set_version(table->schema_version());
    return object;
  }

  const Catalog& catalog_;
  const bool versions_;
  common::v1::DdlResolution& out_;
};

}  // namespace

void DdlBinder::NoteResolution(bool versions, DdlStatement* statement) const {
  const Catalog& catalog = *input_.catalog;
  Resolver note(catalog, versions, statement->mutable_resolution());
  const auto parents = [&](const auto& keys) {
    for (const auto& key : keys) {
      if (key.referenced_table_id() != 0) note.Relation(key.referenced_table_id());
    }
  };
  // What columns are of, which must stay as it is.
  const auto types = [&](const common::v1::DeclaredType& declared) {
    if (declared.oid() != 0) note.Type(declared.oid());
    if (declared.base().declared().oid() != 0) note.Type(declared.base().declared().oid());
  };
  const auto column_types = [&](const Table& table) {
    for (const auto& column : table.columns()) types(column.type().declared());
  };
  const auto relations = [&](const common::v1::DropTable& drop) {
    for (const auto& name : drop.tables()) note.Relation(name.schema(), name.name());
  };
  const auto policy = [&](const common::v1::PolicyDescriptor& made) {
    for (const auto* condition : {&made.using_(), &made.check()}) {
      for (const auto& read : condition->relations()) note.Relation(read.table_id());
      for (const uint32_t id : condition->function_ids()) note.Function(id);
    }
  };
  const auto called = [&] {
    for (const uint32_t id : *input_.called_functions) note.Function(id);
  };
  switch (statement->body_case()) {
    case DdlStatement::kCreateTable:
      called();
      note.Schema(statement->create_table().table().schema());
      for (const auto& used : statement->create_table().table().view_dependencies())
        note.Relation(used.table_id());
      for (const uint32_t id : statement->create_table().liked_table_ids()) note.Relation(id);
      if (statement->create_table().table().partition_of() != 0)
        note.Relation(statement->create_table().table().partition_of());
      column_types(statement->create_table().table());
      return parents(statement->create_table().table().foreign_keys());
    case DdlStatement::kDropTable:
      return relations(statement->drop_table());
    case DdlStatement::kDropView:
      return relations(statement->drop_view());
    case DdlStatement::kDropSequence:
      return relations(statement->drop_sequence());
    case DdlStatement::kDropMaterializedView:
      return relations(statement->drop_materialized_view());
    case DdlStatement::kRefreshMaterializedView:
      return note.Relation(statement->refresh_materialized_view().table_id());
    case DdlStatement::kAlterTable:
      called();
      note.Relation(statement->alter_table().table_id());
      if (statement->alter_table().has_attach_partition())
        note.Relation(statement->alter_table().attach_partition().table_id());
      if (statement->alter_table().has_attach_index())
        note.Relation(statement->alter_table().attach_index().partition_id());
      if (!statement->alter_table().set_schema().empty())
        note.Schema(statement->alter_table().set_schema());
      if (statement->alter_table().action_case() == common::v1::AlterTable::kDetachPartition)
        note.Relation(statement->alter_table().detach_partition());
      types(statement->alter_table().add_column().type().declared());
      for (const auto& column : statement->alter_table().set_types().columns())
        types(column.type().declared());
      if (statement->alter_table().has_add_foreign_key()) {
        const uint32_t parent = statement->alter_table().add_foreign_key().referenced_table_id();
        if (parent != 0) note.Relation(parent);
      }
      return;
    case DdlStatement::kCreateIndex:
      called();
      return note.Relation(statement->create_index().table_id());
    case DdlStatement::kDropIndex:
      for (const auto& name : statement->drop_index().indexes())
        note.Index(name.schema(), name.name());
      return;
    case DdlStatement::kTruncate:
      for (const uint32_t id : statement->truncate().table_ids()) note.Relation(id);
      return;
    case DdlStatement::kCreateSchema:
      return note.Schema(statement->create_schema().name());
    case DdlStatement::kAlterSchema:
      return note.Schema(statement->alter_schema().name());
    case DdlStatement::kDropSchema:
      for (const std::string& name : statement->drop_schema().names()) note.Schema(name);
      return;
    case DdlStatement::kCreateView: {
      const Table& view = statement->create_view().view();
      note.Schema(view.schema());
      note.Relation(view.schema(), view.name());
      column_types(view);
      for (const auto& used : view.view_dependencies()) note.Relation(used.table_id());
      return;
    }
    case DdlStatement::kCreateType:
      called();
      note.Schema(statement->create_type().type().declared().schema());
      for (const auto& field : statement->create_type().type().declared().fields())
        types(field.type().declared());
      return types(statement->create_type().type().declared());
    case DdlStatement::kAlterType:
      called();
      note.Type(statement->alter_type().type_oid());
      for (const auto& field : statement->alter_type().attributes().fields())
        if (field.type().has_declared()) note.Type(field.type().declared().oid());
      if (!statement->alter_type().schema().empty()) note.Schema(statement->alter_type().schema());
      return;
    case DdlStatement::kDropType:
      for (const auto& name : statement->drop_type().types()) note.Type(name.schema(), name.name());
      return;
    case DdlStatement::kComment:
      if (statement->comment().has_function_id())
        return note.Function(statement->comment().function_id());
      if (statement->comment().object_case() == common::v1::Comment::kTypeOid)
        return note.Type(statement->comment().type_oid());
      if (statement->comment().object_case() == common::v1::Comment::kDatabase ||
          statement->comment().object_case() == common::v1::Comment::kOperatorId)
        return;
      return statement->comment().object_case() == common::v1::Comment::kTableId
                 ? note.Relation(statement->comment().table_id())
                 : note.Schema(statement->comment().schema());
    case DdlStatement::kCreateCollation:
      return note.Schema(statement->create_collation().collation().collation().schema());
    case DdlStatement::kAlterCollation:
      if (!statement->alter_collation().schema().empty())
        note.Schema(statement->alter_collation().schema());
      return;
    case DdlStatement::kDropCollation:
      return;
    case DdlStatement::kCreateOperator:
      note.Schema(statement->create_operator().operator_().schema());
      if (statement->create_operator().operator_().function().function_id() != 0)
        note.Function(statement->create_operator().operator_().function().function_id());
      return;
    case DdlStatement::kAlterOperator:
      return note.Schema(statement->alter_operator().operator_().schema());
    case DdlStatement::kDropOperator:
      return;
    case DdlStatement::kCreateFunction:
      note.Schema(statement->create_function().function().schema());
      for (const auto& argument : statement->create_function().function().arguments())
        types(argument.type().declared());
      types(statement->create_function().function().result().declared());
      types(statement->create_function().function().aggregate().state_type().declared());
      return note.Function(statement->create_function().function());
    case DdlStatement::kDropFunction:
      for (const uint32_t id : statement->drop_function().function_ids()) note.Function(id);
      return;
    case DdlStatement::kAlterFunction: {
      const FunctionDescriptor& changed = statement->alter_function().function();
      note.Function(changed.function_id());
      const FunctionDescriptor* before = catalog.FindFunction(changed.function_id());
      if (before != nullptr && before->schema() != changed.schema()) note.Schema(changed.schema());
      return;
    }
    case DdlStatement::kCreateTrigger:
      called();
      note.Relation(statement->create_trigger().table_id());
      return note.Function(statement->create_trigger().trigger().function_id());
    case DdlStatement::kDropTrigger:
      if (statement->drop_trigger().table_id() != 0)
        note.Relation(statement->drop_trigger().table_id());
      return;
    case DdlStatement::kAlterTrigger:
      return note.Relation(statement->alter_trigger().table_id());
    case DdlStatement::kCreatePolicy:
      note.Relation(statement->create_policy().table_id());
      return policy(statement->create_policy().policy());
    case DdlStatement::kAlterPolicy:
      note.Relation(statement->alter_policy().table_id());
      return policy(statement->alter_policy().policy());
    case DdlStatement::kDropPolicy:
      if (statement->drop_policy().table_id() != 0)
        note.Relation(statement->drop_policy().table_id());
      return;
    case DdlStatement::kCreateSequence:
      note.Schema(statement->create_sequence().sequence().schema());
      if (statement->create_sequence().sequence().sequence().owner_table_id() != 0)
        note.Relation(statement->create_sequence().sequence().sequence().owner_table_id());
      return;
    case DdlStatement::kAlterSequence:
      note.Relation(statement->alter_sequence().sequence_id());
      if (statement->alter_sequence().sequence().owner_table_id() != 0)
        note.Relation(statement->alter_sequence().sequence().owner_table_id());
      return;
    case DdlStatement::kCreateDatabase:
    case DdlStatement::kDropDatabase:
    case DdlStatement::kAlterDatabase:
    case DdlStatement::BODY_NOT_SET:
      return;
  }
}

}  // namespace adbms::sql::ddl
