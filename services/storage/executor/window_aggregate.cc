// Aggregates over frames. A frame that only grows is added to; one whose beginning moves gives rows
// back where the aggregate can (counts, exact sums and averages), otherwise it is added up anew: in
// time in proportion to the partition's rows for the former, to those times the frame's for the
// latter, as in PostgreSQL.
#include <algorithm>
#include <cstring>
#include <utility>

#include "common/status/macros.h"
#include "common/types/decimal.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/window_calls.h"

namespace adbms::storage::executor {
namespace {

// Rows that the aggregate gets at once.
constexpr uint32_t kStep = 1024;
// Interrupts are looked at after so many.
constexpr uint64_t kRowsBetweenChecks = 1 << 15;

class WindowAggregate : public WindowCall {
 public:
  WindowAggregate(ExecutionContext* context, const WindowCallSpec* spec, WindowRows* rows)
      : context_(context),
        spec_(*spec),
        own_(spec->declared == nullptr ? nullptr : spec->declared->ForExecution(&context->state)),
        aggregate_(own_ != nullptr ? *own_ : *spec->aggregate),
        cursor_(rows),
        state_((spec->aggregate->state_size() + 15) / 16 + 1) {
    for (const types::Type& type : spec->argument_types) values_.emplace_back(type);
    for (types::Vector& column : values_) pointers_.push_back(&column);
    states_.assign(kStep, state());
    aggregate_.Initialize(state());
  }
  ~WindowAggregate() override { Clear(); }

  void StartPartition() override {
    Reset(0);
    retracts_ = true;
    has_scale_ = false;
    last_ranges_ = -1;
  }
  void StartBatch() override { last_at_ = UINT32_MAX; }

  absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) override {
    const bool same = row.ranges == last_ranges_ &&
                      std::equal(row.frame.begin(), row.frame.begin() + row.ranges, last_.begin());
    if (!same) RETURN_IF_ERROR(Move(row));
    if (same && last_at_ != UINT32_MAX) {
      Repeat(out, at);
    } else {
      RETURN_IF_ERROR(aggregate_.Finalize(state(), out, at));
    }
    last_at_ = at;
    last_ranges_ = row.ranges;
    last_ = row.frame;
    return absl::OkStatus();
  }
  void Release() override {
    cursor_.Release();
    StartPartition();
  }

 private:
  struct alignas(16) Unit {
    char bytes[16];
  };

  char* state() { return state_[0].bytes; }

  void Clear() {
    aggregate_.Destroy(state());
    std::memset(state(), 0, state_.size() * sizeof(Unit));
    context_->memory.Release(std::exchange(reserved_, 0));
  }

  // No rows, of which the next may be `begin`.
  void Reset(uint64_t begin) {
    Clear();
    aggregate_.Initialize(state());
    added_ = {begin, begin};
  }

  absl::Status Move(const WindowRow& row) {
    if (row.ranges == 1) {
      const RowRange& frame = row.frame[0];
      const bool follows = added_.begin <= frame.begin && frame.begin <= added_.end &&
                           added_.end <= frame.end && added_.end > 0;
      if (follows && frame.begin != added_.begin) {
        // Where more go than stay, it is as good to add up what stays.
        const bool worth = frame.begin - added_.begin <= frame.end - frame.begin;
        const RowRange gone = {added_.begin, frame.begin};
        bool taken = false;
        if (worth && retracts_) {
          ASSIGN_OR_RETURN(taken, Retract(gone));
        }
        if (taken)
          added_.begin = frame.begin;
        else
          Reset(frame.begin);
      } else if (!follows) {
        Reset(frame.begin);
      }
      const RowRange fresh = {added_.end, frame.end};
      added_.end = frame.end;
      return Add(fresh);
    }
    Reset(0);
    for (int i = 0; i < row.ranges; ++i) RETURN_IF_ERROR(Add(row.frame[i]));
    // Not one piece: nothing can follow it.
    added_ = {0, 0};
    return absl::OkStatus();
  }

  absl::Status Add(RowRange range) {
    return ForEachStep(range,
                       [this](uint32_t rows) -> absl::StatusOr<bool> {
                         NoteScales(rows);
                         const int64_t growth =
                             aggregate_.GrowthOf(pointers_, rows, states_.data());
                         if (growth > 0) {
                           RETURN_IF_ERROR(context_->memory.Reserve(growth));
                           reserved_ += growth;
                         }
                         RETURN_IF_ERROR(aggregate_.Update(pointers_, rows, states_.data()));
                         return true;
                       })
        .status();
  }

