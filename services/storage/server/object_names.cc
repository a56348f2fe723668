#include "services/storage/server/object_names.h"

namespace adbms::storage::server {

bool SplitName(std::string_view text, std::vector<std::string>* parts) {
  size_t i = 0;
  while (true) {
    std::string part;
    if (i < text.size() && text[i] == '"') {
      for (++i; i < text.size(); ++i) {
        if (text[i] == '"') {
          if (i + 1 < text.size() && text[i + 1] == '"') {
            ++i;
          } else {
            break;
          }
        }
        part.push_back(text[i]);
      }
      if (i == text.size()) return false;
      ++i;
    } else {
      while (i < text.size() && text[i] != '.') {
        const char c = text[i++];
        part.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
      }
    }
    if (part.empty()) return false;
    parts->push_back(std::move(part));
    if (i == text.size()) return parts->size() <= 3;
    if (text[i++] != '.') return false;
  }
}

}  // namespace adbms::storage::server
