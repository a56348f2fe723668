// A plan that storage, in another process, knows by a number. Thread-safe.
#pragma once

#include <atomic>
#include <memory>

#include "absl/random/random.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class RemotePlan : public PreparedPlan {
 public:
  explicit RemotePlan(std::shared_ptr<const common::v1::Plan> plan) : plan_(std::move(plan)) {
    static thread_local absl::BitGen generator;
    key_ = absl::Uniform<uint64_t>(generator);
  }
  const common::v1::Plan& plan() const override { return *plan_; }
  uint64_t key() const { return key_; }
  // Whether storage has probably seen it.
  mutable std::atomic<bool> sent{false};
  // SessionResponse.brief
  mutable std::atomic<bool> brief{false};

 private:
  const std::shared_ptr<const common::v1::Plan> plan_;
  uint64_t key_;
};

}  // namespace adbms::storage::api
