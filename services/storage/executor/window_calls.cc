#include "services/storage/executor/window_calls.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {
namespace {

using types::TypeId;

// row_number, rank, dense_rank, percent_rank, cume_dist: all from where the row stands.
class Ranking : public WindowCall {
 public:
  explicit Ranking(common::v1::WindowFunction function) : function_(function) {}

  absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) override {
    const auto before = static_cast<int64_t>(row.group_begin - row.partition.begin);
    const auto rows = static_cast<double>(row.partition.end - row.partition.begin);
    switch (function_) {
      case common::v1::WINDOW_FUNCTION_ROW_NUMBER:
        out->data<int64_t>()[at] = static_cast<int64_t>(row.row - row.partition.begin) + 1;
        break;
      case common::v1::WINDOW_FUNCTION_RANK:
        out->data<int64_t>()[at] = before + 1;
        break;
      case common::v1::WINDOW_FUNCTION_DENSE_RANK:
        out->data<int64_t>()[at] = row.group;
        break;
      case common::v1::WINDOW_FUNCTION_PERCENT_RANK:
        out->data<double>()[at] = rows > 1 ? static_cast<double>(before) / (rows - 1) : 0;
        break;
      default:
        out->data<double>()[at] = static_cast<double>(row.group_end - row.partition.begin) / rows;
    }
    return absl::OkStatus();
  }
  void Release() override {}

 private:
  const common::v1::WindowFunction function_;
};

// As PostgreSQL, the number of buckets is the first that is not NULL.
class Ntile : public WindowCall {
 public:
  Ntile(size_t column, WindowRows* rows) : column_(column), cursor_(rows) {}

  void StartPartition() override { bucket_ = 0; }
  absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) override {
    if (bucket_ == 0) {
      RETURN_IF_ERROR(cursor_.Seek(row.row));
      const types::Vector& buckets = cursor_.column(column_);
      if (buckets.is_null(cursor_.at())) {
        out->SetNull(at);
        return absl::OkStatus();
      }
      const int32_t count = buckets.data<int32_t>()[cursor_.at()];
      if (count <= 0)
        return status::Error(status::sqlstate::kInvalidNtileArgument,
                             "argument of ntile must be greater than zero");
      const uint64_t rows = row.partition.end - row.partition.begin;
      bucket_ = 1;
      filled_ = 0;
      // The first ones get a row more each, as many as are left over.
      longer_ = rows / static_cast<uint64_t>(count) > 0 ? rows % static_cast<uint64_t>(count) : 0;
      size_ = std::max<uint64_t>(rows / static_cast<uint64_t>(count), 1);
    }
    const uint64_t room = size_ + (static_cast<uint64_t>(bucket_) <= longer_ ? 1 : 0);
    if (filled_ == room) {
      ++bucket_;
      filled_ = 0;
    }
    ++filled_;
    out->data<int32_t>()[at] = bucket_;
    return absl::OkStatus();
  }
  void Release() override { cursor_.Release(); }

 private:
  const size_t column_;
  WindowRows::Cursor cursor_;
  int32_t bucket_ = 0;
  uint64_t size_ = 0;
  uint64_t longer_ = 0;
  uint64_t filled_ = 0;
};

// Copies a value; its strings are shared.
void Copy(const types::Vector& from, uint32_t row, types::Vector* out, uint32_t at) {
  if (from.is_null(row)) {
    out->SetNull(at);
    return;
  }
  const size_t width = types::WidthOf(out->physical());
  std::memcpy(out->data<char>() + at * width, from.data<char>() + row * width, width);
  if (types::MayHaveStrings(out->physical())) out->ShareStrings(from);
}

// What looks at the values of other rows.
class ValueCall : public WindowCall {
 public:
  ValueCall(const WindowCallSpec* spec, WindowRows* rows)
      : spec_(*spec), here_(rows), there_(rows) {}
  void Release() override {
    here_.Release();
    there_.Release();
  }

