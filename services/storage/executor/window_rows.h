// The rows that window functions look at, by number: in memory while there is some, in a temporary
// file otherwise, from where whoever looks at a row brings the rows around it back.
//
// Rows come at the end and go at the beginning. A number stays a row's own for as long as the row
// is there, and numbers count on until Clear.
//
// Not thread-safe; lives no longer than the execution, and its cursors no longer than it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "services/storage/executor/operator.h"
#include "services/storage/memory/temporary_file.h"

namespace adbms::storage::executor {

class WindowRows {
 public:
  explicit WindowRows(ExecutionContext* context) : context_(context) {}
  ~WindowRows() { Clear(); }
  WindowRows(const WindowRows&) = delete;
  WindowRows& operator=(const WindowRows&) = delete;

  // Errors: 58030, 53100; 53200 when there is no memory to write one long row.
  absl::Status Add(types::Batch rows);
  // Number of the row that is added next.
  uint64_t end() const { return end_; }
  // Lets go of rows before this one, as far as nothing beside them is needed. Errors: as Add.
  absl::Status DropBefore(uint64_t row);
  // Empty again. No cursor may hold rows.
  void Clear();

 private:
  // Rows in memory, counted while somebody holds them.
  struct Held {
    Held(types::Batch batch, memory::MemoryBudget* budget, int64_t counted)
        : rows(std::move(batch)), memory(*budget), bytes(counted) {}
    ~Held() {
      rows = types::Batch();
      memory.Release(bytes);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    types::Batch rows;
    memory::MemoryBudget& memory;
    const int64_t bytes;
  };
  using HeldPtr = std::shared_ptr<const Held>;

  // Rows that came, or were written, together.
  struct Chunk {
    uint64_t first = 0;
    uint32_t count = 0;
    HeldPtr held;                    // Null: they are in the file, and
    std::weak_ptr<const Held> lent;  // ... held by some cursor while this is.
    uint64_t offset = 0;
    uint32_t bytes = 0;
  };

 public:
  // A place among the rows. What it holds stays in memory.
  class Cursor {
   public:
    explicit Cursor(WindowRows* rows) : rows_(*rows) {}
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;

    // To the row, which must be there. Errors: 53200, 58030.
    absl::Status Seek(uint64_t row) {
      if (held_ != nullptr && row - first_ < held_->rows.row_count) [[likely]] {
        at_ = static_cast<uint32_t>(row - first_);
        return absl::OkStatus();
      }
      return Load(row);
    }
    const types::Batch& batch() const { return held_->rows; }
    const types::Vector& column(size_t i) const { return *held_->rows.columns[i]; }
    uint32_t at() const { return at_; }
    // Rows of the batch from here on.
    uint32_t rest() const { return held_->rows.row_count - at_; }
    void Release() { held_.reset(); }

   private:
    absl::Status Load(uint64_t row);

    WindowRows& rows_;
    HeldPtr held_;
    uint64_t first_ = 0;
    uint32_t at_ = 0;
  };

 private:
  absl::Status MoveToDisk();
  absl::Status Write(const types::Batch& rows, uint64_t first, std::deque<Chunk>* out);
  absl::Status WritePart(const types::Batch& part, uint64_t first, std::deque<Chunk>* out);
  absl::StatusOr<HeldPtr> Read(Chunk* chunk);

  ExecutionContext* const context_;
  std::deque<Chunk> chunks_;
  uint64_t end_ = 0;
  std::unique_ptr<memory::TemporaryFile> file_;  // Null: everything is in memory.
};

}  // namespace adbms::storage::executor
