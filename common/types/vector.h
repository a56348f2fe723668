// Columnar vectors and batches: what operators hand to each other, in memory.
//
// A Vector holds `size()` values of one type in their physical form (type.h) and a validity bitmap.
// Values of string types are std::string_view into a heap that the vector keeps alive, and so are
// the forms of wide decimals, strings in this respect; vectors share heaps, so passing strings on
// copies no bytes, and costs as much for a heap made of many as for one. A vector is mutable by its
// only owner while being filled and must not be changed once it is shared (VectorPtr to const). No
// locking.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/types/decimal.h"
#include "common/types/interval.h"
#include "common/types/memory_account.h"
#include "common/types/type.h"
#include "common/types/value.h"

namespace adbms::types {

// Bytes that live as long as the arena. Append-only. Counts its blocks with an account, where it
// has one, and gives them back at its end.
class Arena {
 public:
  explicit Arena(MemoryAccountPtr account = nullptr) : account_(std::move(account)) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  // Copies `bytes` in. Where the account refuses them the result is empty and refused() true.
  std::string_view Add(std::string_view bytes) {
    if (bytes.size() > left_ && !Grow(bytes.size())) return {};
    char* target = next_;
    if (!bytes.empty()) std::memcpy(target, bytes.data(), bytes.size());
    Advance(bytes.size());
    return {target, bytes.size()};
  }
  // `size` uninitialized bytes; null, and refused() true, where the account refuses them.
  char* TryAllocate(size_t size) {
    if (size > left_ && !Grow(size)) return nullptr;
    char* result = next_;
    Advance(size);
    return result;
  }
  // `size` uninitialized bytes, for small things: counted, but never refused.
  char* Allocate(size_t size) {
    if (size > left_ && !Grow(size)) AddBlock(size);
    char* result = next_;
    Advance(size);
    return result;
  }
  size_t allocated_bytes() const { return allocated_; }
  // Whether the account has refused something. What was added since is not there.
  bool refused() const { return refused_; }
  // The account's refusal, or 54000 for what is longer than a value can be. REQUIRES: refused().
  absl::Status Refusal() const;

 private:
  bool Grow(size_t size);
  void AddBlock(size_t size);
  void Advance(size_t size) {
    next_ += size;
    left_ -= size;
  }

  const MemoryAccountPtr account_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  // Nothing has an address too: null says refused.
  static inline char nothing_ = 0;
  char* next_ = &nothing_;
  size_t left_ = 0;
  size_t allocated_ = 0;
  int64_t counted_ = 0;
  bool refused_ = false;
  size_t too_long_ = 0;
};

// The strings of a vector: those that were added to it, and the heaps that others came from. What
// others share must not be added to any more.
struct StringHeap {
  explicit StringHeap(MemoryAccountPtr account) : arena(std::move(account)) {}
  Arena arena;
  std::vector<std::shared_ptr<const StringHeap>> others;
};

class Vector {
 public:
  explicit Vector(Type type) : type_(type), physical_(PhysicalOf(type.id)) {}
  Vector(Vector&&) = default;
  Vector& operator=(Vector&&) = default;
  Vector(const Vector&) = delete;
  Vector& operator=(const Vector&) = delete;

  const Type& type() const { return type_; }
  Physical physical() const { return physical_; }
  uint32_t size() const { return size_; }

  // Sets the size; new rows are valid and zero.
  void Resize(uint32_t size);
  // Empties it for reuse, dropping its strings.
  void Clear();
  void Reserve(uint32_t size);

  // The values. T is the C++ type of the physical form: uint8_t, int16_t, int32_t, int64_t, float,
  // double, DecimalView, Interval, std::string_view. A NULL row's value is zero or garbage, never
  // read it.
  template <typename T>
  T* data() {
    static_assert(std::is_trivially_copyable_v<T>);
    return reinterpret_cast<T*>(data_.get());
  }
  template <typename T>
  const T* data() const {
    static_assert(std::is_trivially_copyable_v<T>);
    return reinterpret_cast<const T*>(data_.get());
  }

  // False: no row is NULL, and validity() may be null.
  bool may_have_nulls() const { return !validity_.empty(); }
  bool is_null(uint32_t row) const {
    return !validity_.empty() && ((validity_[row >> 6] >> (row & 63)) & 1) == 0;
  }
  void SetNull(uint32_t row);
  void SetValid(uint32_t row) {
    if (!validity_.empty()) validity_[row >> 6] |= uint64_t{1} << (row & 63);
  }
  // One bit a row, 1: valid. Null when no row is NULL.
  const uint64_t* validity() const { return validity_.empty() ? nullptr : validity_.data(); }

