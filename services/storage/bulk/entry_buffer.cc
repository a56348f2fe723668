#include "services/storage/bulk/entry_buffer.h"

#include <algorithm>

namespace adbms::storage::bulk {

EntryBuffer::EntryBuffer(size_t bytes) : wanted_(std::min(bytes, kLargestBlock)) {
  Allocate(wanted_);
}

void EntryBuffer::Allocate(size_t bytes) {
  bytes_ = (bytes + sizeof(Item)) / sizeof(Item) * sizeof(Item);
  block_.reset(new char[bytes_]);  // Not set to zero: what is not used costs nothing.
  items_ = reinterpret_cast<Item*>(block_.get() + bytes_);
  used_ = count_ = 0;
}

void EntryBuffer::Clear() {
  if (bytes_ > wanted_ + sizeof(Item)) return Allocate(wanted_);
  items_ = reinterpret_cast<Item*>(block_.get() + bytes_);
  used_ = count_ = 0;
}

bool EntryBuffer::Add(std::string_view key, std::string_view value) {
  const size_t size = kValueSize + key.size() + value.size();
  if (used_ + size + (count_ + 1) * sizeof(Item) > bytes_) {
    if (count_ > 0) return false;
    Allocate(size + sizeof(Item));
  }
  char* at = block_.get() + used_;
  const auto value_size = static_cast<uint32_t>(value.size());
  std::memcpy(at, &value_size, kValueSize);
  std::memcpy(at + kValueSize, key.data(), key.size());
  if (!value.empty()) std::memcpy(at + kValueSize + key.size(), value.data(), value.size());
  *--items_ = {KeyPrefix(key), static_cast<uint32_t>(used_), static_cast<uint32_t>(key.size())};
  used_ += size;
  ++count_;
  return true;
}

void EntryBuffer::Sort() {
  // Rows often come in an order of their own: what was added last is first.
  std::reverse(items_, items_ + count_);
  std::sort(items_, items_ + count_, [this](const Item& a, const Item& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : EntryAt(a).key < EntryAt(b).key;
  });
}

}  // namespace adbms::storage::bulk
