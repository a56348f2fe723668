// COPY data, text, csv and binary, arriving in pieces.
#include <memory>

#include "services/gateway/session/copy_binary.h"
#include "services/gateway/session/copy_format.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  return {"1\ta\\tb\t\\N\n2\t\\x41\\101\\\\\t\n\\.\n",
          "1,\"a \"\"quoted\"\"\nline\",\n2,,\"\"\r\n3,x,y\r\n",
          "a,b,c\n1,2,3\n",
          "1\t2\t3",
          "\\N\t\\N\t\\N\n",
          std::string("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\3\0\0\0\1a\377\377\377\377\0\0\0\0"
                      "\377\377",
                      11 + 8 + 2 + 5 + 4 + 4 + 2)};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using adbms::gateway::session::CopyFormat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int kind : {0, 1, 2}) {
    const bool csv = kind == 1;
    CopyFormat format;
    format.csv = csv;
    format.header = csv && size % 2 == 0;
    if (csv) format.delimiter = ',';
    if (csv) format.null_text = "";
    std::unique_ptr<adbms::gateway::session::CopyRows> rows;
    if (kind == 2)
      rows = std::make_unique<adbms::gateway::session::BinaryCopyReader>(3);
    else
      rows = std::make_unique<adbms::gateway::session::CopyReader>(format, 3);
    adbms::gateway::session::CopyRows& reader = *rows;
    std::vector<std::optional<std::string_view>> fields;
    const auto drain = [&] {
      for (;;) {
        const auto more = reader.Next(&fields);
        if (!more.ok()) return false;
        if (!*more) return true;
        size_t bytes = 0;
        for (const auto& field : fields) {
          for (const char c : field.value_or("")) bytes += static_cast<unsigned char>(c);
        }
        if (bytes == SIZE_MAX) return false;
      }
    };
    bool goes_on = true;
    for (size_t at = 0; goes_on && at < size; at += 7) {
      reader.Append(text.substr(at, 7));
      goes_on = drain();
    }
    if (!goes_on) continue;
    reader.Finish();
    drain();
  }
  return 0;
}
