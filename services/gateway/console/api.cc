#include "services/gateway/console/api.h"

#include <google/protobuf/util/json_util.h>
#include <httplib.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "common/types/json_reader.h"
#include "services/gateway/console/replies.h"
#include "services/gateway/console/request_checks.h"
#include "services/gateway/console/turn.h"
#include "services/gateway/policy/authorize.h"

namespace adbms::gateway::console {
namespace {

// Passwords that are checked at once: each is a thread's work of milliseconds, or its wait.
constexpr int kMostEntering = 16;
constexpr absl::Duration kAuthenticate = absl::Seconds(30);
constexpr absl::Duration kHeldIdle = absl::Minutes(5);
// How long a line waits for the next, and after how many silent waits the browser is written to.
constexpr absl::Duration kWait = absl::Milliseconds(200);
constexpr int kSilentWaits = 5;

int HttpStatusOf(const absl::Status& error) {
  const std::string state = status::FromStatus(error).sqlstate;
  if (state == status::sqlstate::kInvalidPassword ||
      state == status::sqlstate::kInvalidAuthorization)
    return 401;
  if (state == status::sqlstate::kConfigurationLimit) return 429;
  if (state == status::sqlstate::kTooManyConnections) return 429;
  if (state == status::sqlstate::kObjectInUse) return 409;
  return 503;
}

std::string PeerOf(const httplib::Request& request) {
  return absl::StrCat(request.remote_addr, ":", request.remote_port);
}

void Record(const SignIn& sign_in, session::AuditQueue* audit) {
  security::v1::AuditRecord record;
  record.set_event("logout");
  record.set_user(sign_in.role());
  record.set_peer(sign_in.peer());
  record.set_sqlstate("00000");
  audit->Add(std::move(record));
}

}  // namespace

absl::Status ReadBody(const httplib::Request& request, google::protobuf::Message* message) {
  RETURN_IF_ERROR(types::ValidateUtf8(request.body));
  const auto read = google::protobuf::util::JsonStringToMessage(request.body, message);
  if (read.ok()) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kProtocolViolation,
      absl::StrCat("the request is not understood: ", std::string(read.message())));
}

Api::Api(const session::Services& services, const ConsoleOptions& options)
    : services_(services),
      options_(options),
      sign_ins_({.total = options.max_sign_ins,
                 .idle = options.idle_timeout,
                 .lifetime = options.lifetime}) {}

absl::StatusOr<security::v1::Policy> Api::Authenticate(const std::string& role,
                                                       const std::string& password,
                                                       const std::string& peer) {
  if (services_.security == nullptr) {
    return status::Error(status::sqlstate::kCannotConnectNow, "the security service is missing");
  }
  security::v1::AuthenticateRequest request;
  request.set_user(role);
  request.set_password(password);
  request.set_peer(peer);
  rpc::CallContext context;
  context.user = role;
  context.deadline = absl::Now() + kAuthenticate;
  auto response = services_.security->Authenticate(context, request);
  if (absl::IsUnavailable(response.status()) || absl::IsDeadlineExceeded(response.status())) {
    return status::Error(status::sqlstate::kCannotConnectNow,
                         "the security service does not answer", "", "Try again later.");
  }
  RETURN_IF_ERROR(response.status());
  return std::move(*response->mutable_policy());
}

void Api::EnterRole(const httplib::Request& request, httplib::Response* response) {
  const Turn turn(this);
  if (!turn.Check(response)) return;
  v1::SignInRequest entering;
  const absl::Status read = ReadBody(request, &entering);
  if (!read.ok()) return ReplyError(400, read, response);
  if (entering_.fetch_add(1) >= kMostEntering) {
    entering_.fetch_sub(1);
    response->set_header("Retry-After", "1");
    return ReplyError(429,
                      status::Error(status::sqlstate::kConfigurationLimit,
                                    "too many are signing in at once", "", "Try again."),
                      response);
  }
  auto policy = Authenticate(entering.role(), entering.password(), PeerOf(request));
  entering_.fetch_sub(1);
  if (!policy.ok()) return ReplyError(HttpStatusOf(policy.status()), policy.status(), response);
  const std::string role = policy->role();
  const absl::Time now = absl::Now();
  auto sign_in = std::make_shared<SignIn>(role, PeerOf(request),
                                          services_.policies->Hold(*std::move(policy)), now);
  SignIns::Ended ended;
  if (auto before = sign_ins_.Remove(CookieOf(request))) ended.sign_ins.push_back(before);
  const auto token = sign_ins_.Add(sign_in, now, &ended);
  End(ended.sign_ins);
  if (!token.ok()) return ReplyError(503, token.status(), response);
  response->set_header("Set-Cookie", SetCookie(request, *token, options_.secure));
  std::string json = "{\"role\":";
  types::AppendJsonString(role, &json);
  absl::StrAppend(&json, ",\"csrf\":\"", sign_in->csrf(), "\"}");
  ReplyJson(200, std::move(json), response);
}

void Api::SignOut(const httplib::Request& request, httplib::Response* response) {
  const Turn turn(this);
  if (!turn.Check(response)) return;
  if (auto removed = sign_ins_.Remove(CookieOf(request))) End({removed});
  response->set_header("Set-Cookie", SetCookie(request, "", options_.secure));
  response->status = 204;
}

