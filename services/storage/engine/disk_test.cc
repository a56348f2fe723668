// A disk that is full and has space again, and logs that have lost something.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "rocksdb/file_system.h"
#include "services/storage/engine/log_files.h"
#include "services/storage/testing/storage_fixture.h"
#include "services/storage/testing/vanishing_process.h"

namespace adbms::storage::testing {
namespace {

using status::HasSqlState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An atomic that can be waited for.
template <typename T>
class Watched {
 public:
  explicit Watched(T value) : value_(value) {}
  Watched& operator=(T value) {
    value_.store(value);
    value_.notify_all();
    return *this;
  }
  void operator++() {
    ++value_;
    value_.notify_all();
  }
  operator T() const { return value_.load(); }
  void AwaitChangeFrom(T value) const { value_.wait(value); }

 private:
  std::atomic<T> value_;
};

// Takes no more bytes while `full`, those of sorted files none while `files_full`; `unsynced`: no
// file can be synced; `broken`: every write is an error of the device. While `syncs_wait` or
// `files_wait`, no sync ends, or no data file begins; while `compactions_wait`, no compaction
// writes, and none can while `compactions_full`.
class Disk : public rocksdb::FileSystemWrapper {
 public:
  Disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "Disk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (path.ends_with(".sst")) Wait(files_wait, &file_waits);
    if (full) return NoSpace();
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    const bool sorted = path.find("/tmp/index-") != std::string::npos;
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), this, sorted);
    return status;
  }

  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* free, rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FileSystemWrapper::GetFreeSpace(path, options, free, debug);
    if (full) *free = 0;
    if (!full) ++space_found;
    return status;
  }

  Watched<bool> full{false};
  Watched<bool> files_full{false};
  Watched<bool> unsynced{false};
  Watched<bool> broken{false};
  Watched<bool> syncs_wait{false};
  Watched<bool> files_wait{false};
  Watched<bool> sync_waits{false};
  Watched<bool> file_waits{false};
  Watched<bool> compactions_wait{false};
  Watched<bool> compactions_full{false};
  Watched<bool> compaction_waits{false};
  Watched<int> refusals{0};
  Watched<int> space_found{0};

 private:
  static void Wait(const Watched<bool>& wait, Watched<bool>* waits) {
    *waits = static_cast<bool>(wait);
    wait.AwaitChangeFrom(true);
  }
  static rocksdb::IOStatus NoSpace() {
    rocksdb::IOStatus status = rocksdb::IOStatus::NoSpace("No space left on device");
    status.SetRetryable(true);
    return status;
  }
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, Disk* disk, bool sorted)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), sorted_(sorted) {}
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (disk_->broken) return rocksdb::IOStatus::IOError("Input/output error");
      if (compaction_) {
        Wait(disk_->compactions_wait, &disk_->compaction_waits);
        if (disk_->compactions_full) {
          ++disk_->refusals;
          return NoSpace();
        }
      }
      if (!disk_->full && !(sorted_ && disk_->files_full))
        return FSWritableFileOwnerWrapper::Append(data, options, debug);
      // As disks do: a part of it is written.
      (void)FSWritableFileOwnerWrapper::Append(rocksdb::Slice(data.data(), data.size() / 2),
                                               options, debug);
      ++disk_->refusals;
      return NoSpace();
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo&,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    void SetIOPriority(rocksdb::Env::IOPriority priority) override {
      compaction_ = priority == rocksdb::Env::IO_LOW;
      FSWritableFileOwnerWrapper::SetIOPriority(priority);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      Wait(disk_->syncs_wait, &disk_->sync_waits);
      return disk_->unsynced ? NoSpace() : FSWritableFileOwnerWrapper::Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      return disk_->unsynced ? NoSpace() : FSWritableFileOwnerWrapper::Fsync(options, debug);
    }

   private:
    Disk* const disk_;
    const bool sorted_;
    bool compaction_ = false;
  };
};

