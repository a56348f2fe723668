// SCRAM-SHA-256 (RFC 5802, RFC 7677), server side. Pure functions: the state of a conversation is
// in the bytes that come back with its second step.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace adbms::security::authn {

inline constexpr int kIterations = 4096;

// PostgreSQL's stored form: SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>.
// A fresh random salt each time.
absl::StatusOr<std::string> MakeVerifier(std::string_view password);

// Whether `password` belongs to the verifier.
bool VerifyPassword(std::string_view password, std::string_view verifier);

// A verifier that no password fits, the same for a user each time, so that unknown users look like
// known ones.
std::string MockVerifier(std::string_view user, std::string_view server_secret);

struct Challenge {
  std::string server_first;
  std::string conversation;
};
// Whether the mechanism and the header go together, the front has checked, which knows the channel.
// Errors: 08P01 for a malformed message and for another channel binding than tls-server-end-point.
absl::StatusOr<Challenge> Start(std::string_view client_first, std::string_view verifier);

// Returns server-final-message. What the client has bound itself to is part of its proof; that it
// is this channel, the front has checked. Errors: 28P01 when the proof is wrong, 08P01 for a
// malformed message.
absl::StatusOr<std::string> Finish(std::string_view conversation, std::string_view client_final,
                                   std::string_view verifier, std::string_view user);

// The client's side, for our own clients and tests.
class Client {
 public:
  explicit Client(std::string password) : password_(std::move(password)) {}
  std::string First();
  absl::StatusOr<std::string> Final(std::string_view server_first);
  bool CheckServer(std::string_view server_final) const;

 private:
  const std::string password_;
  std::string nonce_;
  std::string server_signature_;
};

// `size` random bytes in base64.
std::string RandomBase64(int size);

}  // namespace adbms::security::authn
