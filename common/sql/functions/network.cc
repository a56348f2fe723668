// Functions and operators of inet, cidr, macaddr and macaddr8.
#include "common/types/network.h"

#include <algorithm>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/mac_address.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::NetworkAddress;
using types::TypeId;
using View = std::string_view;
using Text = std::string;
namespace sqlstate = status::sqlstate;

NetworkAddress Read(View form) { return NetworkAddress::FromForm(form); }

Text WithoutMask(NetworkAddress value) {
  value.set_bits(value.max_bits());
  Text text;
  types::FormatNetwork(value, TypeId::kInet, &text);
  return text;
}

Text Host(const View& form) { return WithoutMask(Read(form)); }

// text(inet), and the cast: with the mask, whatever it is.
Text Show(const View& form) {
  const NetworkAddress value = Read(form);
  return WithoutMask(value) + "/" + std::to_string(value.bits());
}

template <TypeId kId>
Text Abbreviate(const View& form) {
  if constexpr (kId == TypeId::kCidr) return types::AbbreviateNetwork(Read(form));
  Text text;
  types::FormatNetwork(Read(form), TypeId::kInet, &text);
  return text;
}

int32_t Family(const View& form) { return Read(form).family() == NetworkAddress::kV4 ? 4 : 6; }
int32_t MaskLength(const View& form) { return Read(form).bits(); }
Text Network(const View& form) { return Read(form).Network().ToForm(); }

Text Broadcast(const View& form) {
  NetworkAddress value = Read(form);
  for (int i = 0; i < value.size(); ++i)
    value.set_byte(i, static_cast<uint8_t>(value.byte(i) | ~value.mask_byte(i)));
  return value.ToForm();
}

template <bool kOfHost>
Text Mask(const View& form) {
  NetworkAddress value = Read(form);
  for (int i = 0; i < value.size(); ++i) {
    const uint8_t mask = value.mask_byte(i);
    value.set_byte(i, kOfHost ? static_cast<uint8_t>(~mask) : mask);
  }
  value.set_bits(value.max_bits());
  return value.ToForm();
}

template <TypeId kId>
absl::StatusOr<Text> SetMaskLength(const View& form, int32_t bits) {
  NetworkAddress value = Read(form);
  const int32_t wanted = bits == -1 ? value.max_bits() : bits;
  if (wanted < 0 || wanted > value.max_bits()) {
    return Error(sqlstate::kInvalidParameterValue,
                 "invalid mask length: " + std::to_string(wanted));
  }
  value.set_bits(wanted);
  return kId == TypeId::kCidr ? value.Network().ToForm() : value.ToForm();
}

bool SameFamily(const View& a, const View& b) { return Read(a).family() == Read(b).family(); }

absl::StatusOr<Text> Merge(const View& a, const View& b) {
  NetworkAddress value = Read(a);
  const NetworkAddress other = Read(b);
  if (value.family() != other.family()) {
    return Error(sqlstate::kInvalidParameterValue,
                 "cannot merge addresses from different families");
  }
  value.set_bits(value.CommonBits(other, std::min(value.bits(), other.bits())));
  return value.Network().ToForm();
}

// Whether the leading bits that both masks cover are the same.
bool Overlaps(const NetworkAddress& a, const NetworkAddress& b) {
  const int bits = std::min(a.bits(), b.bits());
  return a.family() == b.family() && a.CommonBits(b, bits) == bits;
}

bool IsWithin(const View& a, const View& b) {
  const NetworkAddress inner = Read(a);
  const NetworkAddress outer = Read(b);
  return inner.bits() > outer.bits() && Overlaps(inner, outer);
}
bool IsWithinOrEqual(const View& a, const View& b) {
  const NetworkAddress inner = Read(a);
  const NetworkAddress outer = Read(b);
  return inner.bits() >= outer.bits() && Overlaps(inner, outer);
}
bool HasWithin(const View& a, const View& b) { return IsWithin(b, a); }
bool HasWithinOrEqual(const View& a, const View& b) { return IsWithinOrEqual(b, a); }
bool HasCommon(const View& a, const View& b) { return Overlaps(Read(a), Read(b)); }

Text Not(const View& form) {
  NetworkAddress value = Read(form);
  for (int i = 0; i < value.size(); ++i) value.set_byte(i, static_cast<uint8_t>(~value.byte(i)));
  return value.ToForm();
}

