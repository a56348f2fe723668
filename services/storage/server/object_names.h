// Names in texts, as regclass and its like read them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adbms::storage::server {

// "a", "s.a", with quotes, as up to three names; false when malformed.
bool SplitName(std::string_view text, std::vector<std::string>* parts);

}  // namespace adbms::storage::server
