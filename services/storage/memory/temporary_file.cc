#include "services/storage/memory/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/status/sql_error.h"

namespace adbms::storage::memory {
namespace {

absl::Status FileError(const char* what) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return status::Error(
      full ? status::sqlstate::kDiskFull : status::sqlstate::kIoError,
      std::string("could not ") + what + " temporary file: " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemporaryFile>> TemporaryFile::Create(const std::string& directory) {
  std::string name = directory + "/spill-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return FileError("create");
  ::unlink(name.c_str());
  return std::unique_ptr<TemporaryFile>(new TemporaryFile(file));
}

TemporaryFile::~TemporaryFile() { ::close(file_); }

absl::Status TemporaryFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(bytes_));
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileError("write");
    }
    bytes_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> TemporaryFile::ReadAt(uint64_t offset, size_t size, char* out) const {
  size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(file_, out + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      return FileError("read");
    }
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

}  // namespace adbms::storage::memory
