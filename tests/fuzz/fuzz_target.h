// What every fuzz target offers. The entry point has libFuzzer's shape; `make fuzz` drives it by
// coverage (coverage_hooks), tests by fuzz_main, which runs it over the seeds and deterministic
// mutations of them. A target fails by crashing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace adbms::fuzz {

// Well-formed inputs, from which mutations start.
std::vector<std::string> Seeds();

// One change of `input` that a target knows better than flipping bytes; targets without one return
// MutateBytes.
std::string Mutate(std::string input, std::mt19937_64& random);

// Flips, inserts, removes, repeats bytes.
std::string MutateBytes(std::string input, std::mt19937_64& random);

}  // namespace adbms::fuzz
