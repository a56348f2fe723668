#include "services/storage/engine/log_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/base/internal/endian.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::engine {
namespace {

constexpr uint64_t kBlockBytes = 32 << 10;
constexpr uint64_t kHeaderBytes = 7;
constexpr uint64_t kBatchHeaderBytes = 12;

enum RecordType : uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct Log {
  uint64_t number = 0;
  std::string path;
  uint64_t size = 0;
  uint64_t valid = 0;             // Up to the end of the last whole record.
  bool damaged_inside = false;    // Whole records follow behind `valid`.
  std::optional<uint64_t> first;  // Sequence numbers of the first record, and after the last.
  uint64_t next = 0;
};

absl::Status Damaged(const Log& log, const std::string& what) {
  return status::Error(
      status::sqlstate::kDataCorrupted, absl::StrCat("log file \"", log.path, "\" ", what),
      "Changes that were acknowledged are missing from the write-ahead log.",
      "Restore the file or the data directory from a backup. With storage.read_only=true the "
      "server starts for reading what is there.");
}

class LogReader {
 public:
  explicit LogReader(std::string bytes) : bytes_(std::move(bytes)) {}

  void Read(Log* log) {
    while (true) {
      std::string batch;
      const uint64_t end = ReadRecord(log->valid, &batch);
      if (end == 0) break;
      log->valid = end;
      if (batch.size() < kBatchHeaderBytes) continue;
      const uint64_t sequence = absl::little_endian::Load64(batch.data());
      const uint32_t count = absl::little_endian::Load32(batch.data() + 8);
      if (!log->first.has_value()) log->first = sequence;
      log->next = sequence + count;
    }
    log->damaged_inside = FindAnyAfter(log->valid);
  }

 private:
  struct Fragment {
    uint8_t type = kZero;
    std::string_view payload;
    uint64_t end = 0;
  };

  // The fragment at `at`; nothing when there is no whole one.
  std::optional<Fragment> FragmentAt(uint64_t at) const {
    const uint64_t left = kBlockBytes - at % kBlockBytes;
    if (left < kHeaderBytes) at += left;
    if (at + kHeaderBytes > bytes_.size()) return std::nullopt;
    const char* header = bytes_.data() + at;
    const uint32_t length = absl::little_endian::Load16(header + 4);
    const uint8_t type = static_cast<uint8_t>(header[6]);
    const uint64_t end = at + kHeaderBytes + length;
    if (type < kFull || type > kLast || end > bytes_.size() ||
        at % kBlockBytes + kHeaderBytes + length > kBlockBytes)
      return std::nullopt;
    const uint32_t masked = absl::little_endian::Load32(header) - 0xa282ead8u;
    const uint32_t crc = (masked >> 17) | (masked << 15);
    if (Crc32c(std::string_view(header + 6, length + 1)) != crc) return std::nullopt;
    return Fragment{type, std::string_view(header + kHeaderBytes, length), end};
  }

  // Returns the end of the record at `at`, 0 when there is no whole one.
  uint64_t ReadRecord(uint64_t at, std::string* batch) const {
    auto fragment = FragmentAt(at);
    if (!fragment.has_value()) return 0;
    if (fragment->type != kFull && fragment->type != kFirst) return 0;
    // The header of the batch is all that is looked at.
    batch->assign(fragment->payload.substr(0, 64));
    while (fragment->type != kFull && fragment->type != kLast) {
      fragment = FragmentAt(fragment->end);
      if (!fragment.has_value() || (fragment->type != kMiddle && fragment->type != kLast)) return 0;
    }
    return fragment->end;
  }

