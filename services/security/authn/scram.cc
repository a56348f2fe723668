#include "services/security/authn/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::security::authn {
namespace {

constexpr int kKeyBytes = 32;
constexpr int kSaltBytes = 16;
constexpr int kNonceBytes = 18;
constexpr std::string_view kEndPoint = "p=tls-server-end-point";

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Hmac(std::string_view key, std::string_view data) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), out, &size);
  return {reinterpret_cast<char*>(out), size};
}

std::string Sha256(std::string_view data) {
  unsigned char out[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), out);
  return {reinterpret_cast<char*>(out), sizeof(out)};
}

std::string SaltedPassword(std::string_view password, std::string_view salt, int iterations) {
  unsigned char out[kKeyBytes];
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), iterations, EVP_sha256(), kKeyBytes, out);
  return {reinterpret_cast<char*>(out), kKeyBytes};
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(View(bytes)); }

std::string Xor(std::string_view a, std::string_view b) {
  std::string out(a);
  for (size_t i = 0; i < out.size() && i < b.size(); ++i) out[i] ^= b[i];
  return out;
}

bool SameBytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

struct Verifier {
  int iterations = 0;
  std::string salt;
  std::string stored_key;
  std::string server_key;
};

absl::StatusOr<Verifier> ParseVerifier(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(View(text), '$');
  Verifier verifier;
  if (parts.size() == 3 && parts[0] == "SCRAM-SHA-256") {
    const std::vector<std::string> front = absl::StrSplit(parts[1], ':');
    const std::vector<std::string> keys = absl::StrSplit(parts[2], ':');
    if (front.size() == 2 && keys.size() == 2 && absl::SimpleAtoi(front[0], &verifier.iterations) &&
        verifier.iterations > 0 && absl::Base64Unescape(front[1], &verifier.salt) &&
        absl::Base64Unescape(keys[0], &verifier.stored_key) &&
        absl::Base64Unescape(keys[1], &verifier.server_key)) {
      return verifier;
    }
  }
  return absl::DataLossError("a stored password is not a SCRAM-SHA-256 verifier");
}

std::string FormatVerifier(const Verifier& verifier) {
  return absl::StrCat("SCRAM-SHA-256$", verifier.iterations, ":", Base64(verifier.salt), "$",
                      Base64(verifier.stored_key), ":", Base64(verifier.server_key));
}

Verifier Derive(std::string_view password, std::string salt, int iterations) {
  const std::string salted = SaltedPassword(password, salt, iterations);
  Verifier verifier;
  verifier.iterations = iterations;
  verifier.salt = std::move(salt);
  verifier.stored_key = Sha256(Hmac(salted, "Client Key"));
  verifier.server_key = Hmac(salted, "Server Key");
  return verifier;
}

absl::Status Malformed(std::string_view what) {
  return status::Error(status::sqlstate::kProtocolViolation, "malformed SCRAM message", what);
}

// The value of attribute `name` ("r=…") in a comma-separated message.
absl::StatusOr<std::string> Attribute(std::string_view message, char name) {
  for (absl::string_view part : absl::StrSplit(View(message), ',')) {
    if (part.size() >= 2 && part[0] == name && part[1] == '=') {
      return std::string(part.data() + 2, part.size() - 2);
    }
  }
  return Malformed(absl::StrCat("attribute ", std::string(1, name), " is missing"));
}

}  // namespace

std::string RandomBase64(int size) {
  std::vector<unsigned char> bytes(size);
  RAND_bytes(bytes.data(), size);
  return Base64({reinterpret_cast<char*>(bytes.data()), bytes.size()});
}

absl::StatusOr<std::string> MakeVerifier(std::string_view password) {
  unsigned char salt[kSaltBytes];
  if (RAND_bytes(salt, kSaltBytes) != 1) return absl::InternalError("no randomness to be had");
  return FormatVerifier(
      Derive(password, std::string(reinterpret_cast<char*>(salt), kSaltBytes), kIterations));
}

bool VerifyPassword(std::string_view password, std::string_view verifier) {
  const auto parsed = ParseVerifier(verifier);
  if (!parsed.ok()) return false;
  return SameBytes(Derive(password, parsed->salt, parsed->iterations).stored_key,
                   parsed->stored_key);
}

std::string MockVerifier(std::string_view user, std::string_view server_secret) {
  Verifier verifier;
  verifier.iterations = kIterations;
  verifier.salt = Hmac(server_secret, user).substr(0, kSaltBytes);
  verifier.stored_key = Hmac(server_secret, absl::StrCat("stored ", View(user)));
  verifier.server_key = Hmac(server_secret, absl::StrCat("server ", View(user)));
  return FormatVerifier(verifier);
}

