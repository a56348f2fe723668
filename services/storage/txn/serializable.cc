#include "services/storage/txn/serializable.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::txn {
namespace {

uint64_t HashOf(std::string_view key) {
  return absl::HashOf(absl::string_view(key.data(), key.size()));
}

absl::Status Refused(std::string_view reason) {
  return status::Error(status::sqlstate::kSerializationFailure,
                       "could not serialize access due to read/write dependencies among "
                       "transactions",
                       reason, "The transaction might succeed if retried.");
}

}  // namespace

void ReadSet::AddKey(std::string_view key) {
  absl::MutexLock lock(&mutex_);
  if (!keys_.insert(HashOf(key)).second) return;
  spaces_.insert(codec::SpaceOf(key));
  if (keys_.size() > kMost) Coarsen();
}

void ReadSet::AddRange(std::string_view lower, std::string_view upper) {
  if (lower >= upper) return;
  absl::MutexLock lock(&mutex_);
  AddRangeLocked(std::string(lower), std::string(upper));
  if (ranges_.size() > kMost) Coarsen();
}

void ReadSet::AddRangeLocked(std::string lower, std::string upper) {
  auto it = ranges_.upper_bound(lower);
  if (it != ranges_.begin() && std::prev(it)->second >= lower) {
    --it;
    if (it->second >= upper) return;
    lower = it->first;
  }
  while (it != ranges_.end() && it->first <= upper) {
    upper = std::max(upper, it->second);
    it = ranges_.erase(it);
  }
  ranges_.emplace(std::move(lower), std::move(upper));
}

void ReadSet::Coarsen() {
  std::set<uint32_t> spaces = std::move(spaces_);
  spaces_.clear();
  for (const auto& [lower, upper] : ranges_) spaces.insert(codec::SpaceOf(lower));
  keys_.clear();
  for (const uint32_t space : spaces)
    AddRangeLocked(codec::SpaceBegin(space), codec::SpaceEnd(space));
}

bool ReadSet::InRange(std::string_view key) const {
  auto it = ranges_.upper_bound(key);
  return it != ranges_.begin() && std::prev(it)->second > key;
}

bool ReadSet::Has(std::string_view key) const {
  absl::ReaderMutexLock lock(&mutex_);
  return InRange(key) || keys_.contains(HashOf(key));
}

bool ReadSet::MayHave(std::string_view first, std::string_view last) const {
  absl::ReaderMutexLock lock(&mutex_);
  if (spaces_.contains(codec::SpaceOf(first)) || InRange(first)) return true;
  const auto it = ranges_.upper_bound(first);
  return it != ranges_.end() && it->first <= last;
}

void WriteSet::Add(std::string_view key) {
  Ends& ends = spaces_[codec::SpaceOf(key)];
  if (ends.last.empty()) ends.first = ends.last = std::string(key);
  if (key < ends.first) ends.first = std::string(key);
  if (key > ends.last) ends.last = std::string(key);
  if (coarse_) return;
  keys_.emplace_back(key);
  if (keys_.size() <= kMost) return;
  coarse_ = true;
  keys_ = {};
}

bool WriteSet::Meets(const ReadSet& reads) const {
  if (coarse_) {
    return std::any_of(spaces_.begin(), spaces_.end(), [&](const auto& space) {
      return reads.MayHave(space.second.first, space.second.last);
    });
  }
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const std::string& key) { return reads.Has(key); });
}

std::shared_ptr<SerializableTransactions::Participant> SerializableTransactions::Begin(
    bool read_only) {
  auto participant = std::make_shared<Participant>();
  participant->read_only_ = read_only;
  absl::MutexLock lock(&mutex_);
  // Not later than its snapshot will be: what commits in between is kept for it.
  participant->snapshot_ = latest_();
  active_.insert(participant);
  return participant;
}

absl::Status SerializableTransactions::Check(Participant* one) const {
  if (one->too_old_)
    return Refused("Reason code: Canceled because too many transactions have committed beside it.");
  const bool writes = !one->writes_.empty();
  const auto beside =
      std::partition_point(committed_.begin(), committed_.end(),
                           [&](const auto& other) { return other->committed_ <= one->snapshot_; });
  for (auto it = beside; it != committed_.end(); ++it) {
    const Participant* const other = it->get();
    if (!other->writes_.Meets(one->reads_)) continue;
    one->first_out_ = std::min(one->first_out_, other->committed_);
    if (other->first_out_ == UINT64_MAX) continue;
    if (writes || other->first_out_ <= one->snapshot_)
      return Refused(
          "Reason code: Canceled on commit attempt with conflict out to old committed "
          "transaction.");
  }
  if (one->first_out_ == UINT64_MAX || !writes) return absl::OkStatus();
  const auto is_first = [&](const Participant& other) {
    const bool reads_only = other.committed_ != 0 ? other.writes_.empty() : other.read_only_;
    if (reads_only && other.snapshot_known_ && one->first_out_ > other.snapshot_) return false;
    return one->writes_.Meets(other.reads_);
  };
  const bool pivot =
      std::any_of(active_.begin(), active_.end(),
                  [&](const auto& other) { return other.get() != one && is_first(*other); }) ||
      std::any_of(beside, committed_.end(), [&](const auto& other) { return is_first(*other); });
  if (!pivot) return absl::OkStatus();
  return Refused("Reason code: Canceled on identification as a pivot, during commit attempt.");
}

void SerializableTransactions::TookSnapshot(const std::shared_ptr<Participant>& participant,
                                            uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  participant->snapshot_ = sequence;
  participant->snapshot_known_ = true;
}

absl::Status SerializableTransactions::Commit(const std::shared_ptr<Participant>& participant,
                                              WriteSet writes,
                                              const std::function<absl::Status()>& write) {
  absl::MutexLock lock(&mutex_);
  participant->writes_ = std::move(writes);
  absl::Status status = Check(participant.get());
  if (status.ok()) status = write();
  active_.erase(participant);
  if (status.ok()) {
    participant->committed_ = latest_();
    committed_.push_back(participant);
  }
  Prune();
  return status;
}

void SerializableTransactions::Forget(const std::shared_ptr<Participant>& participant) {
  absl::MutexLock lock(&mutex_);
  if (active_.erase(participant) > 0) Prune();
}

void SerializableTransactions::Prune() {
  if (committed_.size() > kMostKept) {
    const uint64_t dropped = committed_[committed_.size() - kMostKept - 1]->committed_;
    for (const auto& active : active_) active->too_old_ |= active->snapshot_ < dropped;
  }
  uint64_t oldest = UINT64_MAX;
  for (const auto& active : active_) {
    if (!active->too_old_) oldest = std::min(oldest, active->snapshot_);
  }
  while (!committed_.empty() && committed_.front()->committed_ <= oldest) committed_.pop_front();
}

size_t SerializableTransactions::active() const {
  absl::MutexLock lock(&mutex_);
  return active_.size();
}

size_t SerializableTransactions::kept() const {
  absl::MutexLock lock(&mutex_);
  return committed_.size();
}

}  // namespace adbms::storage::txn
