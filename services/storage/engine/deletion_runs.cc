#include "services/storage/engine/deletion_runs.h"

#include <string>
#include <vector>

namespace adbms::storage::engine {
namespace {

class Collector : public rocksdb::TablePropertiesCollector {
 public:
  Collector(size_t window, size_t run) : run_(run), in_the_way_(window, false) {}

  rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice&,
                             rocksdb::EntryType type, rocksdb::SequenceNumber, uint64_t) override {
    if (wanted_) return rocksdb::Status::OK();
    const bool deletion = type == rocksdb::kEntryDelete || type == rocksdb::kEntrySingleDelete;
    if (deletion) deleted_.assign(key.data(), key.size());
    const bool in_the_way = deletion || (!deleted_.empty() && key == rocksdb::Slice(deleted_));
    if (!in_the_way) deleted_.clear();
    count_ += in_the_way;
    count_ -= in_the_way_[at_];
    in_the_way_[at_] = in_the_way;
    at_ = (at_ + 1) % in_the_way_.size();
    wanted_ = count_ >= run_;
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties*) override {
    return rocksdb::Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return "DeletionRunCollector"; }
  bool NeedCompact() const override { return wanted_; }

 private:
  const size_t run_;
  std::vector<bool> in_the_way_;  // The window, as a ring.
  size_t at_ = 0;
  size_t count_ = 0;
  bool wanted_ = false;
  std::string deleted_;  // The key of the last deletion, until another key comes.
};

class Factory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  Factory(size_t window, size_t run) : window_(window), run_(run) {}
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(
      rocksdb::TablePropertiesCollectorFactory::Context) override {
    return new Collector(window_, run_);
  }
  const char* Name() const override { return "DeletionRunCollectorFactory"; }

 private:
  const size_t window_;
  const size_t run_;
};

}  // namespace

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewDeletionRunCollectorFactory(
    size_t window, size_t run) {
  return std::make_shared<Factory>(window, run);
}

}  // namespace adbms::storage::engine
