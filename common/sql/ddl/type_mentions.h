// Declared types in SQL text that the catalog keeps: defaults, checks, the queries of views. A name
// without schema there means one in schema public, or in a view one on the view's own search path.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/sql/sql.h"

namespace adbms::sql::ddl {

// The expression with the schemas of the declared types that it names, as far as they are not in
// public. `sql` can be parsed.
std::string QualifyTypes(const std::string& sql, const PlanningInput& input);

// Where kept text names the type; columns of the type are not among them.
std::vector<common::v1::TypeMention> MentionsOf(const common::v1::DeclaredType& type,
                                                const Catalog& catalog);

// What has `label` as a constant in text that may mean the enum's: "view v". Empty: nothing.
// Defaults that are nothing but the constant do not count.
std::string LabelUse(const common::v1::DeclaredType& type, const std::string& label,
                     const Catalog& catalog);

}  // namespace adbms::sql::ddl
