// Layout, little endian, unaligned:
//   u8  version (1)
//   u32 row_count
//   u32 column_count
//   column_count times:
//     u8  type id, i32 modifier, u8 flags: 1 has nulls, 2 is of a declared type
//     declared: u32 length, then a DeclaredType (type.proto)
//     has nulls: ceil(row_count / 64) words u64, bit 1: valid; bits beyond row_count are 1
//     values, by physical form:
//       kBool u8 (0 or 1), kInt16 i16, kInt32 i32, kInt64 i64, kFloat f32, kDouble f64
//       kDecimal  i128 unscaled, i16 scale, u8 0; or, of other kinds, u8 1 NaN, 2 infinity, 3
//                 -infinity, 4 wide with its form's length in place of the unscaled integer; then
//                 the forms of all
//       kInterval i64 microseconds, i32 days, i32 months
//       kString   row_count times u32 length (0 for NULL), then the bytes of all rows
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/types/declared_type.h"
#include "common/types/form.h"
#include "common/types/vector.h"

namespace adbms::types {
namespace {

static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(Interval) == 16);

constexpr uint8_t kVersion = 1;
constexpr size_t kDecimalBytes = 19;
constexpr uint8_t kHasNulls = 1;
constexpr uint8_t kDeclared = 2;

template <typename T>
void Put(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

enum class DecimalMark : uint8_t { kNarrow, kNaN, kInfinity, kNegativeInfinity, kWide };

DecimalMark MarkOf(const DecimalView& value) {
  if (value.is_narrow()) return DecimalMark::kNarrow;
  if (value.is_wide()) return DecimalMark::kWide;
  if (value.is_nan()) return DecimalMark::kNaN;
  return value.Sign() < 0 ? DecimalMark::kNegativeInfinity : DecimalMark::kInfinity;
}

void EncodeDecimals(const Vector& column, std::string* out) {
  const DecimalView* values = column.data<DecimalView>();
  bool wide = false;
  for (uint32_t row = 0; row < column.size(); ++row) {
    const DecimalView value = column.is_null(row) ? DecimalView() : values[row];
    wide |= value.is_wide();
    Put(value.is_wide() ? static_cast<int128>(value.form().size()) : value.unscaled(), out);
    Put(static_cast<int16_t>(value.is_wide() ? 0 : value.scale()), out);
    Put(MarkOf(value), out);
  }
  for (uint32_t row = 0; wide && row < column.size(); ++row) {
    if (!column.is_null(row)) out->append(column.string(row));
  }
}

void EncodeStrings(const Vector& column, std::string* out) {
  const auto* values = column.data<std::string_view>();
  size_t total = 0;
  for (uint32_t row = 0; row < column.size(); ++row) {
    const auto length = column.is_null(row) ? 0U : static_cast<uint32_t>(values[row].size());
    Put(length, out);
    total += length;
  }
  out->reserve(out->size() + total);
  for (uint32_t row = 0; row < column.size(); ++row) {
    if (!column.is_null(row)) out->append(values[row]);
  }
}

void EncodeColumn(const Vector& column, std::string* out) {
  Put(static_cast<uint8_t>(column.type().id), out);
  Put(column.type().modifier, out);
  const DeclaredType* const declared = column.type().declared;
  Put(static_cast<uint8_t>((column.may_have_nulls() ? kHasNulls : 0) |
                           (declared != nullptr ? kDeclared : 0)),
      out);
  if (declared != nullptr) {
    Put(static_cast<uint32_t>(declared->definition.ByteSizeLong()), out);
    declared->definition.AppendToString(out);
  }
  const uint32_t rows = column.size();
  if (column.may_have_nulls()) {
    for (uint32_t word = 0; word * 64 < rows; ++word) {
      uint64_t bits = column.validity()[word];
      if (rows - word * 64 < 64) bits |= ~uint64_t{0} << (rows - word * 64);
      Put(bits, out);
    }
  }
  switch (column.physical()) {
    case Physical::kDecimal:
      EncodeDecimals(column, out);
      break;
    case Physical::kString:
      EncodeStrings(column, out);
      break;
    default:
      if (rows > 0) out->append(column.data<char>(), rows * WidthOf(column.physical()));
  }
}

absl::Status Malformed() { return absl::InvalidArgumentError("batch: malformed bytes"); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  size_t left() const { return bytes_.size(); }
  bool Skip(size_t size, std::string_view* taken) {
    if (size > bytes_.size()) return false;
    *taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  template <typename T>
  bool Get(T* value) {
    std::string_view taken;
    if (!Skip(sizeof(T), &taken)) return false;
    std::memcpy(value, taken.data(), sizeof(T));
    return true;
  }

 private:
  std::string_view bytes_;
};

bool DecodeNulls(Reader& reader, uint32_t rows, Vector* column) {
  std::string_view taken;
  if (!reader.Skip((size_t{rows} + 63) / 64 * 8, &taken)) return false;
  for (uint32_t word = 0; word < taken.size() / 8; ++word) {
    uint64_t bits;
    std::memcpy(&bits, taken.data() + size_t{word} * 8, 8);
    for (uint64_t nulls = ~bits; nulls != 0; nulls &= nulls - 1) {
      const uint64_t row = uint64_t{word} * 64 + static_cast<unsigned>(std::countr_zero(nulls));
      if (row >= rows) return false;
      column->SetNull(static_cast<uint32_t>(row));
    }
  }
  return true;
}

// The type's definition, which must be one for such values.
bool DecodeDeclared(Reader& reader, Type* type) {
  uint32_t length;
  std::string_view bytes;
  common::v1::DeclaredType definition;
  if (!reader.Get(&length) || !reader.Skip(length, &bytes) ||
      !definition.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return false;
  type->declared = Intern(definition);
  return type->declared != nullptr &&
         (type->declared->id == type->id || ArrayOf(type->declared->id) == type->id);
}

bool DecodeDecimals(Reader& reader, uint32_t rows, Vector* column) {
  DecimalView* values = column->data<DecimalView>();
  std::vector<std::pair<uint32_t, size_t>> wide;  // Rows and the sizes of their forms.
  for (uint32_t row = 0; row < rows; ++row) {
    int128 unscaled;
    int16_t scale;
    DecimalMark mark;
    if (!reader.Get(&unscaled) || !reader.Get(&scale) || !reader.Get(&mark)) return false;
    switch (mark) {
      case DecimalMark::kNarrow:
        if (scale < 0 || scale > DecimalView::kMaxDigits || unscaled >= DecimalView::kLimit ||
            unscaled <= -DecimalView::kLimit) {
          return false;
        }
        values[row] = DecimalView(unscaled, scale);
        break;
      case DecimalMark::kNaN:
        values[row] = DecimalView::NaN();
        break;
      case DecimalMark::kInfinity:
      case DecimalMark::kNegativeInfinity:
        values[row] = DecimalView::Infinity(mark == DecimalMark::kNegativeInfinity);
        break;
      case DecimalMark::kWide:
        if (unscaled < 0 || unscaled > static_cast<int128>(reader.left())) return false;
        wide.emplace_back(row, static_cast<size_t>(unscaled));
        break;
      default:
        return false;
    }
  }
  for (const auto& [row, size] : wide) {
    std::string_view form;
    if (!reader.Skip(size, &form) || !DecimalView::IsForm(form)) return false;
    column->SetDecimal(row, DecimalView::OfForm(form));
  }
  return true;
}

bool DecodeStrings(Reader& reader, uint32_t rows, Vector* column) {
  std::string_view lengths;
  if (!reader.Skip(size_t{rows} * 4, &lengths)) return false;
  const auto length_of = [&](uint32_t row) {
    uint32_t length;
    std::memcpy(&length, lengths.data() + size_t{row} * 4, 4);
    return length;
  };
  size_t total = 0;
  for (uint32_t row = 0; row < rows; ++row) total += length_of(row);
  std::string_view bytes;
  if (!reader.Skip(total, &bytes)) return false;
  const TypeId id = column->type().id;
  const bool has_form = HasForm(id);
  if (total == 0 && !has_form) return true;
  const char* next = column->arena()->Add(bytes).data();
  auto* values = column->data<std::string_view>();
  for (uint32_t row = 0; row < rows; ++row) {
    const uint32_t length = length_of(row);
    values[row] = {next, length};
    next += length;
    if (has_form && !column->is_null(row) && !IsWellFormed(id, values[row])) return false;
  }
  return true;
}

bool DecodeFixed(Reader& reader, uint32_t rows, Vector* column) {
  std::string_view taken;
  if (!reader.Skip(rows * WidthOf(column->physical()), &taken)) return false;
  if (!taken.empty()) std::memcpy(column->data<char>(), taken.data(), taken.size());
  if (column->physical() == Physical::kBool) {
    for (char byte : taken) {
      if (byte != 0 && byte != 1) return false;
    }
  }
  return true;
}

// Bytes that `rows` values need at least: refuses absurd counts before memory is taken.
size_t LeastBytes(Physical physical) {
  switch (physical) {
    case Physical::kString:
      return 4;
    case Physical::kDecimal:
      return kDecimalBytes;
    default:
      return WidthOf(physical);
  }
}

bool DecodeColumn(Reader& reader, uint32_t rows, Batch* batch) {
  uint8_t id;
  int32_t modifier;
  uint8_t flags;
  if (!reader.Get(&id) || !reader.Get(&modifier) || !reader.Get(&flags)) return false;
  const auto type_id = static_cast<TypeId>(id);
  if (flags > (kHasNulls | kDeclared)) return false;
  if (OidOf(type_id) == 0 && type_id != TypeId::kUnspecified) return false;
  Type type{type_id, modifier};
  if ((flags & kDeclared) != 0 && !DecodeDeclared(reader, &type)) return false;
  if (reader.left() / LeastBytes(PhysicalOf(type_id)) < rows) return false;
  auto column = std::make_shared<Vector>(type);
  column->Resize(rows);
  if ((flags & kHasNulls) != 0 && !DecodeNulls(reader, rows, column.get())) return false;
  bool decoded;
  switch (column->physical()) {
    case Physical::kDecimal:
      decoded = DecodeDecimals(reader, rows, column.get());
      break;
    case Physical::kString:
      decoded = DecodeStrings(reader, rows, column.get());
      break;
    default:
      decoded = DecodeFixed(reader, rows, column.get());
  }
  batch->columns.push_back(std::move(column));
  return decoded;
}

}  // namespace

void EncodeBatch(const Batch& batch, std::string* out) {
  Put(kVersion, out);
  Put(batch.row_count, out);
  Put(static_cast<uint32_t>(batch.columns.size()), out);
  for (const auto& column : batch.columns) EncodeColumn(*column, out);
}

absl::StatusOr<Batch> DecodeBatch(std::string_view bytes) {
  Reader reader(bytes);
  uint8_t version;
  uint32_t column_count;
  Batch batch;
  if (!reader.Get(&version) || version != kVersion || !reader.Get(&batch.row_count) ||
      !reader.Get(&column_count)) {
    return Malformed();
  }
  for (uint32_t i = 0; i < column_count; ++i) {
    if (!DecodeColumn(reader, batch.row_count, &batch)) return Malformed();
  }
  if (reader.left() != 0) return Malformed();
  return batch;
}

}  // namespace adbms::types
