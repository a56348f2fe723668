// Window functions: an operator over rows that are sorted by partition and order.
#include <algorithm>

#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::kCost;
using plan::Rel;
using plan::RelPtr;

// Partition by partition, each in its order. A column that is there twice decides nothing more.
std::vector<plan::SortKey> OrderOf(const Rel& window) {
  std::vector<plan::SortKey> order;
  const auto add = [&order](const plan::SortKey& key) {
    const bool known = std::any_of(order.begin(), order.end(), [&](const plan::SortKey& other) {
      return other.expression->column == key.expression->column;
    });
    if (!known) order.push_back(key);
  };
  for (const plan::ExprPtr& e : window.expressions) add({e, false, false});
  for (const plan::SortKey& key : window.keys) add(key);
  return order;
}

}  // namespace

absl::StatusOr<Physical> PhysicalBuilder::BuildWindow(const Rel& rel) {
  RelPtr sorted = rel.inputs[0];
  if (std::vector<plan::SortKey> order = OrderOf(rel); !order.empty()) {
    sorted = plan::MakeRel(Rel::Kind::kSort, {rel.inputs[0]});
    sorted->output = rel.inputs[0]->output;
    sorted->keys = std::move(order);
  }
  ASSIGN_OR_RETURN(Physical input, BuildRel(*sorted));
  Physical result;
  common::v1::Window* window = result.op.mutable_window();
  for (const plan::ExprPtr& e : rel.expressions)
    RETURN_IF_ERROR(EncodeInto(e, input.layout, window->add_partition_by()));
  for (const plan::SortKey& key : rel.keys) {
    common::v1::SortKey* out = window->add_order_by();
    RETURN_IF_ERROR(EncodeInto(key.expression, input.layout, out->mutable_expression()));
    out->set_descending(key.descending);
    out->set_nulls_first(key.nulls_first);
  }
  common::v1::WindowFrame* frame = window->mutable_frame();
  frame->set_mode(rel.frame.mode);
  frame->set_exclusion(rel.frame.exclusion);
  frame->mutable_start()->set_kind(rel.frame.start);
  frame->mutable_end()->set_kind(rel.frame.end);
  if (rel.frame.start_offset)
    RETURN_IF_ERROR(
        EncodeInto(rel.frame.start_offset, {}, frame->mutable_start()->mutable_offset()));
  if (rel.frame.end_offset)
    RETURN_IF_ERROR(EncodeInto(rel.frame.end_offset, {}, frame->mutable_end()->mutable_offset()));
  result.layout = input.layout;
  const size_t first = rel.output.size() - rel.window_calls.size();
  for (size_t i = 0; i < rel.window_calls.size(); ++i) {
    const plan::WindowCall& call = rel.window_calls[i];
    common::v1::WindowCall* out = window->add_calls();
    out->set_function(call.function);
    if (call.aggregate != nullptr) out->set_aggregate(call.aggregate->signature);
    if (call.declared != nullptr) *out->mutable_declared() = *call.declared->declared;
    for (const plan::ExprPtr& e : call.arguments)
      RETURN_IF_ERROR(EncodeInto(e, input.layout, out->add_arguments()));
    if (call.filter) RETURN_IF_ERROR(EncodeInto(call.filter, input.layout, out->mutable_filter()));
    *out->mutable_type() = types::ToProto(query_.columns[rel.output[first + i]].type);
    result.layout.push_back(rel.output[first + i]);
  }
  result.ordering = input.ordering;
  result.sorted = input.sorted;
  result.rows = input.rows;
  result.startup = input.startup;
  result.cost =
      input.cost + input.rows * (kCost.emit_row + kCost.hash_probe_row *
                                                      static_cast<double>(rel.window_calls.size()));
  *window->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
