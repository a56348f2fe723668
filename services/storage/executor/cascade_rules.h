// What a statement's plan says of the tables that the actions of foreign keys reach: conditions
// that their changed rows must meet, and defaults.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "services/storage/executor/modify.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/txn/statement_end.h"

namespace adbms::storage::executor {

// Compiled; immutable.
class CascadeTargets {
 public:
  static absl::StatusOr<CascadeTargets> Compile(
      const google::protobuf::RepeatedPtrField<common::v1::CascadeTarget>& targets,
      const CompileScope& scope);

 private:
  friend class CascadeRules;
  struct Target {
    std::vector<Check> checks;
    // Of a partition, whose rows stay where they are.
    std::unique_ptr<const PartitionTargets> partitions;
    std::map<uint32_t, CompiledExpressionPtr> defaults;  // By ordinal.
  };
  std::map<uint32_t, Target> targets_;  // By table.
};

// Of one execution. Borrows both.
class CascadeRules : public txn::RowRules {
 public:
  CascadeRules(ExecutionContext* context, const CascadeTargets* targets)
      : context_(context), targets_(*targets) {}
  absl::Status CheckRows(const catalog::TableEntry& table, const types::Batch& rows) override;
  absl::StatusOr<types::VectorPtr> Defaults(const catalog::TableEntry& table, uint32_t ordinal,
                                            uint32_t rows) override;

 private:
  absl::StatusOr<const CascadeTargets::Target*> Find(const catalog::TableEntry& table) const;

  ExecutionContext* const context_;
  const CascadeTargets& targets_;
};

// The tables that the plan's cascades change.
std::vector<uint32_t> CascadedTables(const common::v1::Plan& plan);
// Whether the plan knows of every table that the foreign keys of this catalog can reach from it.
bool KnowsItsCascades(const common::v1::Plan& plan, const catalog::CatalogState& catalog);

}  // namespace adbms::storage::executor
