// Which addresses nobody but this machine reaches.
#pragma once

#include <string>

namespace adbms::tls {

// Whether `address`, host:port, [host]:port or as getnameinfo writes an IPv6 peer (::1:5000), is
// one of loopback.
bool IsLoopback(const std::string& address);

}  // namespace adbms::tls