class DiskTest : public StorageTest {
 protected:
  void SetUp() override { OpenOn(disk_); }
  void TearDown() override { storage_.reset(); }  // It still warns.
  void OpenOn(const std::shared_ptr<rocksdb::FileSystem>& files) {
    server::Options options = OptionsFor(dir_.path());
    options.file_system = files;
    options.warn = [this](const std::string& text) {
      absl::MutexLock lock(&mutex_);
      warnings_.push_back(text);
    };
    auto opened = server::StorageServer::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    storage_ = *std::move(opened);
  }
  void AwaitWriting(bool goes_on) {
    while (storage_->WriteFailure().empty() != goes_on) absl::SleepFor(absl::Milliseconds(1));
  }

  std::vector<std::string> Warnings() {
    absl::MutexLock lock(&mutex_);
    return warnings_;
  }

  const std::shared_ptr<Disk> disk_ = std::make_shared<Disk>();
  absl::Mutex mutex_;
  std::vector<std::string> warnings_ ABSL_GUARDED_BY(mutex_);
};

class EngineOnAFullDisk : public ::testing::Test {
 protected:
  // Anew, on this disk; null when that fails.
  engine::Engine* Open(const std::shared_ptr<Disk>& disk) {
    engine_.reset();
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    options.file_system = disk;
    auto opened = engine::Engine::Open(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (opened.ok()) engine_ = *std::move(opened);
    return engine_.get();
  }
  absl::Status Write(const std::string& key) {
    engine::WriteBatch batch;
    batch.Put(key, "value");
    return engine_->Write(&batch);
  }
  bool Has(const std::string& key) {
    engine::PinnableSlice value;
    bool found = false;
    EXPECT_TRUE(engine_->Get(nullptr, key, &value, &found).ok());
    return found;
  }

 private:
  const TempDir dir_;
  std::unique_ptr<engine::Engine> engine_;
};

// RocksDB with assertions ends the process when it is asked to sync a log, for the first time, to
// which it could not append; also when it was asked before that, and is still busy with another.
TEST_F(EngineOnAFullDisk, DoesNotSyncALogThatHasRefusedAWrite) {
  const auto disk = std::make_shared<Disk>();
  engine::Engine* engine = Open(disk);
  ASSERT_NE(engine, nullptr);
  // A log that is not synced, then a new one that nothing was written to.
  ASSERT_TRUE(Write("0001a").ok());
  disk->files_wait = true;
  std::thread flush([&] { (void)engine->Flush(); });
  disk->file_waits.AwaitChangeFrom(false);
  disk->syncs_wait = true;
  std::thread sync([&] { EXPECT_TRUE(engine->SyncWal().ok()); });
  disk->sync_waits.AwaitChangeFrom(false);
  disk->full = true;
  Watched<bool> refused{false};
  std::thread writes([&] {
    EXPECT_TRUE(HasSqlState(Write("0001b"), "53100"));
    refused = true;
  });
  // The write is refused before the sync comes to its log, or waits for it to be done.
  disk->refusals.AwaitChangeFrom(0);
  for (int i = 0; i < 200 && !refused; ++i) absl::SleepFor(absl::Milliseconds(1));
  disk->syncs_wait = false;
  sync.join();
  writes.join();
  EXPECT_FALSE(engine->SyncWal().ok());
  disk->full = false;
  disk->files_wait = false;
  flush.join();
  // Nor does it write to that log again, and it has no other one: not before it is opened anew.
  while (engine->write_failure().find("restart") == std::string::npos)
    absl::SleepFor(absl::Milliseconds(1));
  EXPECT_FALSE(Write("0001c").ok());
  EXPECT_TRUE(Has("0001a"));
  engine = Open(disk);
  ASSERT_NE(engine, nullptr);
  EXPECT_TRUE(Has("0001a"));
  EXPECT_FALSE(Has("0001b"));
  EXPECT_TRUE(Write("0001c").ok());
  EXPECT_TRUE(engine->SyncWal().ok());
}

// An error of a compaction makes RocksDB forget that it is being resumed, which then never ends.
TEST_F(EngineOnAFullDisk, WaitsForCompactionsThatAreStillToFail) {
  const auto disk = std::make_shared<Disk>();
  engine::Engine* engine = Open(disk);
  ASSERT_NE(engine, nullptr);
  disk->compactions_wait = true;
  while (!disk->compaction_waits) {
    ASSERT_TRUE(Write("0001a").ok());
    ASSERT_TRUE(engine->Flush().ok());
  }
  ASSERT_TRUE(Write("0001b").ok());
  disk->full = true;
  EXPECT_TRUE(HasSqlState(Write("0001c"), "53100"));
  while (engine->write_failure().empty()) absl::SleepFor(absl::Milliseconds(1));
  disk->space_found = 0;
  disk->full = false;
  disk->space_found.AwaitChangeFrom(0);
  disk->refusals = 0;
  disk->compactions_full = true;
  disk->compactions_wait = false;
  disk->refusals.AwaitChangeFrom(0);
  disk->compactions_full = false;
  while (!engine->write_failure().empty()) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE(Write("0001c").ok());
}

TEST_F(DiskTest, WritingGoesOnByItselfWhenThereIsSpaceAgain) {
  {
    Client client(storage_.get());
    MakeTable(&client);
  }
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 15; ++round) {
    Client client(storage_.get());
    ASSERT_TRUE(client.InsertInts("t", {{round * 10, 1}}).ok()) << round;
    acknowledged.push_back(std::to_string(round * 10) + "|1");
    disk_->full = true;
    const absl::Status refused = client.InsertInts("t", {{round * 10 + 1, 0}});
    EXPECT_TRUE(HasSqlState(refused, "53100")) << refused;
    AwaitWriting(false);
    EXPECT_FALSE(client.InsertInts("t", {{round * 10 + 2, 0}}).ok());
    EXPECT_THAT(client.All("t"), SizeIs(acknowledged.size()));  // Reads go on.
    disk_->full = false;
    AwaitWriting(true);
    ASSERT_TRUE(client.InsertInts("t", {{round * 10 + 3, 1}}).ok()) << round;
    acknowledged.push_back(std::to_string(round * 10 + 3) + "|1");
  }
  EXPECT_EQ(storage_->GetMetrics({})->write_stops(), 15u);
  storage_.reset();
  OpenOn(disk_);
  Client client(storage_.get());
  EXPECT_THAT(client.All("t"), ::testing::ElementsAreArray(acknowledged));
}