void Api::DescribeSession(const httplib::Request& request, httplib::Response* response) {
  const std::shared_ptr<SignIn> sender = Sender(request, /*use=*/true);
  if (sender == nullptr) return Refuse(401, "sign in first", response);
  const auto policy = sender->policy()->Get();
  std::string json = "{\"role\":";
  types::AppendJsonString(sender->role(), &json);
  const bool superuser = policy.ok() && (*policy)->superuser();
  const bool monitor = policy.ok() && policy::MayMonitor(**policy);
  absl::StrAppend(&json, ",\"superuser\":", superuser ? "true" : "false",
                  ",\"monitor\":", monitor ? "true" : "false", ",\"csrf\":\"", sender->csrf(),
                  "\",\"version\":\"", options_.version,
                  "\",\"expiresAt\":", absl::ToUnixMillis(sender->created() + options_.lifetime),
                  ",\"idleMs\":", absl::ToInt64Milliseconds(options_.idle_timeout), "}");
  ReplyJson(200, std::move(json), response);
}

void Api::RunSql(const httplib::Request& request, httplib::Response* response) {
  const Turn turn(this);
  if (!turn.Check(response)) return;
  v1::RunSqlRequest sql;
  absl::Status read = ReadBody(request, &sql);
  if (read.ok() && sql.sql().find('\0') != std::string::npos) {
    read = status::Error(status::sqlstate::kCharacterNotInRepertoire,
                         "invalid byte sequence for encoding \"UTF8\": 0x00");
  }
  if (!read.ok()) return ReplyError(400, read, response);
  const std::shared_ptr<SignIn> sender = Sender(request, !sql.background());
  if (sender == nullptr) return Refuse(401, "sign in first", response);
  session::SessionOptions options;
  options.user = sender->role();
  if (!sql.database().empty()) options.database = sql.database();
  options.peer = sender->peer();
  options.policy = sender->policy();
  options.settings = {{"application_name", "adbms console"}};
  auto run = sender->Start(sender, std::move(sql), [this, options = std::move(options)] {
    return session::Session::Open(services_, options);
  });
  if (!run.ok()) return ReplyError(HttpStatusOf(run.status()), run.status(), response);
  response->set_header("Cache-Control", "no-store");
  response->set_chunked_content_provider(
      "application/x-ndjson",
      [run = *std::move(run), silent = 0](size_t, httplib::DataSink& sink) mutable {
        std::string lines;
        const bool more = run->Take(kWait, &lines);
        silent = lines.empty() ? silent + 1 : 0;
        // Who does not listen any more is found out by writing.
        if (silent >= kSilentWaits) {
          silent = 0;
          lines = "\n";
        }
        if (!lines.empty() && !sink.write(lines.data(), lines.size())) return false;
        if (!more) sink.done();
        return true;
      });
}

void Api::CancelSql(const httplib::Request& request, httplib::Response* response) {
  v1::CancelSqlRequest cancel;
  const absl::Status read = ReadBody(request, &cancel);
  if (!read.ok()) return ReplyError(400, read, response);
  const std::shared_ptr<SignIn> sender = Sender(request, /*use=*/true);
  if (sender == nullptr) return Refuse(401, "sign in first", response);
  const bool running = sender->Cancel(cancel.query());
  ReplyJson(200, absl::StrCat("{\"running\":", running ? "true" : "false", "}"), response);
}

void Api::DescribeHistory(const httplib::Request& request, httplib::Response* response) {
  const std::shared_ptr<SignIn> sender = Sender(request, /*use=*/false);
  if (sender == nullptr) return Refuse(401, "sign in first", response);
  const auto policy = sender->policy()->Get();
  if (!policy.ok()) return ReplyError(503, policy.status(), response);
  if (!policy::MayMonitor(**policy)) {
    return ReplyError(403,
                      status::Error(status::sqlstate::kInsufficientPrivilege,
                                    "permission denied for the history of all users", "",
                                    "It tells of all users: have the role adbms_monitor granted."),
                      response);
  }
  int64_t since = 0;
  if (request.has_param("since") &&
      (!absl::SimpleAtoi(request.get_param_value("since"), &since) || since < 0)) {
    return ReplyError(400,
                      status::Error(status::sqlstate::kInvalidParameterValue,
                                    "since is a number of milliseconds since 1970"),
                      response);
  }
  ReplyJson(200, history_.Json(absl::FromUnixMillis(since), CountedBy(*services_.metrics)),
            response);
}

void Api::End(const std::vector<std::shared_ptr<SignIn>>& sign_ins) {
  for (const auto& sign_in : sign_ins) {
    sign_in->End();
    Record(*sign_in, services_.audit);
  }
}

void Api::Tick(absl::Time now) {
  End(sign_ins_.TakeExpired(now, /*all=*/false).sign_ins);
  for (const auto& sign_in : sign_ins_.All()) sign_in->EndIdle(now, kHeldIdle);
  if (now - read_at_ < History::kInterval) return;
  read_at_ = now;
  history_.Add(now, CountedBy(*services_.metrics), options_.sessions());
}

void Api::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return turns_ == 0; };
    mutex_.Await(absl::Condition(&none));
  }
  const SignIns::Ended ended = sign_ins_.TakeExpired(absl::Now(), /*all=*/true);
  End(ended.sign_ins);
  for (const auto& sign_in : ended.sign_ins) sign_in->AwaitEnd();
}

}  // namespace adbms::gateway::console