 protected:
  // Argument `i` of the row, an int4; nullopt: NULL.
  absl::StatusOr<std::optional<int64_t>> Integer(const WindowRow& row, size_t i) {
    RETURN_IF_ERROR(here_.Seek(row.row));
    const types::Vector& column = here_.column(spec_.arguments[i]);
    if (column.is_null(here_.at())) return std::optional<int64_t>();
    return std::optional<int64_t>(column.data<int32_t>()[here_.at()]);
  }
  absl::Status Take(uint64_t row, types::Vector* out, uint32_t at) {
    RETURN_IF_ERROR(there_.Seek(row));
    Copy(there_.column(spec_.arguments[0]), there_.at(), out, at);
    return absl::OkStatus();
  }
  absl::Status TakeArgument(const WindowRow& row, size_t i, types::Vector* out, uint32_t at) {
    RETURN_IF_ERROR(here_.Seek(row.row));
    Copy(here_.column(spec_.arguments[i]), here_.at(), out, at);
    return absl::OkStatus();
  }

  const WindowCallSpec& spec_;

 private:
  WindowRows::Cursor here_;
  WindowRows::Cursor there_;
};

// lag and lead.
class Shift : public ValueCall {
 public:
  using ValueCall::ValueCall;
  absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) override {
    std::optional<int64_t> offset = 1;
    if (spec_.arguments.size() > 1) {
      ASSIGN_OR_RETURN(offset, Integer(row, 1));
    }
    if (!offset.has_value()) {
      out->SetNull(at);
      return absl::OkStatus();
    }
    const int64_t by = spec_.function == common::v1::WINDOW_FUNCTION_LAG ? -*offset : *offset;
    const auto before = static_cast<int64_t>(row.row - row.partition.begin);
    const auto after = static_cast<int64_t>(row.partition.end - row.row);
    if (by >= -before && by < after) return Take(row.row + static_cast<uint64_t>(by), out, at);
    if (spec_.arguments.size() > 2) return TakeArgument(row, 2, out, at);
    out->SetNull(at);
    return absl::OkStatus();
  }
};

// first_value, last_value, nth_value.
class FrameValue : public ValueCall {
 public:
  using ValueCall::ValueCall;
  absl::Status Evaluate(const WindowRow& row, types::Vector* out, uint32_t at) override {
    std::optional<int64_t> n = 1;
    if (spec_.function == common::v1::WINDOW_FUNCTION_NTH_VALUE) {
      ASSIGN_OR_RETURN(n, Integer(row, 1));
      if (n.has_value() && *n <= 0)
        return status::Error(status::sqlstate::kInvalidNthValueArgument,
                             "argument of nth_value must be greater than zero");
    }
    if (n.has_value() && row.ranges > 0) {
      if (spec_.function == common::v1::WINDOW_FUNCTION_LAST_VALUE)
        return Take(row.frame[row.ranges - 1].end - 1, out, at);
      auto skip = static_cast<uint64_t>(*n - 1);
      for (int i = 0; i < row.ranges; ++i) {
        const RowRange& range = row.frame[i];
        if (skip < range.end - range.begin) return Take(range.begin + skip, out, at);
        skip -= range.end - range.begin;
      }
    }
    out->SetNull(at);
    return absl::OkStatus();
  }
};

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed plan: ", absl::string_view(what.data(), what.size())));
}

bool SameForm(TypeId a, TypeId b) { return types::PhysicalOf(a) == types::PhysicalOf(b); }

// Whether the arguments are `count` to `most` ones of which the first is the result's, and the
// second an int4.
bool IsOfValues(const WindowCallSpec& spec, size_t least, size_t most) {
  const auto& types = spec.argument_types;
  return types.size() >= least && types.size() <= most && SameForm(types[0].id, spec.type.id) &&
         (types.size() < 2 || SameForm(types[1].id, TypeId::kInt4)) &&
         (types.size() < 3 || SameForm(types[2].id, spec.type.id));
}

}  // namespace

