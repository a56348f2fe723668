// What is asked of a request before anything is done for it. Pure functions.
#pragma once

#include <optional>
#include <string>

namespace httplib {
struct Request;
}  // namespace httplib

namespace adbms::gateway::console {

inline constexpr size_t kLargestBody = 1 << 20;

// The cookie of this listener: browsers do not tell ports of one host apart.
std::string CookieName(const httplib::Request& request);
// Its value; empty: there is none.
std::string CookieOf(const httplib::Request& request);
// Set-Cookie for the token; empty: takes it back.
std::string SetCookie(const httplib::Request& request, const std::string& token, bool secure);

// Whether the page of another site has sent it: by Sec-Fetch-Site, and by Origin where the browser
// says no more. `navigation`: following a link from elsewhere is nobody's attack.
bool IsForeign(const httplib::Request& request, bool navigation);

// Of a request with a body: what is wrong with its head, as an HTTP status.
std::optional<int> BodyProblem(const httplib::Request& request);

// Compares secrets without telling by its time how far they agree.
bool SameSecret(const std::string& a, const std::string& b);

}  // namespace adbms::gateway::console
