// What functions make of tsvectors and tsqueries. Pure functions over forms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/types/text_search.h"

namespace adbms::text_search {

// The second one's positions go on behind the first one's last. Errors: 54000.
absl::StatusOr<std::string> Concatenate(std::string_view first, std::string_view second);
std::string Strip(std::string_view vector);
// Gives the positions of the lexemes that are asked for a weight.
std::string SetWeight(std::string_view vector, int weight,
                      absl::FunctionRef<bool(std::string_view lexeme)> is_asked_for);
std::string Without(std::string_view vector,
                    absl::FunctionRef<bool(std::string_view lexeme)> is_deleted);
// The positions of these weights (a bit each), and the lexemes that have one.
std::string Filter(std::string_view vector, int weights);

// Two queries as operands. An empty one leaves the other. Errors: 54000, 54001.
absl::StatusOr<std::string> JoinQueries(types::TsOperator op, int distance, std::string_view left,
                                        std::string_view right);
absl::StatusOr<std::string> Negate(std::string_view query);
// Whether the lexemes of the second one are all in the first one.
bool ContainsQuery(std::string_view query, std::string_view part);
// What an index can answer of it, as text; T: nothing.
std::string QueryTree(std::string_view query);
// `query` with `target` replaced by `substitute`, which may be empty. Errors: 54000, 54001.
absl::StatusOr<std::string> Rewrite(std::string_view query, std::string_view target,
                                    std::string_view substitute);

}  // namespace adbms::text_search
