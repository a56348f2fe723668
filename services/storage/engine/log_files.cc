#include "services/storage/engine/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <sstream>

#include "absl/strings/str_format.h"

namespace adbms::storage::engine {
namespace {

constexpr size_t kSlotBytes = 4096;
constexpr char kMagic[] = "adbms-log-files";

std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78u : 0);
    table[i] = value;
  }
  return table;
}

// The generation of a whole slot, 0 of one that is not.
uint64_t ReadSlot(const std::string& slot, std::map<uint64_t, LogFileSizes>* files) {
  const size_t line = slot.find('\n');
  if (line == std::string::npos) return 0;
  std::istringstream head(slot.substr(0, line));
  std::string magic, checksum;
  int version = 0;
  uint64_t generation = 0;
  head >> magic >> version >> generation >> checksum;
  const size_t end = slot.find("end\n", line);
  if (magic != kMagic || version != 1 || end == std::string::npos) return 0;
  const std::string body = slot.substr(line + 1, end - line - 1);
  if (checksum != absl::StrFormat("%08x", Crc32c(body))) return 0;
  std::istringstream lines(body);
  files->clear();
  uint64_t number = 0;
  LogFileSizes sizes;
  while (lines >> number >> sizes.synced >> sizes.synced_before) (*files)[number] = sizes;
  return generation;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  static const std::array<uint32_t, 256> kTable = MakeTable();
  uint32_t crc = ~seed;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

LogFiles::LogFiles(const std::string& data_dir) {
  fd_ = ::open((data_dir + "/log_files").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return;
  absl::MutexLock lock(&mutex_);
  for (int slot = 0; slot < 2; ++slot) {
    std::string bytes(kSlotBytes, '\0');
    if (::pread(fd_, bytes.data(), bytes.size(), slot * static_cast<off_t>(kSlotBytes)) <= 0)
      continue;
    std::map<uint64_t, LogFileSizes> files;
    const uint64_t generation = ReadSlot(bytes, &files);
    if (generation <= generation_) continue;
    generation_ = generation;
    files_ = std::move(files);
  }
}

LogFiles::~LogFiles() {
  if (fd_ >= 0) ::close(fd_);
}

std::map<uint64_t, LogFileSizes> LogFiles::Known() const {
  absl::MutexLock lock(&mutex_);
  return files_;
}

void LogFiles::Created(uint64_t number) {
  absl::MutexLock lock(&mutex_);
  files_[number] = {};
  Write(/*sync=*/true);
}

void LogFiles::Deleting(uint64_t number) {
  absl::MutexLock lock(&mutex_);
  if (files_.erase(number) > 0) Write(/*sync=*/true);
}

void LogFiles::Synced(uint64_t number, uint64_t size) {
  absl::MutexLock lock(&mutex_);
  LogFileSizes& sizes = files_[number];
  if (size <= sizes.synced) return;
  const bool first = sizes.synced == 0;
  sizes.synced_before = sizes.synced;
  sizes.synced = size;
  Write(/*sync=*/first);
}

void LogFiles::Write(bool sync) {
  if (fd_ < 0) return;
  std::string body;
  for (const auto& [number, sizes] : files_)
    absl::StrAppendFormat(&body, "%d %d %d\n", number, sizes.synced, sizes.synced_before);
  std::string slot =
      absl::StrFormat("%s 1 %d %08x\n", kMagic, ++generation_, Crc32c(body)) + body + "end\n";
  if (slot.size() > kSlotBytes) return;  // Hundreds of logs: the next start knows of fewer.
  slot.resize(kSlotBytes, ' ');
  const off_t at = static_cast<off_t>(generation_ % 2 * kSlotBytes);
  // A full disk does not keep the database from going on: the next start knows a little less.
  if (::pwrite(fd_, slot.data(), slot.size(), at) == static_cast<ssize_t>(slot.size()) && sync)
    ::fdatasync(fd_);
}

}  // namespace adbms::storage::engine
