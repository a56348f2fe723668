// What libFuzzer asks of a target: the seeds, as files of the directory ADBMS_FUZZ_SEEDS, and the
// target's own mutations beside its.
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/fuzz_target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const directory = std::getenv("ADBMS_FUZZ_SEEDS");
  if (directory == nullptr) return 0;
  int number = 0;
  for (const std::string& seed : adbms::fuzz::Seeds()) {
    std::ofstream(directory + ("/seed-" + std::to_string(number++)), std::ios::binary) << seed;
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  std::mt19937_64 random(seed);
  if (random() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::string output = adbms::fuzz::Mutate(input, random);
  if (output.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(output.begin(), output.end(), data);
  return output.size();
}
