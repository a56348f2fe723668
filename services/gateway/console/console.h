// The console: a web application for people, on the gateway's HTTP front. Who signs in by role and
// password gets a cookie; with it the page runs SQL as that role, and whatever it shows and does is
// SQL. Thread-safe.
//
//   GET  /                page, or 303 to /signin
//   GET  /signin          sign-in page
//   GET  /assets/…        the pages' files; those of /signin alone for everybody
//   POST /api/signin      SignInRequest; 200 {"role","csrf"} and the cookie; 401, 429, 503
//   POST /api/signout     204
//   GET  /api/session     {"role","superuser","monitor","csrf","version","expiresAt","idleMs"}
//   POST /api/sql         RunSqlRequest; 200 lines as below; 409 session busy, 429 too many at once
//   POST /api/cancel      CancelSqlRequest; {"running":bool}
//   POST /api/autonomy    orchestrator.v1.SetAutonomyRequest; 403 unless the role is a superuser
//   GET  /api/history     ?since=MS: figures of the last hour (history.h); 403 unless the role may
//   monitor
//
// All but the sign-in page, its files and /api/signin want the cookie: 401. POST wants
// `Content-Type: application/json` (415), at most 1 MiB (413), a body of the message's form (400),
// and, but for /api/signin, the token as `X-ADBMS-CSRF` (403). What another site sends is refused
// by Origin and Sec-Fetch-Site (403). Errors are {"error":{"code","message",…}}.
//
// /api/sql answers application/x-ndjson, an object a line; empty lines keep the connection:
//   {"columns":[{"name","type","oid"}]}            before rows
//   {"rows":[["text",null,…],…]}                   in PostgreSQL's text form
//   {"complete":"SELECT 2","truncated":bool}       end of a statement; truncated by max_rows
//   {"notice":{"severity","code","message",…}}
//   {"error":{"code","message","detail","hint","position"}}  ends the run
//   {"end":{"transaction":"I"|"T"|"E","ms":1.5}}   always the last
// A browser that goes away cancels its run, at the latest a second later.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "services/gateway/session/services.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace adbms::gateway::console {

struct ConsoleOptions {
  std::string version;
  absl::Duration idle_timeout = absl::Minutes(30);
  absl::Duration lifetime = absl::Hours(12);
  size_t max_sign_ins = 1000;
  bool secure = false;  // The listener speaks TLS: the cookie is for TLS alone.
  // Sessions of all fronts, for the history.
  std::function<size_t()> sessions;
};

class Console {
 public:
  // `services` must outlive Stop().
  Console(const session::Services& services, ConsoleOptions options);
  ~Console();

  // Adds the routes, the security headers of every answer, limits and threads. The server must not
  // run yet, and must end before this does.
  void Mount(httplib::Server* server);
  // Cancels what runs, ends every session, and answers 503 from then on. Idempotent.
  void Stop();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace adbms::gateway::console
