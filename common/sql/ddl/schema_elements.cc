#include "common/sql/ddl/schema_elements.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

struct Element {
  size_t rank = 0;
  size_t begin = 0;
  size_t end = 0;
};

constexpr std::array<std::string_view, 5> kOrder = {"sequence", "table", "view", "index",
                                                    "trigger"};

const std::string* SchemaOf(const common::v1::DdlStatement& change) {
  if (change.has_create_table()) return &change.create_table().table().schema();
  if (change.has_create_view()) return &change.create_view().view().schema();
  if (change.has_create_sequence()) return &change.create_sequence().sequence().schema();
  return nullptr;
}

}  // namespace

std::vector<std::string> SchemaElements(std::string_view text) {
  std::vector<Element> elements;
  parser::Lexer lexer(text);
  bool first = true;
  for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
       token = lexer.Next()) {
    // Both words are reserved: within an element nothing goes by them.
    if (lexer.Is(token, "create") || lexer.Is(token, "grant")) {
      if (!first) {
        if (!elements.empty()) elements.back().end = token.offset;
        elements.push_back({kOrder.size(), static_cast<size_t>(token.offset), text.size()});
      }
      first = false;
      continue;
    }
    if (elements.empty() || elements.back().rank < kOrder.size()) continue;
    for (size_t rank = 0; rank < kOrder.size(); ++rank) {
      if (lexer.Is(token, kOrder[rank])) elements.back().rank = rank;
    }
  }
  std::stable_sort(elements.begin(), elements.end(),
                   [](const Element& a, const Element& b) { return a.rank < b.rank; });
  std::vector<std::string> texts;
  for (const Element& element : elements)
    texts.emplace_back(text.substr(element.begin, element.end - element.begin));
  return texts;
}

absl::StatusOr<std::vector<common::v1::DdlStatement>> BindSchemaElement(
    const PlanningInput& input, const parser::StatementTree& tree, size_t element) {
  const PgQuery__CreateSchemaStmt& create = *tree.node->create_schema_stmt;
  std::string schema(parser::View(create.schemaname));
  if (schema.empty() && create.authrole != nullptr)
    schema = std::string(parser::View(create.authrole->rolename));
  if (schema.empty()) schema = input.current_user;
  const std::vector<std::string> texts =
      SchemaElements(std::string_view(tree.parse->text()).substr(static_cast<size_t>(tree.offset)));
  if (element >= texts.size())
    return status::Error(sqlstate::kSyntaxError, "malformed CREATE SCHEMA");
  PlanningInput own = input;
  own.sql = texts[element];
  own.statement = nullptr;
  own.search_path.insert(own.search_path.begin(), schema);
  // Whom it is created for owns the elements too.
  if (create.authrole != nullptr &&
      create.authrole->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING)
    own.current_user = std::string(parser::View(create.authrole->rolename));
  ASSIGN_OR_RETURN(auto changes, BindDdl(own, 0));
  for (const common::v1::DdlStatement& change : changes) {
    const std::string* made_in = SchemaOf(change);
    if (made_in != nullptr && *made_in != schema)
      return status::Error("42P15",
                           absl::StrCat("CREATE specifies a schema (", *made_in,
                                        ") different from the one being created (", schema, ")"));
  }
  return changes;
}

}  // namespace adbms::sql::ddl