bool WindowCallSpec::uses_frame() const {
  switch (function) {
    case common::v1::WINDOW_FUNCTION_AGGREGATE:
    case common::v1::WINDOW_FUNCTION_FIRST_VALUE:
    case common::v1::WINDOW_FUNCTION_LAST_VALUE:
    case common::v1::WINDOW_FUNCTION_NTH_VALUE:
      return true;
    default:
      return false;
  }
}

bool WindowCallSpec::looks_back_only() const {
  return uses_frame() || function == common::v1::WINDOW_FUNCTION_ROW_NUMBER ||
         function == common::v1::WINDOW_FUNCTION_RANK ||
         function == common::v1::WINDOW_FUNCTION_DENSE_RANK;
}

absl::Status CheckWindowCall(const WindowCallSpec& spec,
                             const sql::functions::AggregateFunction* aggregate) {
  const auto& types = spec.argument_types;
  bool right = spec.function == common::v1::WINDOW_FUNCTION_AGGREGATE || !spec.filter.has_value();
  switch (spec.function) {
    case common::v1::WINDOW_FUNCTION_AGGREGATE:
      if (spec.declared != nullptr) {
        right = spec.declared->Takes(types, spec.type);
        break;
      }
      right = types.size() == aggregate->arguments.size();
      for (size_t i = 0; right && i < types.size(); ++i)
        right = aggregate->arguments[i] == TypeId::kUnspecified ||
                SameForm(aggregate->arguments[i], types[i].id);
      right = right && (aggregate->result == TypeId::kUnspecified ||
                        SameForm(aggregate->result, spec.type.id));
      break;
    case common::v1::WINDOW_FUNCTION_ROW_NUMBER:
    case common::v1::WINDOW_FUNCTION_RANK:
    case common::v1::WINDOW_FUNCTION_DENSE_RANK:
      right = right && types.empty() && SameForm(spec.type.id, TypeId::kInt8);
      break;
    case common::v1::WINDOW_FUNCTION_PERCENT_RANK:
    case common::v1::WINDOW_FUNCTION_CUME_DIST:
      right = right && types.empty() && SameForm(spec.type.id, TypeId::kFloat8);
      break;
    case common::v1::WINDOW_FUNCTION_NTILE:
      right = right && types.size() == 1 && SameForm(types[0].id, TypeId::kInt4) &&
              SameForm(spec.type.id, TypeId::kInt4);
      break;
    case common::v1::WINDOW_FUNCTION_LAG:
    case common::v1::WINDOW_FUNCTION_LEAD:
      right = right && IsOfValues(spec, 1, 3);
      break;
    case common::v1::WINDOW_FUNCTION_FIRST_VALUE:
    case common::v1::WINDOW_FUNCTION_LAST_VALUE:
      right = right && IsOfValues(spec, 1, 1);
      break;
    case common::v1::WINDOW_FUNCTION_NTH_VALUE:
      right = right && IsOfValues(spec, 2, 2);
      break;
    default:
      return Malformed("an unknown window function");
  }
  return right ? absl::OkStatus() : Malformed("types of a window function");
}

std::unique_ptr<WindowCall> OpenWindowCall(ExecutionContext* context, const WindowCallSpec* spec,
                                           WindowRows* rows) {
  switch (spec->function) {
    case common::v1::WINDOW_FUNCTION_AGGREGATE:
      return OpenWindowAggregate(context, spec, rows);
    case common::v1::WINDOW_FUNCTION_NTILE:
      return std::make_unique<Ntile>(spec->arguments[0], rows);
    case common::v1::WINDOW_FUNCTION_LAG:
    case common::v1::WINDOW_FUNCTION_LEAD:
      return std::make_unique<Shift>(spec, rows);
    case common::v1::WINDOW_FUNCTION_FIRST_VALUE:
    case common::v1::WINDOW_FUNCTION_LAST_VALUE:
    case common::v1::WINDOW_FUNCTION_NTH_VALUE:
      return std::make_unique<FrameValue>(spec, rows);
    default:
      return std::make_unique<Ranking>(spec->function);
  }
}

}  // namespace adbms::storage::executor
