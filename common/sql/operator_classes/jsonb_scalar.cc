#include "common/sql/operator_classes/jsonb_scalar.h"

namespace adbms::sql {

using types::Jsonb;
using types::JsonbKind;

char JsonScalarKind(const Jsonb& scalar) {
  switch (scalar.kind()) {
    case JsonbKind::kString:
      return kJsonString;
    case JsonbKind::kNumber:
      return kJsonNumber;
    case JsonbKind::kBool:
      return kJsonBool;
    default:
      return kJsonNull;
  }
}

void JsonScalarBytes(const Jsonb& scalar, std::string* out) {
  out->clear();
  switch (scalar.kind()) {
    case JsonbKind::kString:
      out->append(scalar.text());
      return;
    case JsonbKind::kNumber: {
      const types::JsonbNumber number = scalar.number();
      if (number.negative) out->push_back('-');
      out->append(number.digits).append("e").append(std::to_string(number.exponent));
      return;
    }
    case JsonbKind::kBool:
      out->push_back(scalar.bool_value() ? 't' : 'f');
      return;
    default:
      return;
  }
}

}  // namespace adbms::sql
