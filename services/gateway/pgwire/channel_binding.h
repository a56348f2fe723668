// Channel binding of SCRAM (RFC 5802, RFC 5929: tls-server-end-point), where the channel ends: that
// a client has seen what was offered, and talks to the end point that it thinks it does. Security,
// which checks the proof, sees neither. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace adbms::gateway::pgwire {

struct ChannelBinding {
  std::string endpoint_hash;  // Of the certificate that was shown; empty: nothing was offered.
  bool chosen = false;        // The client has chosen SCRAM-SHA-256-PLUS.
};

// Of client-first-message. Errors: 08P01 for a header that does not go with the mechanism, 28000
// for a client that has not seen that a binding was offered.
absl::Status CheckFirst(std::string_view client_first, const ChannelBinding& binding);

// Of client-final-message. Errors: 28000 for another end point.
absl::Status CheckFinal(std::string_view client_final, const ChannelBinding& binding);

}  // namespace adbms::gateway::pgwire
