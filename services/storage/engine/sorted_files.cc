#include "services/storage/engine/sorted_files.h"

#include <filesystem>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "rocksdb/table.h"
#include "services/storage/engine/engine.h"

namespace adbms::storage::engine {
namespace {

// Few files: where they fit into no lower level, each of them counts there towards the number at
// which writers are slowed down.
constexpr uint64_t kFileBytes = 256 << 20;
constexpr uint32_t kKeysBetweenLooks = 4096;

}  // namespace

SortedFiles& SortedFiles::operator=(SortedFiles&& other) noexcept {
  if (this == &other) return *this;
  Remove();
  Append(std::move(other));
  return *this;
}

void SortedFiles::Append(SortedFiles&& other) {
  for (std::string& path : other.paths_) paths_.push_back(std::move(path));
  spaces_.AddAll(other.spaces_);
  bytes_ += other.bytes_;
  other.paths_.clear();
  other.spaces_.Clear();
  other.bytes_ = 0;
}

void SortedFiles::Remove() {
  std::error_code ignored;  // The directory is cleared at the next start.
  for (const std::string& path : paths_) std::filesystem::remove(path, ignored);
  paths_.clear();
}

SortedFileWriter::~SortedFileWriter() = default;

absl::Status SortedFileWriter::StartFile() {
  std::string path = prefix_ + "-" + std::to_string(files_.paths_.size()) + ".sst";
  file_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(options_), options_, nullptr,
                                                   /*invalidate_page_cache=*/false);
  files_.paths_.push_back(path);
  keys_ = 0;
  return ToStatus(file_->Open(path));
}

absl::Status SortedFileWriter::FinishFile() {
  rocksdb::ExternalSstFileInfo info;
  const rocksdb::Status status = file_->Finish(&info);
  file_.reset();
  files_.bytes_ += info.file_size;
  return ToStatus(status);
}

absl::Status SortedFileWriter::Add(std::string_view key, std::string_view value) {
  if (file_ == nullptr) RETURN_IF_ERROR(StartFile());
  const rocksdb::Status status = file_->Put(ToSlice(key), ToSlice(value));
  if (!status.ok()) return ToStatus(status);
  files_.spaces_.Add(key);
  if (++keys_ % kKeysBetweenLooks == 0 && file_->FileSize() >= kFileBytes) return FinishFile();
  return absl::OkStatus();
}

absl::StatusOr<SortedFiles> SortedFileWriter::Finish() {
  if (file_ != nullptr) RETURN_IF_ERROR(FinishFile());
  return std::move(files_);
}

std::unique_ptr<SortedFileWriter> Engine::NewSortedFiles(const std::string& prefix,
                                                         bool looked_up) const {
  rocksdb::Options options = db_->GetOptions();
  options.table_properties_collector_factories.clear();  // Nothing in them is deleted.
  if (!looked_up) {
    auto table = *options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    table.filter_policy.reset();
    table.partition_filters = false;
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinarySearch;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
  return std::unique_ptr<SortedFileWriter>(new SortedFileWriter(std::move(options), prefix));
}

absl::Status Engine::Ingest(SortedFiles* files) {
  if (read_only_) {
    return status::Error(status::sqlstate::kReadOnlyTransaction,
                         "the server was started for reading only (storage.read_only)");
  }
  if (files->paths_.empty()) return absl::OkStatus();
  // They are durable at once; what they belong to must be so before.
  RETURN_IF_ERROR(SyncWal());
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  // No number of the log's sequence is taken, whose gaps mean that something is lost
  // (log_check.h).
  options.snapshot_consistency = false;
  options.allow_global_seqno = false;
  options.write_global_seqno = false;
  const rocksdb::Status status = db_->IngestExternalFile(files->paths_, options);
  // One more than the newest: a snapshot from before, at the same number, has not seen them.
  changes_.Note(files->spaces_, db_->GetLatestSequenceNumber() + 1);
  if (!status.ok()) return ToStatus(status);
  files->paths_.clear();
  return absl::OkStatus();
}

}  // namespace adbms::storage::engine
