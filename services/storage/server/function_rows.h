// The functions of pg_proc: the built-in ones, and the input and output functions of types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/types/type.h"

namespace adbms::storage::server {

struct FunctionRow {
  int64_t oid = 0;
  std::string name;
  char kind = 'f';  // As in pg_proc: 'a' for an aggregate.
  std::vector<int64_t> arguments;
  int64_t result = 0;
  bool strict = true;
  bool returns_set = false;
  bool variadic = false;
  char volatility = 'i';
  // Of the arguments; empty where they have none.
  std::vector<std::string> names;
  std::vector<std::string> defaults;  // Expressions, of the last arguments.
};

// All of them; made at first use.
const std::vector<FunctionRow>& AllFunctions();
// Of the function of this name that takes these types; of one that takes as many where none does;
// 0: there is none.
int64_t BuiltInFunctionOid(const std::string& name, const std::vector<types::TypeId>& arguments);
// Null: none has the oid.
const FunctionRow* BuiltinFunction(uint32_t oid);

// "a integer, b text DEFAULT 'x'::text", as pg_get_function_arguments shows it; without defaults as
// pg_get_function_identity_arguments.
std::string FunctionArguments(const FunctionRow& function, bool defaults);
std::string FunctionResult(const FunctionRow& function);

}  // namespace adbms::storage::server