TEST_F(DiskTest, AnIndexThatDoesNotFitLeavesNothing) {
  Client client(storage_.get());
  MakeTable(&client);
  for (int64_t first = 0; first < 80000; first += 5000) {
    std::vector<std::vector<int64_t>> rows;
    for (int64_t i = first; i < first + 5000; ++i) rows.push_back({i, i});
    ASSERT_TRUE(client.InsertInts("t", rows).ok());
  }
  // Sizes in memory are guesses; a table that is taken to be small gets its index without files.
  ASSERT_TRUE(storage_->FlushMemtables().ok());
  const auto statement = CreateIndex(client.Table("t").table_id(), "t_b", {1}, true);
  disk_->files_full = true;
  const absl::Status refused = client.Ddl(statement).status();
  EXPECT_TRUE(HasSqlState(refused, "53100")) << refused;
  EXPECT_EQ(client.Table("t").indexes_size(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path() + "/tmp"));
  EXPECT_THAT(storage_->WriteFailure(), IsEmpty());  // Others write.
  ASSERT_TRUE(client.InsertInts("t", {{80000, 80000}}).ok());
  disk_->files_full = false;
  EXPECT_TRUE(client.Ddl(statement).ok());
  EXPECT_TRUE(HasSqlState(client.InsertInts("t", {{80001, 5}}), "23505"));
}

