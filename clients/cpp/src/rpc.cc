#include "src/rpc.h"

#include <algorithm>
#include <cstdio>
#include <random>

namespace adbms::internal {
namespace {

constexpr char kTrailer[] = "adbms-sql-error-bin";

std::string Base64(std::string_view text) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < text.size() ? static_cast<std::uint8_t>(text[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j > text.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
  }
  return out;
}

// Random, in the form of a UUID.
std::string NewKey() {
  std::random_device random;
  char text[40];
  std::snprintf(text, sizeof(text), "%08x-%04x-4%03x-a%03x-%04x%08x", random(), random() & 0xffff,
                random() & 0xfff, random() & 0xfff, random() & 0xffff, random());
  return text;
}

// Of a status without SQL's fields: gRPC's own, or that of a proxy in between.
std::string StateOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return "08006";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
      return "57014";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "28000";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "42501";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "54000";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "0A000";
    default:
      return "XX000";
  }
}

}  // namespace

TransactionStatus StatusOf(pb::TransactionStatus status) {
  switch (status) {
    case pb::TRANSACTION_STATUS_IDLE:
      return TransactionStatus::kIdle;
    case pb::TRANSACTION_STATUS_OPEN:
      return TransactionStatus::kOpen;
    case pb::TRANSACTION_STATUS_FAILED:
      return TransactionStatus::kFailed;
    default:
      return TransactionStatus::kUnknown;
  }
}

ErrorFields FieldsOf(const grpc::Status& status, const grpc::ClientContext& context) {
  ErrorFields fields;
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find(kTrailer);
  pb::Error told;
  if (found != trailing.end() &&
      told.ParseFromArray(found->second.data(), static_cast<int>(found->second.size()))) {
    fields = {told.sqlstate(),
              told.message(),
              told.detail(),
              told.hint(),
              static_cast<int>(told.position()),
              told.schema(),
              told.table(),
              told.column(),
              told.constraint(),
              told.routine(),
              Retry::kNever,
              StatusOf(told.transaction_status())};
    if (told.retry() == pb::RETRY_TRANSACTION) fields.retry = Retry::kTransaction;
    if (told.retry() == pb::RETRY_LATER) fields.retry = Retry::kLater;
    return fields;
  }
  fields.sqlstate = StateOf(status.error_code());
  fields.message = status.error_message();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) fields.retry = Retry::kLater;
  return fields;
}

Key::Key(std::string instance) : key_(NewKey()), instance_(std::move(instance)) {}

void Key::Fill(pb::Idempotency* idempotency) {
  const auto now = std::chrono::steady_clock::now();
  idempotency->set_key(key_);
  idempotency->set_instance(instance_);
  if (first_.has_value()) {
    // Rounded up: it must not look younger than it is.
    const auto age = std::chrono::ceil<std::chrono::milliseconds>(now - *first_);
    idempotency->set_age_ms(static_cast<std::uint64_t>(age.count()) + 1);
  } else {
    first_ = now;
  }
}

ClientCore::ClientCore(ClientOptions options) : options_(std::move(options)) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (options_.tls.has_value()) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = options_.tls->root_certificates;
    ssl.pem_private_key = options_.tls->private_key;
    ssl.pem_cert_chain = options_.tls->certificate_chain;
    credentials = grpc::SslCredentials(ssl);
  }
  for (int i = 0; i < std::max(1, options_.channels); ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60000);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    // What an attempt has, of which a handshake takes more.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, options_.tls.has_value() ? 2000 : 50);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    if (options_.tls.has_value() && !options_.tls->server_name.empty())
      arguments.SetSslTargetNameOverride(options_.tls->server_name);
    stubs_.push_back(pb::GatewayService::NewStub(
        grpc::CreateCustomChannel(options_.address, credentials, arguments)));
  }
  keeper_ = std::thread([this] { KeepSessions(); });
}

ClientCore::~ClientCore() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  // The last reference may be the keeper's own, which then ends by itself.
  if (keeper_.get_id() == std::this_thread::get_id()) {
    keeper_.detach();
  } else {
    keeper_.join();
  }
}

Stub* ClientCore::stub() { return stubs_[next_++ % stubs_.size()].get(); }

void ClientCore::Prepare(grpc::ClientContext* context) const {
  context->AddMetadata("authorization",
                       options_.token.empty()
                           ? "Basic " + Base64(options_.user + ":" + options_.password)
                           : "Bearer " + options_.token);
  if (!options_.metadata) return;
  for (const auto& [name, value] : options_.metadata()) context->AddMetadata(name, value);
}

void ClientCore::Pause(int attempt) const {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto longest = std::min(options_.retry.longest_pause,
                                options_.retry.first_pause * (1 << std::min(attempt, 20)));
  const double share = std::uniform_real_distribution(0.5, 1.0)(random);
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(longest.count() * share));
}

bool ClientCore::Again(const ErrorFields& error, int attempt) const {
  if (error.retry != Retry::kLater || attempt + 1 >= options_.retry.attempts) return false;
  Pause(attempt);
  return true;
}

ClientCore::Tracer::Tracer(const ClientCore& client, std::string_view method, std::string_view sql)
    : client_(client), method_(method), sql_(sql), start_(std::chrono::steady_clock::now()) {
  if (client_.options_.trace) client_.options_.trace({method_, sql_, false, {}, nullptr});
}

