// absl::Mutex for ThreadSanitizer. Debian's Abseil is not built with it and locks by futex, so that
// everything a Mutex guards would be reported as a race. These definitions come before the shared
// library's, tell the sanitizer, and call the library's own. What happens inside the library,
// the evaluation of conditions too, is ignored: it happens under the lock.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"

namespace {

template <typename Function>
Function* Next(const char* symbol) {
  void* const found = dlsym(RTLD_NEXT, symbol);
  if (found == nullptr) {
    std::fprintf(stderr, "this Abseil has no %s\n", symbol);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

constexpr unsigned kRead = __tsan_mutex_read_lock;

void Release(absl::Mutex* mutex) {
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
}

}  // namespace

#define ADBMS_NEXT(type, symbol) static const auto next = Next<type>("_ZN4absl7debian3" symbol)

namespace absl {

void Mutex::Lock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex4LockEv");
  __tsan_mutex_pre_lock(this, 0);
  next(this);
  __tsan_mutex_post_lock(this, 0, 0);
}

void Mutex::Unlock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex6UnlockEv");
  __tsan_mutex_pre_unlock(this, 0);
  next(this);
  __tsan_mutex_post_unlock(this, 0);
}

bool Mutex::TryLock() {
  ADBMS_NEXT(bool(Mutex*), "5Mutex7TryLockEv");
  __tsan_mutex_pre_lock(this, __tsan_mutex_try_lock);
  const bool locked = next(this);
  __tsan_mutex_post_lock(this, __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed),
                         0);
  return locked;
}

void Mutex::ReaderLock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex10ReaderLockEv");
  __tsan_mutex_pre_lock(this, kRead);
  next(this);
  __tsan_mutex_post_lock(this, kRead, 0);
}

void Mutex::ReaderUnlock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex12ReaderUnlockEv");
  __tsan_mutex_pre_unlock(this, kRead);
  next(this);
  __tsan_mutex_post_unlock(this, kRead);
}

void Mutex::Await(const Condition& condition) {
  ADBMS_NEXT(void(Mutex*, const Condition&), "5Mutex5AwaitERKNS0_9ConditionE");
  Release(this);
  __tsan_mutex_pre_lock(this, 0);
  next(this, condition);
  __tsan_mutex_post_lock(this, 0, 0);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  ADBMS_NEXT(bool(Mutex*, const Condition&, Duration),
             "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  Release(this);
  __tsan_mutex_pre_lock(this, 0);
  const bool met = next(this, condition, timeout);
  __tsan_mutex_post_lock(this, 0, 0);
  return met;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  ADBMS_NEXT(bool(Mutex*, const Condition&, Time),
             "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  Release(this);
  __tsan_mutex_pre_lock(this, 0);
  const bool met = next(this, condition, deadline);
  __tsan_mutex_post_lock(this, 0, 0);
  return met;
}

Mutex::~Mutex() {
  ADBMS_NEXT(void(Mutex*), "5MutexD1Ev");
  next(this);
  __tsan_mutex_destroy(this, 0);
}

void CondVar::Wait(Mutex* mutex) {
  ADBMS_NEXT(void(CondVar*, Mutex*), "7CondVar4WaitEPNS0_5MutexE");
  Release(mutex);
  __tsan_mutex_pre_lock(mutex, 0);
  next(this, mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  ADBMS_NEXT(bool(CondVar*, Mutex*, Duration),
             "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  Release(mutex);
  __tsan_mutex_pre_lock(mutex, 0);
  const bool timed_out = next(this, mutex, timeout);
  __tsan_mutex_post_lock(mutex, 0, 0);
  return timed_out;
}

}  // namespace absl
