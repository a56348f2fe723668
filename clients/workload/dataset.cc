#include "clients/workload/dataset.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "clients/workload/random.h"

namespace adbms::clients::workload {
namespace {

enum Stream : uint64_t { kSupplier = 1, kProduct, kPrice, kCustomer, kOrder, kItem, kShipment };

using Words = std::vector<std::string>;

const Words& FirstNames() {
  static const Words kWords = {"Ada",   "Ben",  "Chloe", "David", "Elif", "Farid", "Greta",
                               "Hana",  "Ivan", "Julia", "Kofi",  "Lena", "Marco", "Nadia",
                               "Oskar", "Pia",  "Quinn", "Rosa",  "Sven", "Tomas"};
  return kWords;
}
const Words& LastNames() {
  static const Words kWords = {"Adler",   "Bauer",    "Costa",  "Dubois", "Eriksen",
                               "Fischer", "Garcia",   "Horvat", "Ito",    "Jansen",
                               "Kovacs",  "Lindgren", "Moreau", "Novak",  "Okoye",
                               "Petrov",  "Rossi",    "Silva",  "Tanaka", "Weber"};
  return kWords;
}
const Words& Adjectives() {
  static const Words kWords = {"compact", "durable", "folding", "heavy", "light",  "modular",
                               "oak",     "steel",   "silent",  "solar", "travel", "woven"};
  return kWords;
}
const Words& Nouns() {
  static const Words kWords = {"bench",   "bottle", "cabinet", "drill",   "frame", "kettle",
                               "lantern", "pump",   "ruler",   "scanner", "tent",  "trolley"};
  return kWords;
}
const Words& Prose() {
  static const Words kWords = {"deliver", "after",   "noon",  "please",     "call",   "before",
                               "gift",    "wrap",    "leave", "with",       "the",    "neighbour",
                               "fragile", "handle",  "care",  "second",     "floor",  "ring",
                               "twice",   "invoice", "to",    "purchasing", "office", "express"};
  return kWords;
}
const Words& Segments() {
  static const Words kWords = {"private", "retail", "industry", "public", "education"};
  return kWords;
}
const Words& Carriers() {
  static const Words kWords = {"Northway", "Parcelo", "Swiftline", "Blue Harbor", "Railfreight"};
  return kWords;
}

const std::string& Pick(const Words& words, Random* random) {
  return words[static_cast<size_t>(random->Next() % words.size())];
}

std::string Sentence(int words, Random* random) {
  std::string text;
  for (int i = 0; i < words; ++i) absl::StrAppend(&text, i == 0 ? "" : " ", Pick(Prose(), random));
  return text;
}

std::string FullName(Random* random, std::string separator) {
  const std::string& first = Pick(FirstNames(), random);
  return absl::StrCat(first, separator, Pick(LastNames(), random));
}

// One line of COPY text; ended by the destructor. No value needs escaping.
class CopyLine {
 public:
  explicit CopyLine(std::string* copy) : copy_(copy) {}
  ~CopyLine() { copy_->push_back('\n'); }
  template <typename Value>
  CopyLine& Add(const Value& value) {
    absl::StrAppend(copy_, separator_, value);
    separator_ = "\t";
    return *this;
  }

