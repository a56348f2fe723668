#include "common/types/key_form.h"

#include "common/types/wide_decimal.h"

namespace adbms::types::key_form {

std::string WideDigits(const DecimalView& value) {
  std::string digits = WideDecimal::Of(value).unscaled.Digits();
  for (char& digit : digits) digit = static_cast<char>(digit - '0');
  return digits;
}

}  // namespace adbms::types::key_form
