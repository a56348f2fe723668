// Functions about the system: version, settings, and those of the catalog, which storage answers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/catalog_call.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/postgres_names.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/type_name.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::TypeId;
using types::Value;
using types::Vector;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

const TypeId kText = TypeId::kText;
const TypeId kName = TypeId::kName;
const TypeId kInt4 = TypeId::kInt4;
const TypeId kInt8 = TypeId::kInt8;
const TypeId kOid = TypeId::kOid;
const TypeId kBool = TypeId::kBool;

std::string Version() { return "PostgreSQL 15.0 (ADBMS 0.1.0) on x86_64-pc-linux-gnu"; }

absl::Status TypeOf(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                    uint32_t row, Vector* result) {
  result->data<int64_t>()[row] = types::OidOf(arguments[0]->type());
  return absl::OkStatus();
}

// format_type(oid, typmod): NULL for a NULL oid, "-" for 0.
absl::Status FormatType(const EvaluationContext& context,
                        const std::vector<const Vector*>& arguments, uint32_t row, Vector* result) {
  if (arguments[0]->is_null(row)) {
    result->SetNull(row);
    return absl::OkStatus();
  }
  const int64_t oid = arguments[0]->data<int64_t>()[row];
  const bool has_modifier = !arguments[1]->is_null(row);
  const int32_t modifier = has_modifier ? arguments[1]->data<int32_t>()[row] : -1;
  std::string text = "???";
  if (oid == 0) {
    text = "-";
  } else if (const auto id = types::FromOid(static_cast<uint32_t>(oid))) {
    text = types::Format({*id, modifier < 0 ? 0 : modifier + 1});
    if (*id == TypeId::kBpchar && has_modifier && modifier < 0) text = "bpchar";
  } else if (const auto name = types::PseudoTypeName(static_cast<uint32_t>(oid)); !name.empty()) {
    text = name;
  } else if (context.catalog != nullptr) {
    ASSIGN_OR_RETURN(const Value name,
                     context.catalog->Call("regtypeout", {Value::Int(TypeId::kRegtype, oid)}));
    if (!name.is_null()) text = name.bytes();
  }
  result->data<View>()[row] = result->arena()->Add(text);
  return absl::OkStatus();
}

// Sleeps in slices: whoever cancels does not wait for the end.
absl::Status Sleep(const EvaluationContext& context, const std::vector<const Vector*>& arguments,
                   uint32_t row, Vector* result) {
  using Clock = std::chrono::steady_clock;
  const double seconds = std::clamp(arguments[0]->data<double>()[row], 0.0, 1e9);
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds));
  constexpr auto kSlice = std::chrono::milliseconds(50);
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    if (context.check_interrupts) RETURN_IF_ERROR(context.check_interrupts());
    std::this_thread::sleep_for(std::min<Clock::duration>(end - now, kSlice));
  }
  return absl::OkStatus();
}

std::string RandomUuid() {
  thread_local std::random_device source;
  std::string bytes(16, '\0');
  for (size_t i = 0; i < bytes.size(); i += 4) {
    const uint32_t word = source();
    std::copy_n(reinterpret_cast<const char*>(&word), 4, bytes.data() + i);
  }
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  return bytes;
}

std::string SizePretty(int64_t size) {
  constexpr View kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  constexpr uint64_t kLimit = 10 * 1024;
  const auto magnitude = [](int64_t x) {
    return x < 0 ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
  };
  if (magnitude(size) < kLimit) return std::to_string(size) + " bytes";
  // As PostgreSQL: keep one extra bit, and round half away from zero when showing it.
  int64_t doubled = size / 512;
  for (size_t unit = 1; unit < std::size(kUnits); ++unit) {
    if (magnitude(doubled) < 2 * kLimit - 1 || unit + 1 == std::size(kUnits)) {
      const int64_t rounded = (doubled + (doubled < 0 ? -1 : 1)) / 2;
      return std::to_string(rounded) + " " + std::string(kUnits[unit]);
    }
    doubled /= 1024;
  }
  return std::to_string(size) + " bytes";
}

template <FixedName kFunction>
void AddCatalog(CatalogBuilder& builder, std::vector<TypeId> arguments, TypeId result) {
  builder.AddFunction(kFunction.view(), std::move(arguments), result, CallCatalog<kFunction>,
                      kStable);
}

template <FixedName kFunction>
void AddPrivilegeCheck(CatalogBuilder& builder) {
  AddCatalog<kFunction>(builder, {kText, kText}, kBool);
  AddCatalog<kFunction>(builder, {kOid, kText}, kBool);
  AddCatalog<kFunction>(builder, {kName, kText, kText}, kBool);
  AddCatalog<kFunction>(builder, {kName, kOid, kText}, kBool);
  AddCatalog<kFunction>(builder, {kOid, kText, kText}, kBool);
  AddCatalog<kFunction>(builder, {kOid, kOid, kText}, kBool);
}

