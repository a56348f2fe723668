#include "services/security/audit/head.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/lifecycle/secret_file.h"

namespace adbms::security::audit {
namespace {

std::string HmacHex(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

std::string Text(const Head& head) {
  return absl::StrCat(head.records, " ", head.bytes, " ", head.hash, " ", head.at_us);
}

}  // namespace

std::string Sign(const Head& head, const std::string& key) {
  const std::string text = Text(head);
  return absl::StrCat(text, " ", HmacHex(key, text));
}

absl::StatusOr<Head> ParseHead(const std::string& line, const std::string& key) {
  const std::vector<std::string> fields = absl::StrSplit(line, ' ');
  Head head;
  if (fields.size() != 5 || !absl::SimpleAtoi(fields[0], &head.records) ||
      !absl::SimpleAtoi(fields[1], &head.bytes) || !absl::SimpleAtoi(fields[3], &head.at_us)) {
    return absl::DataLossError("the signed head is not complete");
  }
  head.hash = fields[2];
  const std::string expected = HmacHex(key, Text(head));
  if (fields[4].size() != expected.size() ||
      CRYPTO_memcmp(fields[4].data(), expected.data(), expected.size()) != 0) {
    return absl::DataLossError("the signed head does not carry this database's signature");
  }
  return head;
}

absl::Status WriteHead(const std::string& path, const Head& head, const std::string& key) {
  return lifecycle::WriteSecret(path, Sign(head, key));
}

absl::StatusOr<Head> ReadHead(const std::string& path, const std::string& key) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("there is no signed head at ", path));
  std::string line;
  std::getline(in, line);
  return ParseHead(line, key);
}

}  // namespace adbms::security::audit
