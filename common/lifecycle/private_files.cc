#include "common/lifecycle/private_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace adbms::lifecycle {
namespace {

namespace fs = std::filesystem;

void Close(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || info.st_uid != ::geteuid()) return;
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return;
  if ((info.st_mode & 077) != 0) (void)::chmod(path.c_str(), info.st_mode & 0700);
}

bool IsOurs(const std::string& name) {
  return absl::StrContains(name, ".log") || absl::StartsWith(name, "audit") ||
         absl::StartsWith(name, "summary_");
}

}  // namespace

void CloseToOthers(const std::string& directory) {
  Close(directory);
  std::error_code error;
  for (fs::recursive_directory_iterator i(directory, error), end; !error && i != end;
       i.increment(error)) {
    Close(i->path());
  }
}

void CloseLogsToOthers(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
    if (!IsOurs(i->path().filename().string())) continue;
    if (i->is_directory(error)) {
      CloseToOthers(i->path().string());
    } else {
      Close(i->path());
    }
  }
}

}  // namespace adbms::lifecycle
