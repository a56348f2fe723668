// Functions, operators and casts of any arguments: signature and arguments as text, separated by
// the byte 1. A second row is NULL throughout, as kernels may meet it.
#include <algorithm>
#include <chrono>

#include "common/sql/functions/function_catalog.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"
#include "tests/fuzz/fuzz_target.h"

namespace adbms::fuzz {
namespace {

using types::Type;
using types::TypeId;
using types::Vector;

constexpr char kSeparator = '\1';
constexpr int64_t kLongest = 100000;  // Of what functions are told to make.
constexpr std::chrono::milliseconds kMostTime{500};

struct Case {
  std::string_view signature;
  std::string_view arguments[6];
  std::string_view expected;
};

constexpr Case kCases[] = {
#include "common/sql/functions/testdata/postgres_answers.inc"
};

std::vector<std::string> Split(std::string_view input) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = std::min(input.find(kSeparator), input.size());
    parts.emplace_back(input.substr(0, end));
    if (end == input.size()) return parts;
    input.remove_prefix(end + 1);
  }
}

// "f(a,b)" → f; false when there are no parentheses.
bool ParseSignature(std::string_view signature, std::string* name, std::vector<TypeId>* arguments) {
  const size_t open = signature.rfind('(');
  if (open == std::string_view::npos || signature.back() != ')') return false;
  *name = signature.substr(0, open);
  std::string_view rest = signature.substr(open + 1, signature.size() - open - 2);
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const auto id = types::FromName(std::string(rest.substr(0, comma)));
    if (!id.has_value()) return false;
    arguments->push_back(*id);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return true;
}

// Gigabytes that were asked for are no finding.
bool AsksForMuch(const std::string& name, const Vector& argument) {
  if (name != "repeat" && name != "lpad" && name != "rpad") return false;
  return IsInteger(argument.type().id) && argument.Get(0).int_value() > kLongest;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const Case& test : kCases) {
    std::string& seed = seeds.emplace_back(test.signature);
    std::string name;
    std::vector<TypeId> ids;
    if (!ParseSignature(test.signature, &name, &ids)) continue;
    for (size_t i = 0; i < ids.size(); ++i) {
      seed += kSeparator;
      seed += test.arguments[i];
    }
  }
  return seeds;
}

std::string Mutate(std::string input, std::mt19937_64& random) {
  std::vector<std::string> parts = Split(input);
  if (parts.size() < 2) return MutateBytes(std::move(input), random);
  static const std::vector<std::string> kSeeds = Seeds();
  std::string& part = parts[1 + random() % (parts.size() - 1)];
  if (random() % 3 == 0) {
    // Another case's argument.
    part = Split(kSeeds[random() % kSeeds.size()]).back();
  } else {
    part = MutateBytes(std::move(part), random);
    std::replace(part.begin(), part.end(), kSeparator, ' ');
  }
  std::string output;
  for (const std::string& one : parts) output += (&one == parts.data() ? "" : "\1") + one;
  return output;
}

}  // namespace adbms::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adbms;
  using namespace adbms::fuzz;
  const std::vector<std::string> parts =
      Split(std::string_view(reinterpret_cast<const char*>(data), size));
  std::string name;
  std::vector<TypeId> ids;
  if (!ParseSignature(parts[0], &name, &ids) || parts.size() != ids.size() + 1) return 0;
  sql::functions::EvaluationContext context;
  const auto end = std::chrono::steady_clock::now() + kMostTime;
  context.check_interrupts = [end] {
    return std::chrono::steady_clock::now() < end ? absl::OkStatus()
                                                  : absl::DeadlineExceededError("out of time");
  };
  std::vector<std::unique_ptr<Vector>> owners;
  std::vector<const Vector*> arguments;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto value = types::ParseText(parts[i + 1], {ids[i], 0}, types::TextOptions());
    if (!value.ok()) return 0;
    owners.push_back(std::make_unique<Vector>(Type{ids[i], 0}));
    owners.back()->Append(*value);
    owners.back()->Append(types::Value::Null({ids[i], 0}));
    if (value->is_null() || AsksForMuch(name, *owners.back())) return 0;
    arguments.push_back(owners.back().get());
  }
  const auto& catalog = sql::functions::FunctionCatalog::Builtin();
  std::unique_ptr<Vector> result;
  if (name.rfind("::", 0) == 0 && arguments.size() == 1) {
    const auto to = types::FromName(name.substr(2));
    if (!to.has_value()) return 0;
    result = std::make_unique<Vector>(Type{*to, 0});
    if (!catalog.Cast(context, *arguments[0], true, result.get()).ok()) return 0;
  } else {
    const sql::functions::Function* const function = catalog.BySignature(parts[0]);
    if (function == nullptr || function->variadic) return 0;
    result = std::make_unique<Vector>(Type{function->result, 0});
    result->Resize(2);
    if (function->strict && !arguments.empty()) result->SetNull(1);
    if (!function->kernel(context, arguments, 2, result.get()).ok()) return 0;
  }
  std::string text;
  if (!result->is_null(0)) types::FormatText(*result, 0, types::TextOptions(), &text);
  std::string wire;
  if (!result->is_null(0)) types::FormatBinary(*result, 0, &wire);
  return 0;
}
