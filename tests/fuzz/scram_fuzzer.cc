// SCRAM messages of a client and of a server, and stored verifiers. A line is a message; what the
// conversation needs beside it is well-formed.
#include "services/security/authn/scram.h"

#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

namespace authn = security::authn;

const std::string& Verifier() {
  static const std::string verifier = authn::MockVerifier("adbms", "secret");
  return verifier;
}

}  // namespace

std::vector<std::string> Seeds() {
  authn::Client client("secret");
  const std::string first = client.First();
  const auto challenge = authn::Start(first, Verifier());
  return {first,
          "y,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
          "p=tls-server-end-point,,n=,r=abc",
          "n,a=other,n=us=2Cer=3D,r=abc,ext=1",
          challenge->server_first,
          challenge->conversation,
          *client.Final(challenge->server_first),
          "c=biws,r=abcdef,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
          "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
          Verifier()};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  using namespace adbms::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const std::string well_formed = Seeds().front();
  const auto challenge = authn::Start(bytes, Verifier());
  if (challenge.ok()) (void)authn::Finish(challenge->conversation, bytes, Verifier(), "adbms");
  // What came from the client goes on; a proof that fits nothing must never be accepted.
  const auto proper = authn::Start(well_formed, Verifier());
  if (authn::Finish(proper->conversation, bytes, Verifier(), "adbms").ok()) std::abort();
  if (authn::Finish(bytes, bytes, Verifier(), "adbms").ok()) std::abort();
  (void)authn::Start(well_formed, bytes);
  authn::Client client("secret");
  (void)client.First();
  (void)client.Final(bytes);
  (void)client.CheckServer(bytes);
  return 0;
}
