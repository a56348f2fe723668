// Data that comes sorted: written to files of the engine's own form and taken in as they are, past
// log and memtables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "services/storage/engine/space_changes.h"

namespace adbms::storage::engine {

// Files that are not the engine's yet: what it has not taken in is removed with the object.
class SortedFiles {
 public:
  SortedFiles() = default;
  ~SortedFiles() { Remove(); }
  SortedFiles(SortedFiles&& other) noexcept { Append(std::move(other)); }
  SortedFiles& operator=(SortedFiles&& other) noexcept;

  // Takes over the other's files, whose keys are others than those here.
  void Append(SortedFiles&& other);
  const std::vector<std::string>& paths() const { return paths_; }
  uint64_t bytes() const { return bytes_; }

 private:
  friend class Engine;
  friend class SortedFileWriter;
  void Remove();

  std::vector<std::string> paths_;
  WrittenSpaces spaces_;
  uint64_t bytes_ = 0;
};

// Writes one sequence of keys into as many files as it takes. Made by an engine, which outlives it.
// Not thread-safe; several may write side by side.
class SortedFileWriter {
 public:
  ~SortedFileWriter();
  SortedFileWriter(const SortedFileWriter&) = delete;
  SortedFileWriter& operator=(const SortedFileWriter&) = delete;

  // REQUIRES: `key` is greater than the one before. Errors: 53100, 58030.
  absl::Status Add(std::string_view key, std::string_view value);
  // Ends the last file. Nothing is added afterwards.
  absl::StatusOr<SortedFiles> Finish();

 private:
  friend class Engine;
  SortedFileWriter(rocksdb::Options options, std::string prefix)
      : options_(std::move(options)), prefix_(std::move(prefix)) {}
  absl::Status StartFile();
  absl::Status FinishFile();

  const rocksdb::Options options_;
  const std::string prefix_;
  std::unique_ptr<rocksdb::SstFileWriter> file_;  // Null: the next key starts one.
  uint32_t keys_ = 0;                             // In it.
  SortedFiles files_;
};

}  // namespace adbms::storage::engine
