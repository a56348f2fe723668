// What Api's files share.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/status/sql_error.h"
#include "services/gateway/console/api.h"
#include "services/gateway/console/replies.h"

namespace adbms::gateway::console {

// Errors: 08P01 for a body that is not the message's, 22021.
absl::Status ReadBody(const httplib::Request& request, google::protobuf::Message* message);

// For as long as a request uses what Stop() takes away.
class Api::Turn {
 public:
  explicit Turn(Api* api) : api_(*api) {
    absl::MutexLock lock(&api_.mutex_);
    ok_ = !api_.stopping_;
    if (ok_) ++api_.turns_;
  }
  ~Turn() {
    absl::MutexLock lock(&api_.mutex_);
    if (ok_) --api_.turns_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // Answers where there is none.
  bool Check(httplib::Response* response) const {
    if (!ok_) {
      ReplyError(503,
                 status::Error(status::sqlstate::kCannotConnectNow,
                               "the database system is shutting down"),
                 response);
    }
    return ok_;
  }

 private:
  Api& api_;
  bool ok_ = false;
};

}  // namespace adbms::gateway::console