  // Whether values may lie elsewhere: of a string type, or of numeric with a heap, without which
  // none that it owns or shares is wide, or with values that it borrows.
  bool has_strings() const {
    return physical_ == Physical::kString ||
           (physical_ == Physical::kDecimal && (heap_ != nullptr || borrows_));
  }
  // The string or the wide decimal's form; empty for what lies in the row. REQUIRES:
  // !is_null(row), a string type or numeric.
  std::string_view string(uint32_t row) const {
    if (physical_ == Physical::kString) return data<std::string_view>()[row];
    const DecimalView& value = data<DecimalView>()[row];
    return value.is_wide() ? value.form() : std::string_view();
  }
  // Copies a string or a decimal of this vector, at `row`, into the arena; 0 where that refuses
  // it. REQUIRES: as string().
  void OwnString(uint32_t row);
  // Sets a row, copying a wide decimal's form into the arena; 0 where that refuses it.
  void SetDecimal(uint32_t row, const DecimalView& value) {
    data<DecimalView>()[row] = value;
    if (value.is_wide()) [[unlikely]]
      OwnString(row);
  }

  // Says that strings were put in which neither this vector nor its heap keeps.
  void BorrowStrings() { borrows_ = true; }

  // The arena for new strings, made at first use.
  Arena* arena();
  // Counts the arena with `account` (null: nobody's). Before the first string.
  void CountStrings(MemoryAccountPtr account) { account_ = std::move(account); }
  // Whether the account has refused some of the strings, its own or those of a vector that it
  // shares with: the values are then not to be used.
  bool strings_refused() const { return refused_arena() != nullptr; }
  // Errors: why they were refused, 53200 or 54000. REQUIRES: strings_refused().
  absl::Status StringsRefusal() const { return refused_arena()->Refusal(); }
  // Whether all strings are counted where they are kept.
  bool strings_counted() const { return strings_counted_; }
  // Makes this vector keep `other`'s strings alive. After they have been added there. Constant
  // time; many times with the same vector is as good as once.
  void ShareStrings(const Vector& other);

  // Appends. Bulk code writes through data() instead.
  void AppendNull();
  void Append(
      const Value& value);  // REQUIRES: same physical form, or NULL. Copies strings into the arena.
  // Appends other's row; strings are shared: call ShareStrings(other) once.
  void AppendFrom(const Vector& other, uint32_t row);
  // Sets an existing row that is valid to other's, copying strings into the arena.
  void CopyFrom(uint32_t row, const Vector& other, uint32_t other_row);
  // Sets an existing row, copying strings into the arena.
  void Set(uint32_t row, const Value& value);
  Value Get(uint32_t row) const;

 private:
  struct FreeDeleter {
    void operator()(char* p) const;
  };
  const Arena* refused_arena() const {
    return own_heap_ && heap_->arena.refused() ? &heap_->arena : refused_;
  }
  StringHeap* OwnHeap();

  Type type_;
  Physical physical_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  std::unique_ptr<char, FreeDeleter> data_;  // 64-byte aligned
  std::vector<uint64_t> validity_;
  bool strings_counted_ = true;
  const Arena* refused_ = nullptr;  // One that heap_ keeps alive.
  MemoryAccountPtr account_;
  std::shared_ptr<StringHeap> heap_;
  bool borrows_ = false;
  bool own_heap_ = false;  // Made by this vector, to add to.
};

using VectorPtr = std::shared_ptr<Vector>;

// Whether values of the form may lie in a heap.
inline bool MayHaveStrings(Physical physical) {
  return physical == Physical::kString || physical == Physical::kDecimal;
}

// Bytes of one value in the physical form.
size_t WidthOf(Physical physical);

// Rows in column order. All columns have `row_count` rows (columns may be none: SELECT FROM t).
struct Batch {
  std::vector<VectorPtr> columns;
  uint32_t row_count = 0;
};

// A new vector with the rows `selection[0..count)` of `input`.
VectorPtr Gather(const Vector& input, const uint32_t* selection, uint32_t count);
Batch Gather(const Batch& input, const uint32_t* selection, uint32_t count);
// The same with strings of its own, counted with `account`: what was not selected is not kept
// alive.
Batch GatherCopy(const Batch& input, const uint32_t* selection, uint32_t count,
                 const MemoryAccountPtr& account);

// Bytes of a batch and back, for process boundaries. Layout in vector_codec.cc.
// Decoding errors: INVALID_ARGUMENT for truncated or inconsistent bytes; it never reads past them.
void EncodeBatch(const Batch& batch, std::string* out);
absl::StatusOr<Batch> DecodeBatch(std::string_view bytes);

}  // namespace adbms::types
