// Files that are taken in past the log: what is seen of them, what is left of them, and that the
// log's check finds nothing amiss.
#include "services/storage/engine/sorted_files.h"

#include <filesystem>

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "services/storage/engine/engine.h"
#include "services/storage/testing/plans.h"

namespace adbms::storage::engine {
namespace {

using ::testing::IsEmpty;

std::string Key(uint32_t space, int number) {
  std::string key;
  for (const int shift : {24, 16, 8, 0}) key.push_back(static_cast<char>(space >> shift));
  const std::string digits = std::to_string(number);
  return key + std::string(9 - digits.size(), '0') + digits;
}

class SortedFilesTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(Temporary()); }
  std::string Temporary() const { return dir_.path() + "/tmp"; }
  std::unique_ptr<Engine> Open() { return Open(dir_.path()); }
  static std::unique_ptr<Engine> Open(const std::string& directory) {
    EngineOptions options;
    options.data_dir = directory;
    options.block_cache_bytes = 16 << 20;
    options.memtable_bytes = 16 << 20;
    auto opened = Engine::Open(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  // Keys 0 … count - 1 of the space.
  SortedFiles Files(Engine* engine, uint32_t space, int count, bool looked_up = false) {
    const auto writer =
        engine->NewSortedFiles(Temporary() + "/files-" + std::to_string(space), looked_up);
    for (int i = 0; i < count; ++i)
      EXPECT_TRUE(writer->Add(Key(space, i), "value " + std::to_string(i)).ok());
    auto files = writer->Finish();
    EXPECT_TRUE(files.ok()) << files.status();
    return *std::move(files);
  }
  static absl::Status Put(Engine* engine, const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.Put(key, value);
    const absl::Status status = engine->Write(&batch);
    return status.ok() ? engine->SyncWal() : status;
  }
  static std::string Get(Engine* engine, const Snapshot* snapshot, const std::string& key) {
    PinnableSlice value;
    bool found = false;
    EXPECT_TRUE(engine->Get(snapshot, key, &value, &found).ok());
    return found ? value.ToString() : "-";
  }
  static int Count(Engine* engine, uint32_t space) {
    auto it = engine->NewIterator(nullptr, {Key(space, 0), Key(space + 1, 0)}, {});
    int count = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++count;
    EXPECT_TRUE(it->status().ok());
    return count;
  }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Temporary()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  testing::TempDir dir_;
};

TEST_F(SortedFilesTest, AreSeenByEverySnapshotAndTakeNoNumberOfTheLog) {
  const auto engine = Open();
  ASSERT_TRUE(Put(engine.get(), Key(1, 0), "before").ok());
  const SnapshotPtr older = engine->TakeSnapshot();
  EXPECT_FALSE(engine->ChangedSince(Key(7, 0), *older));
  for (const bool looked_up : {false, true}) {
    const uint32_t space = looked_up ? 8 : 7;
    SortedFiles files = Files(engine.get(), space, 20000, looked_up);
    EXPECT_GT(files.bytes(), 20000u);
    const absl::Status taken = engine->Ingest(&files);
    ASSERT_TRUE(taken.ok()) << taken;
    EXPECT_THAT(files.paths(), IsEmpty());
    EXPECT_EQ(Count(engine.get(), space), 20000);
    EXPECT_EQ(Get(engine.get(), nullptr, Key(space, 77)), "value 77");
    EXPECT_EQ(Get(engine.get(), older.get(), Key(space, 19999)), "value 19999");
    EXPECT_EQ(Get(engine.get(), nullptr, Key(space, 20000)), "-");
    EXPECT_TRUE(engine->ChangedSince(Key(space, 0), *older));
  }
  EXPECT_EQ(engine->LatestSequence(), older->sequence());
  EXPECT_THAT(Left(), IsEmpty());
  // What is written later hides them.
  WriteBatch batch;
  batch.Delete(Key(7, 3));
  batch.Put(Key(7, 4), "later");
  ASSERT_TRUE(engine->Write(&batch).ok());
  EXPECT_EQ(Get(engine.get(), nullptr, Key(7, 3)), "-");
  EXPECT_EQ(Get(engine.get(), nullptr, Key(7, 4)), "later");
  batch.Clear();
  batch.DeleteRange(Key(7, 0), Key(8, 0));
  ASSERT_TRUE(engine->Write(&batch).ok());
  EXPECT_EQ(Count(engine.get(), 7), 0);
  EXPECT_EQ(Count(engine.get(), 8), 20000);
}

TEST_F(SortedFilesTest, AreRemovedWhenNobodyTakesThemIn) {
  const auto engine = Open();
  {
    SortedFiles files = Files(engine.get(), 7, 100);
    EXPECT_EQ(Left().size(), 1u);
    SortedFiles more = Files(engine.get(), 8, 100);
    files.Append(std::move(more));
    EXPECT_EQ(files.paths().size(), 2u);
    EXPECT_EQ(Left().size(), 2u);
  }
  EXPECT_THAT(Left(), IsEmpty());
  {
    const auto unfinished = engine->NewSortedFiles(Temporary() + "/unfinished", false);
    ASSERT_TRUE(unfinished->Add(Key(7, 1), "").ok());
    EXPECT_EQ(Left().size(), 1u);
  }
  EXPECT_THAT(Left(), IsEmpty());
  SortedFiles none = Files(engine.get(), 9, 0);
  EXPECT_TRUE(engine->Ingest(&none).ok());
}

TEST_F(SortedFilesTest, ASpaceWithSomethingInItIsLeftAsItIs) {
  const auto engine = Open();
  ASSERT_TRUE(Put(engine.get(), Key(7, 50), "mine").ok());
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(engine->Flush().ok());
    }
    SortedFiles files = Files(engine.get(), 7, 100);
    EXPECT_FALSE(engine->Ingest(&files).ok());
    EXPECT_EQ(Count(engine.get(), 7), 1);
    EXPECT_EQ(Get(engine.get(), nullptr, Key(7, 50)), "mine");
  }
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_TRUE(Put(engine.get(), Key(7, 51), "and more").ok());
}

// What is on disk when the process is killed, with files taken in between two logs and after the
// last one.
TEST_F(SortedFilesTest, AreThereAfterAKillAndTheLogIsWhole) {
  const auto engine = Open();
  ASSERT_TRUE(Put(engine.get(), Key(1, 0), "first").ok());
  for (int round = 0; round < 3; ++round) {
    SortedFiles files = Files(engine.get(), 7 + static_cast<uint32_t>(round), 5000);
    ASSERT_TRUE(engine->Ingest(&files).ok());
    ASSERT_TRUE(engine->Flush().ok());  // The next write goes to another log.
    ASSERT_TRUE(Put(engine.get(), Key(1, 1 + round), "next").ok());
  }
  SortedFiles last = Files(engine.get(), 20, 5000);
  ASSERT_TRUE(engine->Ingest(&last).ok());
  testing::TempDir image;
  std::filesystem::copy(
      dir_.path(), image.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  for (int opening = 0; opening < 2; ++opening) {
    const auto again = Open(image.path());
    ASSERT_NE(again, nullptr);
    for (const uint32_t space : {7u, 8u, 9u, 20u}) EXPECT_EQ(Count(again.get(), space), 5000);
    EXPECT_EQ(Count(again.get(), 1), 4);
    EXPECT_TRUE(Put(again.get(), Key(2, opening), "goes on").ok());
  }
}

}  // namespace
}  // namespace adbms::storage::engine
