#include "services/storage/executor/window_frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {

WindowFrame::WindowFrame(ExecutionContext* context, const WindowFrameSpec* spec, WindowRows* rows,
                         bool frames, bool peers)
    : context_(context),
      spec_(*spec),
      frames_(frames),
      peers_(peers || (frames && (spec->exclusion != FrameProto::EXCLUSION_UNSPECIFIED ||
                                  (spec->mode != FrameProto::MODE_ROWS &&
                                   (spec->end == BoundProto::KIND_CURRENT_ROW ||
                                    spec->start == BoundProto::KIND_CURRENT_ROW))))),
      current_(rows),
      peer_(rows),
      head_cursor_(rows),
      tail_cursor_(rows) {}

absl::StatusOr<std::optional<types::Value>> WindowFrame::Offset(
    const CompiledExpressionPtr& expression, const char* which) {
  if (expression == nullptr) return std::optional<types::Value>();
  ASSIGN_OR_RETURN(const types::Value value, expression->EvaluateScalar(context_->state));
  if (value.is_null())
    return status::Error(status::sqlstate::kNullNotAllowed,
                         absl::StrCat("frame ", which, " offset must not be null"));
  if (spec_.mode != FrameProto::MODE_RANGE && value.int_value() < 0)
    return status::Error(status::sqlstate::kInvalidFrameOffset,
                         absl::StrCat("frame ", which, " offset must not be negative"));
  return std::optional<types::Value>(value);
}

absl::Status WindowFrame::Start() {
  ASSIGN_OR_RETURN(const auto start, Offset(spec_.start_offset, "starting"));
  ASSIGN_OR_RETURN(const auto end, Offset(spec_.end_offset, "ending"));
  start_distance_.reset();
  end_distance_.reset();
  if (spec_.mode == FrameProto::MODE_RANGE) return absl::OkStatus();
  if (start.has_value()) start_offset_ = start->int_value();
  if (end.has_value()) end_offset_ = end->int_value();
  return absl::OkStatus();
}

void WindowFrame::StartPartition(RowRange partition) {
  partition_ = partition;
  next_ = head_ = tail_ = group_begin_ = group_end_ = partition.begin;
  group_ = 0;
}

void WindowFrame::Release() {
  for (WindowRows::Cursor* cursor : {&current_, &peer_, &head_cursor_, &tail_cursor_})
    cursor->Release();
}

uint64_t WindowFrame::floor(const WindowRow& row) const {
  if (!frames_) return row.row;
  if (spec_.start == BoundProto::KIND_UNBOUNDED_PRECEDING) return row.partition.begin;
  return std::min(head_, row.row);
}

absl::StatusOr<int64_t> WindowFrame::GroupAt(WindowRows::Cursor* cursor, uint64_t row) {
  RETURN_IF_ERROR(cursor->Seek(row));
  return cursor->column(spec_.group_column).data<int64_t>()[cursor->at()];
}

absl::Status WindowFrame::FindGroupEnd(WindowRow* row) {
  group_end_ = std::max(group_end_, row->row + 1);
  for (; group_end_ < partition_.end; ++group_end_) {
    ASSIGN_OR_RETURN(const int64_t group, GroupAt(&peer_, group_end_));
    if (group != group_value_) break;
  }
  row->group_end = group_end_;
  return absl::OkStatus();
}

absl::Status WindowFrame::Next(WindowRow* row) {
  row->row = next_++;
  row->partition = partition_;
  ASSIGN_OR_RETURN(const int64_t group, GroupAt(&current_, row->row));
  if (group_ == 0 || group != group_value_) {
    ++group_;
    group_value_ = group;
    group_begin_ = row->row;
    if (peers_) RETURN_IF_ERROR(FindGroupEnd(row));
  }
  row->group = group_;
  row->group_begin = group_begin_;
  row->group_end = group_end_;
  if (!frames_) return absl::OkStatus();
  RETURN_IF_ERROR(MoveHead(*row));
  RETURN_IF_ERROR(MoveTail(*row));
  SetFrame(row);
  return absl::OkStatus();
}

absl::Status WindowFrame::MoveHead(const WindowRow& row) {
  if (spec_.start == BoundProto::KIND_UNBOUNDED_PRECEDING) return absl::OkStatus();
  const bool rows = spec_.mode == FrameProto::MODE_ROWS;
  if (spec_.start == BoundProto::KIND_CURRENT_ROW) {
    head_ = rows ? row.row : row.group_begin;
    return absl::OkStatus();
  }
  const bool before = spec_.start == BoundProto::KIND_OFFSET_PRECEDING;
  const auto offset = static_cast<uint64_t>(start_offset_);
  if (rows) {
    head_ = !before                               ? std::min(row.row + offset, partition_.end)
            : row.row - partition_.begin < offset ? partition_.begin
                                                  : row.row - offset;
    return absl::OkStatus();
  }
  if (spec_.mode == FrameProto::MODE_RANGE) return MoveHeadByRange();
  int64_t least;
  if (before ? __builtin_sub_overflow(group_value_, start_offset_, &least)
             : __builtin_add_overflow(group_value_, start_offset_, &least)) {
    if (!before) head_ = partition_.end;
    return absl::OkStatus();
  }
  for (; head_ < partition_.end; ++head_) {
    ASSIGN_OR_RETURN(const int64_t group, GroupAt(&head_cursor_, head_));
    if (group >= least) break;
  }
  return absl::OkStatus();
}