 private:
  std::string* const copy_;
  const char* separator_ = "";
};

int64_t Scaled(double scale, int64_t at_one, int64_t least) {
  return std::max<int64_t>(least, std::llround(scale * static_cast<double>(at_one)));
}

}  // namespace

Sizes SizesOf(double scale) {
  return {Scaled(scale, 500, 10), Scaled(scale, 10000, 100), Scaled(scale, 25000, 100),
          Scaled(scale, 250000, 100)};
}

std::string Money(int64_t cents) { return absl::StrFormat("%d.%02d", cents / 100, cents % 100); }

Dataset::Dataset(double scale, uint64_t seed) : scale_(scale), seed_(seed), sizes_(SizesOf(scale)) {
  tables_ = {
      {"suppliers",
       "CREATE TABLE suppliers (supplier_id int PRIMARY KEY, name varchar(60) NOT NULL, country "
       "varchar(30) NOT NULL, phone varchar(20), rating numeric(3,2))",
       sizes_.suppliers},
      {"products",
       "CREATE TABLE products (product_id int PRIMARY KEY, supplier_id int NOT NULL, name "
       "varchar(80) NOT NULL, category varchar(30) NOT NULL, price numeric(10,2) NOT NULL, stock "
       "int NOT NULL, description text)",
       sizes_.products},
      {"customers",
       "CREATE TABLE customers (customer_id int PRIMARY KEY, name varchar(60) NOT NULL, email "
       "varchar(80) NOT NULL, city varchar(40) NOT NULL, segment varchar(12) NOT NULL, balance "
       "numeric(12,2) NOT NULL, registered_on date NOT NULL)",
       sizes_.customers},
      {"orders",
       "CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id int NOT NULL, status "
       "varchar(12) NOT NULL, placed_at timestamp NOT NULL, total numeric(12,2) NOT NULL, comment "
       "text)",
       sizes_.orders},
      {"order_items",
       "CREATE TABLE order_items (order_id bigint, line int, product_id int NOT NULL, quantity int "
       "NOT NULL, unit_price numeric(10,2) NOT NULL, discount numeric(4,2) NOT NULL, PRIMARY KEY "
       "(order_id, line))",
       sizes_.orders},
      {"shipments",
       "CREATE TABLE shipments (shipment_id bigint PRIMARY KEY, order_id bigint NOT NULL, carrier "
       "varchar(20) NOT NULL, status varchar(12) NOT NULL, ship_on date NOT NULL, delivered_on "
       "date, tracking varchar(24) NOT NULL)",
       sizes_.orders},
  };
}

const std::vector<std::string>& Dataset::Cities() {
  static const Words kWords = {
      "Aarhus",   "Bergen", "Bilbao", "Bologna", "Brno",     "Cork",   "Dijon",   "Espoo",
      "Gdansk",   "Ghent",  "Graz",   "Leipzig", "Linz",     "Lyon",   "Malmo",   "Nantes",
      "Odense",   "Porto",  "Riga",   "Seville", "Split",    "Szeged", "Tartu",   "Tours",
      "Trieste",  "Turku",  "Ulm",    "Utrecht", "Valencia", "Verona", "Vilnius", "Wroclaw",
      "Zaragoza", "Zurich", "Basel",  "Bremen",  "Genoa",    "Lille",  "Metz",    "Pecs"};
  return kWords;
}

const std::vector<std::string>& Dataset::Categories() {
  static const Words kWords = {"garden", "kitchen", "lighting", "office",  "outdoor", "storage",
                               "tools",  "toys",    "textiles", "optics",  "audio",   "sports",
                               "books",  "camping", "heating",  "cleaning"};
  return kWords;
}

std::string Dataset::Date(int64_t day) {
  const absl::CivilDay date = absl::CivilDay(2022, 1, 1) + day;
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

std::string Dataset::Email(int64_t customer_id) const {
  Random random(seed_, kCustomer, static_cast<uint64_t>(customer_id));
  return absl::AsciiStrToLower(
      absl::StrCat(FullName(&random, "."), ".", customer_id, "@example.com"));
}

int64_t Dataset::PriceCents(int64_t product_id) const {
  Random random(seed_, kPrice, static_cast<uint64_t>(product_id));
  const double u = random.Fraction();
  return 199 + static_cast<int64_t>(u * u * u * 99800);
}

int64_t Dataset::DayOfOrder(int64_t order_id) const {
  return (order_id - 1) * kDays / std::max<int64_t>(1, sizes_.orders);
}

std::vector<Dataset::Item> Dataset::ItemsOf(int64_t order_id) const {
  Random random(seed_, kItem, static_cast<uint64_t>(order_id));
  std::vector<Item> items(static_cast<size_t>(random.Between(1, 7)));
  for (Item& item : items) {
    item.product_id = random.Skewed(sizes_.products);
    item.quantity = random.Between(1, 10);
    item.price_cents = PriceCents(item.product_id);
    item.discount_percent = random.Between(0, 9) < 7 ? 0 : random.Between(1, 30);
  }
  return items;
}

int64_t Dataset::AppendRows(size_t table, int64_t unit, std::string* copy) const {
  switch (table) {
    case 0:
      AppendSupplier(unit, copy);
      return 1;
    case 1:
      AppendProduct(unit, copy);
      return 1;
    case 2:
      AppendCustomer(unit, copy);
      return 1;
    case 3:
      AppendOrder(unit, copy);
      return 1;
    case 4:
      return AppendItems(unit, copy);
    default:
      return AppendShipment(unit, copy);
  }
}

void Dataset::AppendSupplier(int64_t id, std::string* copy) const {
  static const Words kCountries = {"Austria", "Denmark",  "Estonia", "France", "Italy",
                                   "Poland",  "Portugal", "Spain",   "Sweden", "Switzerland"};
  Random random(seed_, kSupplier, static_cast<uint64_t>(id));
  const std::string name = absl::StrCat(FullName(&random, " & "), " ", id);
  CopyLine(copy)
      .Add(id)
      .Add(name)
      .Add(Pick(kCountries, &random))
      .Add(absl::StrFormat("+%010d", random.Between(3000000000, 4999999999)))
      .Add(Money(random.Between(100, 500)));
}

void Dataset::AppendProduct(int64_t id, std::string* copy) const {
  Random random(seed_, kProduct, static_cast<uint64_t>(id));
  const int64_t supplier_id = random.Between(1, sizes_.suppliers);
  const std::string& adjective = Pick(Adjectives(), &random);
  CopyLine(copy)
      .Add(id)
      .Add(supplier_id)
      .Add(absl::StrCat(adjective, " ", Pick(Nouns(), &random), " ", id))
      .Add(Pick(Categories(), &random))
      .Add(Money(PriceCents(id)))
      .Add(random.Between(0, 500))
      .Add(Sentence(12, &random));
}

void Dataset::AppendCustomer(int64_t id, std::string* copy) const {
  // The name first: Email draws the same.
  Random random(seed_, kCustomer, static_cast<uint64_t>(id));
  CopyLine(copy)
      .Add(id)
      .Add(FullName(&random, " "))
      .Add(Email(id))
      .Add(Pick(Cities(), &random))
      .Add(Pick(Segments(), &random))
      .Add(Money(random.Between(0, 1000000)))
      .Add(Date(random.Between(0, kDays - 1)));
}

void Dataset::AppendOrder(int64_t id, std::string* copy) const {
  Random random(seed_, kOrder, static_cast<uint64_t>(id));
  int64_t total_cents = 0;
  for (const Item& item : ItemsOf(id)) {
    total_cents += item.quantity * item.price_cents * (100 - item.discount_percent) / 100;
  }
  const int64_t day = DayOfOrder(id);
  const bool returned = random.Between(1, 50) == 1;
  const char* const status = day >= kDays - 10   ? "new"
                             : day >= kDays - 30 ? "shipped"
                             : returned          ? "returned"
                                                 : "closed";
  const int64_t second = random.Between(0, 86399);
  CopyLine(copy)
      .Add(id)
      .Add(random.Skewed(sizes_.customers))
      .Add(status)
      .Add(absl::StrFormat("%s %02d:%02d:%02d", Date(day), second / 3600, second / 60 % 60,
                           second % 60))
      .Add(Money(total_cents))
      .Add(Sentence(static_cast<int>(8 + second % 13), &random));
}

int64_t Dataset::AppendItems(int64_t order_id, std::string* copy) const {
  int64_t line = 0;
  for (const Item& item : ItemsOf(order_id)) {
    CopyLine(copy)
        .Add(order_id)
        .Add(++line)
        .Add(item.product_id)
        .Add(item.quantity)
        .Add(Money(item.price_cents))
        .Add(Money(item.discount_percent));
  }
  return line;
}

int64_t Dataset::AppendShipment(int64_t order_id, std::string* copy) const {
  Random random(seed_, kShipment, static_cast<uint64_t>(order_id));
  const int64_t placed = DayOfOrder(order_id);
  if (placed >= kDays - 10) return 0;
  const int64_t shipped = placed + random.Between(1, 7);
  const int64_t delivered = shipped + random.Between(1, 14);
  const bool open = random.Between(1, 200) == 1 || delivered >= kDays;
  CopyLine(copy)
      .Add(order_id)
      .Add(order_id)
      .Add(Pick(Carriers(), &random))
      .Add(open ? "open" : "delivered")
      .Add(Date(shipped))
      .Add(open ? "\\N" : Date(delivered))
      .Add(absl::StrFormat("TR%016x", random.Next()));
  return 1;
}

}  // namespace adbms::clients::workload
