// CREATE, ALTER and DROP DATABASE.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/parser/options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using Option = PgQuery__DefElem;

constexpr char kOnly[] = "Texts are UTF-8, in the order of their bytes.";

// Options by name; those that are DEFAULT are not there.
using Options = std::map<std::string, const Option*, std::less<>>;

std::string TextOf(const Option& option) { return parser::ConstantText(option.arg); }

absl::StatusOr<bool> FlagOf(const Option& option) {
  const std::string text = absl::AsciiStrToLower(TextOf(option));
  for (const char* on : {"true", "on", "1"}) {
    if (text == on) return true;
  }
  for (const char* off : {"false", "off", "0"}) {
    if (text == off) return false;
  }
  return status::Error(sqlstate::kSyntaxError,
                       absl::StrCat(option.defname, " requires a Boolean value"));
}

absl::StatusOr<int32_t> LimitOf(const Option& option) {
  const std::string text = TextOf(option);
  int32_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size())
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat(option.defname, " requires an integer value"));
  if (limit < -1)
    return status::Error(sqlstate::kInvalidParameterValue,
                         absl::StrCat("invalid connection limit: ", limit));
  return limit;
}

absl::Status CheckTablespace(const Option& option) {
  if (TextOf(option) == "pg_default") return absl::OkStatus();
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat("tablespace \"", TextOf(option), "\" does not exist"));
}

absl::Status CheckEncoding(const Option& option) {
  std::string name = absl::AsciiStrToLower(TextOf(option));
  absl::StrReplaceAll({{"-", ""}, {"_", ""}}, &name);
  if (name == "utf8" || name == "unicode" || name == "6") return absl::OkStatus();
  for (const char* known :
       {"sqlascii", "latin", "win",   "euc",     "iso8859", "koi8",   "mule",
        "sjis",     "big5",  "gbk",   "gb18030", "uhc",     "johab",  "shiftjis",
        "abc",      "alt",   "vscii", "tcvn",    "windows", "mskanji"}) {
    if (absl::StartsWith(name, known))
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("encoding \"", TextOf(option), "\" is not supported"), {},
                           kOnly);
  }
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat(TextOf(option), " is not a valid encoding name"));
}

bool IsByteOrder(const std::string& locale) {
  static constexpr std::array<std::string_view, 4> kLocales = {"C", "POSIX", "C.UTF-8", "C.utf8"};
  return std::find(kLocales.begin(), kLocales.end(), locale) != kLocales.end();
}

absl::Status CheckLocale(const Option& option, const std::string& source) {
  const std::string locale = TextOf(option);
  if (IsByteOrder(locale)) return absl::OkStatus();
  const bool type = std::string_view(option.defname) == "lc_ctype";
  if (source == "template0") {
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("locale \"", locale, "\" is not supported"), {},
                         absl::StrCat(kOnly, " Use LOCALE 'C'."));
  }
  return status::Error(sqlstate::kInvalidParameterValue,
                       absl::StrCat("new ", type ? "LC_CTYPE (" : "collation (", locale,
                                    ") is incompatible with the ", type ? "LC_CTYPE" : "collation",
                                    " of the template database (C)"),
                       {},
                       absl::StrCat("Use the same ", type ? "LC_CTYPE" : "collation",
                                    " as in the template database, or use template0 as template."));
}

absl::Status CheckProvider(const Option& option) {
  const std::string provider = absl::AsciiStrToLower(TextOf(option));
  if (provider == "libc") return absl::OkStatus();
  if (provider == "icu")
    return status::Error(sqlstate::kFeatureNotSupported, "locale provider icu is not supported", {},
                         kOnly);
  return status::Error("42P17", absl::StrCat("unrecognized locale provider: ", TextOf(option)));
}

absl::Status CheckStrategy(const Option& option) {
  const std::string strategy = absl::AsciiStrToLower(TextOf(option));
  if (strategy == "wal_log" || strategy == "file_copy") return absl::OkStatus();
  return status::Error(sqlstate::kInvalidParameterValue,
                       absl::StrCat("invalid create database strategy \"", TextOf(option), "\""),
                       {}, "Valid strategies are \"wal_log\" and \"file_copy\".");
}

const Option* Find(const Options& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? nullptr : found->second;
}

}  // namespace

absl::StatusOr<std::map<std::string, const Option*, std::less<>>> DdlBinder::DatabaseOptions(
    NodeList given, const std::vector<std::string_view>& known) const {
  Options options;
  std::set<std::string> seen;
  for (const Node* node : given) {
    const Option& option = *node->def_elem;
    const std::string name(option.defname);
    if (std::find(known.begin(), known.end(), name) == known.end())
      return ErrorAt(sqlstate::kSyntaxError, option.location,
                     absl::StrCat("option \"", name, "\" not recognized"));
    if (!seen.insert(name).second)
      return ErrorAt(sqlstate::kSyntaxError, option.location, "conflicting or redundant options");
    if (option.arg != nullptr) options[name] = &option;
  }
  return options;
}

