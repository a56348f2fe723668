// A counting semaphore whose waiters sleep at once. Those of the standard library, and absl's
// mutex, spin first, which costs more than it saves where a wait is for I/O or another process.
// Thread-safe; a waiter may destroy it as soon as it has been woken.
#pragma once

#include <semaphore.h>

namespace adbms::lifecycle {

class Semaphore {
 public:
  Semaphore() { sem_init(&semaphore_, 0, 0); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void Post() { sem_post(&semaphore_); }
  void Wait() {
    while (sem_wait(&semaphore_) != 0) continue;  // A signal came between.
  }

 private:
  sem_t semaphore_;
};

}  // namespace adbms::lifecycle
