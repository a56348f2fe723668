// How deep a statement's tree can become, told from its tokens.
#pragma once

#include <string_view>

namespace adbms::sql::parser {

// Whether the tree is certain to be deeper than kMaxDepth allows, by far: a chain of thousands of
// operators, casts or set operations without anything between them that the grammar keeps flat.
// Such a tree would only be refused later, after time that grows with the square of its depth.
// Linear.
bool NestsFarTooDeep(std::string_view sql);

}  // namespace adbms::sql::parser