absl::Status DdlBinder::CreateDatabase(const PgQuery__CreatedbStmt& create) {
  ASSIGN_OR_RETURN(const Options options,
                   DatabaseOptions({create.options, create.n_options},
                                   {"tablespace", "owner", "template", "encoding", "locale",
                                    "lc_collate", "lc_ctype", "icu_locale", "locale_provider",
                                    "is_template", "allow_connections", "connection_limit",
                                    "collation_version", "location", "oid", "strategy"}));
  auto* statement = Add()->mutable_create_database();
  common::v1::DatabaseDescriptor* database = statement->mutable_database();
  database->set_name(create.dbname);
  database->set_allows_connections(true);
  database->set_connection_limit(-1);
  const Option* const source = Find(options, "template");
  statement->set_template_name(source == nullptr ? "template1" : TextOf(*source));
  for (const auto& [name, option] : options) {
    if (name == "tablespace") {
      RETURN_IF_ERROR(CheckTablespace(*option));
    } else if (name == "owner") {
      database->set_owner(TextOf(*option));
    } else if (name == "encoding") {
      RETURN_IF_ERROR(CheckEncoding(*option));
    } else if (name == "locale" || name == "lc_collate" || name == "lc_ctype") {
      RETURN_IF_ERROR(CheckLocale(*option, statement->template_name()));
    } else if (name == "locale_provider") {
      RETURN_IF_ERROR(CheckProvider(*option));
    } else if (name == "icu_locale") {
      return status::Error("42P17", "ICU locale cannot be specified unless locale provider is ICU");
    } else if (name == "is_template") {
      ASSIGN_OR_RETURN(const bool flag, FlagOf(*option));
      database->set_is_template(flag);
    } else if (name == "allow_connections") {
      ASSIGN_OR_RETURN(const bool flag, FlagOf(*option));
      database->set_allows_connections(flag);
    } else if (name == "connection_limit") {
      ASSIGN_OR_RETURN(const int32_t limit, LimitOf(*option));
      database->set_connection_limit(limit);
    } else if (name == "strategy") {
      RETURN_IF_ERROR(CheckStrategy(*option));
    } else if (name == "oid") {
      return Unsupported(option->location, "the choice of a database's OID");
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::DropDatabase(const PgQuery__DropdbStmt& drop) {
  auto* statement = Add()->mutable_drop_database();
  statement->set_name(drop.dbname);
  statement->set_if_exists(drop.missing_ok);
  for (const Node* node : NodeList(drop.options, drop.n_options)) {
    if (std::string_view(node->def_elem->defname) != "force")
      return ErrorAt(
          sqlstate::kSyntaxError, node->def_elem->location,
          absl::StrCat("unrecognized DROP DATABASE option \"", node->def_elem->defname, "\""));
    statement->set_force(true);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterDatabase(const PgQuery__AlterDatabaseStmt& alter) {
  ASSIGN_OR_RETURN(const Options options, DatabaseOptions({alter.options, alter.n_options},
                                                          {"is_template", "allow_connections",
                                                           "connection_limit", "tablespace"}));
  if (const Option* space = Find(options, "tablespace"); space != nullptr) {
    RETURN_IF_ERROR(CheckTablespace(*space));
    return input_.catalog->DatabaseNamed(alter.dbname).status();  // All are in it.
  }
  auto* statement = Add()->mutable_alter_database();
  statement->set_name(alter.dbname);
  for (const auto& [name, option] : options) {
    if (name == "connection_limit") {
      ASSIGN_OR_RETURN(const int32_t limit, LimitOf(*option));
      statement->set_connection_limit(limit);
      continue;
    }
    ASSIGN_OR_RETURN(const bool flag, FlagOf(*option));
    if (name == "is_template") {
      statement->set_is_template(flag);
      continue;
    }
    ASSIGN_OR_RETURN(const auto* database, input_.catalog->DatabaseNamed(alter.dbname));
    if (!flag && database->database_id() == input_.catalog->snapshot().database_id())
      return status::Error(sqlstate::kInvalidParameterValue,
                           "cannot disallow connections for current database");
    statement->set_allows_connections(flag);
  }
  return input_.catalog->DatabaseNamed(alter.dbname).status();
}

absl::Status DdlBinder::RenameDatabase(const PgQuery__RenameStmt& rename) {
  RETURN_IF_ERROR(input_.catalog->DatabaseNamed(rename.subname).status());
  auto* statement = Add()->mutable_alter_database();
  statement->set_name(rename.subname);
  statement->set_new_name(rename.newname);
  return absl::OkStatus();
}

absl::Status DdlBinder::SetDatabaseOwner(const PgQuery__AlterOwnerStmt& change) {
  const std::string name(parser::StringOf(change.object));
  RETURN_IF_ERROR(input_.catalog->DatabaseNamed(name).status());
  auto* statement = Add()->mutable_alter_database();
  statement->set_name(name);
  const std::string role(parser::View(change.newowner->rolename));
  statement->set_owner(!role.empty() ? role
                       : change.newowner->roletype ==
                               PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER
                           ? input_.session_user
                           : input_.current_user);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
