// As whom what asks for its caller's rights reads: functions without SECURITY DEFINER, and views
// with security_invoker, wherever they are used; views in between do not count.
#pragma once

#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql::binder {

// The owner of the innermost function with SECURITY DEFINER of those that are being bound, the
// outermost first; empty: whoever runs the statement.
inline std::string InvokingRole(
    const std::vector<const common::v1::FunctionDescriptor*>& functions) {
  for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
    if ((*function)->security_definer()) return (*function)->owner();
  }
  return {};
}

}  // namespace adbms::sql::binder
