#include "common/tls/authority.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/tls/handles.h"

namespace adbms::tls {
namespace {

constexpr char kOrganization[] = "ADBMS";
// Clocks differ: it holds from a little before it was made.
constexpr absl::Duration kBefore = absl::Minutes(5);
constexpr int kSerialBytes = 16;

absl::Status Failed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", LastError()));
}

absl::Status WriteFile(const std::string& path, const std::string& text, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool done = fd >= 0 &&
              ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
              ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  if (fd >= 0) done = ::close(fd) == 0 && done;
  if (done && ::rename(fresh.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  ::unlink(fresh.c_str());
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(error)));
}

std::string PemOf(X509* certificate) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return Written(out.get());
}

std::string PemOf(EVP_PKEY* key) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Written(out.get());
}

absl::Status AddExtension(X509* issuer, X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1)
    return Failed(absl::StrCat("\"", value, "\" cannot be put into a certificate"));
  return absl::OkStatus();
}

// Names go in as they are: OpenSSL's own syntax for them would take commas apart.
absl::Status AddNames(const Subject& subject, X509* certificate) {
  const Owned<GENERAL_NAMES> names(GENERAL_NAMES_new());
  const auto add = [&](int type, const std::string& text) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_IA5STRING* const string = ASN1_IA5STRING_new();
    ASN1_STRING_set(string, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, type, string);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const std::string& uri : subject.uris) add(GEN_URI, uri);
  for (const std::string& host : subject.hosts) {
    if (!IsAddress(host)) {
      add(GEN_DNS, host);
      continue;
    }
    GENERAL_NAME* const name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, a2i_IPADDRESS(host.c_str()));
    sk_GENERAL_NAME_push(names.get(), name);
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) return absl::OkStatus();
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1)
    return Failed("the names cannot be put into a certificate");
  return absl::OkStatus();
}

absl::Status CheckName(const std::string& name) {
  if (name.empty() || name.size() > 255)
    return absl::InvalidArgumentError("a name has 1 to 255 bytes");
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '/' || c == ',')
      return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is no name of a host"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Owned<X509>> Blank(const std::string& common_name, EVP_PKEY* key,
                                  absl::Duration lifetime) {
  Owned<X509> certificate(X509_new());
  unsigned char serial[kSerialBytes];
  if (RAND_bytes(serial, sizeof(serial)) != 1)
    return absl::InternalError("no randomness to be had");
  serial[0] &= 0x7F;  // Numbers are positive.
  const Owned<BIGNUM> number(BN_bin2bn(serial, sizeof(serial), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  X509_set_version(certificate.get(), X509_VERSION_3);
  const absl::Time now = absl::Now();
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(now - kBefore));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(now + lifetime));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const auto add = [name](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  if (!add("O", kOrganization) || !add("CN", common_name))
    return Failed(absl::StrCat("\"", common_name, "\" cannot be the name of a certificate"));
  return certificate;
}

absl::StatusOr<Owned<EVP_PKEY>> NewKey() {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("no key could be made");
  return key;
}

}  // namespace

bool IsAddress(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Subject SubjectOf(const Certificate& certificate) {
  return {certificate.common_name, certificate.uris, certificate.hosts};
}

absl::StatusOr<Authority> Authority::Make(const std::string& directory, const std::string& name,
                                          absl::Duration lifetime) {
  ERR_clear_error();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", directory, ": ", error.message()));
  }
  for (const char* file : {"/ca.key", "/ca.crt"}) {
    if (std::filesystem::exists(directory + file, error)) {
      return absl::AlreadyExistsError(absl::StrCat(
          directory, file, " is there already; what it signed would be worth nothing"));
    }
  }
  ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, NewKey());
  ASSIGN_OR_RETURN(const Owned<X509> certificate, Blank(name, key.get(), lifetime));
  X509* const raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  RETURN_IF_ERROR(AddExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  RETURN_IF_ERROR(AddExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign"));
  RETURN_IF_ERROR(AddExtension(raw, raw, NID_subject_key_identifier, "hash"));
  if (X509_sign(raw, key.get(), EVP_sha256()) == 0) return Failed("the certificate is not signed");
  RETURN_IF_ERROR(WriteFile(directory + "/ca.key", PemOf(key.get()), 0600));
  RETURN_IF_ERROR(WriteFile(directory + "/ca.crt", PemOf(raw), 0644));
  return Open(directory);
}

absl::StatusOr<Authority> Authority::Open(const std::string& directory) {
  auto certificate = Load({directory + "/ca.crt", directory + "/ca.key", ""});
  if (absl::IsNotFound(certificate.status())) {
    return absl::NotFoundError(absl::StrCat("there is no authority in ", directory,
                                            ": make one with adbms certs init ", directory));
  }
  RETURN_IF_ERROR(certificate.status());
  return Authority(directory, *std::move(certificate));
}

absl::Status Authority::Issue(const std::string& file, const Subject& subject,
                              absl::Duration lifetime) const {
  ERR_clear_error();
  for (const std::string& host : subject.hosts) RETURN_IF_ERROR(CheckName(host));
  const Owned<EVP_PKEY> signer(
      PEM_read_bio_PrivateKey(Reading(certificate_->key_pem).get(), nullptr, nullptr, nullptr));
  const Owned<X509> issuer(
      PEM_read_bio_X509(Reading(certificate_->chain_pem).get(), nullptr, nullptr, nullptr));
  ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, NewKey());
  // What is signed holds no longer than who signed.
  const absl::Duration left = certificate_->not_after - absl::Now();
  ASSIGN_OR_RETURN(const Owned<X509> certificate,
                   Blank(subject.common_name, key.get(), std::min(lifetime, left)));
  X509* const raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(issuer.get()));
  RETURN_IF_ERROR(AddExtension(issuer.get(), raw, NID_basic_constraints, "critical,CA:FALSE"));
  RETURN_IF_ERROR(AddExtension(issuer.get(), raw, NID_key_usage, "critical,digitalSignature"));
  RETURN_IF_ERROR(AddExtension(issuer.get(), raw, NID_ext_key_usage, "serverAuth,clientAuth"));
  RETURN_IF_ERROR(AddExtension(issuer.get(), raw, NID_subject_key_identifier, "hash"));
  RETURN_IF_ERROR(AddExtension(issuer.get(), raw, NID_authority_key_identifier, "keyid"));
  RETURN_IF_ERROR(AddNames(subject, raw));
  if (X509_sign(raw, signer.get(), EVP_sha256()) == 0)
    return Failed("the certificate is not signed");
  RETURN_IF_ERROR(WriteFile(file + ".key", PemOf(key.get()), 0600));
  return WriteFile(file + ".crt", absl::StrCat(PemOf(raw), certificate_->chain_pem), 0644);
}

}  // namespace adbms::tls
