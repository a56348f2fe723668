// Makes vectorized kernels of row functions. `Map<F>` for a function or capture-less lambda F is a
// Kernel that applies F to every row that is not NULL in the result:
//   parameters: the C++ types of the arguments' physical forms; optionally `const
//   EvaluationContext&` first result:     the C++ type of the result's physical form; for strings
//   std::string_view (into an
//               argument: shared, not copied) or std::string (copied), for numeric Decimal (copied)
//               or DecimalView (into an argument: shared); std::optional of those for
//               functions that may yield NULL; absl::StatusOr of all of those for functions that
//               may fail.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/status/macros.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {

namespace internal {

template <typename T>
struct LambdaTraits : LambdaTraits<decltype(&T::operator())> {};
template <typename C, typename R, typename... A>
struct LambdaTraits<R (C::*)(A...) const> {
  using Result = R;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
};

template <typename R, typename... A>
struct LambdaTraits<R (*)(A...)> {
  using Result = R;
  using Arguments = std::tuple<std::remove_cvref_t<A>...>;
};

template <typename T>
struct IsStatusOr : std::false_type {};
template <typename T>
struct IsStatusOr<absl::StatusOr<T>> : std::true_type {};
template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
struct Unwrap {
  using Type = T;
};
template <typename T>
struct Unwrap<absl::StatusOr<T>> : Unwrap<T> {};
template <typename T>
struct Unwrap<std::optional<T>> : Unwrap<T> {};

template <typename T>
inline constexpr bool kIsDecimal =
    std::is_same_v<T, types::Decimal> || std::is_same_v<T, types::DecimalView>;

template <typename T>
using Stored = std::conditional_t<std::is_same_v<T, std::string>, std::string_view,
                                  std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;
template <typename T>
using Loaded = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

template <typename T>
size_t BytesOf(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return value.size();
  } else if constexpr (std::is_same_v<T, types::DecimalView>) {
    return value.is_wide() ? value.form().size() : 0;
  } else {
    return 0;
  }
}

// Arguments of fewer bytes are not counted as scratch.
inline constexpr size_t kLargeArguments = size_t{64} << 10;

// Bytes that a function over whole values takes for a row: texts, and the elements of what may be
// arrays.
size_t ScratchOf(const std::vector<const types::Vector*>& arguments, uint32_t row);

// What is computed with a byte of a wide decimal takes as long as this many bytes of text.
inline constexpr size_t kWideCost = 64;
// Looks at interrupts, and at whether there was memory for the row's wide decimal.
absl::Status CheckWide(const EvaluationContext& context, uint32_t row, const types::Vector& result);

// Stores one row's result.
template <typename T>
void Store(types::Vector* result, uint32_t row, T&& value) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (IsOptional<Plain>::value) {
    if (value.has_value()) {
      Store(result, row, *std::forward<T>(value));
    } else {
      result->SetNull(row);
    }
  } else if constexpr (std::is_same_v<Plain, std::string>) {
    result->data<std::string_view>()[row] = result->arena()->Add(value);
  } else if constexpr (kIsDecimal<Plain>) {
    result->SetDecimal(row, value);
  } else {
    result->data<Stored<Plain>>()[row] = value;
  }
}

