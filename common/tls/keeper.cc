#include "common/tls/keeper.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace adbms::tls {

absl::StatusOr<CertificatePtr> CertificateKeeper::LoadChecked() const {
  ASSIGN_OR_RETURN(CertificatePtr certificate, Load(files_));
  if (check_ != nullptr) RETURN_IF_ERROR(check_(*certificate));
  return certificate;
}

absl::StatusOr<std::unique_ptr<CertificateKeeper>> CertificateKeeper::Open(const Files& files,
                                                                           Check check) {
  auto keeper = std::unique_ptr<CertificateKeeper>(new CertificateKeeper(files, std::move(check)));
  {
    // Before they are read: a change in between is seen again.
    absl::MutexLock lock(&keeper->look_mutex_);
    keeper->signature_ = keeper->Signature();
  }
  ASSIGN_OR_RETURN(CertificatePtr certificate, keeper->LoadChecked());
  {
    absl::MutexLock lock(&keeper->mutex_);
    keeper->current_ = std::move(certificate);
  }
  keeper->thread_ = std::thread([raw = keeper.get()] { raw->Run(); });
  return keeper;
}

CertificateKeeper::~CertificateKeeper() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

CertificatePtr CertificateKeeper::current() const {
  absl::MutexLock lock(&mutex_);
  return current_;
}

void CertificateKeeper::AddListener(Listener listener) {
  absl::MutexLock lock(&look_mutex_);
  listeners_.push_back(std::move(listener));
}

std::string CertificateKeeper::Signature() const {
  std::string signature;
  for (const std::string* path : {&files_.certificate, &files_.key, &files_.authority}) {
    struct stat about {};
    if (path->empty() || ::stat(path->c_str(), &about) != 0) {
      signature += "-;";
      continue;
    }
    absl::StrAppend(&signature, about.st_dev, ",", about.st_ino, ",", about.st_size, ",",
                    about.st_mode, ",", about.st_mtim.tv_sec, ",", about.st_mtim.tv_nsec, ";");
  }
  return signature;
}

void CertificateKeeper::Look(bool forced) {
  absl::MutexLock look_lock(&look_mutex_);
  std::string signature = Signature();
  if (!forced && signature == signature_) return;
  signature_ = std::move(signature);
  Outcome outcome;
  auto loaded = LoadChecked();
  const CertificatePtr before = current();
  if (!loaded.ok()) {
    outcome.error = loaded.status();
  } else if ((*loaded)->not_after < absl::Now() && before->not_after >= absl::Now()) {
    outcome.error = absl::InvalidArgumentError(
        absl::StrCat("the certificate in ", files_.certificate, " has expired"));
  } else if ((*loaded)->chain_pem == before->chain_pem && (*loaded)->key_pem == before->key_pem &&
             (*loaded)->authority_pem == before->authority_pem) {
    return;
  } else {
    outcome.certificate = *std::move(loaded);
    absl::MutexLock lock(&mutex_);
    current_ = outcome.certificate;
  }
  (outcome.error.ok() ? reloads_ : failures_).fetch_add(1);
  for (const Listener& listener : listeners_) listener(outcome);
}

void CertificateKeeper::Reload() { Look(/*forced=*/true); }

void CertificateKeeper::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kInterval)) return;
    }
    Look(/*forced=*/false);
  }
}

}  // namespace adbms::tls
