#include "services/security/authn/token.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace adbms::security::authn {
namespace {

constexpr std::string_view kPrefix = "adbms_";
constexpr size_t kIdBytes = 8;
constexpr size_t kSecretBytes = 32;
constexpr size_t kMarkDigits = 32;
constexpr size_t kBodyDigits = 2 * (kIdBytes + kSecretBytes);

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

std::string MarkOf(std::string_view body, std::string_view cluster_secret) {
  const std::string marked = absl::StrCat("token ", absl::string_view(body.data(), body.size()));
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), cluster_secret.data(), static_cast<int>(cluster_secret.size()),
       reinterpret_cast<const unsigned char*>(marked.data()), marked.size(), mac, &size);
  return Hex(mac, size).substr(0, kMarkDigits);
}

ReadToken Read(std::string_view body) {
  const std::string_view secret = body.substr(2 * kIdBytes);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest);
  return {std::string(body.substr(0, 2 * kIdBytes)), Hex(digest, sizeof(digest))};
}

}  // namespace

bool SameDigest(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

absl::StatusOr<NewToken> MakeToken(std::string_view cluster_secret) {
  unsigned char bytes[kIdBytes + kSecretBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return absl::InternalError("no randomness to be had");
  const std::string body = Hex(bytes, sizeof(bytes));
  NewToken token;
  token.read = Read(body);
  token.text = absl::StrCat(absl::string_view(kPrefix.data(), kPrefix.size()), body,
                            MarkOf(body, cluster_secret));
  return token;
}

std::optional<ReadToken> ParseToken(std::string_view text, std::string_view cluster_secret) {
  if (text.size() != kPrefix.size() + kBodyDigits + kMarkDigits) return std::nullopt;
  if (text.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::string_view body = text.substr(kPrefix.size(), kBodyDigits);
  const bool digits = std::all_of(body.begin(), body.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
  if (!digits ||
      !SameDigest(text.substr(kPrefix.size() + kBodyDigits), MarkOf(body, cluster_secret))) {
    return std::nullopt;
  }
  return Read(body);
}

}  // namespace adbms::security::authn
