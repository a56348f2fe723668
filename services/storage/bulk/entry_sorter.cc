#include "services/storage/bulk/entry_sorter.h"

#include <algorithm>

#include "common/status/macros.h"

namespace adbms::storage::bulk {
namespace {

// A run has so many blocks, and more where they would become long.
constexpr size_t kLeastBlocks = 16;
constexpr size_t kLongestBlock = 64 << 10;
constexpr size_t kWriteBytes = 1 << 20;
// Entries in memory for which one stands when the keys are split.
constexpr size_t kSampled = 512;

}  // namespace

EntrySorter::EntrySorter(std::string directory, size_t bytes)
    : directory_(std::move(directory)),
      block_bytes_(std::min(bytes / kLeastBlocks, kLongestBlock)),
      buffer_(std::make_unique<EntryBuffer>(bytes)) {}

absl::Status EntrySorter::Overflow(std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(Spill());
  buffer_->Add(key, value);
  return absl::OkStatus();
}

absl::Status EntrySorter::Spill() {
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, memory::TemporaryFile::Create(directory_));
  }
  buffer_->Sort();
  SpilledRun run;
  std::string bytes;
  size_t block = block_bytes_;
  for (size_t i = 0; i < buffer_->count(); ++i) {
    const Entry entry = buffer_->at(i);
    if (block >= block_bytes_) {
      run.blocks.push_back({file_->bytes() + bytes.size(), std::string(entry.key)});
      block = 0;
    }
    const auto key_size = static_cast<uint16_t>(entry.key.size());
    const auto value_size = static_cast<uint32_t>(entry.value.size());
    bytes.append(reinterpret_cast<const char*>(&key_size), sizeof(key_size));
    bytes.append(reinterpret_cast<const char*>(&value_size), sizeof(value_size));
    bytes.append(entry.key);
    bytes.append(entry.value);
    block += sizeof(key_size) + sizeof(value_size) + key_size + value_size;
    if (bytes.size() >= kWriteBytes) {
      RETURN_IF_ERROR(file_->Append(bytes));
      bytes.clear();
    }
  }
  RETURN_IF_ERROR(file_->Append(bytes));
  run.end = file_->bytes();
  runs_.push_back(std::move(run));
  buffer_->Clear();
  return absl::OkStatus();
}

absl::Status EntrySorter::Finish() {
  if (runs_.empty()) {
    buffer_->Sort();
    return absl::OkStatus();
  }
  if (buffer_->count() > 0) RETURN_IF_ERROR(Spill());
  buffer_.reset();
  return absl::OkStatus();
}

std::vector<std::string> SplitKeys(const std::vector<const EntrySorter*>& sorters, size_t parts) {
  std::vector<std::string_view> samples;
  for (const EntrySorter* sorter : sorters) {
    if (sorter->buffer() != nullptr) {
      for (size_t i = 0; i < sorter->buffer()->count(); i += kSampled)
        samples.push_back(sorter->buffer()->at(i).key);
    }
    for (const SpilledRun& run : sorter->runs()) {
      for (const SpilledRun::Block& block : run.blocks) samples.push_back(block.first_key);
    }
  }
  std::sort(samples.begin(), samples.end());
  std::vector<std::string> keys;
  for (size_t part = 1; part < parts && !samples.empty(); ++part) {
    const std::string_view key = samples[samples.size() * part / parts];
    if (key > samples.front() && (keys.empty() || key > keys.back())) keys.emplace_back(key);
  }
  return keys;
}

}  // namespace adbms::storage::bulk