ClientCore::Tracer::~Tracer() {
  if (!ended_ && client_.options_.trace)
    client_.options_.trace(
        {method_, sql_, true, std::chrono::steady_clock::now() - start_, nullptr});
}

void ClientCore::Tracer::Fail(ErrorFields fields) const {
  ended_ = true;
  if (client_.options_.trace) {
    const Error error(fields);
    client_.options_.trace(
        {method_, sql_, true, std::chrono::steady_clock::now() - start_, &error});
  }
  Throw(std::move(fields));
}

void ClientCore::Keep(const std::shared_ptr<SessionCore>& session) {
  {
    const std::lock_guard lock(mutex_);
    sessions_.push_back(session);
  }
  changed_.notify_all();
}

void ClientCore::KeepSessions() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::chrono::milliseconds pause = std::chrono::minutes(1);
    for (const auto& one : sessions_)
      if (const auto session = one.lock()) pause = std::min(pause, session->idle_timeout() / 3);
    const std::size_t before = sessions_.size();
    changed_.wait_for(lock, std::max(pause, std::chrono::milliseconds(100)),
                      [&] { return stopping_ || sessions_.size() != before; });
    if (stopping_) return;
    if (sessions_.size() != before) continue;
    sessions_.remove_if([](const auto& one) { return one.expired(); });
    std::vector<std::weak_ptr<SessionCore>> due(sessions_.begin(), sessions_.end());
    lock.unlock();
    for (const auto& one : due)
      if (const auto session = one.lock()) session->Ping();
    lock.lock();
  }
}

SessionCore::SessionCore(std::shared_ptr<ClientCore> client, SessionOptions options)
    : client_(std::move(client)), options_(std::move(options)), stub_(client_->stub()) {
  pb::OpenSessionRequest request;
  request.set_database(options_.database);
  request.set_idle_timeout_ms(static_cast<std::uint32_t>(options_.idle_timeout.count()));
  for (const auto& [name, value] : options_.settings) (*request.mutable_settings())[name] = value;
  const auto opened =
      client_->Call(stub_, "OpenSession", &Stub::OpenSession, std::move(request), true);
  id_ = opened.session_id();
  instance_ = opened.instance();
  idle_timeout_ = std::chrono::milliseconds(opened.idle_timeout_ms());
  settings_.insert(opened.settings().begin(), opened.settings().end());
}

SessionCore::~SessionCore() {
  grpc::ClientContext context;
  client_->Prepare(&context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  pb::CloseSessionRequest request;
  request.set_session_id(id_);
  pb::CloseSessionResponse response;
  // If it does not get there the session ends when it has been idle.
  (void)stub_->CloseSession(&context, request, &response);
}

void SessionCore::Ready() {
  if (busy_)
    Throw("55000", "a stream of this session is open", "Read it to its end, or destroy it.");
  if (!unsure_) return;
  unsure_ = false;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < limit) {
    pb::KeepAliveRequest request;
    request.set_session_id(id_);
    const auto answer =
        client_->Call(stub_, "KeepAlive", &Stub::KeepAlive, std::move(request), true);
    if (!answer.running()) {
      status_ = StatusOf(answer.transaction_status());
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void SessionCore::Failed(const ErrorFields& error) {
  if (error.transaction_status != TransactionStatus::kUnknown) {
    status_ = error.transaction_status;
  } else if (error.sqlstate == "08003") {
    status_ = TransactionStatus::kIdle;
  } else if (error.sqlstate == "57014") {
    unsure_ = true;
  }
}

void SessionCore::Tell(const google::protobuf::RepeatedPtrField<pb::Notice>& notices) const {
  if (!options_.on_notice) return;
  for (const pb::Notice& notice : notices)
    options_.on_notice({notice.severity(), notice.error().sqlstate(), notice.error().message()});
}

void SessionCore::Ping() {
  grpc::ClientContext context;
  client_->Prepare(&context);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  pb::KeepAliveRequest request;
  request.set_session_id(id_);
  pb::KeepAliveResponse response;
  (void)stub_->KeepAlive(&context, request, &response);
}

std::vector<Column> ColumnsOf(const google::protobuf::RepeatedPtrField<pb::Column>& columns) {
  std::vector<Column> made;
  for (const pb::Column& column : columns) {
    made.push_back({column.name(), column.type_oid(), column.type_name(), column.type_modifier(),
                    column.element_oid(), column.table_oid(), column.column_number()});
  }
  return made;
}

void Fill(const Value& value, bool declared, pb::Value* target) {
  if (value.is_null()) return;
  if (declared) target->set_type_oid(value.oid());
  if (const auto* flag = std::get_if<bool>(&value.data())) {
    target->set_bool_value(*flag);
  } else if (const auto* number = std::get_if<std::int64_t>(&value.data())) {
    target->set_int_value(*number);
  } else if (const auto* floating = std::get_if<double>(&value.data())) {
    target->set_float_value(*floating);
  } else if (const auto* bytes = std::get_if<Bytes>(&value.data())) {
    target->mutable_bytes_value()->assign(bytes->begin(), bytes->end());
  } else {
    target->set_text_value(value.text());
  }
}

void Fill(const StatementOptions& options, pb::StatementOptions* target) {
  if (options.timeout.count() > 0)
    target->set_timeout_ms(static_cast<std::uint32_t>(options.timeout.count()));
  for (const auto& [name, value] : options.settings) (*target->mutable_settings())[name] = value;
}

}  // namespace adbms::internal
