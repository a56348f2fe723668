// What the extension pgcrypto has without keys of its own: digests, HMAC, random bytes and password
// hashes (by crypt(3)).
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

absl::StatusOr<const EVP_MD*> FindDigest(View name) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  for (const char* known : {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}) {
    if (lower == known) return EVP_get_digestbyname(known);
  }
  return status::Error(sqlstate::kInvalidParameterValue,
                       "Cannot use \"" + std::string(name) + "\": No such hash algorithm");
}

absl::StatusOr<std::string> DigestOf(const View& data, const View& name) {
  ASSIGN_OR_RETURN(const EVP_MD* digest, FindDigest(name));
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), bytes, &size, digest, nullptr) != 1)
    return absl::InternalError("a digest failed");
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

absl::StatusOr<std::string> HmacOf(const View& data, const View& key, const View& name) {
  ASSIGN_OR_RETURN(const EVP_MD* digest, FindDigest(name));
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(digest, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), bytes,
           &size) == nullptr)
    return absl::InternalError("an HMAC failed");
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

absl::StatusOr<std::string> RandomBytes(int32_t count) {
  constexpr int32_t kMost = 1024;
  if (count < 1 || count > kMost) return status::Error("39000", "Length not in range");
  std::string bytes(static_cast<size_t>(count), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), count) != 1)
    return absl::InternalError("no random bytes");
  return bytes;
}

// Kinds of salts: what crypt(3) calls them, and how many rounds they may ask for.
struct SaltKind {
  const char* name;
  const char* prefix;
  int least, most, usual;
};
constexpr SaltKind kSalts[] = {{"des", "", 0, 0, 0},
                               {"md5", "$1$", 0, 0, 0},
                               {"xdes", "_", 1, 0xffffff, 725},
                               {"bf", "$2a$", 4, 31, 6}};

absl::StatusOr<std::string> Salt(const View& name, int32_t rounds) {
  for (const SaltKind& kind : kSalts) {
    if (!absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()), kind.name)) continue;
    if (rounds == 0) rounds = kind.usual;
    // An even number of DES rounds would give something of the key away.
    if (rounds < kind.least || rounds > kind.most || (kind.prefix[0] == '_' && rounds % 2 == 0))
      return status::Error(sqlstate::kInvalidParameterValue,
                           "gen_salt: Incorrect number of rounds");
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    if (crypt_gensalt_rn(kind.prefix, static_cast<unsigned long>(rounds), nullptr, 0, salt,
                         sizeof(salt)) == nullptr)
      return absl::InternalError("no salt could be made");
    return std::string(salt);
  }
  return status::Error(sqlstate::kInvalidParameterValue, "gen_salt: Unknown salt algorithm");
}

// Kinds that pgcrypto has, with as many rounds as take a few seconds at most: crypt(3) cannot be
// interrupted.
absl::Status CheckSalt(View salt) {
  constexpr int kMostRounds = 15;  // As a power of two.
  if (salt.starts_with("$2a$") || salt.starts_with("$2b$") || salt.starts_with("$2y$")) {
    int rounds = 0;
    if (salt.size() >= 6 && absl::SimpleAtoi(absl::string_view(salt.data() + 4, 2), &rounds) &&
        rounds > kMostRounds)
      return status::NotSupported("a salt that asks for more than 15 rounds");
    return absl::OkStatus();
  }
  if (salt.starts_with("$1$") || salt.starts_with('_') ||
      (!salt.empty() && salt[0] != '$' && salt[0] != '*'))
    return absl::OkStatus();
  return status::Error(sqlstate::kInvalidParameterValue, "invalid salt");
}

absl::StatusOr<std::string> CryptOf(const EvaluationContext& context, const View& password,
                                    const View& salt) {
  RETURN_IF_ERROR(CheckSalt(salt));
  RETURN_IF_ERROR(context.Handled(1 << 20));
  crypt_data data;
  std::memset(&data, 0, sizeof(data));
  const char* hash = crypt_r(std::string(password).c_str(), std::string(salt).c_str(), &data);
  if (hash == nullptr || hash[0] == '*')
    return status::Error(sqlstate::kInvalidParameterValue, "invalid salt");
  return std::string(hash);
}

}  // namespace

void AddCrypto(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId bytea = TypeId::kBytea;
  const TypeId int4 = TypeId::kInt4;
  for (const TypeId data : {text, bytea}) {
    builder.AddFunction("digest", {data, text}, bytea, Map<DigestOf>);
    builder.AddFunction("hmac", {data, data, text}, bytea, Map<HmacOf>);
  }
  builder.AddFunction("gen_random_bytes", {int4}, bytea, Map<RandomBytes>, kVolatile);
  builder.AddFunction("crypt", {text, text}, text, Map<CryptOf>);
  builder.AddFunction("gen_salt", {text}, text, Map<[](const View& name) { return Salt(name, 0); }>,
                      kVolatile);
  builder.AddFunction("gen_salt", {text, int4}, text, Map<Salt>, kVolatile);
}

}  // namespace adbms::sql::functions
