#include "common/lifecycle/secret_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace adbms::lifecycle {

std::string RandomHex(int bytes) {
  std::vector<unsigned char> random(bytes);
  RAND_bytes(random.data(), bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<char*>(random.data()), random.size()));
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no secret at ", path));
  }
  // What root mounts for one user, as Kubernetes does, reaches that user by the group.
  const bool mounted = info.st_uid == 0 && ::geteuid() != 0;
  if ((info.st_mode & (mounted ? 037 : 077)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(path, " can be read by others; chmod 600 it"));
  }
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty()) return absl::NotFoundError(absl::StrCat("the secret at ", path, " is empty"));
  return secret;
}

absl::Status WriteSecret(const std::string& path, const std::string& secret) {
  const std::string temporary = absl::StrCat(path, ".", RandomHex(4));
  const int fd = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  const std::string line = secret + "\n";
  const bool written = fd >= 0 &&
                       ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  ::unlink(temporary.c_str());
  return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(error)));
}

absl::StatusOr<std::string> ReadOrMakeSecret(const std::string& path) {
  auto present = ReadSecret(path);
  if (!absl::IsNotFound(present.status())) return present;
  const std::string temporary = absl::StrCat(path, ".", RandomHex(4));
  RETURN_IF_ERROR(WriteSecret(temporary, RandomHex(32)));
  // link() refuses when another process was faster; then its secret counts.
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked != 0 && error != EEXIST) {
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(error)));
  }
  return ReadSecret(path);
}

}  // namespace adbms::lifecycle
