// GatewayServiceImpl's calls that run statements, each of them once.
#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/bulk_insert.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/gateway_service.h"
#include "services/gateway/grpc/statements.h"
#include "services/gateway/grpc/turn.h"

namespace adbms::gateway::grpc_front {
namespace {

uint64_t FingerprintOf(const google::protobuf::Message& message) {
  return absl::HashOf(message.GetTypeName(), message.SerializeAsString());
}

// Of what is asked for, whatever session it is asked in.
template <typename Request>
uint64_t FingerprintOfRequest(Request request) {
  request.clear_session_id();
  request.clear_options();
  return FingerprintOf(request);
}

// Whether what a call has done, or may have, is left.
bool LeavesSomething(const absl::Status& status, v1::TransactionStatus transaction) {
  if (status.ok() || transaction == v1::TRANSACTION_STATUS_FAILED ||
      transaction == v1::TRANSACTION_STATUS_OPEN)
    return true;
  const std::string state = status::FromStatus(status).sqlstate;
  for (const char* unsure : {"08", "57P", "58", "XX", "40003"}) {
    if (absl::StartsWith(state, unsure)) return true;
  }
  return false;
}

absl::Status NeedsSession() {
  return status::Error(status::sqlstate::kNoActiveTransaction, "a transaction needs a session", "",
                       "Call OpenSession.");
}

// Errors: of an outcome that is not for this session, or not there any more.
absl::Status CheckReplay(const Outcome& outcome, const std::string& session_id) {
  if (!outcome.session_id.empty() && outcome.session_id != session_id) {
    return status::Error("40003", "the statement was run in a transaction of another session", "",
                         "Begin the transaction anew.");
  }
  if (outcome.status.ok() && outcome.cut) {
    return status::Error(status::sqlstate::kObjectNotInPrerequisiteState,
                         "the statement has been run, and its answer is not kept",
                         "It was longer than what is kept for a repeated call.");
  }
  return absl::OkStatus();
}

// A transaction's outcome is for its session.
void Keep(Outcomes::Claim* claim, const absl::Status& status, v1::TransactionStatus transaction,
          const std::string& session_id) {
  claim->Finish(status, transaction == v1::TRANSACTION_STATUS_IDLE ? "" : session_id, transaction,
                LeavesSomething(status, transaction));
}

}  // namespace

template <typename Response>
absl::Status GatewayServiceImpl::Once(const v1::Idempotency& idempotency, uint64_t fingerprint,
                                      Turn& turn, Response* response,
                                      const std::function<absl::Status()>& run) {
  if (idempotency.key().empty()) return run();
  ASSIGN_OR_RETURN(auto found, outcomes_.Find(idempotency, turn.owner(), fingerprint,
                                              [&turn] { return turn.call().abandoned(); }));
  if (found.outcome != nullptr) {
    RETURN_IF_ERROR(CheckReplay(*found.outcome, turn.session_id()));
    for (const std::string& message : found.outcome->messages)
      if (!response->ParseFromString(message)) return absl::InternalError("a kept answer");
    return found.outcome->status;
  }
  const absl::Status status = run();
  if (status.ok()) found.claim->Add(response->SerializeAsString());
  Keep(found.claim.get(), status, turn.transaction(), turn.session_id());
  return status;
}

absl::Status GatewayServiceImpl::Stream(const v1::ExecuteRequest& request, Turn& turn,
                                        ::grpc::ServerWriter<v1::ExecuteResponse>* writer) {
  Outcomes::Found found;
  if (!request.options().idempotency().key().empty()) {
    ASSIGN_OR_RETURN(found, outcomes_.Find(request.options().idempotency(), turn.owner(),
                                           FingerprintOfRequest(request),
                                           [&turn] { return turn.call().abandoned(); }));
  }
  if (found.outcome != nullptr) {
    RETURN_IF_ERROR(CheckReplay(*found.outcome, turn.session_id()));
    for (const std::string& message : found.outcome->messages) {
      v1::ExecuteResponse response;
      if (!response.ParseFromString(message)) return absl::InternalError("a kept answer");
      RETURN_IF_ERROR(turn.Write(response, writer));
    }
    return found.outcome->status;
  }
  session::Session* const session = turn.session();
  const auto write = [&](const v1::ExecuteResponse& response) {
    if (found.claim != nullptr) found.claim->Add(response.SerializeAsString());
    return turn.Write(response, writer);
  };
  ResponseSink sink(session, write, /*described=*/false);
  const absl::Status status = WithOptions(session, request.options(), &sink,
                                          [&] { return RunStatement(session, request, &sink); });
  if (!status.ok()) {
    if (found.claim != nullptr)
      Keep(found.claim.get(), status, turn.transaction(), turn.session_id());
    return status;
  }
  const v1::ExecuteResponse last = sink.Take();
  // It counts from here on, whether the caller hears of it or not.
  if (found.claim != nullptr) {
    found.claim->Add(last.SerializeAsString());
    Keep(found.claim.get(), status, turn.transaction(), turn.session_id());
  }
  return turn.Write(last, writer, /*last=*/true);
}

::grpc::Status GatewayServiceImpl::Execute(::grpc::ServerContext* server,
                                           const v1::ExecuteRequest* request,
                                           ::grpc::ServerWriter<v1::ExecuteResponse>* writer) {
  return InSession("Execute", server, request->session_id(), &request->database(),
                   [&](Turn& turn) -> absl::Status {
                     if (turn.held() == nullptr) {
                       if (!request->options().has_begin()) return Stream(*request, turn, writer);
                       return NeedsSession();
                     }
                     std::set<std::string>& names = turn.held()->portals();
                     if (request->max_rows() > 0 && !request->portal().empty()) {
                       std::erase_if(names, [&](const std::string& one) {
                         return !turn.session()->FindPortal(one).ok();
                       });
                       if (names.size() >= kMostPortals)
                         return TooManyKept("portals", kMostPortals);
                       names.insert(request->portal());
                     }
                     return Stream(*request, turn, writer);
                   });
}

::grpc::Status GatewayServiceImpl::Fetch(::grpc::ServerContext* server,
                                         const v1::FetchRequest* request,
                                         ::grpc::ServerWriter<v1::ExecuteResponse>* writer) {
  return InSession(
      "Fetch", server, request->session_id(), nullptr, [&](Turn& turn) -> absl::Status {
        session::Session* const session = turn.session();
        v1::StatementOptions options = request->options();
        options.clear_begin();
        ResponseSink sink(
            session,
            [&](const v1::ExecuteResponse& response) { return turn.Write(response, writer); },
            /*described=*/true);
        RETURN_IF_ERROR(WithOptions(session, options, &sink,
                                    [&] { return RunFetch(session, *request, &sink); }));
        return turn.Write(sink.Take(), writer, /*last=*/true);
      });
}

::grpc::Status GatewayServiceImpl::ExecuteBatch(::grpc::ServerContext* server,
                                                const v1::ExecuteBatchRequest* request,
                                                v1::ExecuteBatchResponse* response) {
  return InSession("ExecuteBatch", server, request->session_id(), &request->database(),
                   [&](Turn& turn) -> absl::Status {
                     if (turn.held() == nullptr && request->options().has_begin()) {
                       return NeedsSession();
                     }
                     const v1::Idempotency& idempotency = request->options().idempotency();
                     const uint64_t fingerprint =
                         idempotency.key().empty() ? 0 : FingerprintOfRequest(*request);
                     return Once(idempotency, fingerprint, turn, response, [&] {
                       NoticeSink sink(turn.session());
                       return WithOptions(turn.session(), request->options(), &sink, [&] {
                         return RunBatch(turn.session(), *request, turn.call(), response);
                       });
                     });
                   });
}

absl::Status GatewayServiceImpl::Insert(const v1::BulkInsertTarget& target,
                                        v1::BulkInsertRequest* first, Turn& turn,
                                        ::grpc::ServerReader<v1::BulkInsertRequest>* reader,
                                        v1::BulkInsertResponse* response) {
  bool begun = false;
  bool ended = false;
  const NextPage next = [&](v1::Page* page) -> absl::StatusOr<bool> {
    if (ended) return false;
    v1::BulkInsertRequest message;
    if (!std::exchange(begun, true)) {
      message.Swap(first);
      message.clear_target();
    } else {
      turn.call().BeginWait();
      const bool more = reader->Read(&message);
      turn.call().EndWait();
      // Half of the rows must not be taken for all of them.
      if (!more) return absl::CancelledError("the stream ended before its last message");
    }
    if (message.has_target()) {
      return status::Error(status::sqlstate::kProtocolViolation,
                           "only the first message of a bulk insert has a target");
    }
    ended = message.last();
    page->Swap(message.mutable_page());
    return true;
  };
  const uint64_t fingerprint =
      target.options().idempotency().key().empty() ? 0 : FingerprintOfRequest(target);
  return Once(target.options().idempotency(), fingerprint, turn, response, [&] {
    NoticeSink sink(turn.session());
    return WithOptions(turn.session(), target.options(), &sink,
                       [&] { return RunBulkInsert(turn.session(), target, next, response); });
  });
}

::grpc::Status GatewayServiceImpl::BulkInsert(::grpc::ServerContext* server,
                                              ::grpc::ServerReader<v1::BulkInsertRequest>* reader,
                                              v1::BulkInsertResponse* response) {
  const absl::Time start = absl::Now();
  // Nobody waits for what a stranger may send.
  if (!sessions_.Knows(DigestOf(*server))) {
    const absl::Status known = Authenticate(*server).status();
    if (!known.ok())
      return Answer("BulkInsert", start, known, v1::TRANSACTION_STATUS_UNSPECIFIED, server);
  }
  v1::BulkInsertRequest first;
  {
    RunningCall call(server);
    const CallWatcher::Watch watch(&watcher_, &call, [] {});
    call.BeginWait();
    reader->Read(&first);
  }
  const v1::BulkInsertTarget target = first.target();
  return InSession("BulkInsert", server, target.session_id(), &target.database(),
                   [&](Turn& turn) -> absl::Status {
                     if (turn.held() == nullptr && target.options().has_begin()) {
                       return NeedsSession();
                     }
                     return Insert(target, &first, turn, reader, response);
                   });
}

::grpc::Status GatewayServiceImpl::Commit(::grpc::ServerContext* server,
                                          const v1::CommitRequest* request,
                                          v1::CommitResponse* response) {
  return InSession("Commit", server, request->session_id(), nullptr,
                   [&](Turn& turn) -> absl::Status {
                     session::Session* const session = turn.session();
                     const auto commit = [&]() -> absl::Status {
                       NoticeSink sink(session);
                       if (turn.transaction() == v1::TRANSACTION_STATUS_IDLE) {
                         return status::Error(status::sqlstate::kNoActiveTransaction,
                                              "there is no transaction in progress");
                       }
                       if (turn.transaction() == v1::TRANSACTION_STATUS_FAILED) {
                         RETURN_IF_ERROR(session->Query("ROLLBACK", &sink));
                         return status::Error(status::sqlstate::kInFailedTransaction,
                                              "the transaction had failed and was rolled back");
                       }
                       RETURN_IF_ERROR(session->Query("COMMIT", &sink));
                       response->mutable_notices()->Swap(sink.notices());
                       response->set_transaction_status(turn.transaction());
                       return absl::OkStatus();
                     };
                     // The key alone says which commit it is, and the session's name.
                     return Once(request->idempotency(), absl::HashOf(request->session_id()), turn,
                                 response, commit);
                   });
}

}  // namespace adbms::gateway::grpc_front
