// Configuration: defaults of the schema, then the file, then the environment, then --set. The
// schema is the proto common/v1/config.proto; this folder knows no setting by name. Functions are
// thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/config.pb.h"

namespace adbms::config {

struct Sources {
  std::string file;  // Path of a YAML file; empty: none.
  std::vector<std::string>
      environment;  // "NAME=value"; those that start with ADBMS_ and hold "__" count.
  std::vector<std::string> overrides;  // "gateway.pgwire.listen=…", later ones win.
};

// Errors: INVALID_ARGUMENT that names the source, the key, and what would be right.
absl::StatusOr<common::v1::Config> Load(const Sources& sources);

// Sets one key ("storage.block_cache_bytes") from YAML's spelling of the value. Errors as Load.
absl::Status Set(std::string_view key, std::string_view value, common::v1::Config* config);

// The configuration as YAML that Load reads back.
std::string ToYaml(const common::v1::Config& config);

// The reference page (Markdown): every key with type, default, bounds, unit, whether live, and
// help.
std::string ReferencePage();

// Every key with its current value, for adbms.config.
struct Entry {
  std::string key, value, default_value, unit, help;
  bool live = false;
};
std::vector<Entry> Entries(const common::v1::Config& config);
// The entries of `after` whose values differ from those of `before`.
std::vector<Entry> Changes(const common::v1::Config& before, const common::v1::Config& after);

}  // namespace adbms::config
