#include "services/gateway/session/execution_watch.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace adbms::gateway::session {
namespace {

// Until the condition holds, ten seconds at most.
template <typename Condition>
bool Eventually(const Condition& holds) {
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!holds() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  return holds();
}

TEST(ExecutionWatchTest, CancelsWhatIsLateAndNothingElse) {
  ExecutionWatch watch;
  const auto late = std::make_shared<rpc::Cancellation>();
  const auto early = std::make_shared<rpc::Cancellation>();
  const auto released = std::make_shared<rpc::Cancellation>();
  const uint64_t of_early = watch.Watch(early, absl::InfiniteFuture());
  const uint64_t of_released = watch.Watch(released, absl::Now() + absl::Milliseconds(200));
  EXPECT_FALSE(watch.Release(of_released));
  const uint64_t of_late = watch.Watch(late, absl::Now() + absl::Milliseconds(210));
  EXPECT_TRUE(Eventually([&] { return late->cancelled(); }));
  EXPECT_TRUE(watch.Release(of_late));
  EXPECT_FALSE(watch.Release(of_late));
  EXPECT_FALSE(early->cancelled());
  EXPECT_FALSE(released->cancelled());
  EXPECT_FALSE(watch.Release(of_early));
}

}  // namespace
}  // namespace adbms::gateway::session
