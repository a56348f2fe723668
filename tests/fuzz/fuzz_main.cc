// usage: X_fuzzer [SECONDS [FIRST_ROUND]]: the inputs that once failed (corpus/X), the seeds, then
// mutations until the time is over. A crash names the round, which `X_fuzzer 0 ROUND FILE` runs
// again alone, its input written to FILE.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

constexpr double kSeconds = 3;
constexpr int kMostMutations = 6;

uint64_t round_number = 0;

extern "C" void SayRound(int signal) {
  std::fprintf(stderr, "signal %d in round %llu\n", signal,
               static_cast<unsigned long long>(round_number));
  std::_Exit(1);
}

std::string Input(const std::vector<std::string>& seeds, uint64_t round) {
  std::mt19937_64 random(round);
  std::string input = seeds[random() % seeds.size()];
  const uint64_t mutations = 1 + random() % kMostMutations;
  for (uint64_t i = 0; i < mutations; ++i) input = Mutate(std::move(input), random);
  return input;
}

std::vector<std::string> Corpus() {
  std::vector<std::string> inputs;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(ADBMS_FUZZ_CORPUS, error)) {
    std::ifstream stream(file.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

int Main(double seconds, uint64_t first, const char* file) {
  const std::vector<std::string> seeds = Seeds();
  if (file != nullptr) std::ofstream(file) << Input(seeds, first);
  for (const std::string& input : Corpus()) Run(input);
  for (const std::string& seed : seeds) Run(seed);
  const auto start = std::chrono::steady_clock::now();
  round_number = first;
  do {
    Run(Input(seeds, round_number));
    ++round_number;
  } while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
           seconds);
  std::printf("%zu seeds, %llu mutations\n", seeds.size(),
              static_cast<unsigned long long>(round_number - first));
  return 0;
}

}  // namespace

}  // namespace adbms::fuzz

int main(int argc, char** argv) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL}) {
    std::signal(signal, &adbms::fuzz::SayRound);
  }
  return adbms::fuzz::Main(argc > 1 ? std::atof(argv[1]) : adbms::fuzz::kSeconds,
                           argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1,
                           argc > 3 ? argv[3] : nullptr);
}