  // Whether a whole record starts behind a place that has none: behind the length that is written
  // there, or at a later block.
  bool FindAnyAfter(uint64_t at) const {
    const auto starts = [&](uint64_t place) {
      const auto fragment = FragmentAt(place);
      return fragment.has_value() && (fragment->type == kFull || fragment->type == kFirst) &&
             !fragment->payload.empty();
    };
    if (at + kHeaderBytes <= bytes_.size()) {
      const uint64_t next = at + kHeaderBytes + absl::little_endian::Load16(bytes_.data() + at + 4);
      if (next > at + kHeaderBytes && starts(next)) return true;
    }
    for (uint64_t block = (at / kBlockBytes + 1) * kBlockBytes; block < bytes_.size();
         block += kBlockBytes) {
      for (uint64_t place = block;
           place < std::min<uint64_t>(block + kBlockBytes, bytes_.size());) {
        const auto fragment = FragmentAt(place);
        if (!fragment.has_value()) break;
        if (fragment->type == kFull || fragment->type == kFirst) return true;
        place = fragment->end;
      }
    }
    return false;
  }

  const std::string bytes_;
};

absl::StatusOr<std::vector<Log>> ReadLogs(const std::string& directory) {
  std::vector<Log> logs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    Log log;
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() != ".log" || !absl::SimpleAtoi(stem, &log.number)) continue;
    log.path = entry.path().string();
    std::ifstream in(log.path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad()) return Damaged(log, "cannot be read");
    log.size = bytes.size();
    LogReader(std::move(bytes)).Read(&log);
    logs.push_back(std::move(log));
  }
  std::sort(logs.begin(), logs.end(),
            [](const Log& a, const Log& b) { return a.number < b.number; });
  return logs;
}

absl::Status CutOff(const Log& log) {
  const int fd = ::open(log.path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool cut =
      fd >= 0 && ::ftruncate(fd, static_cast<off_t>(log.valid)) == 0 && ::fsync(fd) == 0;
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  if (cut) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kIoError,
      absl::StrCat("could not cut the torn end off log file \"", log.path, "\": ", why));
}

}  // namespace

absl::StatusOr<std::vector<TornLog>> CheckLog(const std::string& directory,
                                              const std::map<uint64_t, LogFileSizes>& known) {
  std::vector<TornLog> torn;
  ASSIGN_OR_RETURN(const std::vector<Log> logs, ReadLogs(directory));
  for (const auto& [number, sizes] : known) {
    const bool there =
        std::any_of(logs.begin(), logs.end(),
                    [known_number = number](const Log& log) { return log.number == known_number; });
    if (there || sizes.synced == 0) continue;
    Log missing;
    missing.path = absl::StrFormat("%s/%06d.log", directory, number);
    return Damaged(missing, "is missing");
  }
  std::optional<uint64_t> next;
  for (size_t i = 0; i < logs.size(); ++i) {
    const Log& log = logs[i];
    const bool newest = i + 1 == logs.size();
    const auto sizes = known.find(log.number);
    const uint64_t must = sizes == known.end() ? 0
                          : newest             ? sizes->second.synced_before
                                               : sizes->second.synced;
    if (log.damaged_inside) return Damaged(log, absl::StrCat("is damaged at byte ", log.valid));
    if (log.valid < must) {
      return Damaged(log, log.valid < log.size
                              ? absl::StrCat("is damaged at byte ", log.valid)
                              : absl::StrCat("ends at byte ", log.size, " of ", must));
    }
    if (log.first.has_value()) {
      if (next.has_value() && *log.first > *next) {
        return Damaged(log, absl::StrCat("starts with change ", *log.first, ", while change ",
                                         *next, " and those after it are in no file"));
      }
      next = log.next;
    }
    const uint64_t synced = sizes == known.end() ? 0 : sizes->second.synced;
    if (log.valid == log.size && synced <= log.size) continue;
    torn.push_back({log.path, std::max(log.size, synced) - log.valid,
                    synced > log.valid ? synced - log.valid : 0});
    if (log.valid < log.size) RETURN_IF_ERROR(CutOff(log));
  }
  return torn;
}

}  // namespace adbms::storage::engine
