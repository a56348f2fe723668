// Api's first look at requests.
#include <httplib.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/gateway/console/api.h"
#include "services/gateway/console/embedded_files.h"
#include "services/gateway/console/replies.h"
#include "services/gateway/console/request_checks.h"

namespace adbms::gateway::console {
namespace {

constexpr char kSignIn[] = "/api/signin";
constexpr std::string_view kPosts[] = {kSignIn, "/api/signout", "/api/sql", "/api/cancel",
                                       "/api/autonomy"};

bool Refused(int http_status, std::string_view message, httplib::Response* response) {
  Refuse(http_status, message, response);
  return false;
}

std::string_view Explain(int http_status) {
  switch (http_status) {
    case 411:
      return "a request with a body tells its length";
    case 413:
      return "the request is too long";
    case 415:
      return "the body is application/json";
    default:
      return "the request is not understood";
  }
}

}  // namespace

bool Api::Admit(const httplib::Request& request, httplib::Response* response) {
  if (request.method == "POST") return AdmitPost(request, response);
  if (request.method == "GET" || request.method == "HEAD") return AdmitGet(request, response);
  return Refused(405, "the method is not allowed", response);
}

bool Api::AdmitPost(const httplib::Request& request, httplib::Response* response) {
  if (std::find(std::begin(kPosts), std::end(kPosts), request.path) == std::end(kPosts))
    return Refused(404, "there is nothing of this name", response);
  if (IsForeign(request, /*navigation=*/false))
    return Refused(403, "another site has sent the request", response);
  if (request.path != kSignIn) {
    const std::shared_ptr<SignIn> sender = Sender(request, /*use=*/false);
    if (sender == nullptr) return Refused(401, "sign in first", response);
    if (!SameSecret(request.get_header_value("X-ADBMS-CSRF"), sender->csrf()))
      return Refused(403, "the request lacks the page's token", response);
  }
  const std::optional<int> problem = BodyProblem(request);
  return !problem.has_value() || Refused(*problem, Explain(*problem), response);
}

bool Api::AdmitGet(const httplib::Request& request, httplib::Response* response) {
  const bool api = absl::StartsWith(request.path, "/api/");
  if (api && IsForeign(request, /*navigation=*/false))
    return Refused(403, "another site has sent the request", response);
  const bool asset = absl::StartsWith(request.path, "/assets/");
  // The sign-in page's own files are called like it.
  if (!api && (!asset || absl::StartsWith(request.path, "/assets/signin"))) return true;
  return Sender(request, /*use=*/false) != nullptr || Refused(401, "sign in first", response);
}

std::shared_ptr<SignIn> Api::Sender(const httplib::Request& request, bool use) {
  const std::string token = CookieOf(request);
  if (token.empty()) return nullptr;
  std::shared_ptr<SignIn> sender = sign_ins_.Find(token, use, absl::Now());
  if (sender == nullptr) return nullptr;
  // A role that is gone, or may not log in any more, is not signed in. While security is away its
  // sign-in stays; its statements tell why they are refused.
  const auto policy = sender->policy()->Get();
  const bool gone =
      policy.ok() ? !(*policy)->can_login()
                  : status::HasSqlState(policy.status(), status::sqlstate::kInvalidAuthorization);
  return gone ? nullptr : sender;
}

}  // namespace adbms::gateway::console
