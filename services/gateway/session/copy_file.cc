#include "services/gateway/session/copy_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

constexpr size_t kPiece = 256 << 10;

// PostgreSQL's codes for what files refuse.
std::string_view SqlStateOf(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case EROFS:
      return status::sqlstate::kInsufficientPrivilege;
    case ENOENT:
      return "58P01";
    case EEXIST:
      return "58P02";
    case ENOTDIR:
    case EISDIR:
      return status::sqlstate::kWrongObjectType;
    case ENOSPC:
      return status::sqlstate::kDiskFull;
    case ENAMETOOLONG:
      return "42622";
    default:
      return status::sqlstate::kIoError;
  }
}

absl::Status FileError(int error, absl::string_view what) {
  return status::Error(SqlStateOf(error), absl::StrCat(what, ": ", std::strerror(error)));
}

}  // namespace

CopyFile::~CopyFile() {
  if (file_ >= 0) ::close(file_);
}

absl::Status CopyFile::Close() {
  const int file = std::exchange(file_, -1);
  if (file < 0 || ::close(file) == 0) return absl::OkStatus();
  return FileError(errno, absl::StrCat("could not close file \"", path_, "\""));
}

absl::Status CopyFile::BeginCopyIn(int, bool) {
  // A pipe without a writer would not let go of the session.
  file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0)
    return FileError(errno, absl::StrCat("could not open file \"", path_, "\" for reading"));
  struct stat found = {};
  if (::fstat(file_, &found) != 0)
    return FileError(errno, absl::StrCat("could not stat file \"", path_, "\""));
  if (!S_ISREG(found.st_mode))
    return status::Error(
        status::sqlstate::kWrongObjectType,
        absl::StrCat("\"", path_, "\" is ",
                     S_ISDIR(found.st_mode) ? "a directory" : "not a regular file"));
  return absl::OkStatus();
}

absl::StatusOr<bool> CopyFile::ReadCopyData(std::string* data) {
  data->resize(kPiece);
  ssize_t got = 0;
  do {
    got = ::read(file_, data->data(), data->size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return FileError(errno, absl::StrCat("could not read from file \"", path_, "\""));
  data->resize(static_cast<size_t>(got));
  if (got > 0) return true;
  RETURN_IF_ERROR(Close());
  return false;
}

absl::Status CopyFile::BeginCopyOut(int, bool) {
  if (path_.front() != '/')
    return status::Error("42602", "relative path not allowed for COPY to file");
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
  if (file_ < 0)
    return FileError(errno, absl::StrCat("could not open file \"", path_, "\" for writing"));
  return absl::OkStatus();
}

absl::Status CopyFile::CopyData(std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(file_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, "could not write to COPY file");
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status CopyFile::EndCopyOut() { return Close(); }

}  // namespace adbms::gateway::session
