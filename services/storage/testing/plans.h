// Hand-built plans and a small client, for tests and benchmarks of storage.
#pragma once

#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::testing {

using common::v1::Expression;
using common::v1::Operator;
using common::v1::Plan;
using types::TypeId;

// Expressions.
Expression Literal(const types::Value& value);
Expression IntLiteral(int64_t value);  // int4
Expression TextLiteral(const std::string& value);
Expression NullLiteral(TypeId type);
Expression Column(uint32_t column, TypeId type);
Expression Parameter(uint32_t parameter, TypeId type);
Expression Slot(uint32_t slot, TypeId type);
Expression Call(const std::string& signature, TypeId type, std::vector<Expression> arguments);

// Operators. `ids` are assigned by Finish.
Operator SeqScan(const common::v1::TableDescriptor& table, std::vector<uint32_t> columns);
// All columns, then the row's key.
Operator TargetScan(const common::v1::TableDescriptor& table);
Operator IndexScan(const common::v1::TableDescriptor& table, uint32_t index_id,
                   std::vector<uint32_t> columns, std::vector<Expression> equal);
Operator Values(std::vector<TypeId> types, std::vector<std::vector<Expression>> rows);
Operator Filter(Operator input, Expression condition);
Operator Project(Operator input, std::vector<Expression> expressions);
Operator Insert(const common::v1::TableDescriptor& table, Operator input);
Operator Update(const common::v1::TableDescriptor& table, Operator input,
                std::vector<uint32_t> columns, std::vector<Expression> values);
Operator Delete(const common::v1::TableDescriptor& table, Operator input);

// A whole plan over `root`; `tables` with their versions.
Plan Finish(Operator root, std::vector<const common::v1::TableDescriptor*> tables,
            std::vector<TypeId> parameters = {});

// Descriptors. "a int4 not null" by fields.
struct ColumnSpec {
  std::string name;
  TypeId type;
  bool not_null = false;
};
common::v1::DdlStatement CreateTable(const std::string& name, std::vector<ColumnSpec> columns,
                                     std::vector<uint32_t> primary_key);
common::v1::DdlStatement CreateIndex(uint32_t table_id, const std::string& name,
                                     std::vector<uint32_t> columns, bool unique);

// Runs things on one session and turns rows into text: "1|a" a row, NULL as "null".
class Client {
 public:
  explicit Client(api::Storage* storage);
  api::Session& session() { return *session_; }
  const rpc::CallContext& context() const { return context_; }

  absl::StatusOr<std::vector<std::string>> Run(const Plan& plan,
                                               std::vector<types::Value> parameters = {});
  // As Run; the number of affected rows.
  absl::StatusOr<uint64_t> Affect(const Plan& plan, std::vector<types::Value> parameters = {});
  absl::StatusOr<storage::v1::DdlResult> Ddl(const common::v1::DdlStatement& statement);
  // The table as the session sees it; empty descriptor when there is none.
  common::v1::TableDescriptor Table(const std::string& name, const std::string& schema = "public");
  // SELECT * in key order.
  std::vector<std::string> All(const std::string& table);
  absl::Status InsertInts(const std::string& table, std::vector<std::vector<int64_t>> rows);
  const storage::v1::ExecutionSummary& summary() const { return summary_; }

 private:
  api::Storage* const storage_;
  rpc::CallContext context_;
  std::unique_ptr<api::Session> session_;
  storage::v1::ExecutionSummary summary_;
};

// A fresh directory, removed with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace adbms::storage::testing
