// The hash by which rows find their partition, for conditions that look only at the partitions that
// can have them; and what partitions there are: pg_partition_tree and its like.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/catalog_call.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/functions/table_cursors.h"
#include "common/sql/partition/partition_hash.h"
#include "common/status/macros.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;
using types::Vector;

// (hash so far, key)
absl::Status AddKey(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                    uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    const auto state = static_cast<uint64_t>(arguments[0]->data<int64_t>()[row]);
    result->data<int64_t>()[row] =
        static_cast<int64_t>(partition::AddKeyToHash(state, arguments[1]->Get(row)));
  }
  return absl::OkStatus();
}

// (hash, modulus)
absl::Status Remainder(const EvaluationContext&, const std::vector<const Vector*>& arguments,
                       uint32_t rows, Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const auto hash = static_cast<uint64_t>(arguments[0]->data<int64_t>()[row]);
    const auto modulus = static_cast<uint64_t>(arguments[1]->data<int64_t>()[row]);
    result->data<int64_t>()[row] = modulus == 0 ? 0 : static_cast<int64_t>(hash % modulus);
  }
  return absl::OkStatus();
}

// All rows at once; storage answers them as text: fields behind tabs, rows behind newlines.
class ListedCursor : public TableFunction::Cursor {
 public:
  ListedCursor(std::string rows, std::vector<TypeId> columns)
      : rows_(std::move(rows)), columns_(std::move(columns)) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (done_) return false;
    done_ = true;
    *batch = types::Batch();
    for (const TypeId id : columns_)
      batch->columns.push_back(std::make_shared<Vector>(types::Type{id, 0}));
    for (size_t at = 0; at < rows_.size(); ++batch->row_count) {
      for (const auto& column : batch->columns) {
        const size_t end = rows_.find_first_of("\t\n", at);
        const std::string field = rows_.substr(at, end - at);
        at = end == std::string::npos ? rows_.size() : end + 1;
        const TypeId id = column->type().id;
        column->Append(field.empty()         ? Value::Null({id, 0})
                       : id == TypeId::kBool ? Value::Bool(field == "1")
                                             : Value::Int(id, std::stoll(field)));
      }
    }
    return batch->row_count > 0;
  }

 private:
  const std::string rows_;
  const std::vector<TypeId> columns_;
  bool done_ = false;
};

template <FixedName kFunction>
absl::StatusOr<CursorPtr> OpenListed(const EvaluationContext& context,
                                     const std::vector<Value>& arguments,
                                     std::vector<TypeId> columns) {
  if (arguments[0].is_null()) return std::make_unique<EmptyCursor>();
  if (context.catalog == nullptr)
    return status::NotSupported("function " + std::string(kFunction.view()) + " here");
  ASSIGN_OR_RETURN(const Value rows, context.catalog->Call(kFunction.view(), arguments));
  return std::make_unique<ListedCursor>(std::string(rows.bytes()), std::move(columns));
}

absl::StatusOr<CursorPtr> OpenTree(const EvaluationContext& context,
                                   const std::vector<Value>& arguments) {
  return OpenListed<"pg_partition_tree">(
      context, arguments, {TypeId::kRegclass, TypeId::kRegclass, TypeId::kBool, TypeId::kInt4});
}

absl::StatusOr<CursorPtr> OpenAncestors(const EvaluationContext& context,
                                        const std::vector<Value>& arguments) {
  return OpenListed<"pg_partition_ancestors">(context, arguments, {TypeId::kRegclass});
}

}  // namespace

void AddPartitioning(CatalogBuilder& builder) {
  for (const TypeId id : types::PlainTypes()) {
    if (partition::IsHashable(id))
      builder.AddFunction(kPartitionHash, {TypeId::kInt8, id}, TypeId::kInt8, AddKey);
  }
  builder.AddFunction(kPartitionRemainder, {TypeId::kInt8, TypeId::kInt8}, TypeId::kInt8,
                      Remainder);
  builder.AddFunction("pg_partition_root", {TypeId::kRegclass}, TypeId::kRegclass,
                      CallCatalog<"pg_partition_root">, kStable);
  TableFunction tree;
  tree.name = "pg_partition_tree";
  tree.arguments = {TypeId::kRegclass};
  tree.result = {TypeId::kRegclass, TypeId::kRegclass, TypeId::kBool, TypeId::kInt4};
  tree.column_names = {"relid", "parentrelid", "isleaf", "level"};
  tree.open = OpenTree;
  builder.AddTableFunction(std::move(tree));
  TableFunction ancestors;
  ancestors.name = "pg_partition_ancestors";
  ancestors.arguments = {TypeId::kRegclass};
  ancestors.result = {TypeId::kRegclass};
  ancestors.column_names = {"relid"};
  ancestors.open = OpenAncestors;
  builder.AddTableFunction(std::move(ancestors));
}

}  // namespace adbms::sql::functions
