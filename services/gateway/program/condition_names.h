// The names that PL/pgSQL has for SQLSTATEs (PostgreSQL's manual, appendix A).
#pragma once

#include <string_view>
#include <vector>

namespace adbms::gateway::program {

// The codes that the name stands for; empty: none. A class's name ends with 000.
std::vector<std::string_view> CodesOf(std::string_view condition);

// Whether an error of `sqlstate` is what the condition, a name or a code, means; "others" is all
// but cancellation and failed assertions.
bool Catches(std::string_view condition, std::string_view sqlstate);

}  // namespace adbms::gateway::program