  absl::StatusOr<bool> Retract(RowRange range) {
    return ForEachStep(range, [this](uint32_t rows) -> absl::StatusOr<bool> {
      return aggregate_.Retract(pointers_, rows, states_.data());
    });
  }

  // The state keeps the greatest scale that came. Where all have one, it is right without them too.
  void NoteScales(uint32_t rows) {
    if (values_.empty() || values_[0].physical() != types::Physical::kDecimal) return;
    const auto* decimals = values_[0].data<types::DecimalView>();
    for (uint32_t row = 0; row < rows; ++row) {
      if (values_[0].is_null(row)) continue;
      if (!has_scale_) scale_ = decimals[row].scale();
      has_scale_ = true;
      retracts_ = retracts_ && decimals[row].is_narrow() && decimals[row].scale() == scale_;
    }
  }

  // Calls `step` with the rows' arguments in values_, those that the filter leaves out aside, until
  // it answers false.
  template <typename Step>
  absl::StatusOr<bool> ForEachStep(RowRange range, const Step& step) {
    for (uint64_t row = range.begin; row < range.end;) {
      RETURN_IF_ERROR(cursor_.Seek(row));
      const auto count =
          static_cast<uint32_t>(std::min<uint64_t>({kStep, cursor_.rest(), range.end - row}));
      row += count;
      const uint32_t taken = Fill(count);
      rows_handled_ += count;
      if (rows_handled_ >= kRowsBetweenChecks) {
        rows_handled_ = 0;
        RETURN_IF_ERROR(context_->call->Check());
      }
      if (taken == 0) continue;
      ASSIGN_OR_RETURN(const bool more, step(taken));
      if (!more) return false;
    }
    return true;
  }

  uint32_t Fill(uint32_t count) {
    const uint32_t at = cursor_.at();
    uint32_t taken = count;
    if (spec_.filter.has_value()) {
      const types::Vector& filter = cursor_.column(*spec_.filter);
      selection_.clear();
      for (uint32_t i = at; i < at + count; ++i) {
        if (!filter.is_null(i) && filter.data<uint8_t>()[i] != 0) selection_.push_back(i);
      }
      taken = static_cast<uint32_t>(selection_.size());
    }
    for (size_t column = 0; column < values_.size(); ++column) {
      const types::Vector& from = cursor_.column(spec_.arguments[column]);
      types::Vector& to = values_[column];
      const size_t width = types::WidthOf(to.physical());
      to.Clear();
      to.Resize(taken);
      if (from.has_strings()) to.BorrowStrings();
      const char* source = from.data<char>();
      char* target = to.data<char>();
      if (!spec_.filter.has_value()) std::memcpy(target, source + at * width, taken * width);
      for (uint32_t i = 0; i < taken; ++i) {
        const uint32_t row = spec_.filter.has_value() ? selection_[i] : at + i;
        if (spec_.filter.has_value()) std::memcpy(target + i * width, source + row * width, width);
        if (from.is_null(row)) to.SetNull(i);
      }
    }
    return taken;
  }

  // The result of the row before, once more.
  void Repeat(types::Vector* out, uint32_t at) const {
    if (out->is_null(last_at_)) {
      out->SetNull(at);
      return;
    }
    const size_t width = types::WidthOf(out->physical());
    std::memcpy(out->data<char>() + at * width, out->data<char>() + last_at_ * width, width);
  }

  ExecutionContext* const context_;
  const WindowCallSpec& spec_;
  // Where a user has made it.
  const std::unique_ptr<sql::functions::Aggregate> own_;
  const sql::functions::Aggregate& aggregate_;
  WindowRows::Cursor cursor_;
  std::vector<Unit> state_;
  RowRange added_;  // What the state holds; nothing: begin is end.
  int64_t reserved_ = 0;
  uint64_t rows_handled_ = 0;
  // Whether the sums of numerics can give values back.
  bool retracts_ = true;
  bool has_scale_ = false;
  int16_t scale_ = 0;
  // The row before.
  std::array<RowRange, 3> last_;
  int last_ranges_ = -1;
  uint32_t last_at_ = UINT32_MAX;
  // Of the rows at hand.
  std::vector<types::Vector> values_;
  std::vector<const types::Vector*> pointers_;
  std::vector<char*> states_;
  std::vector<uint32_t> selection_;
};

}  // namespace

std::unique_ptr<WindowCall> OpenWindowAggregate(ExecutionContext* context,
                                                const WindowCallSpec* spec, WindowRows* rows) {
  return std::make_unique<WindowAggregate>(context, spec, rows);
}

}  // namespace adbms::storage::executor
