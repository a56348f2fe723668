// Where the server is and who calls. Thread-safe. Everything throws Error.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adbms/session.h"

namespace adbms {

namespace internal {
class ClientCore;
}  // namespace internal

// What is trusted, and who this is; PEM. No roots: the system's.
struct Tls {
  std::string root_certificates;
  std::string private_key;
  std::string certificate_chain;
  std::string server_name;  // As the certificate has it, if not the address's.
};

// How often, and after what pause, a call is sent again that may be sent twice.
struct RetryPolicy {
  int attempts = 4;
  std::chrono::milliseconds first_pause{50};
  std::chrono::milliseconds longest_pause{1000};
};

// A call, told when it begins and when it ends.
struct CallEvent {
  std::string_view method;
  std::string_view sql;
  bool ended = false;
  std::chrono::nanoseconds duration{0};
  const Error* error = nullptr;
};

struct Notice {
  std::string severity;
  std::string sqlstate;
  std::string message;
};

struct ClientOptions {
  std::string address;  // host:port of the gRPC front.
  std::string user;
  std::string password;
  std::string token;  // In place of user and password.
  std::optional<Tls> tls;
  int channels = 1;  // TCP connections that the sessions share.
  RetryPolicy retry;
  std::function<void(const CallEvent&)> trace;
  // For each call: {{"traceparent", …}}.
  std::function<std::vector<std::pair<std::string, std::string>>()> metadata;
};

struct SessionOptions {
  std::string database;                         // Empty: adbms.
  std::map<std::string, std::string> settings;  // That it begins with.
  std::chrono::milliseconds idle_timeout{0};    // 0: the server's.
  // Statements outside of a transaction go with a key, and are sent again when their answer is
  // lost.
  bool idempotent = false;
  std::function<void(const Notice&)> on_notice;
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  // Sessions keep the channels open, and are kept alive for as long as they live.
  Session Connect(SessionOptions options = {});

 private:
  std::shared_ptr<internal::ClientCore> core_;
};

// At most `size` sessions, handed out and taken back. Thread-safe.
class Pool {
 public:
  // The client must outlive it.
  Pool(Client* client, std::size_t size, SessionOptions options = {});

  // A session, for as long as this lives; what it has left open is rolled back.
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Session& operator*() { return *session_; }
    Session* operator->() { return session_.get(); }

   private:
    friend class Pool;
    Lease(Pool* pool, std::unique_ptr<Session> session)
        : pool_(pool), session_(std::move(session)) {}
    Pool* pool_;
    std::unique_ptr<Session> session_;
  };
  // Waits for one.
  Lease Acquire();

 private:
  Client* const client_;
  const std::size_t size_;
  const SessionOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Session>> free_;
  std::size_t open_ = 0;
};

}  // namespace adbms
