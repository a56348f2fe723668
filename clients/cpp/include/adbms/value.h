// Values that go to the server. Types of their own for what C++ has no type for.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace adbms {

using Bytes = std::vector<std::uint8_t>;
using Uuid = std::array<std::uint8_t, 16>;
using Date = std::chrono::sys_days;
// With or without time zone: microseconds since 1970.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// An interval; its parts are independent, as in PostgreSQL.
struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// numeric, exact, as text.
struct Numeric {
  std::string text;
  friend bool operator==(const Numeric&, const Numeric&) = default;
};

// A parameter: NULL, or a value of one of these types. Strings are read as the parameter's type
// reads them.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}             // NOLINT(runtime/explicit)
  Value(std::nullopt_t) {}             // NOLINT(runtime/explicit)
  Value(bool value) : data_(value) {}  // NOLINT(runtime/explicit)
  template <std::integral T>
  requires(!std::same_as<T, bool> && sizeof(T) <= 8) Value(T value) {  // NOLINT(runtime/explicit)
    if (std::in_range<std::int64_t>(value)) {
      data_ = static_cast<std::int64_t>(value);
    } else {
      data_ = Text{std::to_string(value), kNumericOid};
    }
  }
  template <std::floating_point T>
  Value(T value) : data_(static_cast<double>(value)) {}                  // NOLINT(runtime/explicit)
  Value(const char* text) : data_(Text{text, 0}) {}                      // NOLINT(runtime/explicit)
  Value(std::string_view text) : data_(Text{std::string(text), 0}) {}    // NOLINT(runtime/explicit)
  Value(std::string text) : data_(Text{std::move(text), 0}) {}           // NOLINT(runtime/explicit)
  Value(Bytes bytes) : data_(std::move(bytes)) {}                        // NOLINT(runtime/explicit)
  Value(const Numeric& value) : data_(Text{value.text, kNumericOid}) {}  // NOLINT(runtime/explicit)
  Value(const Interval& value);                                          // NOLINT(runtime/explicit)
  Value(Date value);                                                     // NOLINT(runtime/explicit)
  Value(Timestamp value);                                                // NOLINT(runtime/explicit)
  Value(const Uuid& value);                                              // NOLINT(runtime/explicit)
  template <typename T>
  Value(const std::optional<T>& value) {  // NOLINT(runtime/explicit)
    if (value.has_value()) *this = Value(*value);
  }
  // An array.
  template <typename T>
  requires(!std::same_as<T, std::uint8_t>)
      Value(const std::vector<T>& values) {  // NOLINT(runtime/explicit)
    std::vector<Value> elements(values.begin(), values.end());
    *this = Array(elements);
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

  struct Text {
    std::string text;
    std::uint32_t oid;  // Of the type that it is declared to have; 0: none.
  };
  using Data = std::variant<std::monostate, bool, std::int64_t, double, Text, Bytes>;
  const Data& data() const { return data_; }
  // PostgreSQL's oid of the type that a parameter of this value is declared to have; 0: none.
  std::uint32_t oid() const;
  // The text that the server reads it from. REQUIRES: !is_null().
  std::string text() const;

 private:
  static constexpr std::uint32_t kNumericOid = 1700;
  static Value Array(const std::vector<Value>& elements);

  Data data_;
};

}  // namespace adbms