void AddDefinitions(CatalogBuilder& builder) {
  AddCatalog<"pg_get_userbyid">(builder, {kOid}, kName);
  AddCatalog<"acldefault">(builder, {TypeId::kChar, kOid}, TypeId::kTextArray);
  AddCatalog<"pg_get_expr">(builder, {kText, kOid}, kText);
  AddCatalog<"pg_get_expr">(builder, {kText, kOid, kBool}, kText);
  AddCatalog<"pg_get_indexdef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_indexdef">(builder, {kOid, kInt4, kBool}, kText);
  AddCatalog<"pg_get_constraintdef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_constraintdef">(builder, {kOid, kBool}, kText);
  AddCatalog<"pg_get_viewdef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_viewdef">(builder, {kOid, kBool}, kText);
  AddCatalog<"pg_get_ruledef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_ruledef">(builder, {kOid, kBool}, kText);
  AddCatalog<"pg_get_triggerdef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_triggerdef">(builder, {kOid, kBool}, kText);
  AddCatalog<"pg_get_functiondef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_function_sqlbody">(builder, {kOid}, kText);
  AddCatalog<"pg_get_function_arg_default">(builder, {kOid, kInt4}, kText);
  AddCatalog<"pg_get_function_result">(builder, {kOid}, kText);
  AddCatalog<"pg_get_function_arguments">(builder, {kOid}, kText);
  AddCatalog<"pg_get_function_identity_arguments">(builder, {kOid}, kText);
  AddCatalog<"pg_get_partkeydef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_partition_constraintdef">(builder, {kOid}, kText);
  AddCatalog<"pg_get_serial_sequence">(builder, {kText, kText}, kText);
  AddCatalog<"pg_get_statisticsobjdef_columns">(builder, {kOid}, kText);
  AddCatalog<"obj_description">(builder, {kOid}, kText);
  AddCatalog<"obj_description">(builder, {kOid, kName}, kText);
  AddCatalog<"col_description">(builder, {kOid, kInt4}, kText);
  AddCatalog<"shobj_description">(builder, {kOid, kName}, kText);
  AddCatalog<"to_regclass">(builder, {kText}, TypeId::kRegclass);
  AddCatalog<"to_regtype">(builder, {kText}, TypeId::kRegtype);
  AddCatalog<"to_regnamespace">(builder, {kText}, TypeId::kRegnamespace);
  AddCatalog<"to_regproc">(builder, {kText}, TypeId::kRegproc);
  AddCatalog<"regprocin">(builder, {kText}, TypeId::kRegproc);
}

void AddVisibility(CatalogBuilder& builder) {
  AddCatalog<"pg_table_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_type_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_function_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_operator_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_opclass_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_collation_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_statistics_obj_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_ts_config_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_ts_dict_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_ts_parser_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_ts_template_is_visible">(builder, {kOid}, kBool);
  AddCatalog<"pg_relation_is_publishable">(builder, {TypeId::kRegclass}, kBool);
  AddCatalog<"pg_relation_is_updatable">(builder, {TypeId::kRegclass, kBool}, kInt4);
  AddPrivilegeCheck<"has_table_privilege">(builder);
  AddPrivilegeCheck<"has_sequence_privilege">(builder);
  AddPrivilegeCheck<"has_schema_privilege">(builder);
  AddPrivilegeCheck<"has_database_privilege">(builder);
  AddPrivilegeCheck<"has_any_column_privilege">(builder);
  AddPrivilegeCheck<"has_function_privilege">(builder);
  AddPrivilegeCheck<"has_type_privilege">(builder);
  for (const TypeId table : {kText, kOid}) {
    for (const TypeId column : {kText, TypeId::kInt2}) {
      AddCatalog<"has_column_privilege">(builder, {table, column, kText}, kBool);
      AddCatalog<"has_column_privilege">(builder, {kName, table, column, kText}, kBool);
      AddCatalog<"has_column_privilege">(builder, {kOid, table, column, kText}, kBool);
    }
  }
  AddCatalog<"row_security_active">(builder, {kText}, kBool);
  AddCatalog<"row_security_active">(builder, {kOid}, kBool);
  for (const TypeId role : {kName, kOid}) {
    AddCatalog<"pg_has_role">(builder, {role, kText}, kBool);
    AddCatalog<"pg_has_role">(builder, {kName, role, kText}, kBool);
    AddCatalog<"pg_has_role">(builder, {kOid, role, kText}, kBool);
  }
}