absl::StatusOr<Challenge> Start(std::string_view client_first, std::string_view verifier) {
  ASSIGN_OR_RETURN(const Verifier parsed, ParseVerifier(verifier));
  // gs2-header: "n,,", "y,," or "p=tls-server-end-point,,".
  const size_t first = client_first.find(',');
  const size_t second = first == std::string_view::npos ? first : client_first.find(',', first + 1);
  const std::string_view flag = client_first.substr(0, first);
  if (second == std::string_view::npos || (flag != "n" && flag != "y" && flag != kEndPoint)) {
    return Malformed("the header is missing");
  }
  const std::string_view bare = client_first.substr(second + 1);
  ASSIGN_OR_RETURN(const std::string client_nonce, Attribute(bare, 'r'));
  if (client_nonce.empty()) return Malformed("the nonce is empty");
  Challenge challenge;
  const std::string nonce = client_nonce + RandomBase64(kNonceBytes);
  challenge.server_first =
      absl::StrCat("r=", nonce, ",s=", Base64(parsed.salt), ",i=", parsed.iterations);
  challenge.conversation = absl::StrCat(View(client_first.substr(0, second + 1)), "\n", nonce, "\n",
                                        View(bare), ",", challenge.server_first);
  return challenge;
}

absl::StatusOr<std::string> Finish(std::string_view conversation, std::string_view client_final,
                                   std::string_view verifier, std::string_view user) {
  const absl::Status wrong =
      status::Error(status::sqlstate::kInvalidPassword,
                    absl::StrCat("password authentication failed for user \"", View(user), "\""));
  ASSIGN_OR_RETURN(const Verifier parsed, ParseVerifier(verifier));
  const std::vector<std::string> state =
      absl::StrSplit(View(conversation), absl::MaxSplits('\n', 2));
  if (state.size() != 3) return Malformed("the conversation was lost");
  const size_t proof_at = client_final.rfind(",p=");
  if (proof_at == std::string_view::npos) return Malformed("the proof is missing");
  const std::string_view without_proof = client_final.substr(0, proof_at);
  std::string proof;
  if (!absl::Base64Unescape(View(client_final.substr(proof_at + 3)), &proof) ||
      proof.size() != kKeyBytes) {
    return Malformed("the proof is not base64 of 32 bytes");
  }
  ASSIGN_OR_RETURN(const std::string nonce, Attribute(without_proof, 'r'));
  ASSIGN_OR_RETURN(const std::string binding, Attribute(without_proof, 'c'));
  // The header comes again, and the channel's data behind it where it announces some.
  std::string bound;
  const bool binds = absl::StartsWith(state[0], "p=");
  if (nonce != state[1] || !absl::Base64Unescape(binding, &bound) ||
      !absl::StartsWith(bound, state[0]) || binds == (bound.size() == state[0].size())) {
    return wrong;
  }
  const std::string auth_message = absl::StrCat(state[2], ",", View(without_proof));
  const std::string client_key = Xor(proof, Hmac(parsed.stored_key, auth_message));
  if (!SameBytes(Sha256(client_key), parsed.stored_key)) return wrong;
  return absl::StrCat("v=", Base64(Hmac(parsed.server_key, auth_message)));
}

std::string Client::First() {
  nonce_ = RandomBase64(kNonceBytes);
  return absl::StrCat("n,,n=,r=", nonce_);
}

absl::StatusOr<std::string> Client::Final(std::string_view server_first) {
  ASSIGN_OR_RETURN(const std::string nonce, Attribute(server_first, 'r'));
  ASSIGN_OR_RETURN(const std::string salt_text, Attribute(server_first, 's'));
  ASSIGN_OR_RETURN(const std::string iterations_text, Attribute(server_first, 'i'));
  std::string salt;
  int iterations = 0;
  if (nonce.rfind(nonce_, 0) != 0 || !absl::Base64Unescape(salt_text, &salt) ||
      !absl::SimpleAtoi(iterations_text, &iterations) || iterations < 1) {
    return Malformed("the server's challenge is invalid");
  }
  const std::string salted = SaltedPassword(password_, salt, iterations);
  const std::string client_key = Hmac(salted, "Client Key");
  const std::string without_proof = absl::StrCat("c=biws,r=", nonce);
  const std::string auth_message =
      absl::StrCat("n=,r=", nonce_, ",", View(server_first), ",", without_proof);
  const std::string proof = Xor(client_key, Hmac(Sha256(client_key), auth_message));
  server_signature_ = absl::StrCat("v=", Base64(Hmac(Hmac(salted, "Server Key"), auth_message)));
  return absl::StrCat(without_proof, ",p=", Base64(proof));
}

bool Client::CheckServer(std::string_view server_final) const {
  return SameBytes(server_final, server_signature_);
}

}  // namespace adbms::security::authn
