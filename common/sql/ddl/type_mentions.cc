#include "common/sql/ddl/type_mentions.h"

#include <functional>
#include <map>

#include "common/sql/parser/parse_tree.h"
#include "common/sql/parser/tree_walk.h"
#include "common/types/declared_type.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::DeclaredType;
using common::v1::TableDescriptor;
using common::v1::TypeDescriptor;
using common::v1::TypeMention;

constexpr char kSelect[] = "SELECT ";
const std::vector<std::string>& PublicPath() {
  static const auto* const path = new std::vector<std::string>{"public"};
  return *path;
}

using Names = std::vector<std::string>;
using Visit = std::function<void(const Names&, int location)>;

void WalkNames(const ProtobufCMessage& message, const Visit& visit) {
  if (message.descriptor == &pg_query__type_name__descriptor) {
    const auto& name = reinterpret_cast<const PgQuery__TypeName&>(message);
    visit(parser::StringsOf({name.names, name.n_names}), name.location);
  }
  parser::ForEachChild(message,
                       [&visit](const ProtobufCMessage& child) { WalkNames(child, visit); });
}

// Calls `visit` for the types that the statement names; nothing for what cannot be parsed.
void ForEachTypeName(const std::string& statement, const Visit& visit) {
  const auto tree = parser::ParseTree::Parse(statement);
  if (!tree.ok() || (*tree)->result().n_stmts != 1) return;
  WalkNames((*tree)->result().stmts[0]->stmt->base, visit);
}

const TypeDescriptor* Find(const Names& names, const Catalog& catalog,
                           const std::vector<std::string>& path) {
  if (names.empty()) return nullptr;
  if (names.size() == 1 && types::FromName(names[0]).has_value()) return nullptr;
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : std::string();
  const TypeDescriptor* found = catalog.ResolveType(schema, names.back(), path);
  if (found != nullptr || !names.back().starts_with("_")) return found;
  found = catalog.ResolveType(schema, names.back().substr(1), path);
  return found != nullptr && found->declared().array_name() == names.back() ? found : nullptr;
}

bool NamesType(const std::string& statement, uint32_t oid, const Catalog& catalog,
               const std::vector<std::string>& path) {
  bool mentions = false;
  ForEachTypeName(statement, [&](const Names& names, int) {
    const TypeDescriptor* found = Find(names, catalog, path);
    mentions |= found != nullptr && found->declared().oid() == oid;
  });
  return mentions;
}

std::vector<std::string> PathOf(const TableDescriptor& view) {
  return {view.view_search_path().begin(), view.view_search_path().end()};
}

std::string Literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

bool HasColumnOf(const TableDescriptor& table, uint32_t oid) {
  for (const auto& column : table.columns()) {
    if (!column.dropped() && column.type().declared().oid() == oid) return true;
  }
  return false;
}

}  // namespace

std::string QualifyTypes(const std::string& sql, const PlanningInput& input) {
  std::map<int, std::string, std::greater<>> insertions;  // From the end.
  ForEachTypeName(kSelect + sql, [&](const Names& names, int location) {
    if (names.size() != 1) return;
    const TypeDescriptor* found = Find(names, *input.catalog, input.search_path);
    if (found != nullptr && found->declared().schema() != "public")
      insertions[location] = types::QuotedName(found->declared().schema()) + ".";
  });
  std::string result = kSelect + sql;
  for (const auto& [location, schema] : insertions)
    result.insert(static_cast<size_t>(location), schema);
  return result.substr(sizeof(kSelect) - 1);
}

std::vector<TypeMention> MentionsOf(const DeclaredType& type, const Catalog& catalog) {
  std::vector<TypeMention> mentions;
  const uint32_t oid = type.oid();
  const auto names = [&](const std::string& sql) {
    return !sql.empty() && NamesType(kSelect + sql, oid, catalog, PublicPath());
  };
  for (const TableDescriptor& table : catalog.snapshot().tables()) {
    if (table.is_virtual()) continue;
    const auto add = [&] {
      TypeMention& mention = mentions.emplace_back();
      mention.set_table_id(table.table_id());
      return &mention;
    };
    if (!table.view_sql().empty() && NamesType(table.view_sql(), oid, catalog, PathOf(table)))
      add();
    for (int i = 0; i < table.columns_size(); ++i) {
      if (names(table.columns(i).default_sql()))
        add()->set_default_column(static_cast<uint32_t>(i));
    }
    for (const auto& check : table.checks()) {
      if (names(check.sql())) add()->set_check(check.name());
    }
  }
  for (const TypeDescriptor& domain : catalog.snapshot().types()) {
    bool found = names(domain.default_sql());
    for (const auto& check : domain.checks()) found |= names(check.sql());
    if (found) mentions.emplace_back().set_domain(domain.declared().oid());
  }
  return mentions;
}

std::string LabelUse(const DeclaredType& type, const std::string& label, const Catalog& catalog) {
  const std::string literal = Literal(label);
  const auto uses = [&](const std::string& sql) { return sql.find(literal) != std::string::npos; };
  // With a cast behind it, it is as good as alone.
  const auto alone = [&](const std::string& sql) {
    const std::string rest = sql.starts_with(literal) ? sql.substr(literal.size()) : sql;
    return rest.empty() || (rest.starts_with("::") && !uses(rest));
  };
  for (const TableDescriptor& table : catalog.snapshot().tables()) {
    if (table.is_virtual()) continue;
    if (uses(table.view_sql())) return "view \"" + table.name() + "\"";
    const bool has_column = HasColumnOf(table, type.oid());
    for (const auto& check : table.checks()) {
      if (uses(check.sql())) return "constraint \"" + check.name() + "\"";
    }
    for (const auto& column : table.columns()) {
      if (!uses(column.default_sql())) continue;
      if (has_column && column.type().declared().oid() == type.oid() && alone(column.default_sql()))
        continue;
      if (has_column || column.default_sql().find(type.name()) != std::string::npos)
        return "the default of column \"" + column.name() + "\"";
    }
  }
  for (const TypeDescriptor& domain : catalog.snapshot().types()) {
    bool found = uses(domain.default_sql());
    for (const auto& check : domain.checks()) found |= uses(check.sql());
    if (found) return "domain \"" + domain.declared().name() + "\"";
  }
  return {};
}

}  // namespace adbms::sql::ddl