TEST_F(DiskTest, AnErrorOfTheDeviceIsToldAsOneThatWantsARestart) {
  {
    Client client(storage_.get());
    MakeTable(&client);
    ASSERT_TRUE(client.InsertInts("t", {{1, 1}}).ok());
    disk_->broken = true;
    const absl::Status refused = client.InsertInts("t", {{2, 1}});
    EXPECT_TRUE(HasSqlState(refused, "58030")) << refused;
    AwaitWriting(false);
    disk_->broken = false;
    while (Warnings().empty()) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_THAT(Warnings(), ElementsAre(HasSubstr("restart the server")));
    EXPECT_THAT(storage_->WriteFailure(), HasSubstr("restart the server"));
    EXPECT_FALSE(client.InsertInts("t", {{3, 1}}).ok());
    EXPECT_THAT(client.All("t"), ElementsAre("1|1"));
  }
  storage_.reset();
  OpenOn(disk_);
  Client client(storage_.get());
  ASSERT_TRUE(client.InsertInts("t", {{4, 1}}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|1", "4|1"));
}

TEST_F(DiskTest, ACommitThatCannotBeSyncedWaitsForTheDisk) {
  Client client(storage_.get());
  MakeTable(&client);
  disk_->unsynced = true;
  absl::Status committed;
  std::thread writer([&] {
    Client own(storage_.get());
    committed = own.InsertInts("t", {{1, 1}});
  });
  AwaitWriting(false);
  EXPECT_THAT(client.All("t"), IsEmpty());
  disk_->unsynced = false;
  writer.join();
  EXPECT_TRUE(committed.ok()) << committed;
  AwaitWriting(true);
  EXPECT_TRUE(client.InsertInts("t", {{2, 1}}).ok());
  EXPECT_THAT(client.All("t"), ElementsAre("1|1", "2|1"));
}

std::vector<std::string> LogsIn(const std::string& directory) {
  std::vector<std::string> logs;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/db")) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

// Inserts rows first to end - 1, each in a transaction of its own, and leaves all as it is.
bool InsertAndLeave(const std::string& directory, int first, int end, bool creates) {
  auto opened = server::StorageServer::Open(OptionsFor(directory));
  if (!opened.ok()) return false;
  auto* client = new Client(opened->release());
  bool ok = !creates || client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"b", kInt4}}, {0})).ok();
  for (int i = first; i < end && ok; ++i) ok = client->InsertInts("t", {{i, i}}).ok();
  // Until what was synced is noted.
  while (ok) {
    const auto known = engine::LogFiles(directory).Known();
    if (!known.empty() &&
        known.rbegin()->second.synced == std::filesystem::file_size(LogsIn(directory).back()))
      break;
  }
  return ok;
}

TEST(VanishingProcess, DISABLED_Inserts) {
  std::istringstream in(VanishingArguments());
  std::string directory;
  int first = 0, end = 0;
  bool creates = false;
  if (!(in >> directory >> first >> end >> creates)) GTEST_SKIP() << "for LostLogTest";
  Vanish(InsertAndLeave(directory, first, end, creates));
}

// A process that ended without a shutdown, and what then happened to its log.
class LostLogTest : public StorageTest {
 protected:
  static constexpr int kRows = 50;
  void SetUp() override { InsertAndVanish(0, kRows, true); }  // The child opens first.
  void InsertAndVanish(int first, int end, bool creates) {
    std::ostringstream arguments;
    arguments << dir_.path() << ' ' << first << ' ' << end << ' ' << creates;
    ASSERT_TRUE(RunAndVanish("Inserts", arguments.str()));
  }
  std::vector<std::string> Logs() const { return LogsIn(dir_.path()); }
  absl::Status TryOpen(bool read_only = false) {
    server::Options options = OptionsFor(dir_.path());
    options.read_only = read_only;
    options.warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    auto opened = server::StorageServer::Open(options);
    if (!opened.ok()) return opened.status();
    storage_ = *std::move(opened);
    return absl::OkStatus();
  }
  void Overwrite(const std::string& path, uint64_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }
  void ExpectRefused(const std::string& file) {
    const absl::Status status = TryOpen();
    EXPECT_TRUE(HasSqlState(status, "XX001")) << status;
    const status::SqlError error = status::FromStatus(status);
    EXPECT_THAT(error.message, HasSubstr(file));
    EXPECT_THAT(error.hint, HasSubstr("read_only"));
  }

  std::vector<std::string> warnings_;
};

TEST_F(LostLogTest, AWholeLogIsOpenedInSilence) {
  ASSERT_TRUE(TryOpen().ok());
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows));
}

TEST_F(LostLogTest, ATornEndOfTheNewestLogIsCutOffAndToldOf) {
  const std::string log = Logs().back();
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 20);
  ASSERT_TRUE(TryOpen().ok());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(log)));
  EXPECT_GT(storage_->GetMetrics({})->log_torn_bytes(), 0u);
  EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows - 1));
}

