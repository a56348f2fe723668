// Catalog: look-ups over a snapshot.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/sql.h"
#include "common/sql/temporary_schema.h"
#include "common/status/sql_error.h"

namespace adbms::sql {
namespace {

// Length first: no separator can be confused with a part of a name.
std::string QualifiedKey(std::string_view schema, std::string_view name) {
  std::string key = std::to_string(schema.size());
  key.append(":").append(schema).append(name);
  return key;
}

}  // namespace

bool IsInput(const common::v1::FunctionArgument& argument) {
  return argument.mode() != common::v1::FunctionArgument::MODE_OUT &&
         argument.mode() != common::v1::FunctionArgument::MODE_TABLE;
}

bool SameInputs(const common::v1::FunctionDescriptor& a, const common::v1::FunctionDescriptor& b) {
  const auto inputs = [](const common::v1::FunctionDescriptor& function) {
    std::vector<types::Type> found;
    for (const auto& argument : function.arguments()) {
      if (!IsInput(argument)) continue;
      found.push_back(types::FromProto(argument.type()));
      found.back().modifier = 0;
    }
    return found;
  };
  return inputs(a) == inputs(b);
}

std::string SignatureOf(const common::v1::FunctionDescriptor& function) {
  std::string text = function.name() + "(";
  bool first = true;
  for (const auto& argument : function.arguments()) {
    if (!IsInput(argument)) continue;
    types::Type type = types::FromProto(argument.type());
    type.modifier = 0;
    text.append(first ? "" : ",").append(types::Format(type));
    first = false;
  }
  return text + ")";
}

std::string SignatureOf(const common::v1::OperatorDescriptor& op) {
  const auto shown = [](const common::v1::DataType& type) {
    return types::Format(types::FromProto(type));
  };
  return op.name() + "(" + (op.has_left() ? shown(op.left()) : "none") + "," + shown(op.right()) +
         ")";
}

struct Catalog::Index {
  std::unordered_map<std::string, const common::v1::TableDescriptor*> by_name;
  std::unordered_map<uint32_t, const common::v1::TableDescriptor*> by_id;
  std::unordered_set<std::string> schemas;
  std::unordered_map<std::string, std::vector<const common::v1::FunctionDescriptor*>> functions;
  std::unordered_map<uint32_t, const common::v1::FunctionDescriptor*> functions_by_id;
  std::unordered_map<std::string, const common::v1::TypeDescriptor*> types_by_name;
  std::unordered_map<uint32_t, const common::v1::TypeDescriptor*> types_by_oid;
  std::unordered_map<std::string, std::vector<const common::v1::OperatorDescriptor*>> operators;
  std::unordered_map<uint32_t, const common::v1::OperatorDescriptor*> operators_by_id;
};

std::optional<uint32_t> ColumnNamed(const common::v1::TableDescriptor& table,
                                    std::string_view name) {
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped() && table.columns(i).name() == name)
      return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

Catalog::Catalog(std::shared_ptr<const common::v1::CatalogSnapshot> snapshot)
    : snapshot_(std::move(snapshot)) {
  auto index = std::make_unique<Index>();
  for (const auto& table : snapshot_->tables()) {
    index->by_name.emplace(QualifiedKey(table.schema(), table.name()), &table);
    index->by_id.emplace(table.table_id(), &table);
  }
  for (const auto& schema : snapshot_->schemas()) index->schemas.insert(schema.name());
  for (const auto& function : snapshot_->functions()) {
    index->functions[QualifiedKey(function.schema(), function.name())].push_back(&function);
    index->functions_by_id.emplace(function.function_id(), &function);
  }
  for (const auto& type : snapshot_->types()) {
    const common::v1::DeclaredType& declared = type.declared();
    index->types_by_name.emplace(QualifiedKey(declared.schema(), declared.name()), &type);
    index->types_by_oid.emplace(declared.oid(), &type);
    index->types_by_oid.emplace(declared.array_oid(), &type);
    if (!declared.has_range()) continue;
    const common::v1::RangeDefinition& range = declared.range();
    index->types_by_name.emplace(QualifiedKey(range.multirange_schema(), range.multirange_name()),
                                 &type);
    index->types_by_oid.emplace(range.multirange_oid(), &type);
    index->types_by_oid.emplace(range.multirange_array_oid(), &type);
  }
  for (const auto& op : snapshot_->operators()) {
    index->operators[QualifiedKey(op.schema(), op.name())].push_back(&op);
    index->operators_by_id.emplace(op.operator_id(), &op);
  }
  index_ = std::move(index);
}

Catalog::~Catalog() = default;

uint64_t Catalog::version() const { return snapshot_->version(); }

const common::v1::CatalogSnapshot& Catalog::snapshot() const { return *snapshot_; }

const common::v1::TableDescriptor* Catalog::FindTable(std::string_view schema,
                                                      std::string_view name) const {
  const auto it = index_->by_name.find(QualifiedKey(schema, name));
  return it == index_->by_name.end() ? nullptr : it->second;
}

const common::v1::TableDescriptor* Catalog::FindTable(uint32_t table_id) const {
  const auto it = index_->by_id.find(table_id);
  return it == index_->by_id.end() ? nullptr : it->second;
}

const common::v1::TableDescriptor* Catalog::ResolveTable(
    std::string_view schema, std::string_view name,
    const std::vector<std::string>& search_path) const {
  if (!schema.empty())
    return FindTable(schema == kTemporaryAlias ? TemporarySchemaOf(search_path) : schema, name);
  if (!search_path.empty() && IsTemporarySchema(search_path.front())) {
    if (const auto* table = FindTable(search_path.front(), name)) return table;
  }
  if (const auto* table = FindTable("pg_catalog", name)) return table;
  for (const std::string& part : search_path) {
    if (const auto* table = FindTable(part, name)) return table;
  }
  return nullptr;
}

std::vector<const common::v1::FunctionDescriptor*> Catalog::FindFunctions(
    std::string_view schema, std::string_view name,
    const std::vector<std::string>& search_path) const {
  std::vector<const common::v1::FunctionDescriptor*> found;
  const auto collect = [&](std::string_view from) {
    const auto it = index_->functions.find(QualifiedKey(from, name));
    if (it == index_->functions.end()) return;
    const size_t before = found.size();
    for (const auto* function : it->second) {
      const auto hides = [&](const auto* earlier) { return SameInputs(*earlier, *function); };
      if (std::none_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(before), hides))
        found.push_back(function);
    }
  };
  if (!schema.empty()) {
    collect(schema == kTemporaryAlias ? TemporarySchemaOf(search_path) : schema);
  } else {
    // As in PostgreSQL a temporary function is found only by its schema.
    for (const std::string& part : search_path) {
      if (!IsTemporarySchema(part)) collect(part);
    }
  }
  return found;
}

