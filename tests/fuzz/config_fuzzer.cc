// The YAML configuration, and keys of --set and the environment.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "common/config/config.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  return {config::ToYaml(*config::Load({})), "gateway:\n  pgwire: {listen: '127.0.0.1:0'}\n",
          "storage:\n  block_cache_bytes: 64MiB\n  sync_commits: false\n",
          "a: &x [1, 2]\nb: *x\nc: !!binary aGk=\n---\nd: |\n  text\n", "gateway.pgwire.listen=x"};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const std::string path = "/tmp/adbms_fuzz_" + std::to_string(::getpid()) + ".yaml";
  std::ofstream(path, std::ios::trunc) << text;
  config::Sources file;
  file.file = path;
  const auto loaded = config::Load(file);
  ::unlink(path.c_str());
  if (loaded.ok()) {
    // What was accepted is printed so that it is accepted again.
    std::ofstream(path, std::ios::trunc) << config::ToYaml(*loaded);
    if (!config::Load(file).ok()) std::abort();
    ::unlink(path.c_str());
  }
  config::Sources others;
  others.overrides = {text};
  others.environment = {"ADBMS_GATEWAY__PGWIRE__" + text, "ADBMS_" + text};
  (void)config::Load(others);
  return 0;
}
