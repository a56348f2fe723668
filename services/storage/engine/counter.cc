#include "services/storage/engine/counter.h"

#include <bit>
#include <cstring>

namespace adbms::storage::engine {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr size_t kBytes = 1 + sizeof(int64_t);

class AddCounters : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "adbms.counter"; }
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& operand,
             std::string* result, rocksdb::Logger*) const override {
    std::optional<Counter> sum = DecodeCounter({operand.data(), operand.size()});
    if (sum && existing != nullptr) {
      const std::optional<Counter> before = DecodeCounter({existing->data(), existing->size()});
      if (!before) return false;
      sum = *before + *sum;
    }
    if (!sum) return false;  // Read as a corruption.
    *result = EncodeCounter(*sum);
    return true;
  }
};

}  // namespace

std::string EncodeCounter(const Counter& counter) {
  std::string bytes(kBytes, counter.complete ? '\1' : '\0');
  std::memcpy(bytes.data() + 1, &counter.value, sizeof(counter.value));
  return bytes;
}

std::optional<Counter> DecodeCounter(std::string_view bytes) {
  if (bytes.size() != kBytes || (bytes[0] != '\0' && bytes[0] != '\1')) return std::nullopt;
  Counter counter;
  counter.complete = bytes[0] == '\1';
  std::memcpy(&counter.value, bytes.data() + 1, sizeof(counter.value));
  return counter;
}

std::shared_ptr<rocksdb::MergeOperator> CounterMergeOperator() {
  return std::make_shared<AddCounters>();
}

}  // namespace adbms::storage::engine
