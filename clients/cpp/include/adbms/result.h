// Results: pages of rows in column order, and rows as a view of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "adbms/error.h"
#include "adbms/value.h"

namespace adbms {

// How the values of a column lie; the numbers of gateway.proto.
enum class Encoding {
  kBool = 1,
  kInt16 = 2,
  kInt32 = 3,
  kInt64 = 4,
  kFloat32 = 5,
  kFloat64 = 6,
  kDate = 7,
  kTime = 8,
  kTimestamp = 9,
  kTimestamptz = 10,
  kInterval = 11,
  kUuid = 12,
  kBytes = 13,
  kText = 14,
};

struct Column {
  std::string name;
  std::uint32_t type_oid = 0;  // PostgreSQL's.
  std::string type_name;       // `numeric(12,2)`
  std::int32_t type_modifier = -1;
  std::uint32_t element_oid = 0;  // Of an array.
  std::uint32_t table_oid = 0;
  std::int32_t column_number = 0;
};

// Rows in column order. Cheap to copy: what lies in it is shared. Immutable.
class Page {
 public:
  struct Content;  // The message that it came in.
  explicit Page(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  std::uint32_t row_count() const;
  const std::vector<Column>& columns() const;
  Encoding encoding(std::size_t column) const;
  bool is_null(std::size_t column, std::uint32_t row) const;
  // The column's numbers as they lie, in host order, with anything where a row is NULL: T is the
  // type of the encoding (uint8_t for kBool, int32_t for kDate, int64_t for times). Throws
  // DataError for another type.
  template <typename T>
  std::span<const T> values(std::size_t column) const {
    return {static_cast<const T*>(Fixed(column, sizeof(T), std::is_floating_point_v<T>)),
            row_count()};
  }
  // A row's bytes: those of a text or bytea, or of its number.
  std::string_view bytes(std::size_t column, std::uint32_t row) const;

 private:
  const void* Fixed(std::size_t column, std::size_t width, bool floating) const;
  std::shared_ptr<const Content> content_;
};

// A row of a page. Valid as long as anybody holds the page: it holds it.
class Row {
 public:
  Row(Page page, std::uint32_t row) : page_(std::move(page)), row_(row) {}

  std::size_t size() const { return page_.columns().size(); }
  // Throws ProgrammingError (42703) for a name that is none.
  std::size_t index(std::string_view name) const;
  bool is_null(std::size_t column) const { return page_.is_null(column, row_); }

  // The value: bool, integers, float, double, std::string, std::string_view (into the page), Bytes,
  // Date, Timestamp, std::chrono::microseconds (a time of day), Interval, Uuid, Numeric, or an
  // optional of them. Throws DataError for NULL where no optional is asked for (22002), and for a
  // type that the column does not have or that does not hold its value (22023, 22003).
  template <typename T>
  T Get(std::size_t column) const {
    if constexpr (IsOptional<T>::value) {
      if (is_null(column)) return std::nullopt;
      return Get<typename T::value_type>(column);
    } else {
      T value{};
      Read(column, &value);
      return value;
    }
  }
  template <typename T>
  T Get(std::string_view name) const {
    return Get<T>(index(name));
  }

 private:
  template <typename T>
  struct IsOptional : std::false_type {};
  template <typename T>
  struct IsOptional<std::optional<T>> : std::true_type {};

  void CheckNotNull(std::size_t column) const;
  std::int64_t ReadInteger(std::size_t column) const;
  void Read(std::size_t column, bool* value) const;
  template <std::integral T>
  requires(!std::same_as<T, bool>) void Read(std::size_t column, T* value) const {
    const std::int64_t read = ReadInteger(column);
    if (!std::in_range<T>(read)) Throw("22003", "a value out of the range of its C++ type");
    *value = static_cast<T>(read);
  }
  void Read(std::size_t column, float* value) const;
  void Read(std::size_t column, double* value) const;
  void Read(std::size_t column, std::string* value) const;
  void Read(std::size_t column, std::string_view* value) const;
  void Read(std::size_t column, Bytes* value) const;
  void Read(std::size_t column, Date* value) const;
  void Read(std::size_t column, Timestamp* value) const;
  void Read(std::size_t column, std::chrono::microseconds* value) const;
  void Read(std::size_t column, Interval* value) const;
  void Read(std::size_t column, Uuid* value) const;
  void Read(std::size_t column, Numeric* value) const;

  Page page_;
  std::uint32_t row_;
};

// A statement's answer, as a whole.
class Result {
 public:
  std::vector<Column> columns;
  std::vector<Page> pages;
  std::string command;                 // As psql prints it: `INSERT 0 1`.
  std::optional<std::uint64_t> count;  // Rows returned or changed.

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  // Throws std::out_of_range.
  Row at(std::size_t row) const;

  class Iterator {
   public:
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const std::vector<Page>* pages, std::size_t page) : pages_(pages), page_(page) {
      SkipEmpty();
    }
    Row operator*() const { return Row((*pages_)[page_], row_); }
    Iterator& operator++() {
      ++row_;
      SkipEmpty();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.page_ == b.page_ && a.row_ == b.row_;
    }

   private:
    void SkipEmpty() {
      while (page_ < pages_->size() && row_ >= (*pages_)[page_].row_count()) {
        ++page_;
        row_ = 0;
      }
    }
    const std::vector<Page>* pages_ = nullptr;
    std::size_t page_ = 0;
    std::uint32_t row_ = 0;
  };
  Iterator begin() const { return Iterator(&pages, 0); }
  Iterator end() const { return Iterator(&pages, pages.size()); }
};

}  // namespace adbms
