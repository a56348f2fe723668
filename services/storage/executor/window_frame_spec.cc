// Frames of plans, checked.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/types/distance.h"
#include "services/storage/executor/window_frame.h"

namespace adbms::storage::executor {
namespace {

bool HasOffset(BoundProto::Kind kind) {
  return kind == BoundProto::KIND_OFFSET_PRECEDING || kind == BoundProto::KIND_OFFSET_FOLLOWING;
}

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed plan: ", absl::string_view(what.data(), what.size())));
}

absl::StatusOr<CompiledExpressionPtr> CompileOffset(const BoundProto& bound, types::TypeId type) {
  if (!HasOffset(bound.kind())) return CompiledExpressionPtr();
  if (!bound.has_offset()) return Malformed("a frame without its offset");
  ASSIGN_OR_RETURN(CompiledExpressionPtr offset, sql::expression::Compile(bound.offset()));
  if (types::PhysicalOf(offset->type().id) != types::PhysicalOf(type))
    return Malformed("type of a frame's offset");
  return offset;
}

}  // namespace

absl::StatusOr<WindowFrameSpec> CompileFrame(
    const FrameProto& frame, const google::protobuf::RepeatedPtrField<common::v1::SortKey>& order,
    const std::vector<size_t>& columns) {
  WindowFrameSpec spec;
  spec.mode = frame.mode();
  spec.start = frame.start().kind();
  spec.end = frame.end().kind();
  spec.exclusion = frame.exclusion();
  const bool known = spec.mode >= FrameProto::MODE_ROWS && spec.mode <= FrameProto::MODE_GROUPS &&
                     spec.start >= BoundProto::KIND_UNBOUNDED_PRECEDING &&
                     spec.start <= BoundProto::KIND_OFFSET_FOLLOWING &&
                     spec.end >= BoundProto::KIND_OFFSET_PRECEDING &&
                     spec.end <= BoundProto::KIND_UNBOUNDED_FOLLOWING &&
                     spec.exclusion >= FrameProto::EXCLUSION_UNSPECIFIED &&
                     spec.exclusion <= FrameProto::EXCLUSION_TIES;
  if (!known) return Malformed("a window's frame");
  types::TypeId offset = types::TypeId::kInt8;
  if (spec.mode == FrameProto::MODE_RANGE && (HasOffset(spec.start) || HasOffset(spec.end))) {
    if (order.size() != 1) return Malformed("a range over other than one ordering");
    spec.order_type = types::FromProto(order[0].expression().type());
    offset = types::DistanceOf(spec.order_type.id);
    if (offset == types::TypeId::kUnspecified)
      return Malformed("a range over a type without distances");
    spec.order_column = columns[0];
    spec.descending = order[0].descending();
    spec.nulls_first = order[0].nulls_first();
  }
  ASSIGN_OR_RETURN(spec.start_offset, CompileOffset(frame.start(), offset));
  ASSIGN_OR_RETURN(spec.end_offset, CompileOffset(frame.end(), offset));
  return spec;
}

}  // namespace adbms::storage::executor
