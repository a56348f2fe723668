// The built-in functions, operators, aggregates and casts: their signatures, for the binder, and
// their vectorized kernels, for the evaluator. One immutable catalog, built once, shared by
// reference. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/session.pb.h"
#include "common/types/text_io.h"
#include "common/types/vector.h"

namespace adbms::common::v1 {
class DeclaredAggregate;
}  // namespace adbms::common::v1

namespace adbms::sql::functions {

// What kernels keep from one batch of a statement to the next. One thread's: a copy has nothing.
struct KernelMemory {
  KernelMemory() = default;
  KernelMemory(const KernelMemory&) {}
  KernelMemory& operator=(const KernelMemory&) { return *this; }

  std::shared_ptr<class JsonpathCache> jsonpaths;
};

// What kernels may ask about the execution.
struct EvaluationContext {
  int64_t transaction_timestamp_us = 0;  // since 2000-01-01 UTC
  int64_t statement_timestamp_us = 0;
  std::string current_user;
  std::string session_user;
  int32_t backend_pid = 0;
  std::string current_database;
  std::string current_schema;
  std::vector<std::string> search_path;
  std::string time_zone = "UTC";
  // How values become text, as the session's settings have it.
  int extra_float_digits = 1;
  bool bytea_hex = true;
  types::IntervalStyle interval_style = types::IntervalStyle::kPostgres;
  types::DateFormat date_format;
  // For a plan with session_details; null otherwise.
  std::shared_ptr<const common::v1::SessionDetails> session_details;
  // What set_config() does; null where no session waits for it.
  std::shared_ptr<class SettingChanges> setting_changes;
  // Answers catalog functions: format of a regclass, pg_get_indexdef, … ; null outside storage.
  const class CatalogFunctions* catalog = nullptr;
  // 57014 once the statement is cancelled or out of time; empty: nobody can interrupt.
  std::function<absl::Status()> check_interrupts;
  // Counts the strings that kernels make; null: nobody counts them.
  types::MemoryAccountPtr memory;
  // Bytes handled since interrupts were last looked at.
  mutable size_t handled_bytes = 0;
  mutable KernelMemory kernel_memory;

  // To be told of the bytes that long loops have handled: looks at interrupts from time to time.
  absl::Status Handled(size_t bytes) const {
    handled_bytes += bytes;
    if (handled_bytes < (size_t{1} << 20)) [[likely]]
      return absl::OkStatus();
    handled_bytes = 0;
    return check_interrupts ? check_interrupts() : absl::OkStatus();
  }
};

using types::kLargestText;
using types::TooLong;

// Bytes that a kernel holds beside its result, for as long as this lives.
class ScratchMemory {
 public:
  explicit ScratchMemory(const EvaluationContext& context) : account_(context.memory.get()) {}
  ~ScratchMemory() {
    if (taken_ > 0) account_->Give(taken_);
  }
  ScratchMemory(const ScratchMemory&) = delete;
  ScratchMemory& operator=(const ScratchMemory&) = delete;
  // Errors: the account's refusal.
  absl::Status Take(size_t bytes) {
    if (account_ == nullptr) return absl::OkStatus();
    if (!account_->Take(static_cast<int64_t>(bytes))) return account_->Refusal();
    taken_ += static_cast<int64_t>(bytes);
    return absl::OkStatus();
  }

 private:
  types::MemoryAccount* const account_;
  int64_t taken_ = 0;
};

// Catalog functions of pg_catalog that need descriptors; storage implements it. Thread-safe.
class CatalogFunctions {
 public:
  virtual ~CatalogFunctions() = default;
  // Evaluates e.g. `pg_get_indexdef(oid)` for one row; NULL result allowed. `arguments` has NULLs
  // only where the function is not strict.
  virtual absl::StatusOr<types::Value> Call(std::string_view name,
                                            const std::vector<types::Value>& arguments) const = 0;
};

// Whether calling the function does something that belongs to the session or its transaction
// (Plan.session_effects).
bool HasSessionEffects(std::string_view function);

// The schemas of the search path that exist, in its order; all of it where there is no catalog to
// ask.
std::vector<std::string> EffectiveSearchPath(const EvaluationContext& context);

// Evaluates `row_count` rows. Arguments and result have that many rows; result comes sized and all
// valid. For a strict function the caller has set result rows NULL where any argument is NULL, and
// the kernel must not read or fail on those rows (result->is_null(row)).
using Kernel = absl::Status (*)(const EvaluationContext& context,
                                const std::vector<const types::Vector*>& arguments,
                                uint32_t row_count, types::Vector* result);

enum class Volatility { kImmutable, kStable, kVolatile };

// Functions of any element type have an instance for each: what one of them is of.
struct Polymorphism {
  enum class Role : uint8_t { kFixed, kElement, kArray, kRange, kMultirange };