const common::v1::FunctionDescriptor* Catalog::FindFunction(uint32_t function_id) const {
  const auto it = index_->functions_by_id.find(function_id);
  return it == index_->functions_by_id.end() ? nullptr : it->second;
}

std::vector<const common::v1::OperatorDescriptor*> Catalog::FindOperators(
    std::string_view schema, std::string_view name,
    const std::vector<std::string>& search_path) const {
  std::vector<const common::v1::OperatorDescriptor*> found;
  const auto operands = [](const common::v1::OperatorDescriptor& op) {
    return std::pair(types::OidOf(types::FromProto(op.left())),
                     types::OidOf(types::FromProto(op.right())));
  };
  const auto collect = [&](std::string_view from) {
    const auto it = index_->operators.find(QualifiedKey(from, name));
    if (it == index_->operators.end()) return;
    for (const auto* op : it->second) {
      const auto hides = [&](const auto* earlier) { return operands(*earlier) == operands(*op); };
      if (std::none_of(found.begin(), found.end(), hides)) found.push_back(op);
    }
  };
  if (!schema.empty()) {
    collect(schema == kTemporaryAlias ? TemporarySchemaOf(search_path) : schema);
  } else {
    for (const std::string& part : search_path) {
      if (!IsTemporarySchema(part)) collect(part);
    }
  }
  return found;
}

const common::v1::OperatorDescriptor* Catalog::FindOperator(uint32_t operator_id) const {
  const auto it = index_->operators_by_id.find(operator_id);
  return it == index_->operators_by_id.end() ? nullptr : it->second;
}

absl::StatusOr<const common::v1::DatabaseDescriptor*> Catalog::DatabaseNamed(
    std::string_view name) const {
  for (const auto& database : snapshot_->databases()) {
    if (database.name() == name) return &database;
  }
  return status::Error(status::sqlstate::kInvalidCatalogName,
                       absl::StrCat("database \"", absl::string_view(name.data(), name.size()),
                                    "\" does not exist"));
}

bool Catalog::HasSchema(std::string_view name) const {
  return index_->schemas.contains(std::string(name));
}

const common::v1::TypeDescriptor* Catalog::FindType(std::string_view schema,
                                                    std::string_view name) const {
  const auto it = index_->types_by_name.find(QualifiedKey(schema, name));
  return it == index_->types_by_name.end() ? nullptr : it->second;
}

const common::v1::TypeDescriptor* Catalog::FindType(uint32_t oid) const {
  const auto it = index_->types_by_oid.find(oid);
  return it == index_->types_by_oid.end() ? nullptr : it->second;
}

const common::v1::TypeDescriptor* Catalog::ResolveType(
    std::string_view schema, std::string_view name,
    const std::vector<std::string>& search_path) const {
  if (!schema.empty()) return FindType(schema, name);
  for (const std::string& part : search_path) {
    if (const auto* type = FindType(part, name)) return type;
  }
  return nullptr;
}

const common::v1::CollationDescriptor* Catalog::ResolveCollation(
    std::string_view schema, std::string_view name,
    const std::vector<std::string>& search_path) const {
  const auto find = [&](std::string_view in) -> const common::v1::CollationDescriptor* {
    for (const auto& candidate : snapshot_->collations()) {
      if (candidate.collation().schema() == in && candidate.collation().name() == name)
        return &candidate;
    }
    return nullptr;
  };
  if (!schema.empty()) return find(schema);
  for (const std::string& part : search_path) {
    if (const auto* found = find(part)) return found;
  }
  return nullptr;
}

}  // namespace adbms::sql
