#include "common/rpc/grpc/service_access.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/tls/certificate.h"

namespace adbms::rpc {
namespace {

struct Row {
  std::string_view service;  // Its full name without "adbms.".
  std::string_view methods;  // Empty: all of them.
  std::string_view callers;
};

// The first row that fits holds.
constexpr Row kRows[] = {
    {"storage.v1.StorageService", "Sessions CancelStatement GetCatalog",
     "gateway security optimizer tuner indexer orchestrator"},
    {"storage.v1.StorageService", "GetStatistics", "gateway optimizer indexer"},
    {"storage.v1.StorageService", "GetMetrics", "tuner indexer orchestrator"},
    {"storage.v1.StorageService", "ListKnobs SetKnob", "tuner"},
    {"security.v1.SecurityService", "", "gateway"},
    {"security.v1.TokenService", "", "gateway"},
    {"optimizer.v1.OptimizerService", "Plan GetGeneration", "gateway"},
    {"optimizer.v1.OptimizerService", "WhatIf", "indexer"},
    {"orchestrator.v1.OrchestratorService", "", "gateway"},
    {"module.v1.ModuleService", "", "orchestrator"},
    {"indexer.v1.IndexerService", "", "gateway"},
    {"tuner.v1.TunerService", "", "gateway"},
};

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

bool Has(std::string_view words, absl::string_view word) {
  const std::vector<absl::string_view> all = absl::StrSplit(View(words), ' ');
  return std::find(all.begin(), all.end(), word) != all.end();
}

}  // namespace

std::vector<std::string> CallersOf(const google::protobuf::MethodDescriptor& method) {
  const absl::string_view service =
      absl::StripPrefix(absl::string_view(method.service()->full_name()), "adbms.");
  for (const Row& row : kRows) {
    if (View(row.service) != service) continue;
    if (!row.methods.empty() && !Has(row.methods, method.name())) continue;
    return absl::StrSplit(View(row.callers), ' ');
  }
  return {};
}

std::vector<std::string> ServicesOf(const std::vector<std::string>& uris) {
  std::vector<std::string> services;
  for (const std::string& uri : uris) {
    absl::string_view name = uri;
    if (absl::ConsumePrefix(&name, tls::ServiceUri(""))) services.emplace_back(name);
  }
  return services;
}

bool OpensToService(const google::protobuf::MethodDescriptor& method,
                    const std::vector<std::string>& uris) {
  const std::vector<std::string> callers = CallersOf(method);
  const std::vector<std::string> services = ServicesOf(uris);
  return std::any_of(services.begin(), services.end(), [&](const std::string& service) {
    return std::find(callers.begin(), callers.end(), service) != callers.end();
  });
}

}  // namespace adbms::rpc
