// Functions that do something to the session or its transaction besides computing a value: advisory
// locks and notifications. Storage carries them out; plans that call them say so
// (Plan.session_effects).
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/catalog_call.h"
#include "common/sql/functions/kernel.h"

namespace adbms::sql::functions {
namespace {

using types::TypeId;
using types::Value;

// One lock's two kinds of key: a bigint, or two ints.
template <FixedName kFunction>
void AddAdvisory(CatalogBuilder& builder, TypeId result) {
  builder.AddFunction(kFunction.view(), {TypeId::kInt8}, result, CallCatalog<kFunction>, kVolatile);
  builder.AddFunction(kFunction.view(), {TypeId::kInt4, TypeId::kInt4}, result,
                      CallCatalog<kFunction>, kVolatile);
}

class ChannelCursor : public TableFunction::Cursor {
 public:
  explicit ChannelCursor(std::string names) : names_(std::move(names)) {}
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (done_ || names_.empty()) return false;
    done_ = true;
    auto column = std::make_shared<types::Vector>(types::Type{TypeId::kText, 0});
    for (const absl::string_view name : absl::StrSplit(names_, '\0'))
      column->Append(Value::Text(std::string(name)));
    *batch = types::Batch();
    batch->row_count = column->size();
    batch->columns.push_back(std::move(column));
    return true;
  }

 private:
  const std::string names_;  // Separated by a zero byte, which no name has.
  bool done_ = false;
};

absl::StatusOr<std::unique_ptr<TableFunction::Cursor>> OpenChannels(
    const EvaluationContext& context, const std::vector<Value>&) {
  if (context.catalog == nullptr) return status::NotSupported("pg_listening_channels() here");
  ASSIGN_OR_RETURN(const Value names, context.catalog->Call("pg_listening_channels", {}));
  return std::make_unique<ChannelCursor>(std::string(names.bytes()));
}

}  // namespace

bool HasSessionEffects(std::string_view function) {
  const absl::string_view name(function.data(), function.size());
  return absl::StartsWith(name, "pg_advisory_") || absl::StartsWith(name, "pg_try_advisory_") ||
         name == "pg_notify" || name == "pg_cancel_backend" || name == "pg_terminate_backend";
}

void AddSessionEffects(CatalogBuilder& builder) {
  AddAdvisory<"pg_advisory_lock">(builder, TypeId::kVoid);
  AddAdvisory<"pg_advisory_lock_shared">(builder, TypeId::kVoid);
  AddAdvisory<"pg_advisory_xact_lock">(builder, TypeId::kVoid);
  AddAdvisory<"pg_advisory_xact_lock_shared">(builder, TypeId::kVoid);
  AddAdvisory<"pg_try_advisory_lock">(builder, TypeId::kBool);
  AddAdvisory<"pg_try_advisory_lock_shared">(builder, TypeId::kBool);
  AddAdvisory<"pg_try_advisory_xact_lock">(builder, TypeId::kBool);
  AddAdvisory<"pg_try_advisory_xact_lock_shared">(builder, TypeId::kBool);
  AddAdvisory<"pg_advisory_unlock">(builder, TypeId::kBool);
  AddAdvisory<"pg_advisory_unlock_shared">(builder, TypeId::kBool);
  builder.AddFunction("pg_advisory_unlock_all", {}, TypeId::kVoid,
                      CallCatalog<"pg_advisory_unlock_all">, kVolatile);
  builder.AddFunction("pg_cancel_backend", {TypeId::kInt4}, TypeId::kBool,
                      CallCatalog<"pg_cancel_backend">, kVolatile);
  builder.AddFunction("pg_terminate_backend", {TypeId::kInt4}, TypeId::kBool,
                      CallCatalog<"pg_terminate_backend">, kVolatile);
  builder.AddFunction("pg_terminate_backend", {TypeId::kInt4, TypeId::kInt8}, TypeId::kBool,
                      CallCatalog<"pg_terminate_backend">, kVolatile);
  builder.AddFunction("pg_notify", {TypeId::kText, TypeId::kText}, TypeId::kVoid,
                      CallCatalog<"pg_notify">, {false, false, Volatility::kVolatile});
  builder.AddFunction("pg_notification_queue_usage", {}, TypeId::kFloat8,
                      CallCatalog<"pg_notification_queue_usage">, kVolatile);
  TableFunction channels;
  channels.name = "pg_listening_channels";
  channels.result = {TypeId::kText};
  channels.column_names = {"pg_listening_channels"};
  channels.open = OpenChannels;
  builder.AddTableFunction(std::move(channels));
}

}  // namespace adbms::sql::functions