absl::Status DifferentSizes(View verb) {
  return Error(sqlstate::kInvalidParameterValue,
               "cannot " + Text(verb) + " inet values of different sizes");
}

template <bool kAnd>
absl::StatusOr<Text> Combine(const View& a, const View& b) {
  NetworkAddress value = Read(a);
  const NetworkAddress other = Read(b);
  if (value.family() != other.family()) return DifferentSizes(kAnd ? "AND" : "OR");
  for (int i = 0; i < value.size(); ++i)
    value.set_byte(i, kAnd ? value.byte(i) & other.byte(i) : value.byte(i) | other.byte(i));
  value.set_bits(std::max(value.bits(), other.bits()));
  return value.ToForm();
}

absl::Status OutOfRange() { return Error(sqlstate::kNumericOutOfRange, "result is out of range"); }

absl::StatusOr<Text> Shifted(const View& form, __int128 offset) {
  NetworkAddress value = Read(form);
  // The lowest byte first; what is left over beyond the highest is an overflow.
  __int128 carry = offset;
  for (int i = value.size() - 1; i >= 0; --i) {
    carry += value.byte(i);
    value.set_byte(i, static_cast<uint8_t>(carry & 0xff));
    carry >>= 8;
  }
  if (carry != 0) return OutOfRange();
  return value.ToForm();
}

absl::StatusOr<Text> Plus(const View& form, int64_t offset) { return Shifted(form, offset); }
absl::StatusOr<Text> PlusTo(int64_t offset, const View& form) { return Shifted(form, offset); }
absl::StatusOr<Text> Minus(const View& form, int64_t offset) {
  return Shifted(form, -static_cast<__int128>(offset));
}

absl::StatusOr<int64_t> Distance(const View& a, const View& b) {
  const NetworkAddress left = Read(a);
  const NetworkAddress right = Read(b);
  if (left.family() != right.family()) return DifferentSizes("subtract");
  // Bytes that differ beyond the lowest nine cannot give a distance of 64 bits.
  const int first = std::max(0, left.size() - 9);
  __int128 distance = 0;
  for (int i = 0; i < left.size(); ++i) {
    const int difference = left.byte(i) - right.byte(i);
    if (i < first) {
      distance = distance * 256 + difference;
      if (distance < -1 || distance > 1) return OutOfRange();
    } else {
      distance = distance * 256 + difference;
    }
  }
  if (distance != static_cast<int64_t>(distance)) return OutOfRange();
  return static_cast<int64_t>(distance);
}

template <char kOperator>
Text Bitwise(const View& a, const View& b) {
  Text bytes(a);
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    bytes[i] = kOperator == '&' ? static_cast<char>(a[i] & b[i]) : static_cast<char>(a[i] | b[i]);
  }
  return bytes;
}

Text Inverted(const View& bytes) {
  Text inverted(bytes);
  for (char& byte : inverted) byte = static_cast<char>(~byte);
  return inverted;
}

// Keeps the manufacturer's three bytes.
Text Truncated(const View& bytes) {
  Text manufacturer(bytes.substr(0, std::min<size_t>(3, bytes.size())));
  manufacturer.resize(bytes.size(), '\0');
  return manufacturer;
}

Text WithSeventhBit(const View& bytes) {
  Text set(bytes);
  if (!set.empty()) set[0] = static_cast<char>(set[0] | 2);
  return set;
}

template <auto F>
absl::Status Convert(const EvaluationContext& context, const types::Vector& input, bool,
                     types::Vector* result) {
  return Map<F>(context, {&input}, input.size(), result);
}

void AddNetworkCasts(CatalogBuilder& builder) {
  const TypeId inet = TypeId::kInet;
  const TypeId cidr = TypeId::kCidr;
  builder.AddCast(cidr, inet, CastContext::kImplicit, Convert<[](const View& x) { return x; }>);
  builder.AddCast(inet, cidr, CastContext::kAssignment, Convert<Network>);
  for (const TypeId id : {inet, cidr}) {
    for (const TypeId text : {TypeId::kText, TypeId::kVarchar, TypeId::kBpchar})
      builder.AddCast(id, text, CastContext::kAssignment, Convert<Show>);
  }
  builder.AddCast(TypeId::kMacaddr, TypeId::kMacaddr8, CastContext::kImplicit,
                  Convert<[](const View& x) { return types::MacaddrToMacaddr8(x); }>);
  builder.AddCast(TypeId::kMacaddr8, TypeId::kMacaddr, CastContext::kImplicit,
                  Convert<[](const View& x) { return types::Macaddr8ToMacaddr(x); }>);
}

