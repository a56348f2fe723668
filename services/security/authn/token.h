// Tokens that stand for a role in place of a password: `adbms_` and 112 hexadecimal digits, of
// which 16 are the token's number, 64 the secret, and 32 a mark of the cluster's own secret, by
// which a text that the cluster has not issued is told at once. Kept is a hash of the secret: it
// has 256 random bits, so that nothing slow is needed to keep it from being guessed. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace adbms::security::authn {

struct ReadToken {
  std::string id;
  std::string digest;  // Of its secret.
};
struct NewToken {
  std::string text;
  ReadToken read;
};

// Errors: INTERNAL without randomness.
absl::StatusOr<NewToken> MakeToken(std::string_view cluster_secret);

// Nothing for a text that this cluster has not issued.
std::optional<ReadToken> ParseToken(std::string_view text, std::string_view cluster_secret);

// In constant time.
bool SameDigest(std::string_view a, std::string_view b);

}  // namespace adbms::security::authn
