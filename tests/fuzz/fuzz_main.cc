// usage: X_fuzzer [SECONDS [FIRST_ROUND]]: the seeds, then mutations until the time is over. A
// crash names the round, which `X_fuzzer 0 ROUND` runs again alone.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

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

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

int Main(double seconds, uint64_t first) {
  const std::vector<std::string> seeds = Seeds();
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

std::string MutateBytes(std::string input, std::mt19937_64& random) {
  const auto at = [&] { return input.empty() ? 0 : random() % input.size(); };
  switch (random() % 6) {
    case 0:
      if (!input.empty()) input[at()] = static_cast<char>(random());
      break;
    case 1:
      if (!input.empty()) input[at()] ^= static_cast<char>(1 << random() % 8);
      break;
    case 2:
      input.insert(at(), 1 + random() % 4, static_cast<char>(random()));
      break;
    case 3:
      if (!input.empty()) input.erase(at(), 1 + random() % 8);
      break;
    case 4: {
      const std::string piece = input.substr(at(), 1 + random() % 16);
      input.insert(at(), piece);
      break;
    }
    default:
      input.resize(at());
  }
  return input;
}

}  // namespace adbms::fuzz

int main(int argc, char** argv) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL}) {
    std::signal(signal, &adbms::fuzz::SayRound);
  }
  return adbms::fuzz::Main(argc > 1 ? std::atof(argv[1]) : adbms::fuzz::kSeconds,
                           argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
}
