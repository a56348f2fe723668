// Where a row stands in its partition, and which rows its frame has.
//
// Rows are asked for in their order, so that the ends of frames only move forward: all of a
// partition's frames together take time in proportion to its rows.
//
// WindowFrameSpec: immutable, thread-safe. WindowFrame: not thread-safe; lives no longer than the
// execution.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "services/storage/executor/operator.h"
#include "services/storage/executor/range_distance.h"
#include "services/storage/executor/window_rows.h"

namespace adbms::storage::executor {

using FrameProto = common::v1::WindowFrame;
using BoundProto = common::v1::WindowFrame::Bound;

struct WindowFrameSpec {
  FrameProto::Mode mode = FrameProto::MODE_RANGE;
  BoundProto::Kind start = BoundProto::KIND_UNBOUNDED_PRECEDING;
  BoundProto::Kind end = BoundProto::KIND_CURRENT_ROW;
  CompiledExpressionPtr start_offset;  // Null where the bound has none.
  CompiledExpressionPtr end_offset;
  FrameProto::Exclusion exclusion = FrameProto::EXCLUSION_UNSPECIFIED;
  // RANGE with an offset: the ordering.
  size_t order_column = 0;
  types::Type order_type;
  bool descending = false;
  bool nulls_first = false;
  // Column that counts the groups of peers, upwards.
  size_t group_column = 0;

  // Whether a row's frame can be told without the rows after it.
  bool looks_back_only() const {
    return mode == FrameProto::MODE_ROWS && exclusion == FrameProto::EXCLUSION_UNSPECIFIED &&
           start <= BoundProto::KIND_CURRENT_ROW && end <= BoundProto::KIND_CURRENT_ROW;
  }
};

// Compiles and checks. `order` are the window's orderings, `columns` where they lie among the rows.
// Errors: INVALID_ARGUMENT for a malformed plan.
absl::StatusOr<WindowFrameSpec> CompileFrame(
    const FrameProto& frame, const google::protobuf::RepeatedPtrField<common::v1::SortKey>& order,
    const std::vector<size_t>& columns);

// Rows [begin, end).
struct RowRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  friend bool operator==(const RowRange&, const RowRange&) = default;
};

// Where a row stands. All numbers are those of WindowRows.
struct WindowRow {
  uint64_t row = 0;
  RowRange partition;        // The end is not known where only rows before are looked at.
  uint64_t group_begin = 0;  // First of its peers.
  uint64_t group_end = 0;    // After the last of them; where it was asked for.
  int64_t group = 0;         // Number of its group in the partition, from 1.
  // The frame without what is excluded: in order, none of them empty.
  std::array<RowRange, 3> frame;
  int ranges = 0;
};

class WindowFrame {
 public:
  // Borrows. With `frames` frames are told, with `peers` where the groups of peers end.
  WindowFrame(ExecutionContext* context, const WindowFrameSpec* spec, WindowRows* rows, bool frames,
              bool peers);

  // Evaluates the offsets. Before the first row. Errors: 22004, 22013.
  absl::Status Start();
  void StartPartition(RowRange partition);
  // The next row of the partition. Errors: 53200, 58030, 22008.
  absl::Status Next(WindowRow* row);
  void Release();
  // The first row that the frames of `row` and of those after it have.
  uint64_t floor(const WindowRow& row) const;
  // The same for those who look at each row no more than when it comes in, and goes.
  uint64_t added_floor(const WindowRow& row) const {
    const bool grows = frames_ && spec_.start == BoundProto::KIND_UNBOUNDED_PRECEDING;
    return grows ? std::min(row.row, tail_) : floor(row);
  }

 private:
  absl::StatusOr<std::optional<types::Value>> Offset(const CompiledExpressionPtr& expression,
                                                     const char* which);
  absl::StatusOr<int64_t> GroupAt(WindowRows::Cursor* cursor, uint64_t row);
  absl::Status FindGroupEnd(WindowRow* row);
  absl::Status MoveHead(const WindowRow& row);
  absl::Status MoveTail(const WindowRow& row);
  absl::Status MoveHeadByRange();
  absl::Status MoveTailByRange();
  void SetFrame(WindowRow* row) const;

  ExecutionContext* const context_;
  const WindowFrameSpec& spec_;
  const bool frames_;
  const bool peers_;
  int64_t start_offset_ = 0;  // ROWS and GROUPS.
  int64_t end_offset_ = 0;
  std::optional<RangeDistance> start_distance_;  // RANGE.
  std::optional<RangeDistance> end_distance_;

  RowRange partition_;
  uint64_t next_ = 0;
  uint64_t group_begin_ = 0;
  uint64_t group_end_ = 0;
  int64_t group_ = 0;        // The current row's, in the partition.
  int64_t group_value_ = 0;  // And in the column.
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
  WindowRows::Cursor current_;
  WindowRows::Cursor peer_;
  WindowRows::Cursor head_cursor_;
  WindowRows::Cursor tail_cursor_;
};

}  // namespace adbms::storage::executor