void AddNetworkOperators(CatalogBuilder& builder) {
  const TypeId inet = TypeId::kInet;
  const TypeId boolean = TypeId::kBool;
  const TypeId int8 = TypeId::kInt8;
  builder.AddOperator("<<", {inet, inet}, boolean, Map<IsWithin>, ">>");
  builder.AddOperator("<<=", {inet, inet}, boolean, Map<IsWithinOrEqual>, ">>=");
  builder.AddOperator(">>", {inet, inet}, boolean, Map<HasWithin>, "<<");
  builder.AddOperator(">>=", {inet, inet}, boolean, Map<HasWithinOrEqual>, "<<=");
  builder.AddOperator("&&", {inet, inet}, boolean, Map<HasCommon>, "&&");
  builder.AddOperator("~", {inet}, inet, Map<Not>);
  builder.AddOperator("&", {inet, inet}, inet, Map<Combine<true>>);
  builder.AddOperator("|", {inet, inet}, inet, Map<Combine<false>>);
  builder.AddOperator("+", {inet, int8}, inet, Map<Plus>);
  builder.AddOperator("+", {int8, inet}, inet, Map<PlusTo>);
  builder.AddOperator("-", {inet, int8}, inet, Map<Minus>);
  builder.AddOperator("-", {inet, inet}, int8, Map<Distance>);
  for (const TypeId id : {TypeId::kMacaddr, TypeId::kMacaddr8}) {
    builder.AddOperator("~", {id}, id, Map<Inverted>);
    builder.AddOperator("&", {id, id}, id, Map<Bitwise<'&'>>);
    builder.AddOperator("|", {id, id}, id, Map<Bitwise<'|'>>);
  }
}

}  // namespace

void AddNetwork(CatalogBuilder& builder) {
  const TypeId inet = TypeId::kInet;
  const TypeId cidr = TypeId::kCidr;
  const TypeId text = TypeId::kText;
  const TypeId int4 = TypeId::kInt4;
  builder.AddFunction("host", {inet}, text, Map<Host>);
  builder.AddFunction("text", {inet}, text, Map<Show>);
  builder.AddFunction("abbrev", {inet}, text, Map<Abbreviate<TypeId::kInet>>);
  builder.AddFunction("abbrev", {cidr}, text, Map<Abbreviate<TypeId::kCidr>>);
  builder.AddFunction("family", {inet}, int4, Map<Family>);
  builder.AddFunction("masklen", {inet}, int4, Map<MaskLength>);
  builder.AddFunction("network", {inet}, cidr, Map<Network>);
  builder.AddFunction("broadcast", {inet}, inet, Map<Broadcast>);
  builder.AddFunction("netmask", {inet}, inet, Map<Mask<false>>);
  builder.AddFunction("hostmask", {inet}, inet, Map<Mask<true>>);
  builder.AddFunction("set_masklen", {inet, int4}, inet, Map<SetMaskLength<TypeId::kInet>>);
  builder.AddFunction("set_masklen", {cidr, int4}, cidr, Map<SetMaskLength<TypeId::kCidr>>);
  builder.AddFunction("inet_same_family", {inet, inet}, TypeId::kBool, Map<SameFamily>);
  builder.AddFunction("inet_merge", {inet, inet}, cidr, Map<Merge>);
  builder.AddFunction("trunc", {TypeId::kMacaddr}, TypeId::kMacaddr, Map<Truncated>);
  builder.AddFunction("trunc", {TypeId::kMacaddr8}, TypeId::kMacaddr8, Map<Truncated>);
  builder.AddFunction("macaddr8_set7bit", {TypeId::kMacaddr8}, TypeId::kMacaddr8,
                      Map<WithSeventhBit>);
  AddNetworkOperators(builder);
  AddNetworkCasts(builder);
}

}  // namespace adbms::sql::functions
