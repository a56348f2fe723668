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

// The library's waits call each other through these definitions: the outermost tells it all.
thread_local bool waiting = false;

// A wait on the mutex: given up, and held again at the end.
class Pause {
 public:
  explicit Pause(absl::Mutex* mutex) : mutex_(waiting ? nullptr : mutex) {
    if (mutex_ == nullptr) return;
    waiting = true;
    __tsan_mutex_pre_unlock(mutex_, 0);
    __tsan_mutex_post_unlock(mutex_, 0);
    __tsan_mutex_pre_lock(mutex_, 0);
  }
  ~Pause() {
    if (mutex_ == nullptr) return;
    __tsan_mutex_post_lock(mutex_, 0, 0);
    waiting = false;
  }

 private:
  absl::Mutex* const mutex_;
};

}  // namespace

#define ADBMS_NEXT(type, symbol) static const auto next = Next<type>("_ZN4absl7debian3" symbol)

namespace absl {

void Mutex::Lock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex4LockEv");
  if (waiting) return next(this);
  __tsan_mutex_pre_lock(this, 0);
  next(this);
  __tsan_mutex_post_lock(this, 0, 0);
}

void Mutex::Unlock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex6UnlockEv");
  if (waiting) return next(this);
  __tsan_mutex_pre_unlock(this, 0);
  next(this);
  __tsan_mutex_post_unlock(this, 0);
}

bool Mutex::TryLock() {
  ADBMS_NEXT(bool(Mutex*), "5Mutex7TryLockEv");
  if (waiting) return next(this);
  __tsan_mutex_pre_lock(this, __tsan_mutex_try_lock);
  const bool locked = next(this);
  __tsan_mutex_post_lock(this, __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed),
                         0);
  return locked;
}

void Mutex::ReaderLock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex10ReaderLockEv");
  if (waiting) return next(this);
  __tsan_mutex_pre_lock(this, kRead);
  next(this);
  __tsan_mutex_post_lock(this, kRead, 0);
}

void Mutex::ReaderUnlock() {
  ADBMS_NEXT(void(Mutex*), "5Mutex12ReaderUnlockEv");
  if (waiting) return next(this);
  __tsan_mutex_pre_unlock(this, kRead);
  next(this);
  __tsan_mutex_post_unlock(this, kRead);
}

void Mutex::Await(const Condition& condition) {
  ADBMS_NEXT(void(Mutex*, const Condition&), "5Mutex5AwaitERKNS0_9ConditionE");
  const Pause pause(this);
  next(this, condition);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  ADBMS_NEXT(bool(Mutex*, const Condition&, Duration),
             "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const Pause pause(this);
  return next(this, condition, timeout);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  ADBMS_NEXT(bool(Mutex*, const Condition&, Time),
             "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  const Pause pause(this);
  return next(this, condition, deadline);
}

Mutex::~Mutex() {
  ADBMS_NEXT(void(Mutex*), "5MutexD1Ev");
  next(this);
  __tsan_mutex_destroy(this, 0);
}

void CondVar::Wait(Mutex* mutex) {
  ADBMS_NEXT(void(CondVar*, Mutex*), "7CondVar4WaitEPNS0_5MutexE");
  const Pause pause(mutex);
  next(this, mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  ADBMS_NEXT(bool(CondVar*, Mutex*, Duration),
             "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  const Pause pause(mutex);
  return next(this, mutex, timeout);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  ADBMS_NEXT(bool(CondVar*, Mutex*, Time), "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  const Pause pause(mutex);
  return next(this, mutex, deadline);
}

}  // namespace absl
