#include "common/types/composite.h"

#include <algorithm>
#include <cstring>

#include "common/types/declared_type.h"
#include "common/types/element_form.h"

namespace adbms::types {
namespace {

constexpr size_t kHeader = sizeof(uint16_t);
// Deeper than any type, so that what comes from elsewhere cannot use up the stack.
constexpr int kDeepest = 2 * kMaxRowDepth;

template <typename T>
T Read(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

CompositeView::CompositeView(std::string_view bytes) {
  if (bytes.size() < kHeader) return;
  const size_t count = Read<uint16_t>(bytes.data());
  const size_t null_bytes = (count + 7) / 8;
  const size_t fixed = kHeader + count + null_bytes + count * sizeof(uint32_t);
  if (bytes.size() < fixed) return;
  types_ = reinterpret_cast<const uint8_t*>(bytes.data()) + kHeader;
  nulls_ = bytes.data() + kHeader + count;
  ends_ = bytes.substr(kHeader + count + null_bytes, count * sizeof(uint32_t));
  data_ = bytes.substr(fixed);
  size_ = static_cast<uint32_t>(count);
  valid_ = true;
}

std::string_view CompositeView::bytes(uint32_t i) const {
  const size_t begin = i == 0 ? 0 : Read<uint32_t>(ends_.data() + (i - 1) * sizeof(uint32_t));
  const size_t end = Read<uint32_t>(ends_.data() + i * sizeof(uint32_t));
  if (begin > end || end > data_.size()) return {};
  return data_.substr(begin, end - begin);
}

void CompositeView::Load(uint32_t i, Vector* out, uint32_t row) const {
  if (i >= size_ || is_null(i) || type(i) != out->type().id) {
    out->SetNull(row);
    return;
  }
  LoadElement(bytes(i), out, row);
}

Type CompositeView::TypeOf(uint32_t i, const Type& row) const {
  const DeclaredType* const definition = CompositeOf(row);
  if (definition != nullptr && definition->fields.size() == size_ &&
      definition->fields[i].type.id == type(i))
    return definition->fields[i].type;
  return {type(i), 0};
}

Vector CompositeView::Field(uint32_t i, const Type& row) const {
  Vector field(TypeOf(i, row));
  field.Resize(1);
  Load(i, &field, 0);
  return field;
}

bool IsWellFormedComposite(std::string_view bytes) {
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } level;
  if (depth > kDeepest) return false;
  const CompositeView view(bytes);
  if (!view.valid_) return false;
  uint32_t end = 0;
  for (uint32_t i = 0; i < view.size(); ++i) {
    const auto next = Read<uint32_t>(view.ends_.data() + i * sizeof(uint32_t));
    if (next < end || (view.is_null(i) && next != end)) return false;
    end = next;
  }
  if (end != view.data_.size()) return false;
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (OidOf(view.type(i)) == 0) return false;
    if (!view.is_null(i) && !IsWellFormedElement(view.bytes(i), view.type(i))) return false;
  }
  return true;
}

void CompositeBuilder::AddNull(TypeId type) {
  types_.push_back(static_cast<char>(type));
  nulls_.push_back(true);
  ends_.push_back(static_cast<uint32_t>(data_.size()));
}

void CompositeBuilder::Add(const Vector& values, uint32_t row, TypeId type) {
  if (values.is_null(row) || PhysicalOf(type) != values.physical()) return AddNull(type);
  types_.push_back(static_cast<char>(type));
  nulls_.push_back(false);
  AppendElement(values, row, &data_);
  ends_.push_back(static_cast<uint32_t>(data_.size()));
}

std::string CompositeBuilder::Finish() const {
  const size_t null_bytes = (ends_.size() + 7) / 8;
  std::string out;
  out.reserve(kHeader + types_.size() + null_bytes + ends_.size() * sizeof(uint32_t) +
              data_.size());
  Put(static_cast<uint16_t>(ends_.size()), &out);
  out.append(types_);
  const size_t bitmap = out.size();
  out.append(null_bytes, '\0');
  for (size_t i = 0; i < nulls_.size(); ++i) {
    if (nulls_[i]) out[bitmap + i / 8] = static_cast<char>(out[bitmap + i / 8] | 1 << (i % 8));
  }
  out.append(reinterpret_cast<const char*>(ends_.data()), ends_.size() * sizeof(uint32_t));
  out.append(data_);
  return out;
}

int CompareComposites(std::string_view a, std::string_view b) {
  const CompositeView x(a);
  const CompositeView y(b);
  const uint32_t common = std::min(x.size(), y.size());
  for (uint32_t i = 0; i < common; ++i) {
    if (x.is_null(i) || y.is_null(i)) {
      if (x.is_null(i) && y.is_null(i)) continue;
      return x.is_null(i) ? 1 : -1;
    }
    // Rows of different types are not compared; any order will do.
    if (x.type(i) != y.type(i)) return x.type(i) < y.type(i) ? -1 : 1;
    const int order = CompareElementForms(x.bytes(i), y.bytes(i), x.type(i));
    if (order != 0) return order;
  }
  return x.size() == y.size() ? 0 : x.size() < y.size() ? -1 : 1;
}

void AppendCompositeKey(std::string_view bytes, std::string* out) {
  constexpr char kEnd = 1;
  constexpr char kField = 2;
  constexpr char kNull = 3;
  const CompositeView view(bytes);
  for (uint32_t i = 0; i < view.size(); ++i) {
    out->push_back(view.is_null(i) ? kNull : kField);
    if (!view.is_null(i)) AppendElementKey(view.bytes(i), view.type(i), out);
  }
  out->push_back(kEnd);
}

}  // namespace adbms::types