// They change and see what no transaction holds: volatile, all of them.
void AddSequences(CatalogBuilder& builder) {
  const TypeId regclass = TypeId::kRegclass;
  builder.AddFunction("nextval", {regclass}, kInt8, CallCatalog<"nextval">, kVolatile);
  builder.AddFunction(kIdentityNextval, {regclass}, kInt8, CallCatalog<"identity_nextval">,
                      kVolatile);
  builder.AddFunction("currval", {regclass}, kInt8, CallCatalog<"currval">, kVolatile);
  builder.AddFunction("lastval", {}, kInt8, CallCatalog<"lastval">, kVolatile);
  builder.AddFunction("setval", {regclass, kInt8}, kInt8, CallCatalog<"setval">, kVolatile);
  builder.AddFunction("setval", {regclass, kInt8, kBool}, kInt8, CallCatalog<"setval">, kVolatile);
  builder.AddFunction("pg_sequence_last_value", {regclass}, kInt8,
                      CallCatalog<"pg_sequence_last_value">, kVolatile);
}

void AddSizes(CatalogBuilder& builder) {
  AddCatalog<"pg_relation_size">(builder, {TypeId::kRegclass}, kInt8);
  AddCatalog<"pg_relation_size">(builder, {TypeId::kRegclass, kText}, kInt8);
  AddCatalog<"pg_total_relation_size">(builder, {TypeId::kRegclass}, kInt8);
  AddCatalog<"pg_table_size">(builder, {TypeId::kRegclass}, kInt8);
  AddCatalog<"pg_indexes_size">(builder, {TypeId::kRegclass}, kInt8);
  AddCatalog<"pg_database_size">(builder, {kName}, kInt8);
  AddCatalog<"pg_database_size">(builder, {kOid}, kInt8);
  AddCatalog<"pg_tablespace_size">(builder, {kOid}, kInt8);
  AddCatalog<"pg_tablespace_location">(builder, {kOid}, kText);
  AddCatalog<"txid_current">(builder, {}, kInt8);
  AddCatalog<"pg_current_xact_id">(builder, {}, kInt8);
  AddCatalog<"pg_postmaster_start_time">(builder, {}, TypeId::kTimestamptz);
  builder.AddFunction("pg_size_pretty", {kInt8}, kText, Map<SizePretty>);
}

}  // namespace

void AddSystem(CatalogBuilder& builder) {
  builder.AddFunction("version", {}, kText, Map<Version>, kStable);
  builder.AddFunction("pg_typeof", {TypeId::kUnspecified}, TypeId::kRegtype, MapAny<TypeOf>,
                      {false, false, Volatility::kStable});
  builder.AddFunction("format_type", {kOid, kInt4}, kText, MapAny<FormatType>,
                      {false, false, Volatility::kStable});
  builder.AddFunction("pg_sleep", {TypeId::kFloat8}, TypeId::kVoid, MapAny<Sleep>, kVolatile);
  // The second is the extension uuid-ossp's in PostgreSQL; object mappers make keys by it.
  for (const char* name : {"gen_random_uuid", "uuid_generate_v4"})
    builder.AddFunction(name, {}, TypeId::kUuid, Map<RandomUuid>, kVolatile);
  builder.AddFunction("pg_encoding_to_char", {kInt4}, kName,
                      Map<[](int32_t encoding) { return View(encoding == 6 ? "UTF8" : ""); }>,
                      kStable);
  builder.AddFunction("pg_char_to_encoding", {kName}, kInt4, Map<[](const View& name) {
                        const bool utf8 = name == "UTF8" || name == "utf8" || name == "UTF-8" ||
                                          name == "utf-8" || name == "UNICODE";
                        return int32_t{utf8 ? 6 : -1};
                      }>,
                      kStable);
  builder.AddFunction("getdatabaseencoding", {}, kName, Map<[]() { return View("UTF8"); }>,
                      kStable);
  builder.AddFunction("pg_is_in_recovery", {}, kBool, Map<[]() { return false; }>, kVolatile);
  AddCatalog<"pg_is_other_temp_schema">(builder, {kOid}, kBool);
  AddCatalog<"pg_my_temp_schema">(builder, {}, kOid);
  builder.AddFunction("pg_client_encoding", {}, kName, Map<[]() { return View("UTF8"); }>, kStable);
  builder.AddFunction("inet_server_port", {}, kInt4, Map<[]() { return std::optional<int32_t>(); }>,
                      kStable);
  AddDefinitions(builder);
  AddVisibility(builder);
  AddSequences(builder);
  AddSizes(builder);
}

}  // namespace adbms::sql::functions
