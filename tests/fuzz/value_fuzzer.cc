// Text and binary input of every type. What is accepted must come out again and in once more.
#include <cstdlib>

#include "common/types/array.h"
#include "common/types/composite.h"
#include "common/types/declared_type.h"
#include "common/types/form.h"
#include "common/types/text_io.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {

std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  return {
      "1",
      "-170141183460469231731687303715884105728",
      "1.5e-307",
      "NaN",
      "-Infinity",
      "2024-02-29 23:59:60.999999+14:30",
      "2024-02-29 BC",
      "infinity",
      "J2451545",
      "20240229T1",
      "1 year -2 mons +3 days 04:05:06.7",
      "P1Y2M3DT4H5M6S",
      "@ 1 minute ago",
      "\\xdeadbeef",
      "a\\001b\\\\c",
      "{1,2,NULL}",
      "{\"a \\\" b\",c,{d}}",
      "0:0:1",
      "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      "{\"a\": [1, true, null, \"\\u0041\"]}",
      "t",
      "off",
      "12:30:00 PM Europe/Berlin",
      "tomorrow",
      "99999999999999999999999999999999999999.5",
      "1e131071",
      "-1.5e-16382",
      "123456789012345678901234567890123456789012345.678901234567890123456789012345678901234567",
      "{1.5,NULL,1e40,-Infinity}",
      "[-1e50,Infinity]",
      "\0\0\0\0\320\0\0\40"s,
      "\0\2\0\20\100\0\0\0\0\1\0\2"s,
      "\0\0\0\1"s,
      "\0\2\0\0\0\0\0\4\0\1\x13\x88"s,
      "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2"s,
      "\1\1\2\0\0\0\1\0\0\0\2\7\0\0\0"s,
      "\1\0\2\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0abc"s,
      "(1,\"a \"\"b\\\\\",\"(2,)\",\"{1,2}\")",
      "( ,x,\"(,)\",)",
      "\4\0\4\11\57\204\14\4\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0\7\0\0\0a"s,
      "\0\0\0\4\0\0\0\x17\0\0\0\4\0\0\0\7\0\0\0\x19\377\377\377\377"s,
      "10.1.2.3/24",
      "2001:db8::1/64",
      "08:00:2b:01:02:03",
      "{{10.0.0.1,::1},{NULL,1.2.3.4}}",
      "[1,5)",
      "(\"2020-01-01 \"\"\",]",
      "{[1.5,2.00],(,0)}",
      "\2\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\5"s,
      "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\7"s};
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  return MutateBytes(std::move(input), random);
}

}  // namespace adbms::fuzz

namespace adbms::fuzz {
namespace {

// Whatever the bytes are, reading them as an array must end within them.
void ReadAsArray(std::string_view bytes, types::TypeId array) {
  std::string text;
  types::FormatArray(bytes, {array, 0}, {}, &text);
  std::string key;
  types::AppendOrderKey(array, bytes, &key);
  if (types::CompareStrings(array, bytes, bytes) != 0) std::abort();
  if (!types::IsWellFormed(array, bytes)) return;
  types::ArrayBuilder builder(array);
  const types::ArrayView view(bytes, array);
  for (uint32_t i = 0; i < view.size(); ++i) builder.Add(view, i);
  if (types::CompareStrings(array, builder.Finish(view.shape()), bytes) != 0) std::abort();
}

// A row with a plain field, a text, a row and an array.
types::Type RowType() {
  const types::Type inner =
      *types::RowType({{"x", {types::TypeId::kInt4, 0}}, {"y", {types::TypeId::kText, 0}}});
  const types::Type outer = *types::RowType({{"a", {types::TypeId::kInt4, 0}},
                                             {"b", {types::TypeId::kText, 0}},
                                             {"c", inner},
                                             {"d", {types::TypeId::kInt4Array, 0}}});
  // As types with names, which can be read.
  auto definition = outer.declared->definition;
  definition.set_oid(16384);
  definition.mutable_fields(2)->mutable_type()->mutable_declared()->set_oid(16386);
  return types::TypeOf(types::Intern(definition));
}

// Whatever the bytes are, reading them as a row must end within them; what is read comes out again
// and in once more.
void ReadAsRow(std::string_view bytes) {
  static const types::Type type = RowType();
  const types::TypeId id = types::TypeId::kRecord;
  std::string text;
  types::FormatComposite(bytes, type, {}, &text);
  std::string key;
  types::AppendOrderKey(id, bytes, &key);
  if (types::CompareStrings(id, bytes, bytes) != 0) std::abort();
  for (const bool binary : {false, true}) {
    const auto value = binary ? types::ParseBinary(bytes, type) : types::ParseText(bytes, type, {});
    if (!value.ok()) continue;
    if (!types::IsWellFormed(id, value->bytes())) std::abort();
    text.clear();
    types::FormatText(*value, {}, &text);
    const auto again = types::ParseText(text, type, {});
    if (!binary && !(again.ok() && types::CompareValues(*again, *value) == 0)) std::abort();
    types::Vector vector(type);
    vector.Append(*value);
    std::string wire;
    types::FormatBinary(vector, 0, &wire);
    const auto sent = types::ParseBinary(wire, type);
    if (!sent.ok() || types::CompareValues(*sent, *value) != 0) std::abort();
  }
}

}  // namespace
}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const types::TextOptions options;
  fuzz::ReadAsRow(bytes);
  for (int id = 1; id < 256; ++id) {
    const types::Type type{static_cast<types::TypeId>(id), 0};
    if (types::OidOf(type.id) == 0) continue;
    if (types::IsArray(type.id)) fuzz::ReadAsArray(bytes, type.id);
    for (const bool binary : {false, true}) {
      const auto value =
          binary ? types::ParseBinary(bytes, type) : types::ParseText(bytes, type, options);
      if (!value.ok() || value->is_null()) continue;
      std::string text;
      types::FormatText(*value, options, &text);
      const bool again = types::ParseText(text, type, options).ok();
      // Names of catalog objects are looked up elsewhere; "char" keeps one byte, which, as in
      // PostgreSQL, need not be a whole character; a POSIX zone may be further from UTC than an
      // offset may.
      const types::TypeId plain = types::IsArray(type.id) ? types::ElementOf(type.id) : type.id;
      const bool one_way =
          (plain >= types::TypeId::kRegclass && plain <= types::TypeId::kRegproc) ||
          plain == types::TypeId::kVoid || plain == types::TypeId::kChar ||
          plain == types::TypeId::kTimetz;
      if (!again && !one_way && !binary) std::abort();
      types::Vector vector(type);
      vector.Append(*value);
      std::string wire;
      types::FormatBinary(vector, 0, &wire);
    }
  }
  return 0;
}
