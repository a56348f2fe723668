// jsonb: any text, and any bytes as the binary form. What is accepted comes out again, the same,
// and compares as its key does; what is not valid can still be read.
#include <cstdlib>

#include "common/types/bytes_text.h"
#include "common/types/jsonb_builder.h"
#include "common/types/jsonb_order.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {
      "null",
      "{\"a\": [1, 2.50, -1e3, true, null, \"\\u0041\\ud83d\\ude00\"], \"bb\": {}, \"a\": 1}",
      "[[[[[[]]]]], {\"\": {\"\": \"\"}}]",
      "1e-16000",
      "[1e131071]",
      "\"\\u0000\"",
  };
  const size_t texts = seeds.size();
  for (size_t i = 0; i < texts; ++i) {
    if (auto bytes = types::ParseJsonb(seeds[i]); bytes.ok()) seeds.push_back(*std::move(bytes));
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

namespace {

void Read(const types::Jsonb& value) {
  for (uint32_t i = 0; i < value.size(); ++i) {
    if (value.kind() == types::JsonbKind::kObject) value.Find(value.Key(i));
    Read(value.At(i));
  }
}

void Check(std::string_view bytes, bool must_return) {
  const types::Jsonb value(bytes);
  Read(value);
  std::string text;
  types::FormatJsonb(value, false, &text);
  std::string key;
  types::AppendJsonbKey(value, &key);
  if (!must_return) return;
  const auto again = types::ParseJsonb(text);
  if (!again.ok()) std::abort();
  const types::Jsonb other(*again);
  std::string other_text;
  types::FormatJsonb(other, false, &other_text);
  std::string other_key;
  types::AppendJsonbKey(other, &other_key);
  if (other_text != text || other_key != key || types::CompareJsonb(value, other) != 0) {
    std::abort();
  }
}

}  // namespace
}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::Check(bytes, types::ValidateJsonb(bytes).ok());
  if (!types::ValidateUtf8(bytes).ok()) return 0;
  const auto parsed = types::ParseJsonb(bytes);
  if (!parsed.ok()) return 0;
  if (!types::ValidateJsonb(*parsed).ok()) std::abort();
  fuzz::Check(*parsed, true);
  return 0;
}
