#include "services/gateway/console/request_checks.h"

#include <httplib.h>
#include <openssl/crypto.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace adbms::gateway::console {

std::string CookieName(const httplib::Request& request) {
  const std::string host = request.get_header_value("Host");
  const size_t colon = host.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(host.substr(colon + 1), &port))
    return "adbms_console";
  return absl::StrCat("adbms_console_", port);
}

std::string CookieOf(const httplib::Request& request) {
  const std::string name = absl::StrCat(CookieName(request), "=");
  const std::string header = request.get_header_value("Cookie");
  for (absl::string_view cookie : absl::StrSplit(header, ';')) {
    cookie = absl::StripAsciiWhitespace(cookie);
    if (absl::ConsumePrefix(&cookie, name)) return std::string(cookie);
  }
  return "";
}

std::string SetCookie(const httplib::Request& request, const std::string& token, bool secure) {
  return absl::StrCat(CookieName(request), "=", token, "; Path=/; HttpOnly; SameSite=Strict",
                      token.empty() ? "; Max-Age=0" : "", secure ? "; Secure" : "");
}

bool IsForeign(const httplib::Request& request, bool navigation) {
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    if (!navigation || request.get_header_value("Sec-Fetch-Mode") != "navigate") return true;
  }
  const std::string origin = request.get_header_value("Origin");
  if (origin.empty()) return false;
  absl::string_view host = origin;
  // "null" of a page without an origin is no host.
  if (!absl::ConsumePrefix(&host, "https://") && !absl::ConsumePrefix(&host, "http://"))
    return true;
  return !absl::EqualsIgnoreCase(host, request.get_header_value("Host"));
}

std::optional<int> BodyProblem(const httplib::Request& request) {
  const std::string type = request.get_header_value("Content-Type");
  const std::string media = std::string(absl::StripAsciiWhitespace(type.substr(0, type.find(';'))));
  if (!absl::EqualsIgnoreCase(media, "application/json")) return 415;
  if (request.has_header("Content-Encoding")) return 415;
  if (request.get_header_value_count("Content-Length") > 1) return 400;
  const std::string length = request.get_header_value("Content-Length");
  uint64_t bytes = 0;
  // A length is wanted: what comes in chunks is known to be too long only when it has come.
  if (request.has_header("Transfer-Encoding") || length.empty()) return 411;
  if (!absl::SimpleAtoi(length, &bytes)) return 400;
  if (bytes > kLargestBody) return 413;
  return std::nullopt;
}

bool SameSecret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace adbms::gateway::console
