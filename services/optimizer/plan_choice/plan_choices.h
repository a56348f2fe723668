// Which statements run on another plan than the default one, and which plans were refused for them.
// Kept in adbms.plan_choices, written through storage; several optimizers see the same within
// seconds. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/optimizer/v1/optimizer.pb.h"
#include "services/storage/api/sql_client.h"

namespace adbms::optimizer::plan_choice {

// For whom a plan is chosen: PlanRequest.template_key, PlanFinding.region.
struct Subject {
  uint64_t template_key = 0;
  uint64_t region = 0;
  auto operator<=>(const Subject&) const = default;
};

class PlanChoices {
 public:
  // At most this many choices; more are not taken.
  static constexpr size_t kMaxChoices = 1024;

  // `storage` must outlive this.
  explicit PlanChoices(storage::api::Storage* storage) : sql_(storage, "adbms") {}

  // Reads what is stored, where that was not done for a few seconds. Never fails: what is known
  // stays.
  void Refresh(const rpc::CallContext& context);

  // Whether any region of the statement has a choice.
  bool Knows(uint64_t template_key) const;
  // The shape chosen; 0: the default plan's.
  uint64_t ChosenFor(const Subject& subject) const;
  bool IsRefused(const Subject& subject, uint64_t shape) const;
  // All choices, for gateways, and a number that grows with each change, over restarts too.
  uint64_t List(google::protobuf::RepeatedPtrField<v1::PlanChoice>* choices) const;
  uint64_t generation() const;

  // Makes a choice in place of an earlier one of the subject. Errors: storage's;
  // RESOURCE_EXHAUSTED.
  absl::Status Choose(const rpc::CallContext& context, const Subject& subject, uint64_t shape,
                      const std::string& statement, const std::string& reason);
  // Takes a choice back and refuses the plan until `until`. OK when it was not chosen.
  absl::Status TakeBack(const rpc::CallContext& context, const Subject& subject, uint64_t shape,
                        const std::string& reason, absl::Time until);
  // Plans that lost a trial are not tried again until `until`.
  absl::Status Refuse(const rpc::CallContext& context, const Subject& subject,
                      const std::vector<uint64_t>& shapes, const std::string& statement,
                      const std::string& reason, absl::Time until);

 private:
  using Step = storage::api::SqlClient::Step;

  absl::Status Load(const rpc::CallContext& context) ABSL_LOCKS_EXCLUDED(mutex_);
  // The steps that replace the rows of these plans.
  static void Write(const Subject& subject, uint64_t shape, const char* state,
                    const std::string& statement, const std::string& reason, absl::Time until,
                    std::vector<Step>* steps);
  // Runs the steps, then reads what has come of them.
  absl::Status Change(const rpc::CallContext& context, std::vector<Step> steps);

  storage::api::SqlClient sql_;
  absl::Mutex changing_;  // Orders reads and writes of the table; taken before mutex_.
  bool opened_ ABSL_GUARDED_BY(changing_) = false;
  absl::Time loaded_at_ ABSL_GUARDED_BY(changing_) = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  std::map<Subject, uint64_t> chosen_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<Subject, uint64_t>, absl::Time> refused_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

// 16 hexadecimal digits, as adbms.statements shows fingerprints.
std::string Hexadecimal(uint64_t number);

}  // namespace adbms::optimizer::plan_choice
