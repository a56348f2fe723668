#include "src/rpc.h"

namespace adbms::internal {

std::string ArrayText(const std::vector<Value>& elements) {
  std::string text = "{";
  for (const Value& element : elements) {
    if (text.size() > 1) text += ",";
    const auto* inner = std::get_if<Value::Text>(&element.data());
    if (element.is_null()) {
      text += "NULL";
    } else if (inner != nullptr && inner->oid >= 1000 && inner->oid < 1300) {
      text += inner->text;  // An array of a further dimension.
    } else {
      text += "\"";
      for (const char c : element.text()) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += "\"";
    }
  }
  return text + "}";
}

std::uint32_t ArrayOid(const std::vector<Value>& elements) {
  for (const Value& element : elements) {
    if (element.is_null()) continue;
    switch (element.oid()) {
      case 16:
        return 1000;
      case 17:
        return 1001;
      case 20:
      case 23: {
        for (const Value& other : elements)
          if (other.oid() == 20) return 1016;
        return 1007;
      }
      case 701:
        return 1022;
      case 1082:
        return 1182;
      case 1184:
        return 1185;
      case 1186:
        return 1187;
      case 1700:
        return 1231;
      case 2950:
        return 2951;
      default:
        return element.oid() >= 1000 && element.oid() < 1300 ? element.oid() : 0;
    }
  }
  return 0;
}

}  // namespace adbms::internal
