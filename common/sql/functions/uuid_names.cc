// What the extension uuid-ossp has beside random uuids: those of names (RFC 4122, 4.3) and of the
// time (4.2), and the well-known name spaces (appendix C).
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <chrono>
#include <mutex>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/kernel.h"
#include "common/types/bytes_text.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using View = std::string_view;

constexpr size_t kSize = 16;

void SetVersion(int version, std::string* uuid) {
  (*uuid)[6] = static_cast<char>(((*uuid)[6] & 0x0f) | version << 4);
  (*uuid)[8] = static_cast<char>(((*uuid)[8] & 0x3f) | 0x80);
}

std::string OfName(const EVP_MD* digest, int version, View space, View name) {
  const std::string data = std::string(space) + std::string(name);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), bytes, &size, digest, nullptr);
  std::string uuid(reinterpret_cast<const char*>(bytes), kSize);
  SetVersion(version, &uuid);
  return uuid;
}
std::string Version3(const View& space, const View& name) {
  return OfName(EVP_md5(), 3, space, name);
}
std::string Version5(const View& space, const View& name) {
  return OfName(EVP_sha1(), 5, space, name);
}

// Of the time and of this process, which a random node with the multicast bit stands for.
std::string Version1() {
  struct Clock {
    std::mutex mutex;
    uint64_t last = 0;
    unsigned char node[8];  // The clock sequence, then the node.
    Clock() {
      RAND_bytes(node, sizeof(node));
      node[2] |= 0x01;
    }
  };
  static auto* const clock = new Clock();
  // 100 ns from 15 October 1582.
  constexpr uint64_t kGregorian = 0x01B21DD213814000;
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  uint64_t time = static_cast<uint64_t>(now) / 100 + kGregorian;
  {
    const std::lock_guard<std::mutex> lock(clock->mutex);
    time = clock->last = std::max(time, clock->last + 1);
  }
  std::string uuid(kSize, '\0');
  const auto put = [&](size_t at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
      uuid[at + i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  };
  put(0, time & 0xffffffff, 4);
  put(4, time >> 32 & 0xffff, 2);
  put(6, time >> 48, 2);
  for (size_t i = 0; i < 8; ++i) uuid[8 + i] = static_cast<char>(clock->node[i]);
  SetVersion(1, &uuid);
  return uuid;
}

// The name space with this number in the first field.
template <uint8_t kNumber>
std::string NameSpace() {
  std::string uuid(kSize, '\0');
  constexpr unsigned char kRest[] = {0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
                                     0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
  constexpr unsigned char kFirst[] = {0x6b, 0xa7, 0xb8};
  for (size_t i = 0; i < 3; ++i) uuid[i] = static_cast<char>(kFirst[i]);
  uuid[3] = static_cast<char>(kNumber);
  for (size_t i = 0; i < 12; ++i) uuid[4 + i] = static_cast<char>(kRest[i]);
  return uuid;
}

}  // namespace

void AddUuidNames(CatalogBuilder& builder) {
  const TypeId uuid = TypeId::kUuid;
  builder.AddFunction("uuid_nil", {}, uuid, Map<[]() { return std::string(kSize, '\0'); }>);
  builder.AddFunction("uuid_ns_dns", {}, uuid, Map<NameSpace<0x10>>);
  builder.AddFunction("uuid_ns_url", {}, uuid, Map<NameSpace<0x11>>);
  builder.AddFunction("uuid_ns_oid", {}, uuid, Map<NameSpace<0x12>>);
  builder.AddFunction("uuid_ns_x500", {}, uuid, Map<NameSpace<0x14>>);
  builder.AddFunction("uuid_generate_v1", {}, uuid, Map<Version1>, kVolatile);
  builder.AddFunction("uuid_generate_v1mc", {}, uuid, Map<Version1>, kVolatile);
  builder.AddFunction("uuid_generate_v3", {uuid, TypeId::kText}, uuid, Map<Version3>);
  builder.AddFunction("uuid_generate_v5", {uuid, TypeId::kText}, uuid, Map<Version5>);
}

}  // namespace adbms::sql::functions
