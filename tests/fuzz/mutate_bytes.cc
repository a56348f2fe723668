#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

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
