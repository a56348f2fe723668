// COPY between a session and a file of the machine that the gateway runs on. Not thread-safe.
#pragma once

#include <string>

#include "services/gateway/session/inner_sink.h"

namespace adbms::gateway::session {

// Stands before the session's sink: data come from and go to the file, everything else goes on.
class CopyFile : public InnerSink {
 public:
  CopyFile(std::string path, ResultSink* sink) : InnerSink(sink), path_(std::move(path)) {}
  ~CopyFile() override;
  CopyFile(const CopyFile&) = delete;
  CopyFile& operator=(const CopyFile&) = delete;

  // Opens a regular file for reading. Errors: 58P01, 42501, 42809, 58030.
  absl::Status BeginCopyIn(int columns, bool binary) override;
  absl::StatusOr<bool> ReadCopyData(std::string* data) override;
  // Makes the file or empties it; the path has to be absolute (42602 otherwise).
  absl::Status BeginCopyOut(int columns, bool binary) override;
  absl::Status CopyData(std::string_view data) override;
  absl::Status EndCopyOut() override;
  absl::Status Complete(std::string_view command_tag) override {
    return sink()->Complete(command_tag);
  }

 private:
  absl::Status Close();

  const std::string path_;
  int file_ = -1;
};

}  // namespace adbms::gateway::session