  types::TypeId element = types::TypeId::kUnspecified;  // None: not polymorphic.
  // PostgreSQL's anycompatible family: arguments become the common type. Otherwise all are of one.
  bool compatible = false;
  std::vector<Role> roles;  // Of the arguments.
};

// What the binder calls for ARRAY[…] of elements and of arrays, for subscripts and for slices; of
// no names that a statement can write.
inline constexpr char kArrayConstructor[] = "array of";
inline constexpr char kArrayNesting[] = "array of arrays";
inline constexpr char kArraySubscript[] = "array element";
inline constexpr char kArraySlice[] = "array slice";

struct Function {
  std::string name;                      // "lower", "+"
  std::vector<types::TypeId> arguments;  // kUnspecified: "any" (never coerced)
  types::TypeId result = types::TypeId::kUnspecified;
  bool strict = true;
  bool variadic = false;  // The last argument repeats.
  Volatility volatility = Volatility::kImmutable;
  Kernel kernel = nullptr;
  std::string signature;  // "+(int4,int4)": what plans carry
  bool is_operator = false;
  // For comparison operators: the operator with swapped sides, and the negation, by name; else
  // empty.
  std::string commutator;
  std::string negator;
  Polymorphism polymorphism;
};

// A scratch text whose length shows only while it is made.
class GrowingText {
 public:
  explicit GrowingText(const EvaluationContext& context) : scratch_(context) {}
  // It has `size` bytes now. Errors: 54000 when no text is that long, 53200 without memory.
  absl::Status Reached(size_t size) { return size <= counted_ ? absl::OkStatus() : Count(size); }

 private:
  absl::Status Count(size_t size);

  ScratchMemory scratch_;
  size_t counted_ = size_t{64} << 10;
};

// A running aggregate over many groups. `state_size` bytes per group, zero-initialized memory, in
// arenas that the caller owns; variable-size state goes through pointers that Destroy frees.
class Aggregate {
 public:
  virtual ~Aggregate() = default;
  virtual size_t state_size() const = 0;
  virtual void Initialize(char* state) const = 0;
  // Adds rows: row `i` of the arguments to states[i]. Handles NULLs as the aggregate demands.
  virtual absl::Status Update(const std::vector<const types::Vector*>& arguments,
                              uint32_t row_count, char* const* states) const = 0;
  // Takes rows out that Update has put in: the states are then as if they had never come. False:
  // that cannot be told, and the states are not to be used any more.
  virtual bool Retract(const std::vector<const types::Vector*>& arguments, uint32_t row_count,
                       char* const* states) const {
    return false;
  }
  // Whether states of some rows each can be put together.
  virtual bool combinable() const { return false; }
  // Adds what `others[i]` has to `states[i]`, as if it had seen those rows too; others are then
  // only to be destroyed. REQUIRES: combinable().
  virtual absl::Status Combine(char* const* others, uint32_t count, char* const* states) const {
    return absl::InternalError("an aggregate that does not combine");
  }
  // Writes the result into row `row`.
  virtual absl::Status Finalize(const char* state, types::Vector* result, uint32_t row) const = 0;
  virtual void Destroy(char* state) const {}
  // How many bytes of variable-size state Update of these rows may add; asked before it.
  virtual int64_t GrowthOf(const std::vector<const types::Vector*>& arguments, uint32_t row_count,
                           char* const* states) const {
    return 0;
  }
};

// `declared`: of an aggregate that a user has made, which is in no catalog of functions; plans
// carry it, and it has no `create`.
struct AggregateFunction {
  std::string name;
  std::vector<types::TypeId> arguments;
  types::TypeId result = types::TypeId::kUnspecified;
  std::string signature;  // "sum(int4)", "count(*)"
  std::function<std::unique_ptr<Aggregate>()> create;
  Polymorphism polymorphism;
  std::shared_ptr<const common::v1::DeclaredAggregate> declared;
};

// A function in FROM.
struct TableFunction {
  std::string name;
  std::vector<types::TypeId> arguments;
  std::vector<types::TypeId> result;      // Column types.
  std::vector<std::string> column_names;  // Default names.
  std::string signature;                  // "generate_series(int4,int4)"
  // Yields the next rows (up to BatchRows()) into `batch`; false at the end.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    virtual absl::StatusOr<bool> Next(types::Batch* batch) = 0;
  };
  std::function<absl::StatusOr<std::unique_ptr<Cursor>>(const EvaluationContext&,
                                                        const std::vector<types::Value>&)>
      open;
  Polymorphism polymorphism;
};

// The contexts in which PostgreSQL allows a cast (pg_cast.castcontext); each includes the ones
// before.
enum class CastContext { kImplicit, kAssignment, kExplicit };

class FunctionCatalog {
 public:
  // The catalog of all built-ins.
  static const FunctionCatalog& Builtin();
  virtual ~FunctionCatalog() = default;

  // Candidates by name (functions lower case; operators by symbol). Empty when there is none.
  virtual std::vector<const Function*> FindFunctions(std::string_view name) const = 0;
  virtual std::vector<const Function*> FindOperators(std::string_view symbol) const = 0;
  virtual std::vector<const AggregateFunction*> FindAggregates(std::string_view name) const = 0;
  virtual std::vector<const TableFunction*> FindTableFunctions(std::string_view name) const = 0;
  // By signature; null when unknown.
  virtual const Function* BySignature(std::string_view signature) const = 0;
  virtual const AggregateFunction* AggregateBySignature(std::string_view signature) const = 0;
  virtual const TableFunction* TableFunctionBySignature(std::string_view signature) const = 0;

  // Whether a value of `from` may become `to` in `context`. The same type is always allowed.
  virtual bool CanCast(types::TypeId from, types::TypeId to, CastContext context) const = 0;
  // Converts a whole vector to `to` (modifier applied). Explicit casts truncate strings silently.
  // Errors: the types' own (22P02, 22003, 22001, …), 42846 when there is no such cast.
  virtual absl::Status Cast(const EvaluationContext& context, const types::Vector& input,
                            bool is_explicit, types::Vector* result) const = 0;
};

}  // namespace adbms::sql::functions