TEST_F(LostLogTest, AnEndOfZerosOrGarbageIsATornEndToo) {
  const std::string log = Logs().back();
  Overwrite(log, std::filesystem::file_size(log) - 30, std::string(30, '\0'));
  ASSERT_TRUE(TryOpen().ok());
  EXPECT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows - 1));
  storage_.reset();
  InsertAndVanish(100, 110, false);
  std::ofstream(Logs().back(), std::ios::binary | std::ios::app) << "half a record of a write";
  ASSERT_TRUE(TryOpen().ok());
  EXPECT_THAT(warnings_, SizeIs(2));
  EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows - 1 + 10));
}

TEST_F(LostLogTest, TheEndOfALogThatAnotherFollowedMayBeTornToo) {
  // As a full disk leaves it: part of a record, and then a file that nothing came to be in.
  const std::string log = Logs().back();
  std::ofstream(log, std::ios::binary | std::ios::app) << "half a record of a write";
  const int number = std::stoi(std::filesystem::path(log).stem());
  // Each is told of: the next one may be as short as that.
  const std::string after = absl::StrFormat("%s/db/%06d.log", dir_.path(), number + 1);
  std::ofstream(after, std::ios::binary) << "half";
  ASSERT_TRUE(TryOpen().ok());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(log), HasSubstr(after)));
  EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows));
  storage_.reset();
  // Not when changes were in it that were acknowledged.
  InsertAndVanish(100, 110, false);
  const std::string newest = Logs().back();
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) - 20);
  const int next = std::stoi(std::filesystem::path(newest).stem()) + 1;
  std::ofstream(absl::StrFormat("%s/db/%06d.log", dir_.path(), next));
  ExpectRefused(newest);
}

TEST_F(LostLogTest, ALogCutInHalfIsRefused) {
  const std::string log = Logs().back();
  std::filesystem::resize_file(log, std::filesystem::file_size(log) / 2);
  ExpectRefused(log);
  // For reading only, what is before the cut is there; nothing is changed.
  ASSERT_TRUE(TryOpen(/*read_only=*/true).ok());
  {
    Client client(storage_.get());  // A session must not outlive its server.
    EXPECT_THAT(client.All("t"), ::testing::Contains("0|0"));
    EXPECT_TRUE(HasSqlState(client.InsertInts("t", {{1000, 0}}), "25006"));
    EXPECT_TRUE(HasSqlState(client.Ddl(CreateTable("u", {{"a", kInt4}}, {})).status(), "25006"));
  }
  storage_.reset();
  ExpectRefused(log);
}

TEST_F(LostLogTest, DamageInTheMiddleIsRefused) {
  const std::string log = Logs().back();
  Overwrite(log, std::filesystem::file_size(log) / 2, "damage");
  ExpectRefused(log);
}

TEST_F(LostLogTest, AMissingLogIsRefused) {
  const std::string log = Logs().back();
  std::filesystem::remove(log);
  ExpectRefused(log);
}

TEST_F(LostLogTest, WhatIsLeftWithoutTheNewestLogCanBeRead) {
  // What was in a log is in files after the next start.
  ASSERT_TRUE(TryOpen().ok());
  storage_.reset();
  InsertAndVanish(100, 110, false);
  for (const bool remove : {false, true}) {
    for (const std::string& log : Logs()) {
      if (remove) {
        std::filesystem::remove(log);
      } else {
        std::filesystem::resize_file(log, 0);
      }
    }
    EXPECT_TRUE(HasSqlState(TryOpen(), "XX001"));
    ASSERT_TRUE(TryOpen(/*read_only=*/true).ok());
    EXPECT_THAT(Client(storage_.get()).All("t"), SizeIs(kRows));
    storage_.reset();
  }
}

TEST_F(LostLogTest, NothingThatCanBeReadIsSaid) {
  for (const std::string& log : Logs()) std::filesystem::remove(log);
  const absl::Status status = TryOpen(/*read_only=*/true);
  EXPECT_TRUE(HasSqlState(status, "XX001")) << status;
  EXPECT_THAT(status::FromStatus(status).message, HasSubstr("nothing that can be read"));
}

}  // namespace
}  // namespace adbms::storage::testing