absl::Status WindowFrame::MoveTail(const WindowRow& row) {
  const bool rows = spec_.mode == FrameProto::MODE_ROWS;
  if (spec_.end == BoundProto::KIND_UNBOUNDED_FOLLOWING) {
    tail_ = partition_.end;
    return absl::OkStatus();
  }
  if (spec_.end == BoundProto::KIND_CURRENT_ROW) {
    tail_ = rows ? row.row + 1 : row.group_end;
    return absl::OkStatus();
  }
  const bool before = spec_.end == BoundProto::KIND_OFFSET_PRECEDING;
  const auto offset = static_cast<uint64_t>(end_offset_);
  if (rows) {
    tail_ = !before                               ? std::min(row.row + offset + 1, partition_.end)
            : row.row - partition_.begin < offset ? partition_.begin
                                                  : row.row - offset + 1;
    return absl::OkStatus();
  }
  if (spec_.mode == FrameProto::MODE_RANGE) return MoveTailByRange();
  int64_t most;
  if (before ? __builtin_sub_overflow(group_value_, end_offset_, &most)
             : __builtin_add_overflow(group_value_, end_offset_, &most)) {
    if (!before) tail_ = partition_.end;
    return absl::OkStatus();
  }
  for (; tail_ < partition_.end; ++tail_) {
    ASSIGN_OR_RETURN(const int64_t group, GroupAt(&tail_cursor_, tail_));
    if (group > most) break;
  }
  return absl::OkStatus();
}

namespace {

// The offset is looked at when two values are compared, as PostgreSQL does: over NULLs alone even
// a negative one is none.
absl::Status Prepare(const CompiledExpressionPtr& offset, types::TypeId type,
                     ExecutionContext* context, std::optional<RangeDistance>* distance) {
  if (distance->has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const types::Value value, offset->EvaluateScalar(context->state));
  const absl::TimeZone zone = type == types::TypeId::kTimestamptz
                                  ? sql::functions::ZoneOf(context->state.context)
                                  : absl::UTCTimeZone();
  ASSIGN_OR_RETURN(*distance, RangeDistance::Create(type, value, zone));
  return absl::OkStatus();
}

}  // namespace

absl::Status WindowFrame::MoveHeadByRange() {
  const bool subtract = (spec_.start == BoundProto::KIND_OFFSET_PRECEDING) != spec_.descending;
  const bool less = spec_.descending;
  const types::Vector& base = current_.column(spec_.order_column);
  const bool base_null = base.is_null(current_.at());
  for (; head_ < partition_.end; ++head_) {
    RETURN_IF_ERROR(head_cursor_.Seek(head_));
    const types::Vector& values = head_cursor_.column(spec_.order_column);
    const bool null = values.is_null(head_cursor_.at());
    if (null || base_null) {
      // NULLs are equal to each other, and at no distance from what is none.
      if (spec_.nulls_first ? !null || base_null : null || !base_null) break;
      continue;
    }
    RETURN_IF_ERROR(Prepare(spec_.start_offset, spec_.order_type.id, context_, &start_distance_));
    ASSIGN_OR_RETURN(const bool reached, start_distance_->Holds(values, head_cursor_.at(), base,
                                                                current_.at(), subtract, less));
    if (reached) break;
  }
  return absl::OkStatus();
}

absl::Status WindowFrame::MoveTailByRange() {
  const bool subtract = (spec_.end == BoundProto::KIND_OFFSET_PRECEDING) != spec_.descending;
  const bool less = !spec_.descending;
  const types::Vector& base = current_.column(spec_.order_column);
  const bool base_null = base.is_null(current_.at());
  for (; tail_ < partition_.end; ++tail_) {
    RETURN_IF_ERROR(tail_cursor_.Seek(tail_));
    const types::Vector& values = tail_cursor_.column(spec_.order_column);
    const bool null = values.is_null(tail_cursor_.at());
    if (null || base_null) {
      if (spec_.nulls_first ? !null : !base_null) break;
      continue;
    }
    RETURN_IF_ERROR(Prepare(spec_.end_offset, spec_.order_type.id, context_, &end_distance_));
    ASSIGN_OR_RETURN(const bool within, end_distance_->Holds(values, tail_cursor_.at(), base,
                                                             current_.at(), subtract, less));
    if (!within) break;
  }
  return absl::OkStatus();
}

void WindowFrame::SetFrame(WindowRow* row) const {
  row->ranges = 0;
  const auto add = [row](uint64_t begin, uint64_t end) {
    if (begin < end) row->frame[row->ranges++] = {begin, end};
  };
  const uint64_t head = head_;
  const uint64_t tail = std::min(tail_, partition_.end);
  // Before `first`, after `last`, and in between one row that stays.
  uint64_t first = tail;
  uint64_t last = tail;
  switch (spec_.exclusion) {
    case FrameProto::EXCLUSION_CURRENT_ROW:
      first = row->row;
      last = row->row + 1;
      break;
    case FrameProto::EXCLUSION_GROUP:
    case FrameProto::EXCLUSION_TIES:
      first = row->group_begin;
      last = row->group_end;
      break;
    default:
      break;
  }
  add(head, std::min(first, tail));
  if (spec_.exclusion == FrameProto::EXCLUSION_TIES && row->row >= head && row->row < tail)
    add(row->row, row->row + 1);
  add(std::max(last, head), tail);
}

}  // namespace adbms::storage::executor
