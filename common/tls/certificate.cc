#include "common/tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/tls/handles.h"
#include "common/tls/server_context.h"

namespace adbms::tls {
namespace {

constexpr size_t kLargestFile = 1 << 20;

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  struct stat about {};
  if (!file || ::stat(path.c_str(), &about) != 0) {
    const int error = errno;
    const std::string text = absl::StrCat("cannot read ", path, ": ", std::strerror(error));
    return error == EACCES ? absl::PermissionDeniedError(text) : absl::NotFoundError(text);
  }
  if (!S_ISREG(about.st_mode) || static_cast<size_t>(about.st_size) > kLargestFile) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no file of PEM texts"));
  }
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// As PostgreSQL: a key that is root's may be shown to a group.
absl::Status CheckPrivate(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  const mode_t others =
      about.st_uid == 0 && ::geteuid() != 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((about.st_mode & others) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("private key file ", path, " has group or world access; its mode is to be 0600",
                   " (0640 when it is root's)"));
}

int NoPassword(char*, int, int, void*) { return 0; }

Owned<X509> FirstCertificate(const std::string& pem) {
  return Owned<X509>(PEM_read_bio_X509(Reading(pem).get(), nullptr, NoPassword, nullptr));
}

std::string NameOf(X509_NAME* name) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ);
  return Written(out.get());
}

std::string CommonNameOf(X509_NAME* name) {
  char text[256] = "";
  X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text));
  return text;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return absl::InfinitePast();
  return absl::FromTM(fields, absl::UTCTimeZone());
}

std::string AddressOf(const ASN1_OCTET_STRING& bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = bytes.length == 4 ? AF_INET : AF_INET6;
  if (bytes.length == 4 || bytes.length == 16) ::inet_ntop(family, bytes.data, text, sizeof(text));
  return text;
}

void ReadNames(X509* certificate, Certificate* out) {
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    const auto text = [](const ASN1_STRING* string) {
      return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                         static_cast<size_t>(ASN1_STRING_length(string)));
    };
    if (name->type == GEN_URI) out->uris.push_back(text(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) out->hosts.push_back(text(name->d.dNSName));
    if (name->type == GEN_IPADD) out->hosts.push_back(AddressOf(*name->d.iPAddress));
  }
}

// RFC 5929, 4.1: the hash of the signature, SHA-256 in place of MD5 and SHA-1.
std::string EndpointHash(X509* certificate) {
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 ||
      digest == NID_undef) {
    return "";
  }
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* const algorithm = EVP_get_digestbynid(digest);
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (algorithm == nullptr || X509_digest(certificate, algorithm, hash, &size) != 1) return "";
  return std::string(reinterpret_cast<char*>(hash), size);
}

absl::Status CheckAuthority(const std::string& path, const std::string& pem) {
  if (FirstCertificate(pem) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " holds no certificate: ", LastError()));
}

}  // namespace

std::string LastError() {
  unsigned long code = 0;  // NOLINT(runtime/int): OpenSSL's.
  std::string text;
  while (const unsigned long next = ERR_get_error()) code = next;  // NOLINT(runtime/int)
  if (code != 0) {
    const char* const reason = ERR_reason_error_string(code);
    text = reason != nullptr ? reason : absl::StrCat("error ", code);
  }
  return text.empty() ? "no reason given" : text;
}

absl::StatusOr<CertificatePtr> Describe(const std::string& pem) {
  ERR_clear_error();
  const Owned<X509> first = FirstCertificate(pem);
  if (first == nullptr) return absl::InvalidArgumentError(LastError());
  auto certificate = std::make_shared<Certificate>();
  certificate->chain_pem = pem;
  certificate->subject = NameOf(X509_get_subject_name(first.get()));
  certificate->common_name = CommonNameOf(X509_get_subject_name(first.get()));
  certificate->issuer = NameOf(X509_get_issuer_name(first.get()));
  certificate->not_before = TimeOf(X509_get0_notBefore(first.get()));
  certificate->not_after = TimeOf(X509_get0_notAfter(first.get()));
  certificate->endpoint_hash = EndpointHash(first.get());
  ReadNames(first.get(), certificate.get());
  return CertificatePtr(std::move(certificate));
}

absl::StatusOr<CertificatePtr> Load(const Files& files) {
  if (files.key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no key_file goes with the certificate ", files.certificate));
  }
  ASSIGN_OR_RETURN(const std::string chain, Read(files.certificate));
  RETURN_IF_ERROR(CheckPrivate(files.key));
  ASSIGN_OR_RETURN(const std::string key_pem, Read(files.key));
  auto described = Describe(chain);
  if (!described.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.certificate, " holds no certificate: ", described.status().message()));
  }
  const Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(Reading(key_pem).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.key, " holds no private key without a password: ", LastError()));
  }
  if (X509_check_private_key(FirstCertificate(chain).get(), key.get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the key in ", files.key, " does not belong to the certificate in ", files.certificate));
  }
  auto certificate = std::make_shared<Certificate>(**described);
  certificate->key_pem = key_pem;
  if (!files.authority.empty()) {
    ASSIGN_OR_RETURN(certificate->authority_pem, Read(files.authority));
    RETURN_IF_ERROR(CheckAuthority(files.authority, certificate->authority_pem));
  }
  // OpenSSL refuses more than what does not belong together: keys that are too short, say.
  const Owned<SSL_CTX> probe(SSL_CTX_new(TLS_server_method()));
  const absl::Status usable =
      Configure(*certificate, {.ask_clients = !files.authority.empty()}, probe.get());
  if (!usable.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(files.certificate, ": ", usable.message()));
  }
  return CertificatePtr(std::move(certificate));
}

std::string ServiceUri(const std::string& service) {
  return absl::StrCat("adbms://service/", service);
}

std::string ModuleUri(const std::string& module) { return absl::StrCat("adbms://module/", module); }

}  // namespace adbms::tls
