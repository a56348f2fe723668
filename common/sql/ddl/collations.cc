// CREATE, ALTER and DROP COLLATION.
#include "common/types/collation.h"

#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/relation_options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::Collation;
using common::v1::CollationDescriptor;

// What the operating system's library is asked for. Only the order of bytes is there.
bool IsBytes(std::string_view locale) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(locale.data(), locale.size()));
  return locale == "C" || locale == "POSIX" || lower == "c.utf-8" || lower == "c.utf8";
}

struct Options {
  std::optional<std::string> locale, collate, ctype, provider, version;
  bool deterministic = true;
};

absl::Status Twice() {
  return status::Error(sqlstate::kSyntaxError, "conflicting or redundant options");
}

absl::StatusOr<Options> ReadOptions(NodeList definitions) {
  Options options;
  std::set<std::string> seen;
  for (const Node* node : definitions) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string name(parser::View(option.defname));
    const std::string value = option.arg == nullptr ? "true" : OptionText(option);
    if (!seen.insert(name).second) return Twice();
    if (name == "locale") {
      options.locale = value;
    } else if (name == "lc_collate") {
      options.collate = value;
    } else if (name == "lc_ctype") {
      options.ctype = value;
    } else if (name == "provider") {
      options.provider = value;
    } else if (name == "version") {
      options.version = value;
    } else if (name == "deterministic") {
      ASSIGN_OR_RETURN(options.deterministic, BooleanValue(name, value));
    } else {
      return status::Error(sqlstate::kSyntaxError,
                           absl::StrCat("collation attribute \"", name, "\" not recognized"));
    }
  }
  if (options.locale.has_value() && (options.collate.has_value() || options.ctype.has_value()))
    return status::Error(sqlstate::kSyntaxError, "conflicting or redundant options",
                         "LOCALE cannot be specified together with LC_COLLATE or LC_CTYPE.");
  return options;
}

absl::Status Missing(const char* parameter) {
  return status::Error("42P17", absl::StrCat("parameter \"", parameter, "\" must be specified"));
}

absl::Status Fill(const Options& options, CollationDescriptor* made) {
  Collation& collation = *made->mutable_collation();
  const std::string provider = absl::AsciiStrToLower(options.provider.value_or("libc"));
  if (provider == "icu") {
    collation.set_provider(Collation::PROVIDER_ICU);
    // Of both one is as good as LOCALE.
    const std::optional<std::string>& locale =
        options.locale.has_value() ? options.locale : options.collate;
    if (!locale.has_value()) return Missing("locale");
    RETURN_IF_ERROR(types::CheckLocale(*locale));
    collation.set_locale(*locale);
    collation.set_nondeterministic(!options.deterministic);
    made->set_version(options.version.value_or(types::VersionOf(*locale)));
    return absl::OkStatus();
  }
  if (provider != "libc")
    return status::Error(
        "42P17", absl::StrCat("unrecognized collation provider: ", options.provider.value_or("")));
  if (!options.locale.has_value() && !options.collate.has_value()) return Missing("lc_collate");
  if (!options.locale.has_value() && !options.ctype.has_value()) return Missing("lc_ctype");
  if (!options.deterministic)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "nondeterministic collations not supported with this provider");
  for (const auto& locale : {options.locale, options.collate, options.ctype}) {
    if (!locale.has_value() || IsBytes(*locale)) continue;
    return status::Error(
        sqlstate::kInvalidParameterValue,
        absl::StrCat("could not create locale \"", *locale, "\": No such file or directory"),
        absl::StrCat("The operating system could not find any locale data for the "
                     "locale name \"",
                     *locale, "\"."),
        "Use PROVIDER = icu, or the locale \"C\".");
  }
  collation.set_provider(Collation::PROVIDER_BYTES);
  collation.set_locale(options.locale.value_or(options.collate.value_or("C")));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<const CollationDescriptor*> DdlBinder::FindMadeCollation(
    const std::vector<std::string>& names, const char* what) const {
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const bool of_system = schema.empty() || schema == "pg_catalog";
  if (of_system &&
      (names.back() == "default" || types::FindBuiltInCollation(names.back()) != nullptr)) {
    if (std::string_view(what) == "drop")
      return ErrorAt("2BP01", -1,
                     absl::StrCat("cannot drop collation ", names.back(),
                                  " because it is required by the database system"));
    return ErrorAt(sqlstate::kInsufficientPrivilege, -1,
                   absl::StrCat("must be owner of collation ", names.back()));
  }
  if (!schema.empty() && !input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  const CollationDescriptor* const found =
      input_.catalog->ResolveCollation(schema, names.back(), input_.search_path);
  if (found == nullptr)
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("collation \"", absl::StrJoin(names, "."),
                                "\" for encoding \"UTF8\" does not exist"));
  return found;
}

