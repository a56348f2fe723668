// The order-processing data set: suppliers and their products, customers, orders with items, and
// shipments. Deterministic by seed; every value can be computed again from its key. Pure functions
// of an immutable object; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace adbms::clients::workload {

// Rows of each table.
struct Sizes {
  int64_t suppliers = 0;
  int64_t products = 0;
  int64_t customers = 0;
  int64_t orders = 0;  // Of 1 to 7 items, 4 on average.
};
// Scale 1 is about a million order items. REQUIRES: scale > 0.
Sizes SizesOf(double scale);

// One table to load: `rows` units, each appending one or more lines.
struct TableLoad {
  std::string name;
  std::string definition;  // CREATE TABLE …
  int64_t units = 0;
};

class Dataset {
 public:
  Dataset(double scale, uint64_t seed);

  // In the order in which they are loaded. Primary keys only.
  const std::vector<TableLoad>& tables() const { return tables_; }
  // Appends the lines of COPY text of one unit, from 1 (of order_items: the items of an order).
  // Returns the number of lines; shipments has none for an order not shipped yet.
  int64_t AppendRows(size_t table, int64_t unit, std::string* copy) const;

  double scale() const { return scale_; }
  uint64_t seed() const { return seed_; }
  const Sizes& sizes() const { return sizes_; }

  // Values that look-ups are made of.
  std::string Email(int64_t customer_id) const;
  static const std::vector<std::string>& Cities();
  static const std::vector<std::string>& Categories();
  int64_t PriceCents(int64_t product_id) const;
  // The day an order was placed, counted from the first day of the data.
  int64_t DayOfOrder(int64_t order_id) const;
  // "2023-04-30" of a day counted from the first day of the data.
  static std::string Date(int64_t day);
  static constexpr int64_t kDays = 1096;

 private:
  struct Item {
    int64_t product_id, quantity, price_cents, discount_percent;
  };
  std::vector<Item> ItemsOf(int64_t order_id) const;
  void AppendSupplier(int64_t id, std::string* copy) const;
  void AppendProduct(int64_t id, std::string* copy) const;
  void AppendCustomer(int64_t id, std::string* copy) const;
  void AppendOrder(int64_t id, std::string* copy) const;
  int64_t AppendItems(int64_t order_id, std::string* copy) const;
  int64_t AppendShipment(int64_t order_id, std::string* copy) const;

  const double scale_;
  const uint64_t seed_;
  const Sizes sizes_;
  std::vector<TableLoad> tables_;
};

// 1234 cents as "12.34".
std::string Money(int64_t cents);

}  // namespace adbms::clients::workload
