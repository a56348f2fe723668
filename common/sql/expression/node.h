// The compiled form's nodes, internal to this folder. A node is immutable after construction.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/sql/expression/evaluator.h"

namespace adbms::sql::expression {

class Node : public CompiledExpression {
 public:
  explicit Node(types::Type type) : type_(type) {}

  types::Type type() const override { return type_; }
  int column() const override { return -1; }
  int parameter() const override { return -1; }
  bool repeatable() const override { return repeatable_; }
  // The default evaluates and picks the true rows.
  absl::Status Select(EvaluationState& state, const types::Batch& input,
                      std::vector<uint32_t>* selection) const override;
  // The default evaluates on one row without columns.
  absl::StatusOr<types::Value> EvaluateScalar(EvaluationState& state) const override;

  // Keeps of `selection` (ascending rows of `input`) those that are true.
  virtual absl::Status Refine(EvaluationState& state, const types::Batch& input,
                              std::vector<uint32_t>* selection) const;

  // True for a constant that needs no execution state.
  virtual bool literal() const { return false; }
  // True when evaluation may raise an error or costs much: then it must see only the rows that need
  // it.
  bool careful() const { return careful_; }
  // True when the value is the same for every row: no column, no volatile function, no subquery.
  bool constant() const { return constant_; }
  // True when, besides, no correlation slot is read: the value is the same all through an
  // execution.
  bool fixed() const { return constant_ && fixed_; }
  // Input columns that the expression reads, ascending.
  const std::vector<uint32_t>& columns() const { return columns_; }

 protected:
  // Takes over a child's needs: columns, carefulness, constancy.
  void Adopt(const Node& child);
  void MarkCareful() { careful_ = true; }
  void MarkVarying() { constant_ = false; }
  void MarkCorrelated() { fixed_ = false; }
  void MarkOnce() { constant_ = repeatable_ = false; }
  void ReadsColumn(uint32_t column);

 private:
  types::Type type_;
  bool careful_ = false;
  bool constant_ = true;
  bool fixed_ = true;
  bool repeatable_ = true;
  std::vector<uint32_t> columns_;
};

using NodePtr = std::unique_ptr<const Node>;
using NodeList = std::vector<NodePtr>;

// A vector of `rows` times `value`; its string is counted with `account`, where there is one.
types::VectorPtr Broadcast(const types::Value& value, const types::Type& type, uint32_t rows,
                           types::MemoryAccountPtr account = nullptr);
// The same of a vector of one row, whose string is shared.
types::VectorPtr BroadcastRow(const types::VectorPtr& one, uint32_t rows);
// Errors: 53200 when the execution's memory did not hold all strings of `vector`, 54000 when one is
// too long.
inline absl::Status CheckStrings(const types::Vector& vector) {
  if (!vector.strings_refused()) [[likely]]
    return absl::OkStatus();
  return vector.StringsRefusal();
}
// The chosen rows of the columns that `node` reads; the other columns stay null.
types::Batch GatherFor(const Node& node, const types::Batch& input,
                       const std::vector<uint32_t>& selection);
// Evaluates `node` on the chosen rows only; the result has selection.size() rows.
absl::StatusOr<types::VectorPtr> EvaluateOn(const Node& node, EvaluationState& state,
                                            const types::Batch& input,
                                            const std::vector<uint32_t>& selection);
// Writes source's rows to result's rows[i].
void Scatter(const types::Vector& source, const std::vector<uint32_t>& rows, types::Vector* result);
// Whether a row is NULL or not true, for booleans.
inline bool IsTrue(const types::Vector& vector, uint32_t row) {
  return vector.data<uint8_t>()[row] != 0 && !vector.is_null(row);
}
// Sets NULLs of `argument` in `result`.
void PropagateNulls(const types::Vector& argument, types::Vector* result);
// Three-way comparison of two rows that are not NULL, of one physical form.
int CompareRows(const types::Vector& a, uint32_t row_a, const types::Vector& b, uint32_t row_b);

// Makers, one for each kind of node.
NodePtr MakeLiteral(types::Value value, types::Type type);
NodePtr MakeColumn(uint32_t column, types::Type type);
NodePtr MakeParameter(uint32_t parameter, types::Type type);
NodePtr MakeCorrelation(uint32_t slot, types::Type type);
NodePtr MakeSessionValue(common::v1::SessionValue::Kind kind, types::Type type);
NodePtr MakeCall(const functions::Function* function, NodeList arguments, types::Type type);
// Null unless the call compares a column with a constant in a way that has a fast path; then it
// takes the arguments over.
NodePtr MakeColumnComparison(const functions::Function& function, NodeList* arguments,
                             types::Type type);
NodePtr MakeCast(NodePtr argument, bool is_explicit, types::Type type);
// Errors: INTERNAL for a domain whose checks are no conditions. REQUIRES: of a domain.
absl::StatusOr<NodePtr> MakeDomain(NodePtr argument, types::Type type);
NodePtr MakeAnd(NodeList arguments, types::Type type);
NodePtr MakeOr(NodeList arguments, types::Type type);
NodePtr MakeNot(NodePtr argument, types::Type type);
NodePtr MakeTest(common::v1::TestExpression::Kind kind, NodeList arguments, types::Type type);
NodePtr MakeCase(NodeList when, NodeList then, NodePtr otherwise, types::Type type);
NodePtr MakeCoalesce(NodeList items, types::Type type);
NodePtr MakeInList(NodePtr argument, NodeList items, bool negated, types::Type type);
NodePtr MakeSubquery(const common::v1::SubqueryExpression& subquery, NodeList correlation,
                     NodeList operands, types::Type type);

}  // namespace adbms::sql::expression
