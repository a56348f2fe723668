#include "common/types/form.h"

#include "common/types/array.h"
#include "common/types/bit_string.h"
#include "common/types/bytes_text.h"
#include "common/types/composite.h"
#include "common/types/jsonb.h"
#include "common/types/jsonb_order.h"
#include "common/types/mac_address.h"
#include "common/types/network.h"
#include "common/types/range.h"
#include "common/types/text_search.h"

namespace adbms::types {

bool HasForm(TypeId id) {
  if (IsArray(id) || IsRange(id) || IsMultirange(id)) return true;
  switch (id) {
    case TypeId::kJsonb:
    case TypeId::kUuid:
    case TypeId::kInet:
    case TypeId::kCidr:
    case TypeId::kMacaddr:
    case TypeId::kMacaddr8:
    case TypeId::kBit:
    case TypeId::kVarbit:
    case TypeId::kRecord:
    case TypeId::kTsVector:
    case TypeId::kTsQuery:
      return true;
    default:
      return false;
  }
}

bool IsWellFormed(TypeId id, std::string_view bytes) {
  if (IsArray(id)) return IsWellFormedArray(bytes, id);
  if (IsRange(id) || IsMultirange(id)) return IsWellFormedRange(bytes, id);
  switch (id) {
    case TypeId::kJsonb:
      return ValidateJsonb(bytes).ok();
    case TypeId::kUuid:
      return bytes.size() == 16;
    case TypeId::kInet:
      return NetworkAddress::IsForm(bytes);
    case TypeId::kCidr:
      return NetworkAddress::IsForm(bytes) && !NetworkAddress::FromForm(bytes).HasHostBits();
    case TypeId::kMacaddr:
      return bytes.size() == kMacaddrSize;
    case TypeId::kMacaddr8:
      return bytes.size() == kMacaddr8Size;
    case TypeId::kBit:
    case TypeId::kVarbit:
      return AreBits(bytes);
    case TypeId::kRecord:
      return IsWellFormedComposite(bytes);
    case TypeId::kTsVector:
      return IsTsVectorForm(bytes);
    case TypeId::kTsQuery:
      return IsTsQueryForm(bytes);
    default:
      return true;
  }
}

bool HasOrderKey(TypeId id) {
  return id == TypeId::kJsonb || id == TypeId::kRecord || id == TypeId::kTsVector ||
         id == TypeId::kTsQuery || IsArray(id) || IsRange(id) || IsMultirange(id);
}

bool ComparesAsBytes(TypeId id) { return id != TypeId::kBpchar && !HasOrderKey(id); }

int CompareStrings(TypeId id, std::string_view a, std::string_view b) {
  if (IsArray(id)) return CompareArrays(a, b, id);
  if (IsRange(id) || IsMultirange(id)) return CompareRangeForms(a, b, id);
  if (id == TypeId::kRecord) return CompareComposites(a, b);
  if (id == TypeId::kTsVector) return CompareTsVectors(a, b);
  if (id == TypeId::kTsQuery) return CompareTsQueries(a, b);
  if (id == TypeId::kJsonb) return CompareJsonb(Jsonb(a), Jsonb(b));
  if (id == TypeId::kBpchar) return TrimBlanks(a).compare(TrimBlanks(b));
  return a.compare(b);
}

void AppendOrderKey(TypeId id, std::string_view bytes, std::string* out) {
  if (IsArray(id)) return AppendArrayKey(bytes, id, out);
  if (IsRange(id) || IsMultirange(id)) return AppendRangeKey(bytes, id, out);
  if (id == TypeId::kRecord) return AppendCompositeKey(bytes, out);
  if (id == TypeId::kTsVector) return AppendTsVectorKey(bytes, out);
  if (id == TypeId::kTsQuery) return AppendTsQueryKey(bytes, out);
  AppendJsonbKey(Jsonb(bytes), out);
}

}  // namespace adbms::types
