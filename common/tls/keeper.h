// Holds a certificate while its files change: looks at them every second, and when it is told to.
// What cannot be used is told once, and the one before goes on. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/tls/certificate.h"

namespace adbms::tls {

class CertificateKeeper {
 public:
  // What happened to the files.
  struct Outcome {
    CertificatePtr certificate;  // Taken over; null: not.
    absl::Status error;          // Why not.
  };
  using Listener = std::function<void(const Outcome&)>;
  // What a certificate must be besides valid.
  using Check = std::function<absl::Status(const Certificate&)>;
  static constexpr absl::Duration kInterval = absl::Seconds(1);

  // Errors: Load's and those of `check`.
  static absl::StatusOr<std::unique_ptr<CertificateKeeper>> Open(const Files& files,
                                                                 Check check = nullptr);
  ~CertificateKeeper();

  // Never null.
  CertificatePtr current() const;
  const Files& files() const { return files_; }
  // Is called after each change of the files from now on, by the thread that looks at them, until
  // the keeper ends.
  void AddListener(Listener listener);
  // Reads the files now, changed or not.
  void Reload();
  uint64_t reloads() const { return reloads_.load(); }
  uint64_t failures() const { return failures_.load(); }

 private:
  CertificateKeeper(Files files, Check check)
      : files_(std::move(files)), check_(std::move(check)) {}
  absl::StatusOr<CertificatePtr> LoadChecked() const;
  // When and how large the files are, as a text.
  std::string Signature() const;
  void Look(bool forced);
  void Run();

  const Files files_;
  const Check check_;
  absl::Mutex look_mutex_;  // One look at a time.
  std::string signature_ ABSL_GUARDED_BY(look_mutex_);
  std::vector<Listener> listeners_ ABSL_GUARDED_BY(look_mutex_);
  mutable absl::Mutex mutex_;
  CertificatePtr current_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> reloads_{0};
  std::atomic<uint64_t> failures_{0};
  std::thread thread_;
};

}  // namespace adbms::tls
