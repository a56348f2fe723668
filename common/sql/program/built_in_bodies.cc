#include "common/sql/program/built_in_bodies.h"

#include <algorithm>
#include <map>
#include <string>

namespace adbms::sql::program {
namespace {

using common::v1::FunctionDescriptor;
using types::TypeId;

constexpr TypeId kFloat8Array =
    static_cast<TypeId>(static_cast<int>(TypeId::kArrayOf) + static_cast<int>(TypeId::kFloat8));

struct Body {
  const char* name;
  std::vector<TypeId> arguments;
  TypeId result;
  bool strict;
  const char* sql;
  uint32_t oid;
};

const std::vector<Body>& Bodies() {
  static const auto* const kBodies = new std::vector<Body>{
#include "common/sql/program/built_in_bodies.inc"
  };
  return *kBodies;
}

FunctionDescriptor Made(const Body& body) {
  FunctionDescriptor function;
  function.set_function_id(body.oid);
  function.set_schema("pg_catalog");
  function.set_name(body.name);
  function.set_owner("postgres");
  function.set_kind(FunctionDescriptor::KIND_FUNCTION);
  function.set_language("sql");
  function.set_volatility(FunctionDescriptor::VOLATILITY_IMMUTABLE);
  function.set_strict(body.strict);
  function.set_source(body.sql);
  for (const TypeId id : body.arguments) {
    auto* const argument = function.add_arguments();
    argument->set_mode(common::v1::FunctionArgument::MODE_IN);
    *argument->mutable_type() = types::ToProto(types::Type(id));
  }
  *function.mutable_result() = types::ToProto(types::Type(body.result));
  return function;
}

using ByName = std::multimap<std::string, FunctionDescriptor, std::less<>>;

const ByName& Functions() {
  static const ByName* const kFunctions = [] {
    auto* functions = new ByName();
    for (const Body& body : Bodies()) functions->emplace(body.name, Made(body));
    return functions;
  }();
  return *kFunctions;
}

}  // namespace

const FunctionDescriptor* BuiltInBody(std::string_view name,
                                      const std::vector<types::Type>& arguments) {
  const auto [begin, end] = Functions().equal_range(name);
  for (auto it = begin; it != end; ++it) {
    const auto& declared = it->second.arguments();
    const bool fits = std::equal(declared.begin(), declared.end(), arguments.begin(),
                                 arguments.end(), [](const auto& argument, const auto& type) {
                                   const TypeId id = types::FromProto(argument.type()).id;
                                   return id == TypeId::kAny || id == type.id;
                                 });
    if (fits) return &it->second;
  }
  return nullptr;
}

std::vector<const FunctionDescriptor*> BuiltInBodies() {
  std::vector<const FunctionDescriptor*> all;
  for (const auto& [name, function] : Functions()) all.push_back(&function);
  return all;
}

const FunctionDescriptor* BuiltInBody(uint32_t oid) {
  for (const auto& [name, function] : Functions()) {
    if (function.function_id() == oid) return &function;
  }
  return nullptr;
}

}  // namespace adbms::sql::program
