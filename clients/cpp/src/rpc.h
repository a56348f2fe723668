// The client's side of the calls: channels, credentials, retries, sessions. Internal.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adbms/client.h"
#include "adbms/gateway/v1/gateway.grpc.pb.h"

namespace adbms::internal {

namespace pb = ::adbms::gateway::v1;
using Stub = pb::GatewayService::Stub;

// The error of a call that has failed.
ErrorFields FieldsOf(const grpc::Status& status, const grpc::ClientContext& context);
TransactionStatus StatusOf(pb::TransactionStatus status);

// An idempotency key, which tells its age whenever it is sent again.
class Key {
 public:
  explicit Key(std::string instance);
  void Fill(pb::Idempotency* idempotency);

 private:
  const std::string key_;
  const std::string instance_;
  std::optional<std::chrono::steady_clock::time_point> first_;
};

class SessionCore;

// The channels of a client, and the thread that keeps its sessions. Thread-safe.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  explicit ClientCore(ClientOptions options);
  ~ClientCore();

  const ClientOptions& options() const { return options_; }
  Stub* stub();
  void Prepare(grpc::ClientContext* context) const;
  void Pause(int attempt) const;
  // Whether the call is worth another attempt; waits before it.
  bool Again(const ErrorFields& error, int attempt) const;

  // A unary call. `repeat`: it may be sent twice. Throws.
  template <typename Request, typename Response>
  Response Call(Stub* stub, const char* name,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                Request request, bool repeat, const std::function<void(Request*)>& fill = nullptr,
                std::string_view sql = {}) {
    const Tracer tracer(*this, name, sql);
    for (int attempt = 0;; ++attempt) {
      if (fill) fill(&request);
      grpc::ClientContext context;
      Prepare(&context);
      Response response;
      const grpc::Status status = (stub->*method)(&context, request, &response);
      if (status.ok()) return response;
      const ErrorFields error = FieldsOf(status, context);
      if (!repeat || !Again(error, attempt)) tracer.Fail(error);
    }
  }

  // Tells of a call's beginning, and at its end, of that.
  class Tracer {
   public:
    Tracer(const ClientCore& client, std::string_view method, std::string_view sql);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;
    [[noreturn]] void Fail(ErrorFields fields) const;

   private:
    const ClientCore& client_;
    const std::string_view method_;
    const std::string sql_;
    const std::chrono::steady_clock::time_point start_;
    mutable bool ended_ = false;
  };

  void Keep(const std::shared_ptr<SessionCore>& session);

 private:
  void KeepSessions();

  const ClientOptions options_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::weak_ptr<SessionCore>> sessions_;
  bool stopping_ = false;
  std::thread keeper_;
};

// A session, as long as anything refers to it.
class SessionCore : public std::enable_shared_from_this<SessionCore> {
 public:
  SessionCore(std::shared_ptr<ClientCore> client, SessionOptions options);
  ~SessionCore();

  const std::shared_ptr<ClientCore>& client() const { return client_; }
  Stub* stub() const { return stub_; }
  const std::string& id() const { return id_; }
  const std::string& instance() const { return instance_; }
  const SessionOptions& options() const { return options_; }
  std::chrono::milliseconds idle_timeout() const { return idle_timeout_; }
  std::map<std::string, std::string>& settings() { return settings_; }
  TransactionStatus status() const { return status_; }
  void set_status(TransactionStatus status) { status_ = status; }
  bool keyed() const { return options_.idempotent && status_ == TransactionStatus::kIdle; }
  std::string NextName() { return "adbms_" + std::to_string(++names_); }

  // Before a call of the session's. Throws while a stream is open.
  void Ready();
  void set_busy(bool busy) { busy_ = busy; }
  // The server has to be asked where the session stands.
  void set_unsure() { unsure_ = true; }
  void Failed(const ErrorFields& error);
  void Tell(const google::protobuf::RepeatedPtrField<pb::Notice>& notices) const;
  void Ping();

  // A unary call of the session's. Throws.
  template <typename Request, typename Response>
  Response Call(const char* name,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                Request request, bool repeat, const std::function<void(Request*)>& fill = nullptr,
                std::string_view sql = {}) {
    Ready();
    request.set_session_id(id_);
    try {
      return client_->Call(stub_, name, method, std::move(request), repeat, fill, sql);
    } catch (const Error& error) {
      Failed(error.fields());
      throw;
    }
  }

 private:
  const std::shared_ptr<ClientCore> client_;
  const SessionOptions options_;
  Stub* const stub_;
  std::string id_;
  std::string instance_;
  std::chrono::milliseconds idle_timeout_{0};
  std::map<std::string, std::string> settings_;
  TransactionStatus status_ = TransactionStatus::kIdle;
  bool busy_ = false;
  bool unsure_ = false;
  std::uint64_t names_ = 0;
};

// A stream of responses to Execute or Fetch.
class StreamCore {
 public:
  StreamCore(std::shared_ptr<SessionCore> session, const pb::ExecuteRequest& request);
  StreamCore(std::shared_ptr<SessionCore> session, const pb::FetchRequest& request,
             std::vector<Column> columns);
  // Cancels what has not ended.
  ~StreamCore();

  struct Part {
    bool begins = false;  // A result of `columns`.
    std::optional<Page> page;
    std::optional<pb::Completion> completion;
  };
  // The next part; nothing at the end. Throws.
  std::optional<Part> Next();
  const std::vector<Column>& columns() const { return *columns_; }

 private:
  void Start();

  const std::shared_ptr<SessionCore> session_;
  ClientCore::Tracer tracer_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<pb::ExecuteResponse>> reader_;
  std::shared_ptr<const std::vector<Column>> columns_;
  bool ended_ = false;
};

std::vector<Column> ColumnsOf(const google::protobuf::RepeatedPtrField<pb::Column>& columns);
// Throws ConnectionError (08P01) for what is no page of these columns.
Page PageOf(std::shared_ptr<const std::vector<Column>> columns, pb::Page page);
void Fill(const Value& value, bool declared, pb::Value* target);
void Fill(const StatementOptions& options, pb::StatementOptions* target);
// A page of the rows, column by column. Throws ProgrammingError for rows of different lengths.
pb::Page PageOfRows(std::span<const Values> rows);
// The type that all values of a column have; 0 where they differ in kind.
std::uint32_t CommonOid(std::span<const Values> rows, std::size_t column);
// PostgreSQL's text form of an array, and the oid of arrays of the element's type; 0: none.
std::string ArrayText(const std::vector<Value>& elements);
std::uint32_t ArrayOid(const std::vector<Value>& elements);

}  // namespace adbms::internal