absl::Status DdlBinder::CreateCollation(const PgQuery__DefineStmt& create) {
  const std::vector<std::string> names = parser::StringsOf({create.defnames, create.n_defnames});
  ASSIGN_OR_RETURN(const std::string schema,
                   SchemaToCreateIn(names.size() > 1 ? names[names.size() - 2] : "", -1));
  CollationDescriptor made;
  const NodeList definitions(create.definition, create.n_definition);
  bool copies = false;
  for (const Node* node : definitions) copies |= parser::View(node->def_elem->defname) == "from";
  if (copies) {
    if (create.n_definition != 1)
      return status::Error(sqlstate::kSyntaxError, "conflicting or redundant options",
                           "FROM cannot be specified together with any other options.");
    const PgQuery__DefElem& from = *create.definition[0]->def_elem;
    const std::vector<std::string> other =
        from.arg->node_case == PG_QUERY__NODE__NODE_LIST
            ? parser::StringsOf({from.arg->list->items, from.arg->list->n_items})
            : std::vector<std::string>{OptionText(from)};
    std::vector<std::string> path = other;
    if (path.back() == "default")
      return status::Error("42P17", "collation \"default\" cannot be copied");
    if (const Collation* const found = types::FindBuiltInCollation(path.back())) {
      *made.mutable_collation() = *found;
      if (found->provider() == Collation::PROVIDER_ICU)
        made.set_version(types::VersionOf(found->locale()));
    } else {
      ASSIGN_OR_RETURN(const CollationDescriptor* known, FindMadeCollation(path, "copy"));
      made = *known;
      made.clear_comment();
    }
  } else {
    ASSIGN_OR_RETURN(const Options options, ReadOptions(definitions));
    RETURN_IF_ERROR(Fill(options, &made));
  }
  made.set_owner(input_.current_user);
  made.mutable_collation()->clear_oid();
  made.mutable_collation()->set_schema(schema);
  made.mutable_collation()->set_name(names.back());
  auto* statement = Add()->mutable_create_collation();
  statement->set_if_not_exists(create.if_not_exists);
  *statement->mutable_collation() = std::move(made);
  return absl::OkStatus();
}

absl::StatusOr<common::v1::AlterCollation*> DdlBinder::AlterCollation(const Node* object) {
  ASSIGN_OR_RETURN(
      const CollationDescriptor* found,
      FindMadeCollation(parser::StringsOf({object->list->items, object->list->n_items}), "alter"));
  auto* statement = Add()->mutable_alter_collation();
  statement->set_collation_oid(found->collation().oid());
  return statement;
}

absl::Status DdlBinder::RenameCollation(const PgQuery__RenameStmt& rename) {
  ASSIGN_OR_RETURN(auto* statement, AlterCollation(rename.object));
  statement->set_rename(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::SetCollationSchema(const PgQuery__AlterObjectSchemaStmt& move) {
  const std::string schema(parser::View(move.newschema));
  ASSIGN_OR_RETURN(auto* statement, AlterCollation(move.object));
  if (!input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  statement->set_schema(schema);
  return absl::OkStatus();
}

absl::Status DdlBinder::SetCollationOwner(const PgQuery__AlterOwnerStmt& change) {
  ASSIGN_OR_RETURN(auto* statement, AlterCollation(change.object));
  statement->set_owner(RoleOf(*change.newowner));
  return absl::OkStatus();
}

absl::Status DdlBinder::RefreshCollation(const PgQuery__AlterCollationStmt& refresh) {
  const std::vector<std::string> names = parser::StringsOf({refresh.collname, refresh.n_collname});
  ASSIGN_OR_RETURN(const CollationDescriptor* found, FindMadeCollation(names, "alter"));
  auto* statement = Add()->mutable_alter_collation();
  statement->set_collation_oid(found->collation().oid());
  statement->set_version(found->collation().provider() == Collation::PROVIDER_ICU
                             ? types::VersionOf(found->collation().locale())
                             : std::string());
  return absl::OkStatus();
}

absl::Status DdlBinder::DropCollations(const PgQuery__DropStmt& drop) {
  auto* statement = Add()->mutable_drop_collation();
  statement->set_if_exists(drop.missing_ok);
  statement->set_cascade(drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
  for (const Node* node : NodeList(drop.objects, drop.n_objects)) {
    const std::vector<std::string> names =
        parser::StringsOf({node->list->items, node->list->n_items});
    const auto found = FindMadeCollation(names, "drop");
    const bool missing = status::HasSqlState(found.status(), sqlstate::kUndefinedObject) ||
                         status::HasSqlState(found.status(), sqlstate::kInvalidSchemaName);
    if (!found.ok() && !(missing && drop.missing_ok)) return found.status();
    common::v1::RelationName* name = statement->add_collations();
    name->set_name(names.back());
    if (found.ok()) {
      name->set_schema((*found)->collation().schema());
    } else if (names.size() > 1) {
      name->set_schema(names[names.size() - 2]);
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
