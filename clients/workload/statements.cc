#include "clients/workload/statements.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"

namespace adbms::clients::workload {
namespace {

using Parameters = std::vector<std::string>;
using Draw = std::function<Parameters(const Dataset&, Random*)>;

struct Weights {
  int read, mixed, analytic;
};

// A type that executes one prepared statement.
StatementType Single(const std::string& name, const std::string& description, Weights weights,
                     const std::string& sql, Draw draw) {
  StatementType type{name, description, weights.read, weights.mixed, weights.analytic, {}, {}};
  type.prepared = {{name, sql}};
  type.run = [name, draw = std::move(draw)](const Execution& execution) {
    return execution.connection->Execute(name, draw(*execution.dataset, execution.random)).status();
  };
  return type;
}

std::string OrderId(const Dataset& data, Random* random) {
  return absl::StrCat(random->Between(1, data.sizes().orders));
}

std::string CustomerId(const Dataset& data, Random* random) {
  return absl::StrCat(random->Skewed(data.sizes().customers));
}

const std::string& City(Random* random) {
  return Dataset::Cities()[static_cast<size_t>(random->Next() % Dataset::Cities().size())];
}

// First and last day of a period of `days`, both inclusive.
Parameters Period(Random* random, int64_t days) {
  const int64_t first = random->Between(0, Dataset::kDays - days);
  return {Dataset::Date(first), Dataset::Date(first + days - 1)};
}

std::vector<StatementType> LookUps() {
  return {
      Single(
          "customer_by_id", "a customer by primary key", {170, 180, 0},
          "SELECT name, email, city, balance FROM customers WHERE customer_id = $1",
          [](const Dataset& data, Random* random) { return Parameters{CustomerId(data, random)}; }),
      Single("order_by_id", "an order by primary key", {170, 170, 0},
             "SELECT customer_id, status, placed_at, total FROM orders WHERE order_id = $1",
             [](const Dataset& data, Random* random) { return Parameters{OrderId(data, random)}; }),
      Single("items_of_order", "the items of an order with their products", {150, 130, 0},
             "SELECT i.line, p.name, i.quantity, i.unit_price, i.discount FROM order_items i JOIN "
             "products p ON p.product_id = i.product_id WHERE i.order_id = $1 ORDER BY i.line",
             [](const Dataset& data, Random* random) { return Parameters{OrderId(data, random)}; }),
      Single("customer_by_email", "a customer by e-mail address", {130, 90, 0},
             "SELECT customer_id, name, segment FROM customers WHERE email = $1",
             [](const Dataset& data, Random* random) {
               return Parameters{data.Email(random->Skewed(data.sizes().customers))};
             }),
      Single(
          "orders_of_customer", "the ten latest orders of a customer", {130, 90, 0},
          "SELECT order_id, placed_at, status, total FROM orders WHERE customer_id = $1 ORDER "
          "BY placed_at DESC LIMIT 10",
          [](const Dataset& data, Random* random) { return Parameters{CustomerId(data, random)}; }),
      Single("shipment_of_order", "the shipment of an order", {120, 80, 0},
             "SELECT shipment_id, carrier, status, delivered_on, tracking FROM shipments WHERE "
             "order_id = $1",
             [](const Dataset& data, Random* random) { return Parameters{OrderId(data, random)}; }),
      Single("open_shipments", "shipments of a week that have not arrived", {60, 40, 0},
             "SELECT shipment_id, order_id, carrier, ship_on FROM shipments WHERE status = 'open' "
             "AND ship_on BETWEEN $1 AND $2 ORDER BY ship_on LIMIT 50",
             [](const Dataset&, Random* random) { return Period(random, 7); }),
      Single("product_search", "products of a category in a range of prices", {70, 60, 0},
             "SELECT product_id, name, price, stock FROM products WHERE category = $1 AND price "
             "BETWEEN $2 AND $3 ORDER BY price LIMIT 20",
             [](const Dataset&, Random* random) {
               const auto& all = Dataset::Categories();
               const std::string& category = all[static_cast<size_t>(random->Next() % all.size())];
               const int64_t low = random->Between(200, 20000);
               return Parameters{category, Money(low), Money(low + 5000)};
             }),
  };
}

std::vector<StatementType> Analyses() {
  return {
      Single("city_revenue", "revenue of a city's customers by segment (3 tables)", {0, 10, 350},
             "SELECT c.segment, count(*), sum(i.quantity * i.unit_price) FROM customers c JOIN "
             "orders o ON o.customer_id = c.customer_id JOIN order_items i ON i.order_id = "
             "o.order_id WHERE c.city = $1 AND o.placed_at >= $2 AND o.placed_at < $3 GROUP BY "
             "c.segment ORDER BY c.segment",
             [](const Dataset&, Random* random) {
               const std::string& city = City(random);
               Parameters parameters = Period(random, 31);
               return Parameters{city, parameters[0], parameters[1]};
             }),
      Single("supplier_sales", "what was sold of a supplier, by category (4 tables)", {0, 10, 350},
             "SELECT p.category, count(*), sum(i.quantity) FROM suppliers s JOIN products p ON "
             "p.supplier_id = s.supplier_id JOIN order_items i ON i.product_id = p.product_id JOIN "
             "orders o ON o.order_id = i.order_id WHERE s.supplier_id = $1 AND o.status = "
             "'returned' GROUP BY p.category ORDER BY p.category",
             [](const Dataset& data, Random* random) {
               return Parameters{absl::StrCat(random->Between(1, data.sizes().suppliers))};
             }),
      Single("daily_sales", "number and value of a month's orders by day", {0, 20, 300},
             "SELECT CAST(placed_at AS date) AS day, count(*), sum(total) FROM orders WHERE "
             "placed_at >= $1 AND placed_at < $2 GROUP BY CAST(placed_at AS date) ORDER BY day",
             [](const Dataset&, Random* random) { return Period(random, 31); }),
  };
}

// An order of one to four items, in one transaction.
absl::Status NewOrder(const Execution& execution) {
  const Dataset& data = *execution.dataset;
  Random* const random = execution.random;
  const std::string order_id = absl::StrCat(execution.next_order_id->fetch_add(1));
  const std::string customer_id = CustomerId(data, random);
  const int64_t items = random->Between(1, 4);
  PgConnection* const connection = execution.connection;
  RETURN_IF_ERROR(connection->Query("BEGIN").status());
  int64_t total_cents = 0;
  for (int64_t line = 1; line <= items; ++line) {
    const int64_t product_id = random->Skewed(data.sizes().products);
    const int64_t quantity = random->Between(1, 10);
    total_cents += quantity * data.PriceCents(product_id);
    RETURN_IF_ERROR(connection
                        ->Execute("new_order_item",
                                  {order_id, absl::StrCat(line), absl::StrCat(product_id),
                                   absl::StrCat(quantity), Money(data.PriceCents(product_id))})
                        .status());
  }
  RETURN_IF_ERROR(
      connection->Execute("new_order", {order_id, customer_id, Money(total_cents)}).status());
  return connection->Query("COMMIT").status();
}

std::vector<StatementType> Writes() {
  StatementType new_order{"new_order", "an order with its items, one transaction", 0, 60, 0, {},
                          {}};
  new_order.prepared = {
      {"new_order",
       "INSERT INTO orders (order_id, customer_id, status, placed_at, total, comment) VALUES ($1, "
       "$2, 'new', now(), $3, 'ordered online')"},
      {"new_order_item",
       "INSERT INTO order_items (order_id, line, product_id, quantity, unit_price, discount) "
       "VALUES "
       "($1, $2, $3, $4, $5, 0)"}};
  new_order.run = NewOrder;
  return {
      std::move(new_order),
      Single("order_status", "an order's status by primary key", {0, 40, 0},
             "UPDATE orders SET status = 'shipped' WHERE order_id = $1",
             [](const Dataset& data, Random* random) { return Parameters{OrderId(data, random)}; }),
      Single("deliver_order", "the shipment of an order has arrived", {0, 20, 0},
             "UPDATE shipments SET status = 'delivered', delivered_on = $2 WHERE order_id = $1",
             [](const Dataset& data, Random* random) {
               const std::string order_id = OrderId(data, random);
               return Parameters{order_id, Dataset::Date(random->Between(1000, 1095))};
             }),
  };
}

std::vector<StatementType> All() {
  std::vector<StatementType> all = LookUps();
  for (auto&& group : {Analyses(), Writes()}) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace

const std::vector<StatementType>& StatementTypes() {
  static const std::vector<StatementType> kAll = All();
  return kAll;
}

absl::StatusOr<std::vector<int>> WeightsOf(const std::string& mix, const std::string& statement) {
  std::vector<int> weights;
  std::vector<std::string> names;
  bool any = false;
  for (const StatementType& type : StatementTypes()) {
    const int of_mix = mix == "read" ? type.read : mix == "mixed" ? type.mixed : type.analytic;
    const int weight = statement.empty() ? of_mix : statement == type.name ? 1 : 0;
    weights.push_back(weight);
    names.push_back(type.name);
    any |= weight > 0;
  }
  if (mix != "read" && mix != "mixed" && mix != "analytic") {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no mix \"", mix, "\"; known are read, mixed, analytic"));
  }
  if (!any) {
    return absl::InvalidArgumentError(absl::StrCat("there is no statement \"", statement,
                                                   "\"; known are ", absl::StrJoin(names, ", ")));
  }
  return weights;
}

}  // namespace adbms::clients::workload
