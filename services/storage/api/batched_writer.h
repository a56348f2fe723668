// Batches what many threads want to write to one stream: messages that queue up while one is being
// written leave together.
//
// All methods need the owner's mutex; the write itself is started without it, so that a system call
// holds up nobody who only queues.
#pragma once

namespace adbms::storage::api {

// `Batch` is a message with one repeated field.
template <typename Batch>
class BatchedWriter {
 public:
  // What leaves next: add to it, then Take.
  Batch* queue() {
    empty_ = false;
    return &queued_;
  }
  // The batch to write now, which stays as it is until Written; null when there is none, one is on
  // its way or the stream has broken.
  const Batch* Take() {
    if (writing_ || broken_ || empty_) return nullptr;
    leaving_.Swap(&queued_);
    empty_ = true;
    writing_ = true;
    return &leaving_;
  }
  // The batch is written, or could not be.
  void Written(bool ok) {
    leaving_.Clear();
    writing_ = false;
    broken_ |= !ok;
  }
  bool writing() const { return writing_; }
  bool idle() const { return !writing_ && empty_; }
  void Break() { broken_ = true; }

 private:
  Batch queued_;
  Batch leaving_;
  bool empty_ = true;
  bool writing_ = false;
  bool broken_ = false;
};

}  // namespace adbms::storage::api