template <auto F, typename Arguments, bool kWithContext, size_t... I>
absl::Status MapRows(const EvaluationContext& context,
                     const std::vector<const types::Vector*>& arguments, uint32_t rows,
                     types::Vector* result, std::index_sequence<I...>) {
  using Result = typename LambdaTraits<decltype(F)>::Result;
  using Value = typename Unwrap<Result>::Type;
  constexpr size_t kSkip = kWithContext ? 1 : 0;
  const auto columns = std::make_tuple(
      arguments[I]->template data<Loaded<std::tuple_element_t<I + kSkip, Arguments>>>()...);
  const auto call = [&](uint32_t row) -> Result {
    if constexpr (kWithContext) {
      return F(context, std::get<I>(columns)[row]...);
    } else {
      return F(std::get<I>(columns)[row]...);
    }
  };
  if constexpr (std::is_same_v<Value, std::string_view> ||
                std::is_same_v<Value, types::DecimalView>) {
    (result->ShareStrings(*arguments[I]), ...);
  }
  const bool has_nulls = result->may_have_nulls();
  if constexpr (kIsDecimal<Value>) {
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && result->is_null(row)) continue;
      if constexpr (IsStatusOr<Result>::value) {
        auto value = call(row);
        if (!value.ok()) [[unlikely]]
          return std::move(value).status();
        Store(result, row, *std::move(value));
      } else {
        Store(result, row, call(row));
      }
      if (result->template data<types::DecimalView>()[row].is_wide()) [[unlikely]]
        RETURN_IF_ERROR(CheckWide(context, row, *result));
    }
    if (result->strings_refused()) [[unlikely]]
      return result->StringsRefusal();
  } else if constexpr (std::is_same_v<Value, std::string>) {
    // A text that is made is about as long as what it is made of.
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && result->is_null(row)) continue;
      const size_t bytes = (size_t{64} + ... + BytesOf(std::get<I>(columns)[row]));
      RETURN_IF_ERROR(context.Handled(bytes));
      ScratchMemory scratch(context);
      // Twice as long at most, and once more while it grows.
      if (bytes > kLargeArguments) [[unlikely]]
        RETURN_IF_ERROR(scratch.Take(3 * bytes));
      if constexpr (IsStatusOr<Result>::value) {
        auto value = call(row);
        if (!value.ok()) [[unlikely]]
          return std::move(value).status();
        Store(result, row, *std::move(value));
      } else {
        Store(result, row, call(row));
      }
      if (result->strings_refused()) [[unlikely]]
        return result->StringsRefusal();
    }
  } else if constexpr (IsStatusOr<Result>::value) {
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && result->is_null(row)) continue;
      auto value = call(row);
      if (!value.ok()) [[unlikely]]
        return std::move(value).status();
      Store(result, row, *std::move(value));
    }
  } else if constexpr (IsOptional<Result>::value) {
    for (uint32_t row = 0; row < rows; ++row) {
      if (has_nulls && result->is_null(row)) continue;
      Store(result, row, call(row));
    }
  } else {
    auto* out = result->data<Stored<Result>>();
    if (!has_nulls) {
      for (uint32_t row = 0; row < rows; ++row) out[row] = call(row);
    } else {
      for (uint32_t row = 0; row < rows; ++row) {
        if (!result->is_null(row)) out[row] = call(row);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace internal

// See above.
template <auto F>
absl::Status Map(const EvaluationContext& context,
                 const std::vector<const types::Vector*>& arguments, uint32_t rows,
                 types::Vector* result) {
  using Arguments = typename internal::LambdaTraits<decltype(F)>::Arguments;
  constexpr bool kWithContext = [] {
    if constexpr (std::tuple_size_v<Arguments> == 0) {
      return false;
    } else {
      return std::is_same_v<std::tuple_element_t<0, Arguments>, EvaluationContext>;
    }
  }();
  return internal::MapRows<F, Arguments, kWithContext>(
      context, arguments, rows, result,
      std::make_index_sequence<std::tuple_size_v<Arguments> - (kWithContext ? 1 : 0)>());
}

// Texts whose length is known before they are made, as it can be long: F(context, arguments…,
// output) with a TextOutput that is asked for the room and filled in place. F returns absl::Status.
class TextOutput {
 public:
  TextOutput(types::Vector* result, uint32_t row) : result_(*result), row_(row) {}
  // Room for a row of `size` bytes. Errors: 54000 when no text is that long, 53200 without memory.
  absl::StatusOr<char*> Make(uint64_t size);

 private:
  types::Vector& result_;
  const uint32_t row_;
};

namespace internal {

template <auto F, typename Arguments, size_t... I>
absl::Status MapTextRows(const EvaluationContext& context,
                         const std::vector<const types::Vector*>& arguments, uint32_t rows,
                         types::Vector* result, std::index_sequence<I...>) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    RETURN_IF_ERROR(context.Handled(64));
    TextOutput output(result, row);
    RETURN_IF_ERROR(F(context,
                      arguments[I]->template data<std::tuple_element_t<I + 1, Arguments>>()[row]...,
                      output));
  }
  return absl::OkStatus();
}

}  // namespace internal

// See TextOutput.
template <auto F>
absl::Status MapText(const EvaluationContext& context,
                     const std::vector<const types::Vector*>& arguments, uint32_t rows,
                     types::Vector* result) {
  using Arguments = typename internal::LambdaTraits<decltype(F)>::Arguments;
  return internal::MapTextRows<F, Arguments>(
      context, arguments, rows, result,
      std::make_index_sequence<std::tuple_size_v<Arguments> - 2>());
}

// Arithmetic that may overflow: F(a, b, &out) returns true on failure, which is rare; the loop has
// no branch on it. `Fail` makes the error.
template <typename A, typename B, typename R, auto F, auto Fail>
absl::Status MapChecked(const EvaluationContext& context,
                        const std::vector<const types::Vector*>& arguments, uint32_t rows,
                        types::Vector* result) {
  const A* left = arguments[0]->data<A>();
  const B* right = arguments[1]->data<B>();
  R* out = result->data<R>();
  bool failed = false;
  if (!result->may_have_nulls()) {
    for (uint32_t row = 0; row < rows; ++row) failed |= F(left[row], right[row], &out[row]);
  } else {
    for (uint32_t row = 0; row < rows; ++row) {
      if (!result->is_null(row)) failed |= F(left[row], right[row], &out[row]);
    }
  }
  return failed ? Fail() : absl::OkStatus();
}

// A row at a time with access to everything, for functions of any type or with NULL arguments:
// F(context, arguments, row, result) -> absl::Status. Skips rows that are NULL in the result.
template <auto F>
absl::Status MapAny(const EvaluationContext& context,
                    const std::vector<const types::Vector*>& arguments, uint32_t rows,
                    types::Vector* result) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (result->is_null(row)) continue;
    const size_t bytes = internal::ScratchOf(arguments, row);
    RETURN_IF_ERROR(context.Handled(bytes + 64));
    ScratchMemory scratch(context);
    if (bytes > internal::kLargeArguments) [[unlikely]]
      RETURN_IF_ERROR(scratch.Take(bytes));
    absl::Status status = F(context, arguments, row, result);
    if (!status.ok()) return status;
    if (result->strings_refused()) [[unlikely]]
      return result->StringsRefusal();
  }
  return absl::OkStatus();
}

// The context's time zone; UTC when its name is unknown.
absl::TimeZone ZoneOf(const EvaluationContext& context);
// Options of input and output functions in this context.
types::TextOptions OptionsOf(const EvaluationContext& context);

}  // namespace adbms::sql::functions
