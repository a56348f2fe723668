#include "services/storage/workers/worker_pool.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/synchronization/barrier.h"

namespace adbms::storage::workers {
namespace {

TEST(WorkerPool, EveryWorkerRunsOnceInAThreadOfItsOwn) {
  WorkerPool pool(3);
  for (int round = 0; round < 50; ++round) {
    WorkerPool::Crew crew = pool.Hire(3);
    ASSERT_EQ(crew.size(), 4u);
    absl::Mutex mutex;
    std::set<size_t> workers;
    std::set<std::thread::id> threads;
    // All meet: none of them waits for the end of another.
    auto* meeting = new absl::Barrier(4);
    ASSERT_TRUE(crew.Run([&](size_t worker, const std::atomic<bool>&) {
                      if (meeting->Block()) delete meeting;
                      absl::MutexLock lock(&mutex);
                      workers.insert(worker);
                      threads.insert(std::this_thread::get_id());
                      if (worker == 0) EXPECT_TRUE(threads.count(std::this_thread::get_id()));
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(workers, (std::set<size_t>{0, 1, 2, 3}));
    EXPECT_EQ(threads.size(), 4u);
    EXPECT_TRUE(threads.count(std::this_thread::get_id()));
  }
  EXPECT_EQ(pool.busy(), 0u);
}

TEST(WorkerPool, HelpersBelongToOneCrewAtATime) {
  WorkerPool pool(2);
  WorkerPool::Crew first = pool.Hire(5);
  EXPECT_EQ(first.size(), 3u);
  {
    WorkerPool::Crew second = pool.Hire(1);
    EXPECT_EQ(second.size(), 1u);
    int runs = 0;
    EXPECT_TRUE(second
                    .Run([&](size_t, const std::atomic<bool>&) {
                      ++runs;
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(runs, 1);
  }
  EXPECT_EQ(pool.busy(), 2u);
}

TEST(WorkerPool, TheFirstErrorStopsTheOthersAndIsTheAnswer) {
  WorkerPool pool(1);
  WorkerPool::Crew crew = pool.Hire(1);
  const absl::Status status = crew.Run([](size_t worker, const std::atomic<bool>& stop) {
    if (worker == 1) return absl::InvalidArgumentError("the helper's");
    while (!stop) std::this_thread::yield();
    return absl::AbortedError("told to stop");
  });
  EXPECT_EQ(status, absl::InvalidArgumentError("the helper's"));
}

TEST(WorkerPool, NoHelpersIsTheCallerAlone) {
  WorkerPool pool(0);
  WorkerPool::Crew crew = pool.Hire(8);
  EXPECT_EQ(crew.size(), 1u);
  EXPECT_EQ(crew.Run([](size_t, const std::atomic<bool>&) { return absl::AbortedError("mine"); }),
            absl::AbortedError("mine"));
}

}  // namespace
}  // namespace adbms::storage::workers
