// Bytes of a client of the PostgreSQL protocol: framing and payloads.
#include <sys/socket.h>
#include <unistd.h>

#include "services/gateway/pgwire/wire.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  return {
      "\0\0\0\x17\0\3\0\0user\0adbms\0\0\0\0\0Q\0\0\0\x0dSELECT 1\0S\0\0\0\4X\0\0\0\4"s,
      "\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\x09\0\3\0\0\0P\0\0\0\x10s\0SELECT\0\0\1\0\0"s,
      "\0\0\0\x09\0\3\0\0\0B\0\0\0\x1a\0s\0\0\1\0\1\0\1\0\0\0\4\0\0\0\1\0\1\0\1E\0\0\0\x09\0\0\0\0\0"s};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace pgwire = adbms::gateway::pgwire;
  if (size > 16384) return 0;  // More than a socket takes without a reader.
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 0;
  if (::send(ends[0], data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size)) {
    ::shutdown(ends[0], SHUT_WR);
    adbms::tls::SocketStream stream(ends[1]);
    pgwire::WireReader reader(&stream, absl::InfiniteFuture());
    if (size % 2 == 0) reader.Admit(1 << 20);  // As before the login, and as after it.
    if (reader.ReadStartup().ok()) {
      for (;;) {
        const auto message = reader.Read();
        if (!message.ok()) break;
        (void)reader.PeekType();
        // Every order of pieces that handlers read.
        pgwire::PayloadReader payload(message->payload);
        while (payload.ok() && !payload.empty()) {
          payload.CString();
          const int16_t count = payload.Int16();
          for (int i = 0; i < count && payload.ok(); ++i) {
            const int32_t length = payload.Int32();
            payload.Bytes(length < 0 ? SIZE_MAX : static_cast<size_t>(length));
          }
          payload.Byte();
        }
      }
    }
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return 0;
}
