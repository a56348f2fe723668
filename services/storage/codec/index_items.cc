#include "services/storage/codec/index_items.h"

#include <algorithm>

#include "common/sql/partition/partition_hash.h"
#include "services/storage/codec/key_codec.h"

namespace adbms::storage::codec {
namespace {

// Longer ones are cut, with a hash of all behind: what a value is, is seen from the row.
constexpr size_t kLongestItem = 100;
constexpr size_t kCutBytes = 80;
constexpr std::string_view kTerminator("\0\x01", 2);
// First bytes, beside the classes' letters.
constexpr char kValue = 0x01;
constexpr char kEmpty = 0x02;

class ItemList : public sql::ItemSink {
 public:
  ItemList(size_t key, Items* items) : key_(static_cast<char>(key)), items_(*items) {}

  void Add(char kind, std::string_view bytes) override {
    item_.assign(1, kind);
    item_.append(bytes);
    Finish();
  }
  void AddPrefix(char kind, std::string_view bytes) override {
    item_.assign(1, kind);
    item_.append(bytes.substr(0, kCutBytes - 1));
    Append();
  }
  void AddValue(const types::Vector& values, uint32_t row) override {
    item_.assign(1, kValue);
    AppendKey(values, row, {values.type(), false, false}, &item_);
    Finish();
  }
  void AddEmpty() override {
    item_.assign(1, kEmpty);
    Finish();
  }

 private:
  void Finish() {
    if (item_.size() > kLongestItem) Cut();
    Append();
    items_.back().append(kTerminator);
  }
  void Append() {
    std::string& out = items_.emplace_back();
    out.reserve(item_.size() + 1 + kTerminator.size());
    out.push_back(key_);
    for (const char byte : item_) {
      out.push_back(byte);
      if (byte == '\0') out.push_back('\xff');
    }
  }
  void Cut() {
    const uint64_t hashes[] = {sql::partition::HashBytes(item_, 0),
                               sql::partition::HashBytes(item_, UINT64_MAX)};
    item_.resize(kCutBytes);
    for (const uint64_t hash : hashes) {
      for (int shift = 0; shift < 64; shift += 8) item_.push_back(static_cast<char>(hash >> shift));
    }
  }

  const char key_;
  Items& items_;
  std::string item_;
};

void EachOnce(Items* items) {
  std::sort(items->begin(), items->end());
  items->erase(std::unique(items->begin(), items->end()), items->end());
}

}  // namespace

bool IsBeginning(std::string_view item) { return !item.ends_with(kTerminator); }

Items ItemsOf(const IndexLayout& index, Columns columns, uint32_t row) {
  Items items;
  for (size_t key = 0; key < index.operator_classes.size(); ++key) {
    const types::Vector& values = *columns[index.columns[key]];
    if (values.is_null(row)) continue;
    ItemList list(key, &items);
    const size_t before = items.size();
    index.operator_classes[key]->items_of(values, row, &list);
    if (items.size() == before) list.AddEmpty();
  }
  EachOnce(&items);
  return items;
}

sql::ItemDemand DemandOf(const IndexLayout& index, uint32_t key, std::string_view operator_name,
                         const types::Value& operand, Items* items) {
  ItemList list(key, items);
  const sql::ItemDemand demand =
      index.operator_classes[key]->demand_of(operator_name, operand, &list);
  EachOnce(items);
  return demand;
}

}  // namespace adbms::storage::codec
